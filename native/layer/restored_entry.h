// Gives files the attributes that an image says they have.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rpmoci {

struct RestoredEntry {
  /// Relative to the root; empty for the root itself. Bytes.
  std::string path;
  /// With the type.
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Seconds since the epoch, and what is beyond them in nanoseconds.
  std::int64_t mtime = 0;
  std::uint32_t mtime_nanoseconds = 0;
  /// Of a device.
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;
};

/// Makes the devices and FIFOs among `entries`; all others are there. Then gives all of them owners, modes, extended
/// attributes (those that images carry, see read_xattrs) and times, a directory after what it holds. No symlink is
/// followed, and nothing outside of `root` is reached. Returns the paths of devices that this process may not make.
///
/// Throws Failure("BASE_UNPACK_FAILED") that names the path, Failure("CANCELLED") soon after `cancelled` is set.
std::vector<std::string> restore_entries(const std::string& root, std::vector<RestoredEntry> entries,
                                         const std::atomic<bool>& cancelled);

}  // namespace rpmoci
