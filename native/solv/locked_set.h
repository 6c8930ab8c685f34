// How the packages of a lockfile depend on each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "solv/package_reference.h"

namespace rpmoci {

class PackagePool;

struct LockedEntry {
  std::string name;
  /// Empty for a local package, whose version is not locked.
  std::string evr;
  /// Empty when the lockfile does not say.
  std::string arch;
  /// Preferred among repositories that have the package.
  std::string repository_id;
  /// What a package requires that the pool may not have.
  std::vector<std::string> requirements;
};

struct LockedDependency {
  enum class Kind { kRequires, kRecommends, kSupplements };
  Kind kind = Kind::kRequires;
  std::string text;
  /// Indices of the locked packages that meet it; those that supplement the package for kSupplements. Sorted.
  std::vector<std::uint32_t> packages;
};

struct LockedPackageFacts {
  /// Nothing when the pool does not have the package: then only its own name counts as provided.
  std::optional<PackageReference> package;
  /// Those that other locked packages meet, by kind and text.
  std::vector<LockedDependency> dependencies;
};

struct LockedMatch {
  std::string spec;
  /// Indices of the locked packages, sorted.
  std::vector<std::uint32_t> packages;
  /// Names of locked packages that resemble a specification without matches.
  std::vector<std::string> similar;
};

struct LockedSetFacts {
  /// In the order of the entries.
  std::vector<LockedPackageFacts> packages;
  /// In the order of the specifications.
  std::vector<LockedMatch> matches;
};

/// Reads the dependencies among locked packages from the pool, and which of them each specification means.
LockedSetFacts examine_locked_set(PackagePool& pool, const std::vector<LockedEntry>& entries,
                                  const std::vector<std::string>& specs);

}  // namespace rpmoci
