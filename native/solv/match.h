// Finds what a package specification means, in dnf's order of interpretation.
#pragma once

#include <string>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

class PackagePool;

/// Which packages may be matched.
struct MatchScope {
  /// Also packages that includepkgs or excludepkgs hide.
  bool hidden = false;
};

struct Match {
  /// In the order of their Ids.
  std::vector<Id> packages;
  /// The specification was read as a name without version and architecture.
  bool just_name = false;
  /// The specification's architecture is a pattern.
  bool arch_glob = false;
};

/// Reads `spec` as dnf does, and stops at the first that matches any package: `name-evr.arch`, `name.arch`, `name`,
/// `name-version-release`, `name-version`, the whole NEVRA as one pattern; then a capability, rich ones included;
/// then a file's path. `*`, `?` and `[` are patterns in all of them. Packages of any architecture match: which of those
/// that a specification does not tell apart is best, the solver decides.
Match match_spec(const PackagePool& pool, const std::string& spec, MatchScope scope);

/// As match_spec(), names only, among all packages, hidden ones too. In the order of their Ids.
std::vector<Id> match_nevra(const PackagePool& pool, const std::string& spec);

/// The sets of packages to install one of each: one set for a name or a path; one for each name that a pattern matches;
/// one for each name and architecture when the architecture is a pattern. Packages that obsolete those of a set belong
/// to it as they do for dnf. In the order of their names.
std::vector<std::vector<Id>> install_choices(const PackagePool& pool, const std::string& spec, const Match& match);

}  // namespace rpmoci
