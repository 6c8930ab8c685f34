#include "solv/goal.h"

#include <algorithm>
#include <optional>
#include <set>

#include "solv/best_first.h"
#include "solv/file_dependencies.h"
#include "solv/handles.h"
#include "solv/match.h"
#include "solv/package_pool.h"
#include "solv/solver_jobs.h"

namespace rpmoci {

namespace {

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

std::vector<Id> in_order(const PackagePool& pool, std::vector<Id> ids) {
  std::ranges::sort(ids, [&](Id a, Id b) {
    const int order = compare_nevra(pool.get(), a, b);
    return order != 0 ? order < 0 : a < b;
  });
  return ids;
}

Installs read_installs(const PackagePool& pool, ::Solver* solver) {
  IdQueue decisions;
  solver_get_decisionqueue(solver, decisions.get());
  std::vector<Id> ids;
  // A negative decision is one against a package.
  std::ranges::copy_if(decisions, std::back_inserter(ids),
                       [&](Id id) { return id > SYSTEMSOLVABLE && !pool.is_installed(id); });
  Installs installs;
  for (const Id id : in_order(pool, std::move(ids))) installs.push_back(read_package(pool.get(), id));
  return installs;
}

std::vector<PackageReference> read_removals(const PackagePool& pool, ::Solver* solver) {
  std::vector<Id> ids;
  std::ranges::copy_if(pool.packages(), std::back_inserter(ids),
                       [&](Id id) { return pool.is_installed(id) && solver_get_decisionlevel(solver, id) <= 0; });
  std::vector<PackageReference> removals;
  for (const Id id : in_order(pool, std::move(ids))) removals.push_back(refer_to(pool.get(), id));
  return removals;
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

/// `wanted` are names of packages to install if that is possible.
SolveResult solve_once(PackagePool& pool, const Job& job, const std::vector<std::string>& wanted) {
  JobQueue jobs;
  FileDependencies files(pool);
  const auto staying = staying_packages(pool, job);
  if (auto unmatched = add_specs(pool, job, staying, jobs); !unmatched.empty()) return unmatched;
  if (auto unmatched = add_profile_packages(pool, job, staying, jobs); !unmatched.empty()) return unmatched;
  auto missing = add_group_packages(pool, job, staying, jobs);
  if (auto problems = add_requirements(pool, job, jobs, files); !problems.empty()) return problems;
  add_local_packages(pool, job, jobs);
  add_wanted(pool, wanted, jobs);
  add_preferences(pool, job, staying, jobs);
  add_install_only(pool, jobs);
  const auto solver = create_solver(pool, job.install_weak_dependencies);
  if (solver_solve(solver.get(), jobs.get()) != 0) {
    auto problems = describe_problems(pool, solver.get(), jobs.requests());
    add_second_best(pool, job, jobs, problems);
    return problems;
  }
  return Solved{read_installs(pool, solver.get()), read_removals(pool, solver.get()), std::move(missing)};
}

bool has_name(const Installs& installs, const std::string& name) {
  return std::ranges::find(installs, name, &Package::name) != installs.end();
}

/// Whether a package has another version than before without having been asked for.
bool moved_others(const Job& job, const Installs& installs) {
  return std::ranges::any_of(job.kept, [&](const EarlierPackage& earlier) {
    if (std::ranges::find(job.renewed, earlier.name) != job.renewed.end()) return false;
    return std::ranges::any_of(installs, [&](const Package& package) {
      return package.name == earlier.name && package.arch == earlier.arch && package.evr != earlier.evr;
    });
  });
}

/// Names of packages that were there, were to be renewed, and are gone.
std::vector<std::string> vanished_names(const Job& job, const Installs& installs) {
  std::set<std::string> vanished;
  for (const auto& name : job.renewed) {
    const bool was_there = std::ranges::find(job.kept, name, &EarlierPackage::name) != job.kept.end();
    if (was_there && !has_name(installs, name)) vanished.insert(name);
  }
  return {vanished.begin(), vanished.end()};
}

/// The job that asks for just these packages, as far as they are needed.
Job keeping(Job job, const Installs& installs) {
  job.kept.clear();
  for (const auto& package : installs) {
    job.kept.push_back(
        {package.name, package.evr, package.arch, package.repository_id, package.checksum.value_or(PackageChecksum{})});
  }
  job.renewed.clear();
  return job;
}

/// The packages that are to be renewed have vanished, others having moved so that nothing requires them any more.
/// Prefers that the others move so that they can be renewed, or else that neither happens.
std::optional<SolveResult> solve_with(PackagePool& pool, const Job& job, const std::vector<std::string>& vanished) {
  auto renewed = solve_once(pool, job, vanished);
  if (const auto* solved = std::get_if<Solved>(&renewed)) {
    auto needed = solve_once(pool, keeping(job, solved->installs), {});
    const auto is_new = [&](const Package& package) {
      return std::ranges::find(vanished, package.name) != vanished.end() &&
             std::ranges::none_of(job.kept, [&](const EarlierPackage& earlier) {
               return earlier.name == package.name && earlier.evr == package.evr;
             });
    };
    const auto* rest = std::get_if<Solved>(&needed);
    if (rest != nullptr && std::ranges::any_of(rest->installs, is_new)) return needed;
  }
  Job unchanged = job;
  std::erase_if(unchanged.renewed,
                [&](const auto& name) { return std::ranges::find(vanished, name) != vanished.end(); });
  auto kept = solve_once(pool, unchanged, {});
  const auto* solved = std::get_if<Solved>(&kept);
  if (solved != nullptr && !moved_others(job, solved->installs)) return kept;
  return std::nullopt;
}

}  // namespace

SolveResult solve_job(PackagePool& pool, const Job& job) {
  pool.forget_questions();
  auto result = solve_once(pool, job, {});
  const auto* solved = std::get_if<Solved>(&result);
  if (solved == nullptr || !moved_others(job, solved->installs)) return result;
  const auto vanished = vanished_names(job, solved->installs);
  if (vanished.empty()) return result;
  return solve_with(pool, job, vanished).value_or(std::move(result));
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
