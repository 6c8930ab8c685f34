// A package of a pool as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "solv/libsolv.h"

namespace rpmoci {

/// The repository that local packages form.
inline constexpr const char* kLocalRepository = "@commandline";
/// What the packages that are installed already are in.
inline constexpr const char* kBaseRepository = "@base";

struct PackageChecksum {
  /// `sha256` and the like.
  std::string algorithm;
  /// Lower-case hexadecimal digits.
  std::string value;
};

struct Package {
  std::string name;
  /// `[epoch:]version-release`; the epoch only when it is not 0.
  std::string evr;
  std::string arch;
  std::string repository_id;
  /// Relative to the repository's base or to `base_url`; the path of a local package.
  std::string location;
  std::optional<std::string> base_url;
  std::optional<PackageChecksum> checksum;
  /// Bytes.
  uint64_t download_size = 0;
  uint64_t installed_size = 0;
  /// `bash-5.2-1.src.rpm`; empty if unknown.
  std::string source_rpm;
  /// Seconds since the epoch; 0 if unknown.
  uint64_t build_time = 0;
};

/// Copies what the caller of the resolver sees of a solvable.
Package read_package(::Pool* pool, Id solvable);

/// `name-[epoch:]version-release.arch`, without an epoch of 0.
std::string nevra_of(::Pool* pool, Id solvable);

/// `[epoch:]version-release`, without an epoch of 0.
std::string evr_of(::Pool* pool, Id solvable);

/// By name, then version from old to new, then architecture; bytes decide between spellings that rpm takes for equal.
/// Negative, zero or positive.
int compare_nevra(::Pool* pool, Id a, Id b);

}  // namespace rpmoci
