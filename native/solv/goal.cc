#include "solv/goal.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "solv/best_first.h"
#include "solv/dependency.h"
#include "solv/file_dependencies.h"
#include "solv/handles.h"
#include "solv/match.h"
#include "solv/package_pool.h"
#include "solv/requirements.h"
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

/// Jobs for the solver, each with what it stands for.
class JobQueue {
 public:
  void add(Id how, Id what, Request request) {
    queue_.push(how);
    queue_.push(what);
    requests_.push_back(std::move(request));
  }
  ::Queue* get() { return queue_.get(); }
  const std::vector<Request>& requests() const { return requests_; }
  /// Lets every job be met by what is not the best.
  void accept_any() {
    for (int job = 0; job < queue_.size(); job += 2) queue_.get()->elements[job] &= ~SOLVER_FORCEBEST;
  }

 private:
  IdQueue queue_;
  std::vector<Request> requests_;
};

/// Sorted, because the solver's choice between equals depends on the order of its jobs.
std::set<std::string> sorted(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

/// Adds the specifications' jobs and returns those that match nothing.
std::vector<UnmatchedSpec> add_specs(PackagePool& pool, const Job& job, JobQueue& jobs) {
  std::vector<UnmatchedSpec> unmatched;
  std::vector<std::string> names;
  HiddenProviderFinder finder(pool);
  constexpr Id how = SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF | SOLVER_SETARCH | SOLVER_SETEVR | SOLVER_FORCEBEST;
  for (const auto& spec : sorted(job.specs)) {
    const auto match = match_spec(pool, spec, {});
    if (std::ranges::none_of(match.packages, [&](Id id) { return pool.is_compatible(id); })) {
      if (names.empty()) names = visible_names(pool);
      auto hidden = finder.find(spec);
      auto similar = hidden.empty() ? similar_names(spec, names) : std::vector<std::string>();
      unmatched.push_back({spec, std::move(hidden), std::move(similar)});
    }
    for (const auto& choice : install_choices(pool, spec, match)) {
      IdQueue packages(choice);
      jobs.add(how, pool_queuetowhatprovides(pool.get(), packages.get()), {Request::Kind::kSpec, spec, choice});
    }
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
      problems.push_back({{{.kind = ProblemRule::Kind::kNotADependency,
                            .request_kind = Request::Kind::kRequirement,
                            .request = requirement}}});
      continue;
    }
    files.add(dependency);
    jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dependency,
             {Request::Kind::kRequirement, requirement, providers_of(pool.get(), dependency)});
  }
  return problems;
}

void add_local_packages(const PackagePool& pool, const Job& job, JobQueue& jobs) {
  for (const auto& path : sorted(job.local_packages)) {
    const Id id = pool.local_package(path);
    if (id == 0) throw std::invalid_argument("the pool was opened without the local package " + path);
    jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE, id, {Request::Kind::kLocalPackage, path, {id}});
  }
}

void add_install_only(const PackagePool& pool, JobQueue& jobs) {
  for (const char* capability : kInstallOnly) {
    jobs.add(SOLVER_MULTIVERSION | SOLVER_SOLVABLE_PROVIDES, pool_str2id(pool.get(), capability, 1), {});
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

/// Where the best match of a specification cannot be installed, tells which other one could.
void add_second_best(const PackagePool& pool, const Job& job, JobQueue& jobs, std::vector<SolveProblem>& problems) {
  const auto is_best = [](const ProblemRule& rule) { return rule.kind == ProblemRule::Kind::kBest; };
  if (std::ranges::none_of(problems, [&](const auto& problem) { return std::ranges::any_of(problem.rules, is_best); }))
    return;
  jobs.accept_any();
  const auto solver = create_solver(pool, job.install_weak_dependencies);
  if (solver_solve(solver.get(), jobs.get()) != 0) return;
  for (auto& problem : problems) {
    for (auto& rule : problem.rules) {
      if (!is_best(rule)) continue;
      for (const auto& request : jobs.requests()) {
        if (request.kind != rule.request_kind || request.text != rule.request) continue;
        for (const Id id : request.packages) {
          if (solver_get_decisionlevel(solver.get(), id) > 0) rule.other = refer_to(pool.get(), id);
        }
      }
    }
  }
}

}  // namespace

SolveResult solve_job(PackagePool& pool, const Job& job) {
  pool.forget_questions();
  JobQueue jobs;
  FileDependencies files(pool);
  if (auto unmatched = add_specs(pool, job, jobs); !unmatched.empty()) return unmatched;
  if (auto problems = add_requirements(pool, job, jobs, files); !problems.empty()) return problems;
  add_local_packages(pool, job, jobs);
  add_install_only(pool, jobs);
  const auto solver = create_solver(pool, job.install_weak_dependencies);
  if (solver_solve(solver.get(), jobs.get()) != 0) {
    auto problems = describe_problems(pool, solver.get(), jobs.requests());
    add_second_best(pool, job, jobs, problems);
    return problems;
  }
  return read_installs(pool, solver.get());
}

std::vector<Package> query_spec(const PackagePool& pool, const std::string& spec) {
  auto matching = match_spec(pool, spec, {}).packages;
  std::erase_if(matching, [&](Id id) { return !pool.is_compatible(id); });
  const auto ids = best_first(pool.get(), std::move(matching));
  std::vector<Package> packages;
  for (const Id id : ids) packages.push_back(read_package(pool.get(), id));
  return packages;
}

}  // namespace rpmoci
