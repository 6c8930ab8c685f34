#include "solv/locked_set.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "solv/dependency.h"
#include "solv/file_dependencies.h"
#include "solv/match.h"
#include "solv/nevra_pattern.h"
#include "solv/package.h"
#include "solv/package_pool.h"
#include "solv/requirements.h"
#include "solv/similar.h"

namespace rpmoci {

namespace {

using Kind = LockedDependency::Kind;
using Indices = std::vector<std::uint32_t>;

class LockedSet {
 public:
  LockedSet(PackagePool& pool, const std::vector<LockedEntry>& entries) : pool_(pool), files_(pool), entries_(entries) {
    std::map<std::string, std::vector<Id>> by_name;
    for (const Id id : pool.packages()) {
      by_name[pool_id2str(pool.get(), pool_id2solvable(pool.get(), id)->name)].push_back(id);
    }
    for (std::uint32_t index = 0; index < entries.size(); ++index) {
      const auto& entry = entries[index];
      const Id id = find(entry, by_name[entry.name]);
      ids_.push_back(id);
      if (id != 0)
        index_of_[id] = index;
      else
        absent_[entry.name].push_back(index);
    }
  }

  std::vector<LockedPackageFacts> packages() {
    std::vector<LockedPackageFacts> facts(entries_.size());
    for (std::uint32_t index = 0; index < entries_.size(); ++index) read_dependencies(index, facts);
    for (auto& fact : facts) {
      std::ranges::sort(fact.dependencies, {}, [](const auto& item) { return std::tie(item.kind, item.text); });
    }
    return facts;
  }

  LockedMatch match(const std::string& spec) {
    if (const Id dependency = parse_dependency(pool_.get(), spec); dependency != 0) files_.add(dependency);
    std::set<std::uint32_t> found;
    const auto matching = match_spec(pool_, spec, {.hidden = true});
    for (const auto& choice : install_choices(pool_, spec, matching)) add_locked(choice, found);
    if (found.empty()) add_locked(match_nevra(pool_, spec), found);
    for (const auto& [name, indices] : absent_) {
      if (names(spec, name)) found.insert(indices.begin(), indices.end());
    }
    LockedMatch result{.spec = spec, .packages = {found.begin(), found.end()}};
    if (found.empty()) result.similar = similar_names(spec, entry_names());
    return result;
  }

 private:
  Id find(const LockedEntry& entry, const std::vector<Id>& candidates) const {
    Id best = 0;
    const auto rank = [&](Id id) {
      const std::string_view repository = pool_id2solvable(pool_.get(), id)->repo->name;
      return repository == entry.repository_id ? 2 : repository == kLocalRepository ? 1 : 0;
    };
    for (const Id id : candidates) {
      const auto reference = refer_to(pool_.get(), id);
      const bool same = entry.evr.empty()
                            ? reference.repository_id == kLocalRepository
                            : reference.evr == entry.evr && (entry.arch.empty() || reference.arch == entry.arch);
      if (same && (best == 0 || rank(id) > rank(best))) best = id;
    }
    return best;
  }

  std::vector<std::string> entry_names() const {
    std::set<std::string> names;
    for (const auto& entry : entries_) names.insert(entry.name);
    return {names.begin(), names.end()};
  }

  void add_locked(const std::vector<Id>& ids, std::set<std::uint32_t>& found) const {
    for (const Id id : ids) {
      if (const auto known = index_of_.find(id); known != index_of_.end()) found.insert(known->second);
    }
  }

  static bool names(const std::string& spec, const std::string& name) {
    return spec.size() <= kLongestText && std::ranges::any_of(kNevraForms, [&](NevraForm form) {
             const auto pattern = parse_nevra(spec, form);
             return pattern && matches_text(pattern->name, name.c_str());
           });
  }

  /// The locked packages that meet a dependency; empty when `index` is one of them.
  Indices providers(Id dependency, std::uint32_t index) {
    files_.add(dependency);
    std::set<std::uint32_t> found;
    add_locked(providers_of(pool_.get(), dependency), found);
    for (const Id part : parts_of(pool_.get(), dependency)) {
      const auto absent = absent_.find(pool_id2str(pool_.get(), capability_name(pool_.get(), part)));
      if (absent != absent_.end()) found.insert(absent->second.begin(), absent->second.end());
    }
    return found.contains(index) ? Indices() : Indices(found.begin(), found.end());
  }

  static void add_dependency(LockedPackageFacts& facts, Kind kind, const std::string& text, const Indices& packages) {
    if (packages.empty()) return;
    const auto same = [&](const LockedDependency& known) { return known.kind == kind && known.text == text; };
    const auto known = std::ranges::find_if(facts.dependencies, same);
    if (known == facts.dependencies.end()) {
      facts.dependencies.push_back({kind, text, packages});
      return;
    }
    Indices both;
    std::ranges::set_union(known->packages, packages, std::back_inserter(both));
    known->packages = std::move(both);
  }

  void read_dependencies(std::uint32_t index, std::vector<LockedPackageFacts>& facts) {
    auto* pool = pool_.get();
    const Id id = ids_[index];
    const auto add = [&](Kind kind, Id dependency) {
      add_dependency(facts[index], kind, pool_dep2str(pool, dependency), providers(dependency, index));
    };
    if (id == 0) {
      for (const auto& text : entries_[index].requirements) {
        if (const Id dependency = parse_dependency(pool, text); dependency != 0) add(Kind::kRequires, dependency);
      }
      return;
    }
    facts[index].package = refer_to(pool, id);
    for (const Id dependency : requirements_of(pool, id)) add(Kind::kRequires, dependency);
    for (const Id dependency : dependencies_of(pool, id, SOLVABLE_RECOMMENDS)) add(Kind::kRecommends, dependency);
    for (const Id dependency : dependencies_of(pool, id, SOLVABLE_SUPPLEMENTS)) {
      for (const auto other : providers(dependency, index)) {
        add_dependency(facts[other], Kind::kSupplements, pool_dep2str(pool, dependency), {index});
      }
    }
  }

  PackagePool& pool_;
  FileDependencies files_;
  const std::vector<LockedEntry>& entries_;
  /// 0 for packages that the pool does not have.
  std::vector<Id> ids_;
  std::map<Id, std::uint32_t> index_of_;
  std::map<std::string, Indices> absent_;
};

}  // namespace

LockedSetFacts examine_locked_set(PackagePool& pool, const std::vector<LockedEntry>& entries,
                                  const std::vector<std::string>& specs) {
  LockedSet set(pool, entries);
  LockedSetFacts facts{.packages = set.packages()};
  for (const auto& spec : specs) facts.matches.push_back(set.match(spec));
  return facts;
}

}  // namespace rpmoci
