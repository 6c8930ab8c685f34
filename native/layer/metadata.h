// What the file system says about one file, by statx(2).
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace rpmoci {

struct Metadata {
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t links = 0;
  std::uint64_t size = 0;
  /// Bytes that the file system keeps; less than `size` for a sparse file.
  std::uint64_t stored = 0;
  /// Seconds since the epoch, and what is beyond them in nanoseconds.
  std::int64_t mtime = 0;
  std::uint32_t mtime_nanoseconds = 0;
  std::int64_t ctime = 0;
  std::uint32_t ctime_nanoseconds = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  /// Of a character or block device.
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  /// The root of a mount, if the kernel knows to tell (since Linux 5.8).
  bool mount_point = false;
  bool mount_point_known = false;

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_file() const { return S_ISREG(mode); }
  bool is_symlink() const { return S_ISLNK(mode); }
  bool is_socket() const { return S_ISSOCK(mode); }
  bool is_sparse() const { return is_file() && stored < size; }
  bool is_device() const { return S_ISCHR(mode) || S_ISBLK(mode); }

  bool same_file(const Metadata& other) const { return device == other.device && inode == other.inode; }
  /// Whether what was read in between can be trusted to be one state of the file.
  bool same_contents(const Metadata& other) const {
    return same_file(other) && size == other.size && mtime == other.mtime &&
           mtime_nanoseconds == other.mtime_nanoseconds && ctime == other.ctime &&
           ctime_nanoseconds == other.ctime_nanoseconds;
  }
};

/// Of `name` in `directory`, without following a symlink. Throws std::system_error.
Metadata metadata_at(int directory, const char* name);

/// Of an open file. Throws std::system_error.
Metadata metadata_of(int fd);

}  // namespace rpmoci
