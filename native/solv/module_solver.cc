#include "solv/module_solver.h"

#include <memory>
#include <set>
#include <stdexcept>

#include "solv/handles.h"

namespace rpmoci {

namespace {

/// Which of libdnf's attempts is made.
struct Attempt {
  /// Default streams may stay inactive.
  bool weak_defaults = false;
  /// Enabled streams may, too.
  bool weak_all = false;
  /// Only the latest builds will do.
  bool best = false;
};

/// Solvables in place of builds. Each conflicts with all others of its module.
class ModulePool {
 public:
  ModulePool(const std::vector<ModuleBuild>& builds, const std::optional<std::string>& platform,
             const std::string& arch)
      : builds_(builds), names_(solvable_names(builds)), pool_(pool_create()) {
    if (pool_setdisttype(get(), DISTTYPE_RPM) < 0) throw std::runtime_error("libsolv was built without RPM support");
    pool_setdebugmask(get(), 0);
    pool_set_flag(get(), POOL_FLAG_WHATPROVIDESWITHDISABLED, 1);
    pool_setarch(get(), arch.c_str());
    std::map<std::string, ::Repo*> repositories;
    for (const auto& build : builds) repositories[build.repository_id] = nullptr;
    for (auto& [id, repo] : repositories) repo = repo_create(get(), id.c_str());
    for (std::size_t index = 0; index < builds.size(); ++index) add_build(index, repositories);
    if (platform) add_platform(*platform);
    for (const auto& [id, repo] : repositories) repo_internalize(repo);
    pool_createwhatprovides(get());
  }

  ::Pool* get() const { return pool_.get(); }

  SolverHandle create_solver() const {
    SolverHandle solver(solver_create(get()));
    for (const int flag : {SOLVER_FLAG_ALLOW_VENDORCHANGE, SOLVER_FLAG_DUP_ALLOW_VENDORCHANGE, SOLVER_FLAG_KEEP_ORPHANS,
                           SOLVER_FLAG_BEST_OBEY_POLICY, SOLVER_FLAG_YUM_OBSOLETES}) {
      solver_set_flag(solver.get(), flag, 1);
    }
    return solver;
  }

  /// True when the attempt succeeds.
  bool solve(::Solver* solver, const std::map<std::string, ChosenStream>& streams, Attempt attempt) const {
    IdQueue jobs;
    std::set<std::string> added;
    for (const auto& build : builds_) {
      const auto found = streams.find(build.name);
      if (found == streams.end() || found->second.stream != build.stream) continue;
      if (!added.insert(build.name).second) continue;
      const auto& chosen = found->second;
      Id how = SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES;
      if (attempt.weak_all || (attempt.weak_defaults && chosen.is_default)) how |= SOLVER_WEAK;
      if (attempt.best) how |= SOLVER_FORCEBEST;
      jobs.push(how);
      jobs.push(capability(build.name + ":" + build.stream));
    }
    return solver_solve(solver, jobs.get()) == 0;
  }

  /// What takes part in a conflict of the problems that a solver was left with can no longer be chosen.
  void exclude_conflicting(::Solver* solver) {
    considered_ = std::make_unique<IdMap>(get()->nsolvables);
    considered_->fill();
    const auto exclude = [&](Id id) {
      if (pool_id2solvable(get(), id)->repo != get()->installed) considered_->remove(id);
    };
    const auto count = static_cast<Id>(solver_problem_count(solver));
    for (Id problem = 1; problem <= count; ++problem) {
      IdQueue rules;
      solver_findallproblemrules(solver, problem, rules.get());
      for (const Id rule : rules) {
        Id source = 0;
        Id target = 0;
        Id dependency = 0;
        const auto type = solver_ruleinfo(solver, rule, &source, &target, &dependency);
        if (type == SOLVER_RULE_PKG_CONFLICTS || type == SOLVER_RULE_PKG_SAME_NAME) {
          exclude(source);
          exclude(target);
        } else if (type == SOLVER_RULE_PKG_SELF_CONFLICT) {
          exclude(source);
        }
      }
    }
    get()->considered = considered_->get();
  }

  /// Builds that have the name of one that the solver chose.
  std::vector<bool> chosen(::Solver* solver) const {
    IdQueue decisions;
    solver_get_decisionqueue(solver, decisions.get());
    std::set<std::string> chosen;
    for (const Id id : decisions) {
      const auto found = builds_by_id_.find(id);
      if (found != builds_by_id_.end()) chosen.insert(names_[found->second]);
    }
    std::vector<bool> active;
    for (const auto& name : names_) active.push_back(chosen.contains(name));
    return active;
  }

  std::vector<ModuleProblem> problems(::Solver* solver) const {
    return describe_module_problems(solver, [this](Id id) {
      const auto found = builds_by_id_.find(id);
      if (found == builds_by_id_.end()) return std::string("the platform");
      const auto& build = builds_[found->second];
      return text_of(build) + " (" + build.repository_id + ")";
    });
  }

 private:
  Id capability(const std::string& text) const { return pool_str2id(get(), ("module(" + text + ")").c_str(), 1); }

  Id add_solvable(::Repo* repo, const std::string& name, const std::string& version, const std::string& arch,
                  const std::string& module, const std::string& stream) {
    const Id id = repo_add_solvable(repo);
    auto* solvable = pool_id2solvable(get(), id);
    solvable->name = pool_str2id(get(), name.c_str(), 1);
    solvable->evr = pool_str2id(get(), version.c_str(), 1);
    solvable->arch = pool_str2id(get(), arch.empty() ? "noarch" : arch.c_str(), 1);
    solvable_add_deparray(solvable, SOLVABLE_PROVIDES, capability(module), -1);
    solvable_add_deparray(solvable, SOLVABLE_CONFLICTS, capability(module), 0);
    solvable_add_deparray(solvable, SOLVABLE_PROVIDES, capability(module + ":" + stream), -1);
    return id;
  }

  void add_build(std::size_t index, const std::map<std::string, ::Repo*>& repositories) {
    const auto& build = builds_[index];
    const Id id = add_solvable(repositories.at(build.repository_id), names_[index], build.version, build.arch,
                               build.name, build.stream);
    builds_by_id_[id] = index;
    for (const auto& requirement : build.requirements) add_requirement(id, requirement);
  }

  void add_requirement(Id id, const ModuleRequirement& requirement) {
    auto* solvable = pool_id2solvable(get(), id);
    Id required = 0;
    for (const auto& stream : requirement.streams) {
      // libdnf takes a dash anywhere for the sign of a stream that must not be active.
      if (stream.find('-') != std::string::npos) {
        const Id excluded = capability(requirement.module + ":" + stream.substr(1));
        solvable_add_deparray(solvable, SOLVABLE_CONFLICTS, excluded, 0);
        continue;
      }
      const Id alternative = capability(requirement.module + ":" + stream);
      required = required == 0 ? alternative : pool_rel2id(get(), required, alternative, REL_OR, 1);
    }
    solvable_add_deparray(solvable, SOLVABLE_REQUIRES, required == 0 ? capability(requirement.module) : required, -1);
  }

  void add_platform(const std::string& platform) {
    const auto colon = platform.find(':');
    auto* repo = repo_create(get(), "@System");
    add_solvable(repo, platform + ":00000000", "0", "noarch", platform.substr(0, colon), platform.substr(colon + 1));
    repo_internalize(repo);
    pool_set_installed(get(), repo);
  }

  const std::vector<ModuleBuild>& builds_;
  std::vector<std::string> names_;
  /// libsolv refers to it and does not own it.
  std::unique_ptr<IdMap> considered_;
  PoolHandle pool_;
  std::map<Id, std::size_t> builds_by_id_;
};

}  // namespace

ModuleActivation activate_modules(const std::vector<ModuleBuild>& builds,
                                  const std::map<std::string, ChosenStream>& streams,
                                  const std::optional<std::string>& platform, const std::string& arch) {
  if (streams.empty()) return {.active = std::vector<bool>(builds.size(), false)};
  ModulePool pool(builds, platform, arch);
  auto solver = pool.create_solver();
  if (pool.solve(solver.get(), streams, {.best = true})) return {.active = pool.chosen(solver.get())};
  auto problems = pool.problems(solver.get());
  const auto result = [&](ModuleStatus status) {
    return ModuleActivation{pool.chosen(solver.get()), status, std::move(problems)};
  };
  solver = pool.create_solver();
  if (pool.solve(solver.get(), streams, {.weak_defaults = true, .best = true})) return result(ModuleStatus::kDefaults);
  solver = pool.create_solver();
  if (pool.solve(solver.get(), streams, {.weak_defaults = true})) return result(ModuleStatus::kLatest);
  pool.exclude_conflicting(solver.get());
  solver = pool.create_solver();
  if (pool.solve(solver.get(), streams, {.weak_all = true})) return result(ModuleStatus::kConflict);
  return {std::vector<bool>(builds.size(), false), ModuleStatus::kBroken, std::move(problems)};
}

}  // namespace rpmoci
