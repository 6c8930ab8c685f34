#include "solv/requirement_chain.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string_view>

#include "solv/best_first.h"
#include "solv/package_pool.h"
#include "solv/requirements.h"

namespace rpmoci {

namespace {

/// How a package was reached.
struct Step {
  /// 0 for a package that meets a request.
  Id before = 0;
  Id dependency = 0;
  const Request* request = nullptr;
};

RequirementChain chain_to(::Pool* pool, const std::map<Id, Step>& steps, Id package) {
  RequirementChain chain;
  for (Id at = package; at != 0; at = steps.at(at).before) {
    const auto& step = steps.at(at);
    const auto dependency = step.before == 0 ? std::string() : std::string(pool_dep2str(pool, step.dependency));
    chain.links.push_back({refer_to(pool, at), dependency});
    chain.kind = step.request->kind;
    chain.request = step.request->text;
  }
  std::ranges::reverse(chain.links);
  return chain;
}

/// What any ELF file requires of the dynamic linker comes last.
std::vector<Id> telling_requirements(::Pool* pool, Id package) {
  auto dependencies = requirements_of(pool, package);
  std::ranges::stable_partition(dependencies, [pool](Id dependency) {
    return !std::string_view(pool_dep2str(pool, dependency)).starts_with("rtld(");
  });
  return dependencies;
}

/// A search in breadth by way of packages that `passes` accepts; the end itself may be one that it does not accept.
template <class Passes>
std::optional<RequirementChain> search(::Pool* pool, const std::vector<Request>& requests, Id end, Passes passes) {
  std::map<Id, Step> steps;
  std::deque<Id> open;
  const auto reach = [&](const std::vector<Id>& packages, const Step& step) {
    for (const Id id : packages) {
      if ((id == end || passes(id)) && steps.emplace(id, step).second) open.push_back(id);
    }
  };
  for (const auto& request : requests) reach(best_first(pool, request.packages), {.request = &request});
  while (!open.empty() && !steps.contains(end)) {
    const Id at = open.front();
    open.pop_front();
    const auto* request = steps.at(at).request;
    for (const Id dependency : telling_requirements(pool, at)) {
      reach(best_first(pool, providers_of(pool, dependency)), {at, dependency, request});
    }
  }
  if (!steps.contains(end)) return std::nullopt;
  return chain_to(pool, steps, end);
}

}  // namespace

std::optional<RequirementChain> shortest_chain(const PackagePool& pool, const std::vector<Request>& requests,
                                               const std::set<Id>& involved, Id package) {
  auto chain = search(pool.get(), requests, package, [&](Id id) { return involved.contains(id); });
  return chain ? chain : search(pool.get(), requests, package, [&](Id id) { return pool.is_visible(id); });
}

}  // namespace rpmoci
