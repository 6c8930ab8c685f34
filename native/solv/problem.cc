#include "solv/problem.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "solv/handles.h"
#include "solv/package.h"
#include "solv/package_pool.h"
#include "solv/requirements.h"
#include "solv/similar.h"

namespace rpmoci {

namespace {

using Kind = ProblemRule::Kind;

/// What libsolv says of a rule.
struct RuleFacts {
  Kind kind = Kind::kOther;
  Id package = 0;
  Id other = 0;
  Id dependency = 0;
  const Request* request = nullptr;
  /// For kOther.
  std::string text;

  auto key() const { return std::tie(kind, package, other, dependency, request, text); }
};

class ProblemReader {
 public:
  ProblemReader(const PackagePool& pool, ::Solver* solver, const std::vector<Request>& requests)
      : pool_(pool), solver_(solver), requests_(requests), finder_(pool) {}

  SolveProblem read(Id problem) {
    IdQueue rules;
    solver_findallproblemrules(solver_, problem, rules.get());
    std::vector<RuleFacts> facts;
    std::set<Id> involved;
    for (const Id rule : rules) {
      auto fact = read_rule(rule);
      involved.insert({fact.package, fact.other});
      const auto same = [&](const RuleFacts& known) { return known.key() == fact.key(); };
      if (std::ranges::none_of(facts, same)) facts.push_back(std::move(fact));
    }
    std::ranges::stable_sort(facts, {}, &RuleFacts::kind);
    const auto requests = requests_in(facts);
    SolveProblem described;
    for (const auto& fact : facts) described.rules.push_back(describe(fact, requests, involved));
    return described;
  }

 private:
  const Request* request_of(Id rule) const {
    const int index = solver_rule2jobidx(solver_, rule);
    const auto job = static_cast<std::size_t>(index - 1) / 2;
    return index == 0 || job >= requests_.size() ? nullptr : &requests_[job];
  }

  /// The requests that have a part in the problem; all, when the rules do not tell.
  std::vector<Request> requests_in(const std::vector<RuleFacts>& facts) const {
    std::vector<Request> requests;
    for (const auto& request : requests_) {
      const auto about = [&](const RuleFacts& fact) { return fact.request == &request; };
      if (std::ranges::any_of(facts, about)) requests.push_back(request);
    }
    return requests.empty() ? requests_ : requests;
  }

  /// The request whose best matches the rule consists of; older releases of libsolv do not tell.
  RuleFacts read_best(Id rule) const {
    IdQueue literals;
    solver_ruleliterals(solver_, rule, literals.get());
    std::vector<Id> best;
    std::ranges::copy_if(literals, std::back_inserter(best), [](Id literal) { return literal > 0; });
    for (const auto& request : requests_) {
      const auto meets = [&](Id id) { return std::ranges::find(request.packages, id) != request.packages.end(); };
      if (!best.empty() && std::ranges::all_of(best, meets)) {
        return {.kind = Kind::kBest, .package = best.front(), .request = &request};
      }
    }
    return {.kind = Kind::kBest, .package = best.empty() ? 0 : best.front()};
  }

  RuleFacts read_rule(Id rule) const {
    Id source = 0;
    Id target = 0;
    Id dependency = 0;
    const auto type = solver_ruleinfo(solver_, rule, &source, &target, &dependency);
    switch (type) {
      case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
        return {.kind = Kind::kNothingProvides, .package = source, .dependency = dependency};
      case SOLVER_RULE_JOB_NOTHING_PROVIDES_DEP:
        return {.kind = Kind::kNothingProvides, .dependency = dependency, .request = request_of(rule)};
      case SOLVER_RULE_PKG_NOT_INSTALLABLE:
        return {.kind = Kind::kNotInstallable, .package = source};
      case SOLVER_RULE_INFARCH:
        return {.kind = Kind::kInferiorArchitecture, .package = source};
      case SOLVER_RULE_PKG_SAME_NAME:
        return {.kind = Kind::kSameName, .package = source, .other = target};
      case SOLVER_RULE_PKG_CONFLICTS:
        return {.kind = Kind::kConflicts, .package = source, .other = target, .dependency = dependency};
      case SOLVER_RULE_PKG_SELF_CONFLICT:
        return {.kind = Kind::kConflicts, .package = source, .other = source, .dependency = dependency};
      case SOLVER_RULE_PKG_OBSOLETES:
      case SOLVER_RULE_PKG_IMPLICIT_OBSOLETES:
        return {.kind = Kind::kObsoletes, .package = source, .other = target, .dependency = dependency};
      case SOLVER_RULE_YUMOBS:
        return {.kind = Kind::kBothObsolete, .package = source, .other = target, .dependency = dependency};
      case SOLVER_RULE_PKG_REQUIRES:
        return {.kind = Kind::kRequires, .package = source, .dependency = dependency};
      case SOLVER_RULE_BEST:
        return read_best(rule);
      case SOLVER_RULE_UPDATE:
        return {.text = nevra_of(pool_.get(), source) + ", which is in the base image, cannot stay"};
      case SOLVER_RULE_JOB:
        return {.kind = Kind::kRequest, .request = request_of(rule)};
      default:
        return {.text = solver_problemruleinfo2str(solver_, type, source, target, dependency)};
    }
  }

  ProblemRule describe(const RuleFacts& facts, const std::vector<Request>& requests, const std::set<Id>& involved) {
    auto* pool = pool_.get();
    ProblemRule rule{.kind = facts.kind};
    rule.dependency = facts.dependency == 0 ? facts.text : pool_dep2str(pool, facts.dependency);
    if (facts.request != nullptr) {
      rule.request_kind = facts.request->kind;
      rule.request = facts.request->text;
    }
    const auto chain = [&](Id id) { return shortest_chain(pool_, requests, involved, id); };
    if (facts.package != 0) {
      rule.package = refer_to(pool, facts.package);
      rule.package_chain = chain(facts.package);
    }
    if (facts.other != 0) {
      rule.other = refer_to(pool, facts.other);
      if (facts.other != facts.package) rule.other_chain = chain(facts.other);
    }
    if (facts.kind == Kind::kNothingProvides) {
      rule.hidden_providers = finder_.find(facts.dependency);
      rule.similar = similar_to(facts.dependency);
    }
    if (facts.kind == Kind::kNotInstallable) {
      if (const auto reason = unavailable_reason(pool_, facts.package)) {
        rule.hidden_providers.push_back({*rule.package, *reason, {}});
      }
    }
    return rule;
  }

  std::vector<std::string> similar_to(Id dependency) {
    std::vector<std::string> similar;
    if (names_.empty()) names_ = visible_names(pool_);
    for (const Id part : parts_of(pool_.get(), dependency)) {
      const std::string name = pool_id2str(pool_.get(), capability_name(pool_.get(), part));
      // What is in parentheses, and a file, is hardly ever misspelt: a packager's tool wrote it.
      if (name.find_first_of("(/") != std::string::npos || !finder_.find(part).empty()) continue;
      for (auto& found : similar_names(name, names_)) similar.push_back(std::move(found));
    }
    return similar;
  }

  const PackagePool& pool_;
  ::Solver* solver_;
  const std::vector<Request>& requests_;
  HiddenProviderFinder finder_;
  std::vector<std::string> names_;
};

}  // namespace

std::vector<SolveProblem> describe_problems(const PackagePool& pool, ::Solver* solver,
                                            const std::vector<Request>& requests) {
  ProblemReader reader(pool, solver, requests);
  std::vector<SolveProblem> problems;
  const auto count = static_cast<Id>(solver_problem_count(solver));
  for (Id problem = 1; problem <= count; ++problem) problems.push_back(reader.read(problem));
  return problems;
}

}  // namespace rpmoci
