#include "solv/module_problem.h"

#include <algorithm>
#include <set>

#include "solv/handles.h"

namespace rpmoci {

namespace {

/// What is missing tells more than what conflicts, and that more than what follows.
enum Rank { kMissing, kUnusable, kConflict, kRequires, kRest };

struct Sentence {
  Rank rank;
  std::string text;
};

/// `module(name:stream)` without its wrapping.
std::string stream_text(::Pool* pool, Id dependency) {
  std::string text = pool_dep2str(pool, dependency);
  for (auto at = text.find("module("); at != std::string::npos; at = text.find("module(", at)) {
    text.erase(at, 7);
    if (const auto end = text.find(')', at); end != std::string::npos) text.erase(end, 1);
  }
  return text;
}

std::string not_installable(::Pool* pool, Id id, const std::string& name) {
  auto* solvable = pool_id2solvable(pool, id);
  if (pool_disabled_solvable(pool, solvable)) return name + " is disabled";
  if (pool->id2arch != nullptr && pool_arch2score(pool, solvable->arch) == 0)
    return name + " is for another architecture";
  return name + " cannot be active";
}

Sentence describe_rule(::Solver* solver, Id rule, const std::function<std::string(Id)>& name) {
  auto* pool = solver->pool;
  Id source = 0;
  Id target = 0;
  Id dependency = 0;
  switch (solver_ruleinfo(solver, rule, &source, &target, &dependency)) {
    case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
      return {kMissing, "no repository has the module stream " + stream_text(pool, dependency) + ", which " +
                            name(source) + " requires"};
    case SOLVER_RULE_JOB_NOTHING_PROVIDES_DEP:
      return {kMissing, "no repository has the module stream " + stream_text(pool, dependency)};
    case SOLVER_RULE_PKG_NOT_INSTALLABLE:
      return {kUnusable, not_installable(pool, source, name(source))};
    case SOLVER_RULE_PKG_SAME_NAME:
      return {kConflict, "only one of " + name(source) + " and " + name(target) + " can be active"};
    case SOLVER_RULE_PKG_CONFLICTS:
      return {kConflict,
              name(source) + " conflicts with " + stream_text(pool, dependency) + ", which is " + name(target)};
    case SOLVER_RULE_PKG_REQUIRES:
      return {kRequires, name(source) + " requires " + stream_text(pool, dependency) + ", none of which can be active"};
    case SOLVER_RULE_BEST:
      return {kRest, "the latest build of a stream cannot be active"};
    default:
      return {kRest, "conflicting requests"};
  }
}

}  // namespace

std::vector<ModuleProblem> describe_module_problems(::Solver* solver, const std::function<std::string(Id)>& name) {
  std::vector<ModuleProblem> problems;
  std::set<std::vector<std::string>> known;
  const auto count = static_cast<Id>(solver_problem_count(solver));
  for (Id problem = 1; problem <= count; ++problem) {
    IdQueue rules;
    solver_findallproblemrules(solver, problem, rules.get());
    std::vector<Sentence> sentences;
    for (const Id rule : rules) sentences.push_back(describe_rule(solver, rule, name));
    std::ranges::sort(sentences, [](const Sentence& a, const Sentence& b) {
      return a.rank != b.rank ? a.rank < b.rank : a.text < b.text;
    });
    std::vector<std::string> texts;
    for (auto& [rank, text] : sentences) {
      if (texts.empty() || texts.back() != text) texts.push_back(std::move(text));
    }
    if (known.insert(texts).second) problems.push_back({std::move(texts)});
  }
  return problems;
}

}  // namespace rpmoci
