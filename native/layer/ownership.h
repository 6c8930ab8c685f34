// What packages say of the files that they put into a root.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "arena.h"
#include "sha256.h"

namespace rpmoci {

struct OwnedPath {
  /// Index in `OwningPackage::directories`.
  std::uint32_t directory = 0;
  /// With the file's type.
  std::uint32_t mode = 0;
  std::string_view name;
  /// Seconds since the epoch.
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  /// Of a symlink.
  std::string_view link_target;
  /// Of a file's contents; null unless the package tells it by SHA-256.
  const Sha256Digest* digest = nullptr;
};

struct OwningPackage {
  std::string_view name;
  std::string_view evr;
  std::string_view arch;
  /// Absolute paths inside the root, as packages write them: symlinks may be on the way.
  std::span<std::string_view> directories;
  /// Without those that the package owns as %ghost.
  std::span<OwnedPath> paths;
};

struct Ownership {
  /// Ordered by their names, EVRs and architectures as bytes: whatever order they were installed in.
  std::vector<OwningPackage> packages;
  /// What they point to.
  Arena arena;
};

}  // namespace rpmoci
