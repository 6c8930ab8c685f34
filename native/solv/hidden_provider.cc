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
  if (is_excluded(pool, package)) {
    findings.add(package, Reason::kExcluded);
  } else if (is_foreign(pool.get(), package)) {
    findings.add(package, Reason::kArchitecture);
  } else if (!pool.is_native(package)) {
    findings.add(package, Reason::kMultilib);
  }
}

void add_providers(const PackagePool& pool, Id dependency, Findings& findings) {
  const Id name = capability_name(pool.get(), dependency);
  for (const Id id : pool.packages()) {
    for (const Id provided : dependencies_of(pool.get(), id, SOLVABLE_PROVIDES)) {
      if (capability_name(pool.get(), provided) != name) continue;
      if (pool_match_dep(pool.get(), provided, dependency)) {
        add_unavailable(pool, id, findings);
      } else if (!is_excluded(pool, id) && !is_foreign(pool.get(), id)) {
        findings.add(id, Reason::kVersion, provided);
      }
    }
  }
  const char* text = pool_id2str(pool.get(), name);
  if (ISRELDEP(dependency) || text[0] != '/') return;
  for (const Id id : pool.owners_of(text)) {
    if (std::ranges::binary_search(pool.packages(), id)) add_unavailable(pool, id, findings);
  }
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
    if (is_excluded(pool, id)) {
      findings.add(id, Reason::kExcluded);
    } else if (other_arch || is_foreign(pool.get(), id)) {
      findings.add(id, Reason::kArchitecture);
    } else if (!pattern.version.empty()) {
      findings.add(id, Reason::kVersion);
    }
  }
  return found;
}

}  // namespace

bool is_excluded(const PackagePool& pool, Id package) { return !pool.is_visible(package); }

bool is_foreign(::Pool* pool, Id package) {
  return pool->id2arch != nullptr && pool_arch2score(pool, pool_id2solvable(pool, package)->arch) == 0;
}

std::vector<HiddenProvider> hidden_providers(const PackagePool& pool, Id dependency) {
  Findings findings;
  for (const Id part : parts_of(pool.get(), dependency)) add_providers(pool, part, findings);
  return findings.best(pool.get());
}

std::vector<HiddenProvider> hidden_matches(const PackagePool& pool, const std::string& spec) {
  Findings findings;
  for (const Id id : match_spec(pool, spec, {.hidden = true, .foreign = true}).packages) {
    add_unavailable(pool, id, findings);
  }
  if (const auto found = findings.best(pool.get()); !found.empty()) return found;
  if (spec.size() > kLongestText) return {};
  for (const auto form : kNevraForms) {
    const auto pattern = parse_nevra(spec, form);
    if (pattern && add_named(pool, *pattern, findings)) return findings.best(pool.get());
  }
  if (const Id dependency = is_glob(spec) ? 0 : parse_dependency(pool.get(), spec); dependency != 0) {
    return hidden_providers(pool, dependency);
  }
  return {};
}

}  // namespace rpmoci
