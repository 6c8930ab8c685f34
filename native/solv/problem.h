// Why a job cannot be done, as data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "solv/hidden_provider.h"
#include "solv/libsolv.h"
#include "solv/package_reference.h"
#include "solv/request.h"
#include "solv/requirement_chain.h"

namespace rpmoci {

class PackagePool;

/// One rule that has a part in a problem.
struct ProblemRule {
  /// What is missing comes before what excludes what, and that before what follows from it: the order in which a
  /// problem's rules tell most.
  enum class Kind {
    /// The requirement is not one.
    kNotADependency,
    /// Nothing provides `dependency`, which `package` (or the request) requires.
    kNothingProvides,
    /// `package` is hidden or of another architecture.
    kNotInstallable,
    /// `package` may only be installed beside the same version for the base architecture.
    kInferiorArchitecture,
    /// `package` conflicts with `dependency`, which `other` provides; `other` may be the same package.
    kConflicts,
    /// `package` obsoletes `dependency`, which `other` provides.
    kObsoletes,
    /// `package` and `other` both obsolete `dependency`.
    kBothObsolete,
    /// `package` and `other` have the same name, and only one may be installed.
    kSameName,
    /// None of the providers of `dependency`, which `package` requires, can be installed.
    kRequires,
    /// `package` is the best match of the request, and cannot be installed; `other` is one that could.
    kBest,
    /// Nothing that meets the request can be installed.
    kRequest,
    /// Something else, in libsolv's words in `dependency`.
    kOther,
  };
  Kind kind = Kind::kOther;
  std::optional<PackageReference> package;
  std::optional<PackageReference> other;
  std::string dependency;
  /// The request that kBest, kRequest, kNotADependency, or kNothingProvides without a package is about.
  std::optional<Request::Kind> request_kind;
  std::string request;
  /// How `package` and `other` come to be asked for.
  std::optional<RequirementChain> package_chain;
  std::optional<RequirementChain> other_chain;
  /// Who would provide what is missing, or what hides `package`.
  std::vector<HiddenProvider> hidden_providers;
  /// Package names that resemble what is missing.
  std::vector<std::string> similar;
};

struct SolveProblem {
  /// The most telling first, without repeats.
  std::vector<ProblemRule> rules;
};

/// The problems that a solver was left with. `requests` has what each job of the queue that was solved stands for.
std::vector<SolveProblem> describe_problems(const PackagePool& pool, ::Solver* solver,
                                            const std::vector<Request>& requests);

}  // namespace rpmoci
