// Turns what a user asks for into a set of packages.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "solv/module_streams.h"
#include "solv/package.h"
#include "solv/package_reference.h"
#include "solv/preference.h"
#include "solv/problem.h"

namespace rpmoci {

class PackagePool;

/// A package that a comps group lists.
struct GroupPackage {
  /// The user's words for the group.
  std::string spec;
  std::string name;
  /// The capability that must be there for it to be installed; empty when it needs none.
  std::string condition;
  bool base_architecture_only = false;
};

struct Job {
  std::vector<std::string> specs;
  std::vector<std::string> requirements;
  /// Paths that the pool was opened with.
  std::vector<std::string> local_packages;
  std::vector<GroupPackage> group_packages;
  /// Stays, but for what is renewed, as far as it can; when nothing of it does, everything is resolved afresh.
  std::vector<EarlierPackage> kept;
  /// Names of packages, and entries of `specs`, that get the best version that fits.
  std::vector<std::string> renewed;
  /// Packages of module profiles.
  std::vector<ProfilePackage> profile_packages;
  bool install_weak_dependencies = false;
};

struct UnmatchedSpec {
  std::string spec;
  /// What would match, but for one thing.
  std::vector<HiddenProvider> hidden_matches;
  /// Names that resemble it when nothing would match: at most three, the closest first.
  std::vector<std::string> similar;
};

using Installs = std::vector<Package>;

struct Solved {
  Installs installs;
  /// Packages that are installed and give way to these, by being updated or obsoleted.
  std::vector<PackageReference> removals;
  /// Packages of groups that no repository has, in the order of their names.
  std::vector<std::string> missing_group_packages;
};

using SolveResult = std::variant<Solved, std::vector<UnmatchedSpec>, std::vector<SolveProblem>>;

/// What dnf would install with `best` on, into an empty root or beside what is installed. The same job gives the same
/// result, whatever the order of its parts. Throws std::invalid_argument for a local package that the pool does not
/// have.
SolveResult solve_job(PackagePool& pool, const Job& job);

/// The packages that a specification matches: by name, then best first (repository priority, version, architecture).
std::vector<Package> query_spec(const PackagePool& pool, const std::string& spec);

}  // namespace rpmoci
