// What packages say of the files that they put into a root.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rpmoci {

using Sha256Digest = std::array<std::uint8_t, 32>;

struct OwnedPath {
  /// Index in `OwningPackage::directories`.
  std::uint32_t directory = 0;
  std::string name;
  /// With the file's type.
  std::uint32_t mode = 0;
  /// Seconds since the epoch.
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  /// Of a symlink.
  std::string link_target;
  /// Of a file's contents, when the package tells it by SHA-256.
  std::optional<Sha256Digest> digest;
};

struct OwningPackage {
  std::string name;
  /// Absolute paths inside the root, as packages write them: symlinks may be on the way.
  std::vector<std::string> directories;
  /// Without those that the package owns as %ghost.
  std::vector<OwnedPath> paths;
};

/// The installed packages, ordered by NEVRA: a name is repeated when several versions are there.
using Ownership = std::vector<OwningPackage>;

}  // namespace rpmoci
