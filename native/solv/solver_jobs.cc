#include "solv/solver_jobs.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "solv/dependency.h"
#include "solv/file_dependencies.h"
#include "solv/hidden_provider.h"
#include "solv/match.h"
#include "solv/module_filter.h"
#include "solv/package_pool.h"
#include "solv/preference.h"
#include "solv/requirements.h"
#include "solv/similar.h"

namespace rpmoci {

namespace {

constexpr const char* kInstallOnly[] = {"kernel",
                                        "kernel-PAE",
                                        "installonlypkg(kernel)",
                                        "installonlypkg(kernel-module)",
                                        "installonlypkg(vm)",
                                        "multiversion(kernel)"};

/// Sorted, because the solver's choice between equals depends on the order of its jobs.
std::set<std::string> sorted(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

bool contains(const std::vector<Id>& sorted_ids, Id id) { return std::ranges::binary_search(sorted_ids, id); }

bool has_any(const std::vector<Id>& sorted_ids, const std::vector<Id>& ids) {
  return std::ranges::any_of(ids, [&](Id id) { return contains(sorted_ids, id); });
}

/// Asks for one of the packages: the best one, unless one of them stays.
void add_choice(const PackagePool& pool, const std::vector<Id>& choice, const std::vector<Id>& staying,
                const std::string& spec, JobQueue& jobs) {
  constexpr Id how = SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF | SOLVER_SETARCH | SOLVER_SETEVR;
  IdQueue packages(choice);
  jobs.add(has_any(staying, choice) ? how : how | SOLVER_FORCEBEST,
           pool_queuetowhatprovides(pool.get(), packages.get()), {Request::Kind::kSpec, spec, choice});
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

}  // namespace

std::vector<Id> staying_packages(const PackagePool& pool, const Job& job) {
  auto staying = kept_packages(pool, job.kept);
  if (!job.kept.empty()) {
    const auto installed = installed_packages(pool, job.kept);
    staying.insert(staying.end(), installed.begin(), installed.end());
    std::ranges::sort(staying);
  }
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

std::vector<UnmatchedSpec> add_specs(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                     JobQueue& jobs) {
  std::vector<UnmatchedSpec> unmatched;
  std::vector<std::string> names;
  HiddenProviderFinder finder(pool);
  for (const auto& spec : sorted(job.specs)) {
    const auto match = match_spec(pool, spec, {});
    if (std::ranges::none_of(match.packages, [&](Id id) { return pool.is_compatible(id); })) {
      if (names.empty()) names = visible_names(pool);
      auto hidden = finder.find(spec);
      auto similar = hidden.empty() ? similar_names(spec, names) : std::vector<std::string>();
      unmatched.push_back({spec, std::move(hidden), std::move(similar)});
    }
    for (const auto& choice : install_choices(pool, spec, match)) add_choice(pool, choice, staying, spec, jobs);
  }
  return unmatched;
}

std::vector<std::string> add_group_packages(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                            JobQueue& jobs) {
  std::set<std::string> missing;
  auto wanted = job.group_packages;
  std::ranges::sort(wanted, {}, [](const GroupPackage& package) {
    return std::tie(package.name, package.condition, package.base_architecture_only, package.spec);
  });
  for (const auto& package : wanted) {
    const auto choice = group_choice(pool, package);
    if (choice.empty()) {
      missing.insert(package.name);
    } else if (package.condition.empty()) {
      add_choice(pool, choice, staying, package.spec, jobs);
    } else {
      const auto text = "(" + package.name + " if " + package.condition + ")";
      const Id dependency = parse_dependency(pool.get(), text);
      constexpr Id how = SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES;
      if (dependency == 0) continue;
      jobs.add(has_any(staying, choice) ? how : how | SOLVER_FORCEBEST, dependency,
               {Request::Kind::kSpec, package.spec, choice});
    }
  }
  return {missing.begin(), missing.end()};
}

std::vector<UnmatchedSpec> add_profile_packages(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                                JobQueue& jobs) {
  std::vector<UnmatchedSpec> unmatched;
  for (const auto& wanted : job.profile_packages) {
    const auto candidates = profile_candidates(pool, wanted);
    if (candidates.empty())
      unmatched.push_back({wanted.spec + ": " + wanted.name, {}, {}});
    else
      add_choice(pool, candidates, staying, wanted.spec, jobs);
  }
  return unmatched;
}

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

void add_wanted(const PackagePool& pool, const std::vector<std::string>& names, JobQueue& jobs) {
  for (const auto& name : names) {
    jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE_NAME | SOLVER_WEAK, pool_str2id(pool.get(), name.c_str(), 1), {});
  }
}

void add_preferences(const PackagePool& pool, const Job& job, const std::vector<Id>& staying, JobQueue& jobs) {
  if (staying.empty()) return;
  IdQueue favoured(staying);
  jobs.add(SOLVER_FAVOR | SOLVER_SOLVABLE_ONE_OF, pool_queuetowhatprovides(pool.get(), favoured.get()), {});
  for (const auto& unwanted : {surpassed_packages(pool, job.renewed), rivals_of(pool, staying)}) {
    for (const Id id : unwanted) jobs.add(SOLVER_ERASE | SOLVER_SOLVABLE | SOLVER_WEAK, id, {});
  }
}

void add_install_only(const PackagePool& pool, JobQueue& jobs) {
  for (const char* capability : kInstallOnly) {
    // Without a provider the job changes nothing, but costs milliseconds in a large pool.
    const Id id = pool_str2id(pool.get(), capability, 0);
    if (id == 0 || *pool_whatprovides_ptr(pool.get(), id) == 0) continue;
    jobs.add(SOLVER_MULTIVERSION | SOLVER_SOLVABLE_PROVIDES, id, {});
  }
}

}  // namespace rpmoci
