#include "solv/hidden_provider.h"

#include <algorithm>
#include <map>

#include "solv/best_first.h"
#include "solv/dependency.h"
#include "solv/match.h"
#include "solv/nevra_pattern.h"
#include "solv/package_pool.h"
#include "solv/requirements.h"

namespace rpmoci {

namespace {

using Reason = HiddenProvider::Reason;

constexpr std::size_t kMostOfAReason = 5;

/// Packages by the reason why they do not do, each with what it offers.
class Findings {
 public:
  void add(Id package, Reason reason, Id offers = 0) { found_[reason].emplace(package, offers); }

  std::vector<HiddenProvider> best(::Pool* pool) const {
    std::vector<HiddenProvider> providers;
    for (const auto& [reason, packages] : found_) {
      std::vector<Id> ids;
      for (const auto& [id, offers] : packages) ids.push_back(id);
      ids = best_first(pool, ids);
      if (ids.size() > kMostOfAReason) ids.resize(kMostOfAReason);
      for (const Id id : ids) {
        const Id offers = packages.at(id);
        providers.push_back({refer_to(pool, id), reason, offers == 0 ? std::string() : pool_dep2str(pool, offers)});
      }
    }
    return providers;
  }

 private:
  std::map<Reason, std::map<Id, Id>> found_;
};

/// Adds a package that has what is wanted and cannot be chosen all the same.
void add_unavailable(const PackagePool& pool, Id package, Findings& findings) {
  if (const auto reason = unavailable_reason(pool, package)) findings.add(package, *reason);
}

/// Adds the packages of the name that a form of a package's name begins with; false when there are none.
bool add_named(const PackagePool& pool, const NevraPattern& pattern, Findings& findings) {
  bool found = false;
  for (const Id id : pool.packages()) {
    const auto* solvable = pool_id2solvable(pool.get(), id);
    if (!matches_text(pattern.name, pool_id2str(pool.get(), solvable->name))) continue;
    found = true;
    const bool other_arch =
        !pattern.arch.empty() && !matches_text(pattern.arch, pool_id2str(pool.get(), solvable->arch));
    if (const auto reason = unavailable_reason(pool, id)) {
      findings.add(id, *reason);
    } else if (other_arch) {
      findings.add(id, Reason::kArchitecture);
    } else if (!pattern.version.empty()) {
      findings.add(id, Reason::kVersion);
    }
  }
  return found;
}

}  // namespace

std::optional<Reason> unavailable_reason(const PackagePool& pool, Id package) {
  if (pool.is_hidden_by_modules(package)) return Reason::kModule;
  if (!pool.is_visible(package)) return pool.is_excluded(package) ? Reason::kExcluded : Reason::kNotIncluded;
  const auto* solvable = pool_id2solvable(pool.get(), package);
  const bool foreign = pool.get()->id2arch != nullptr && pool_arch2score(pool.get(), solvable->arch) == 0;
  return foreign ? std::optional(Reason::kArchitecture) : std::nullopt;
}

const std::vector<HiddenProviderFinder::Provided>& HiddenProviderFinder::providers_of_name(Id name) {
  if (!provided_) {
    provided_.emplace();
    for (const Id id : pool_.packages()) {
      for (const Id provided : dependencies_of(pool_.get(), id, SOLVABLE_PROVIDES)) {
        (*provided_)[capability_name(pool_.get(), provided)].push_back({id, provided});
      }
    }
  }
  return (*provided_)[name];
}

std::vector<HiddenProvider> HiddenProviderFinder::find(Id dependency) {
  auto* pool = pool_.get();
  Findings findings;
  for (const Id part : parts_of(pool, dependency)) {
    const Id name = capability_name(pool, part);
    for (const auto& [id, provided] : providers_of_name(name)) {
      if (pool_match_dep(pool, provided, part)) {
        add_unavailable(pool_, id, findings);
      } else if (!unavailable_reason(pool_, id)) {
        findings.add(id, Reason::kVersion, provided);
      }
    }
    const char* text = pool_id2str(pool, name);
    if (ISRELDEP(part) || text[0] != '/') continue;
    for (const Id id : pool_.owners_of(text)) {
      if (std::ranges::binary_search(pool_.packages(), id)) add_unavailable(pool_, id, findings);
    }
  }
  return findings.best(pool);
}

std::vector<HiddenProvider> HiddenProviderFinder::find(const std::string& spec) {
  Findings findings;
  for (const Id id : match_spec(pool_, spec, {.hidden = true}).packages) {
    add_unavailable(pool_, id, findings);
  }
  if (const auto found = findings.best(pool_.get()); !found.empty()) return found;
  if (spec.size() > kLongestText) return {};
  for (const auto form : kNevraForms) {
    const auto pattern = parse_nevra(spec, form);
    if (pattern && add_named(pool_, *pattern, findings)) return findings.best(pool_.get());
  }
  const Id dependency = is_glob(spec) ? 0 : parse_dependency(pool_.get(), spec);
  return dependency == 0 ? std::vector<HiddenProvider>() : find(dependency);
}

}  // namespace rpmoci
