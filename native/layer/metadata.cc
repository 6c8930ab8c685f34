#include "layer/metadata.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

namespace rpmoci {

namespace {

Metadata call_statx(int fd, const char* name, int flags) {
  struct statx found;
  if (::statx(fd, name, flags | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &found) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
  return Metadata{
      .mode = found.stx_mode,
      .uid = found.stx_uid,
      .gid = found.stx_gid,
      .links = found.stx_nlink,
      .size = found.stx_size,
      .stored = found.stx_blocks * 512,
      .mtime = found.stx_mtime.tv_sec,
      .mtime_nanoseconds = found.stx_mtime.tv_nsec,
      .ctime = found.stx_ctime.tv_sec,
      .ctime_nanoseconds = found.stx_ctime.tv_nsec,
      .device = std::uint64_t{found.stx_dev_major} << 32 | found.stx_dev_minor,
      .inode = found.stx_ino,
      .device_major = found.stx_rdev_major,
      .device_minor = found.stx_rdev_minor,
      .mount_point = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
      .mount_point_known = (found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0,
  };
}

}  // namespace

Metadata metadata_at(int directory, const char* name) { return call_statx(directory, name, 0); }

Metadata metadata_of(int fd) { return call_statx(fd, "", AT_EMPTY_PATH); }

}  // namespace rpmoci
