#include "solv/goal.h"

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "solv/dependency.h"
#include "solv/file_dependencies.h"
#include "solv/handles.h"
#include "solv/match.h"
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
  if (!match_spec(pool, spec, {.hidden = true, .foreign = true}).packages.empty()) return {spec, Reason::kHidden, {}};
  return {spec, Reason::kMissing, similar_names(spec, names)};
}

bool contains(const std::vector<Id>& sorted_ids, Id id) { return std::ranges::binary_search(sorted_ids, id); }

/// The packages of an earlier resolution that stay when it is about them.
std::vector<Id> staying_packages(const PackagePool& pool, const Job& job) {
  auto staying = kept_packages(pool, job.kept);
  const std::set<std::string_view> renewed(job.renewed.begin(), job.renewed.end());
  std::erase_if(staying, [&](Id id) {
    return renewed.contains(pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->name));
  });
  for (const auto& spec : job.specs) {
    if (!renewed.contains(spec)) continue;
    const auto match = match_spec(pool, spec, {});
    std::erase_if(staying, [&](Id id) { return contains(match.packages, id); });
  }
  return staying;
}

/// What stays is preferred wherever there is a choice. Of what is renewed only the best version remains to choose from,
/// and of what stays the version that it has, as far as that can be: of rules in conflict the last one gives way, so
/// that what stays moves for what is renewed, and to the best version.
void add_preferences(const PackagePool& pool, const Job& job, const std::vector<Id>& staying, JobQueue& jobs) {
  if (staying.empty()) return;
  IdQueue favoured(staying);
  jobs.add(SOLVER_FAVOR | SOLVER_SOLVABLE_ONE_OF, pool_queuetowhatprovides(pool.get(), favoured.get()), "");
  for (const auto& unwanted : {surpassed_packages(pool, job.renewed), rivals_of(pool, staying)}) {
    for (const Id id : unwanted) jobs.add(SOLVER_ERASE | SOLVER_SOLVABLE | SOLVER_WEAK, id, "");
  }
}

/// Asks for one of the packages: the best one, unless one of them stays.
void add_choice(const PackagePool& pool, const std::vector<Id>& choice, const std::vector<Id>& staying,
                const std::string& text, JobQueue& jobs) {
  constexpr Id how = SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF | SOLVER_SETARCH | SOLVER_SETEVR;
  const bool stays = std::ranges::any_of(choice, [&](Id id) { return contains(staying, id); });
  IdQueue packages(choice);
  jobs.add(stays ? how : how | SOLVER_FORCEBEST, pool_queuetowhatprovides(pool.get(), packages.get()), text);
}

/// Adds the specifications' jobs and returns those that match nothing.
std::vector<UnmatchedSpec> add_specs(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                     JobQueue& jobs) {
  std::vector<UnmatchedSpec> unmatched;
  std::vector<std::string> names;
  for (const auto& spec : sorted(job.specs)) {
    const auto match = match_spec(pool, spec, {});
    if (match.packages.empty()) {
      if (names.empty()) names = visible_names(pool);
      unmatched.push_back(explain_unmatched(pool, spec, names));
    }
    for (const auto& choice : install_choices(pool, spec, match)) add_choice(pool, choice, staying, spec, jobs);
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

/// The visible packages of a group's package, of any architecture, and those that obsolete them.
std::vector<Id> group_choice(const PackagePool& pool, const GroupPackage& wanted) {
  auto choice = packages_named(pool, wanted.name);
  if (wanted.base_architecture_only) std::erase_if(choice, [&](Id id) { return !pool.is_base_architecture(id); });
  for (std::size_t index = 0, count = choice.size(); index < count; ++index) {
    for (const Id obsoleter : pool.obsoleters(choice[index])) {
      if (pool.is_visible(obsoleter)) choice.push_back(obsoleter);
    }
  }
  std::ranges::sort(choice);
  choice.erase(std::ranges::unique(choice).begin(), choice.end());
  return choice;
}

/// Adds the jobs of packages of groups, as dnf does, and returns the names of those that no repository has.
std::vector<std::string> add_group_packages(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                            JobQueue& jobs) {
  std::set<std::string> missing;
  auto wanted = job.group_packages;
  std::ranges::sort(wanted, {}, [](const GroupPackage& package) {
    return std::tie(package.name, package.condition, package.base_architecture_only);
  });
  for (const auto& package : wanted) {
    const auto choice = group_choice(pool, package);
    if (choice.empty()) {
      missing.insert(package.name);
    } else if (package.condition.empty()) {
      add_choice(pool, choice, staying, package.name, jobs);
    } else {
      const auto text = "(" + package.name + " if " + package.condition + ")";
      const Id dependency = parse_dependency(pool.get(), text);
      const bool stays = std::ranges::any_of(choice, [&](Id id) { return contains(staying, id); });
      constexpr Id how = SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES;
      if (dependency != 0) jobs.add(stays ? how : how | SOLVER_FORCEBEST, dependency, text);
    }
  }
  return {missing.begin(), missing.end()};
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

/// `wanted` are names of packages to install if that is possible.
SolveResult solve_once(PackagePool& pool, const Job& job, const std::vector<std::string>& wanted) {
  JobQueue jobs;
  FileDependencies files(pool);
  const auto staying = staying_packages(pool, job);
  if (auto unmatched = add_specs(pool, job, staying, jobs); !unmatched.empty()) return unmatched;
  auto missing = add_group_packages(pool, job, staying, jobs);
  if (auto problems = add_requirements(pool, job, jobs, files); !problems.empty()) return problems;
  add_local_packages(pool, job, jobs);
  for (const auto& name : wanted) {
    jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE_NAME | SOLVER_WEAK, pool_str2id(pool.get(), name.c_str(), 1), "");
  }
  add_preferences(pool, job, staying, jobs);
  add_install_only(pool, jobs);
  const auto solver = create_solver(pool, job.install_weak_dependencies);
  if (solver_solve(solver.get(), jobs.get()) != 0) return describe_problems(solver.get(), jobs.texts());
  return Solved{read_installs(pool, solver.get()), std::move(missing)};
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
  auto result = solve_once(pool, job, {});
  const auto* solved = std::get_if<Solved>(&result);
  if (solved == nullptr || !moved_others(job, solved->installs)) return result;
  const auto vanished = vanished_names(job, solved->installs);
  if (vanished.empty()) return result;
  return solve_with(pool, job, vanished).value_or(std::move(result));
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
