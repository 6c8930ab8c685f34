#include "solv/goal.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "solv/dependency.h"
#include "solv/file_dependencies.h"
#include "solv/handles.h"
#include "solv/match.h"
#include "solv/module_filter.h"
#include "solv/package_pool.h"
#include "solv/similar.h"

namespace rpmoci {

namespace {

/// dnf's default of `installonlypkgs`: several versions of what provides these may be installed together.
constexpr const char* kInstallOnly[] = {"kernel",
                                        "kernel-PAE",
                                        "installonlypkg(kernel)",
                                        "installonlypkg(kernel-module)",
                                        "installonlypkg(vm)",
                                        "multiversion(kernel)"};

/// Jobs for the solver, each with the user's words for it.
class JobQueue {
 public:
  void add(Id how, Id what, std::string text) {
    queue_.push(how);
    queue_.push(what);
    texts_.push_back(std::move(text));
  }
  ::Queue* get() { return queue_.get(); }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  IdQueue queue_;
  std::vector<std::string> texts_;
};

/// Sorted, because the solver's choice between equals depends on the order of its jobs.
std::set<std::string> sorted(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

std::vector<std::string> visible_names(const PackagePool& pool) {
  std::set<std::string> names;
  for (const Id id : pool.packages()) {
    if (pool.is_visible(id) && pool.is_native(id)) {
      names.insert(pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->name));
    }
  }
  return {names.begin(), names.end()};
}

UnmatchedSpec explain_unmatched(const PackagePool& pool, const std::string& spec,
                                const std::vector<std::string>& names) {
  using Reason = UnmatchedSpec::Reason;
  if (!match_spec(pool, spec, {.foreign = true}).packages.empty()) return {spec, Reason::kArchitecture, {}};
  const auto hidden = match_spec(pool, spec, {.hidden = true, .foreign = true}).packages;
  const auto by_modules = [&](Id id) { return pool.is_hidden_by_modules(id); };
  if (std::ranges::any_of(hidden, by_modules)) return {spec, Reason::kModule, {}};
  if (!hidden.empty()) return {spec, Reason::kHidden, {}};
  return {spec, Reason::kMissing, similar_names(spec, names)};
}

/// One of several packages is to be installed, the best of them.
constexpr Id kInstallOneOf =
    SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF | SOLVER_SETARCH | SOLVER_SETEVR | SOLVER_FORCEBEST;

/// Adds the specifications' jobs and returns those that match nothing.
std::vector<UnmatchedSpec> add_specs(PackagePool& pool, const Job& job, JobQueue& jobs) {
  std::vector<UnmatchedSpec> unmatched;
  std::vector<std::string> names;
  for (const auto& spec : sorted(job.specs)) {
    const auto match = match_spec(pool, spec, {});
    if (match.packages.empty()) {
      if (names.empty()) names = visible_names(pool);
      unmatched.push_back(explain_unmatched(pool, spec, names));
    }
    for (const auto& choice : install_choices(pool, spec, match)) {
      IdQueue packages(choice);
      jobs.add(kInstallOneOf, pool_queuetowhatprovides(pool.get(), packages.get()), spec);
    }
  }
  return unmatched;
}

/// Adds the jobs of module profiles and returns those whose package nobody has.
std::vector<UnmatchedSpec> add_profile_packages(PackagePool& pool, const Job& job, JobQueue& jobs) {
  std::vector<UnmatchedSpec> unmatched;
  for (const auto& wanted : job.profile_packages) {
    const auto candidates = profile_candidates(pool, wanted);
    if (candidates.empty()) {
      unmatched.push_back({wanted.spec + ": " + wanted.name, UnmatchedSpec::Reason::kMissing, {}});
      continue;
    }
    IdQueue packages(candidates);
    jobs.add(kInstallOneOf, pool_queuetowhatprovides(pool.get(), packages.get()), wanted.spec);
  }
  return unmatched;
}

/// Adds the requirements' jobs and returns a problem for each that is not a dependency.
std::vector<SolveProblem> add_requirements(PackagePool& pool, const Job& job, JobQueue& jobs, FileDependencies& files) {
  std::vector<SolveProblem> problems;
  for (const auto& requirement : sorted(job.requirements)) {
    if (requirement.starts_with("rpmlib(")) continue;
    const Id dependency = parse_dependency(pool.get(), requirement);
    if (dependency == 0) {
      problems.push_back({{"\"" + requirement + "\" is not an RPM dependency"}});
      continue;
    }
    files.add(dependency);
    jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dependency, requirement);
  }
  return problems;
}

void add_local_packages(const PackagePool& pool, const Job& job, JobQueue& jobs) {
  for (const auto& path : sorted(job.local_packages)) {
    const Id id = pool.local_package(path);
    if (id == 0) throw std::invalid_argument("the pool was opened without the local package " + path);
    jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE, id, path);
  }
}

void add_install_only(const PackagePool& pool, JobQueue& jobs) {
  for (const char* capability : kInstallOnly) {
    jobs.add(SOLVER_MULTIVERSION | SOLVER_SOLVABLE_PROVIDES, pool_str2id(pool.get(), capability, 1), capability);
  }
}

SolverHandle create_solver(const PackagePool& pool, bool weak_dependencies) {
  SolverHandle solver(solver_create(pool.get()));
  // dnf's choice of flags.
  for (const int flag : {SOLVER_FLAG_ALLOW_VENDORCHANGE, SOLVER_FLAG_DUP_ALLOW_VENDORCHANGE, SOLVER_FLAG_KEEP_ORPHANS,
                         SOLVER_FLAG_BEST_OBEY_POLICY, SOLVER_FLAG_YUM_OBSOLETES, SOLVER_FLAG_ALLOW_DOWNGRADE}) {
    solver_set_flag(solver.get(), flag, 1);
  }
  solver_set_flag(solver.get(), SOLVER_FLAG_IGNORE_RECOMMENDED, weak_dependencies ? 0 : 1);
  return solver;
}

Installs read_installs(const PackagePool& pool, ::Solver* solver) {
  IdQueue decisions;
  solver_get_decisionqueue(solver, decisions.get());
  std::vector<Id> ids;
  // A negative decision is one against a package.
  std::ranges::copy_if(decisions, std::back_inserter(ids), [](Id id) { return id > SYSTEMSOLVABLE; });
  std::ranges::sort(ids, [&](Id a, Id b) {
    const int order = compare_nevra(pool.get(), a, b);
    return order != 0 ? order < 0 : a < b;
  });
  Installs installs;
  for (const Id id : ids) installs.push_back(read_package(pool.get(), id));
  return installs;
}

}  // namespace

SolveResult solve_job(PackagePool& pool, const Job& job) {
  JobQueue jobs;
  FileDependencies files(pool);
  if (auto unmatched = add_specs(pool, job, jobs); !unmatched.empty()) return unmatched;
  if (auto unmatched = add_profile_packages(pool, job, jobs); !unmatched.empty()) return unmatched;
  if (auto problems = add_requirements(pool, job, jobs, files); !problems.empty()) return problems;
  add_local_packages(pool, job, jobs);
  add_install_only(pool, jobs);
  const auto solver = create_solver(pool, job.install_weak_dependencies);
  if (solver_solve(solver.get(), jobs.get()) != 0) return describe_problems(solver.get(), jobs.texts());
  return read_installs(pool, solver.get());
}

std::vector<Package> query_spec(const PackagePool& pool, const std::string& spec) {
  auto ids = match_spec(pool, spec, {}).packages;
  const auto text = [&](Id id) { return std::string_view(pool_id2str(pool.get(), id)); };
  std::ranges::sort(ids, [&](Id a, Id b) {
    const auto* left = pool_id2solvable(pool.get(), a);
    const auto* right = pool_id2solvable(pool.get(), b);
    if (left->name != right->name) return text(left->name) < text(right->name);
    if (left->repo->priority != right->repo->priority) return left->repo->priority > right->repo->priority;
    const int order = pool_evrcmp(pool.get(), left->evr, right->evr, EVRCMP_COMPARE);
    if (order != 0) return order > 0;
    const auto left_arch = pool_arch2score(pool.get(), left->arch);
    const auto right_arch = pool_arch2score(pool.get(), right->arch);
    if (left_arch != right_arch) return left_arch > right_arch;
    if (left->repo->subpriority != right->repo->subpriority) return left->repo->subpriority > right->repo->subpriority;
    return a < b;
  });
  std::vector<Package> packages;
  for (const Id id : ids) packages.push_back(read_package(pool.get(), id));
  return packages;
}

}  // namespace rpmoci
