#include "solv/problem.h"

#include <algorithm>
#include <map>
#include <set>

#include "solv/handles.h"
#include "solv/package.h"

namespace rpmoci {

namespace {

/// How much a sentence tells: what is missing before what excludes what, and that before what follows from it.
enum Rank { kNothingProvides, kNotInstallable, kConflict, kRequires, kJob };

struct Sentence {
  Rank rank;
  std::string text;
};

std::string package_text(::Pool* pool, Id id) {
  return nevra_of(pool, id) + " (" + pool_id2solvable(pool, id)->repo->name + ")";
}

std::string not_installable(::Pool* pool, Id id) {
  auto* solvable = pool_id2solvable(pool, id);
  const auto package = package_text(pool, id);
  if (pool_disabled_solvable(pool, solvable))
    return package + " is hidden by includepkgs, excludepkgs or the choice of module streams";
  if (pool->id2arch != nullptr && pool_arch2score(pool, solvable->arch) == 0) {
    return package + " is for another architecture";
  }
  return package + " cannot be installed";
}

/// The words of the job that a rule stands for; empty when the rule stands for none.
std::string job_text(::Solver* solver, Id rule, const std::vector<std::string>& job_texts) {
  const int index = solver_rule2jobidx(solver, rule);
  if (index == 0) return {};
  const auto job = static_cast<std::size_t>(index - 1) / 2;
  return job < job_texts.size() ? job_texts[job] : std::string();
}

Sentence describe_rule(::Solver* solver, Id rule, const std::vector<std::string>& job_texts) {
  auto* pool = solver->pool;
  Id source = 0;
  Id target = 0;
  Id dependency = 0;
  const auto type = solver_ruleinfo(solver, rule, &source, &target, &dependency);
  const auto needed = [&] { return std::string(pool_dep2str(pool, dependency)); };
  switch (type) {
    case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
      return {kNothingProvides, "nothing provides " + needed() + " needed by " + package_text(pool, source)};
    case SOLVER_RULE_JOB_NOTHING_PROVIDES_DEP:
      return {kNothingProvides, "nothing provides " + needed() + ", which was asked for"};
    case SOLVER_RULE_PKG_NOT_INSTALLABLE:
      return {kNotInstallable, not_installable(pool, source)};
    case SOLVER_RULE_INFARCH:
      return {kNotInstallable, package_text(pool, source) +
                                   " can only be installed together with the same version for the base architecture"};
    case SOLVER_RULE_PKG_SAME_NAME:
      return {kConflict,
              "only one of " + package_text(pool, source) + " and " + package_text(pool, target) + " can be installed"};
    case SOLVER_RULE_PKG_CONFLICTS:
      return {kConflict, package_text(pool, source) + " conflicts with " + needed() + ", provided by " +
                             package_text(pool, target)};
    case SOLVER_RULE_PKG_SELF_CONFLICT:
      return {kConflict, package_text(pool, source) + " conflicts with " + needed() + ", which it provides itself"};
    case SOLVER_RULE_PKG_OBSOLETES:
    case SOLVER_RULE_PKG_IMPLICIT_OBSOLETES:
      return {kConflict,
              package_text(pool, source) + " obsoletes " + needed() + ", provided by " + package_text(pool, target)};
    case SOLVER_RULE_YUMOBS:
      return {kConflict,
              "both " + package_text(pool, source) + " and " + package_text(pool, target) + " obsolete " + needed()};
    case SOLVER_RULE_PKG_REQUIRES:
      return {kRequires,
              package_text(pool, source) + " requires " + needed() + ", but none of its providers can be installed"};
    case SOLVER_RULE_BEST: {
      // Its target is the job's rule, which older releases of libsolv do not tell.
      const auto text = target > 0 ? job_text(solver, target, job_texts) : std::string();
      return {kJob, "the best candidate for " + (text.empty() ? "what was asked for" : text) + " cannot be installed"};
    }
    case SOLVER_RULE_JOB: {
      const auto text = job_text(solver, rule, job_texts);
      return {kJob, text.empty() ? "conflicting requests" : "nothing that satisfies " + text + " can be installed"};
    }
    default:
      return {kJob, solver_problemruleinfo2str(solver, type, source, target, dependency)};
  }
}

SolveProblem describe_problem(::Solver* solver, Id problem, const std::vector<std::string>& job_texts) {
  IdQueue rules;
  solver_findallproblemrules(solver, problem, rules.get());
  std::vector<Sentence> sentences;
  std::set<std::string> seen;
  for (const Id rule : rules) {
    auto sentence = describe_rule(solver, rule, job_texts);
    if (seen.insert(sentence.text).second) sentences.push_back(std::move(sentence));
  }
  std::ranges::stable_sort(sentences, {}, &Sentence::rank);
  SolveProblem described;
  for (auto& sentence : sentences) described.messages.push_back(std::move(sentence.text));
  return described;
}

}  // namespace

std::vector<SolveProblem> describe_problems(::Solver* solver, const std::vector<std::string>& job_texts) {
  std::vector<SolveProblem> problems;
  const auto count = static_cast<Id>(solver_problem_count(solver));
  for (Id problem = 1; problem <= count; ++problem) {
    problems.push_back(describe_problem(solver, problem, job_texts));
  }
  return problems;
}

}  // namespace rpmoci
