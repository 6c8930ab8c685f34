// Counts what a root holds.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace rpmoci {

/// A name of an inode that was counted under an earlier name is a hard link, whatever its type, and nothing else.
struct RootfsScan {
  std::uint64_t files = 0;
  /// The root included.
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t hard_links = 0;
  /// FIFOs, devices and sockets.
  std::uint64_t others = 0;
  /// Bytes of regular files' contents, each inode once.
  std::uint64_t bytes = 0;
};

/// Does not open files, so that it needs permission for the directories only. Throws what `walk` throws, and
/// Failure("CANCELLED") soon after `cancelled` is set.
RootfsScan scan_rootfs(const std::string& root, const std::atomic<bool>& cancelled);

}  // namespace rpmoci
