// Turns what a user asks for into a set of packages.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "solv/module_streams.h"
#include "solv/package.h"
#include "solv/problem.h"

namespace rpmoci {

class PackagePool;

struct Job {
  std::vector<std::string> specs;
  std::vector<std::string> requirements;
  /// Paths that the pool was opened with.
  std::vector<std::string> local_packages;
  /// Packages of module profiles.
  std::vector<ProfilePackage> profile_packages;
  bool install_weak_dependencies = false;
};

struct UnmatchedSpec {
  enum class Reason { kMissing, kHidden, kModule, kArchitecture };
  std::string spec;
  Reason reason = Reason::kMissing;
  std::vector<std::string> similar;
};

using Installs = std::vector<Package>;
using SolveResult = std::variant<Installs, std::vector<UnmatchedSpec>, std::vector<SolveProblem>>;

/// What dnf would install into an empty root with `best` on. The same job gives the same result, whatever the order of
/// its parts. Throws std::invalid_argument for a local package that the pool does not have.
SolveResult solve_job(PackagePool& pool, const Job& job);

/// The packages that a specification matches: by name, then best first (repository priority, version, architecture).
std::vector<Package> query_spec(const PackagePool& pool, const std::string& spec);

}  // namespace rpmoci
