// One member of a tar archive: its header blocks, as bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rpmoci {

constexpr std::size_t tar_block = 512;
/// Bytes of zeros at the end of an archive.
constexpr std::size_t tar_end = 2 * tar_block;

/// POSIX's typeflag (pax, "ustar Interchange Format").
enum class TarType : char {
  file = '0',
  hard_link = '1',
  symlink = '2',
  character_device = '3',
  block_device = '4',
  directory = '5',
  fifo = '6',
};

struct TarEntry {
  /// Relative, with a trailing slash for a directory. Bytes.
  std::string path;
  TarType type = TarType::file;
  /// Of a symlink, or the archive's path of the file that a hard link names.
  std::string link_target;
  /// Permissions with setuid, setgid and the sticky bit.
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Of a file's contents; 0 for all others, hard links among them.
  std::uint64_t size = 0;
  /// Seconds since the epoch.
  std::int64_t mtime = 0;
  /// Of devices.
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;
};

/// The blocks that come before the member's contents: a ustar header and, only where that cannot tell all of the
/// entry, an extended (pax) header in front of it. The latter's records are sorted. Depends on `entry` alone: no user
/// or group names, no access or change times, no process id.
///
/// A name that is not ASCII gets a record `path` or `linkpath` with its bytes as they are, and `hdrcharset=BINARY`
/// where they are not UTF-8. Extended attributes are records `SCHILY.xattr.NAME`, as in star and every image builder.
/// Throws std::invalid_argument for an attribute whose name contains "=", which a record cannot hold, and for more than
/// 1 MiB of records.
std::string tar_header(const TarEntry& entry);

/// Bytes that `tar_header` returns; throws what it throws.
std::size_t tar_header_size(const TarEntry& entry);

/// How many zero bytes follow contents of `size` bytes.
constexpr std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((tar_block - size % tar_block) % tar_block);
}

}  // namespace rpmoci
