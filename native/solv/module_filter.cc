#include "solv/module_filter.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "solv/architecture.h"
#include "solv/handles.h"
#include "solv/nevra_pattern.h"
#include "solv/package.h"
#include "solv/package_pool.h"

namespace rpmoci {

namespace {

/// NEVRAs as the Ids of their parts; those that no package of the pool has are left out.
class NevraSet {
 public:
  explicit NevraSet(::Pool* pool) : pool_(pool) {}

  void add(const std::string& text) {
    const auto pattern = parse_nevra(text, NevraForm::kNevra);
    if (!pattern) return;
    const auto id = [this](const std::string& part) { return pool_str2id(pool_, part.c_str(), 0); };
    const auto epoch = pattern->epoch.value_or(0);
    const auto evr =
        (epoch == 0 ? std::string() : std::to_string(epoch) + ":") + pattern->version + "-" + pattern->release;
    const Key key{id(pattern->name), id(evr), id(pattern->arch)};
    if (std::get<0>(key) != 0 && std::get<1>(key) != 0 && std::get<2>(key) != 0) known_.insert(key);
  }

  bool has(Id package) const {
    const auto* solvable = pool_id2solvable(pool_, package);
    return known_.contains({solvable->name, solvable->evr, solvable->arch});
  }

 private:
  using Key = std::tuple<Id, Id, Id>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      const auto [name, evr, arch] = key;
      return (static_cast<std::size_t>(name) * 1'000'003U + static_cast<std::size_t>(evr)) * 31U +
             static_cast<std::size_t>(arch);
    }
  };
  ::Pool* pool_;
  std::unordered_set<Key, Hash> known_;
};

/// Names of packages that have left their module, by `name:stream.arch`; the latest active builds tell.
std::map<std::string, std::set<std::string>> demodularized_names(const std::vector<ModuleBuild>& builds,
                                                                 const std::vector<bool>& active) {
  const auto names = solvable_names(builds);
  std::map<std::pair<std::string, std::string>, std::string> latest;
  for (std::size_t index = 0; index < builds.size(); ++index) {
    if (!active[index]) continue;
    auto& version = latest[{names[index], builds[index].arch}];
    if (compare_module_versions(builds[index].version, version) > 0) version = builds[index].version;
  }
  std::map<std::string, std::set<std::string>> demodularized;
  for (std::size_t index = 0; index < builds.size(); ++index) {
    const auto& build = builds[index];
    if (!active[index] || latest[{names[index], build.arch}] != build.version || build.demodularized.empty()) continue;
    demodularized[build.name + ":" + build.stream + "." + build.arch].insert(build.demodularized.begin(),
                                                                             build.demodularized.end());
  }
  return demodularized;
}

/// Names that the packages of active builds keep for themselves.
std::set<Id> names_of_modules(::Pool* pool, const std::vector<ModuleBuild>& builds, const std::vector<bool>& active) {
  const auto demodularized = demodularized_names(builds, active);
  std::set<Id> names;
  for (std::size_t index = 0; index < builds.size(); ++index) {
    if (!active[index]) continue;
    const auto& build = builds[index];
    const auto left = demodularized.find(build.name + ":" + build.stream + "." + build.arch);
    for (const auto& artifact : build.artifacts) {
      const auto nevra = parse_nevra(artifact, NevraForm::kNevra);
      if (!nevra || is_source_architecture(nevra->arch)) continue;
      if (left != demodularized.end() && left->second.contains(nevra->name)) continue;
      if (const Id name = pool_str2id(pool, nevra->name.c_str(), 0); name != 0) names.insert(name);
    }
  }
  return names;
}

bool is_local(::Pool* pool, Id package) {
  return std::strcmp(pool_id2solvable(pool, package)->repo->name, kLocalRepository) == 0;
}

bool is_filtered(const PackagePool& pool, Id package) {
  return !is_local(pool.get(), package) && !pool.is_installed(package) && !pool.has_module_hotfixes(package);
}

}  // namespace

std::optional<std::string> find_platform(const PackagePool& packages) {
  auto* pool = packages.get();
  std::map<Id, std::vector<Id>> releases_by_name;
  const Id capability = pool_str2id(pool, "system-release", 0);
  if (capability == 0) return std::nullopt;
  Id provider = 0;
  Id offset = 0;
  FOR_PROVIDES(provider, offset, capability) {
    if (!std::ranges::binary_search(packages.packages(), provider) || !packages.is_visible(provider)) continue;
    if (is_local(pool, provider)) continue;
    auto& releases = releases_by_name[pool_id2solvable(pool, provider)->name];
    const int order = releases.empty() ? 1
                                       : pool_evrcmp(pool, pool_id2solvable(pool, provider)->evr,
                                                     pool_id2solvable(pool, releases.front())->evr, EVRCMP_COMPARE);
    if (order > 0) releases.clear();
    if (order >= 0) releases.push_back(provider);
  }
  constexpr std::string_view prefix = "base-module(";
  std::set<std::string> platforms;
  for (const auto& [name, releases] : releases_by_name) {
    for (const Id release : releases) {
      IdQueue provides;
      solvable_lookup_deparray(pool_id2solvable(pool, release), SOLVABLE_PROVIDES, provides.get(), 0);
      for (const Id dependency : provides) {
        const std::string_view text =
            pool_id2str(pool, ISRELDEP(dependency) ? GETRELDEP(pool, dependency)->name : dependency);
        if (!text.starts_with(prefix) || !text.ends_with(')') || text.size() <= prefix.size() + 1) continue;
        platforms.emplace(text.substr(prefix.size(), text.size() - prefix.size() - 1));
      }
    }
  }
  if (platforms.size() != 1) return std::nullopt;
  const auto colon = platforms.begin()->find(':');
  if (colon == 0 || colon == std::string::npos || colon + 1 == platforms.begin()->size()) return std::nullopt;
  return *platforms.begin();
}

std::vector<Id> packages_hidden_by_modules(const PackagePool& packages, const std::vector<ModuleBuild>& builds,
                                           const std::vector<bool>& active) {
  auto* pool = packages.get();
  NevraSet kept(pool);
  NevraSet inactive(pool);
  for (std::size_t index = 0; index < builds.size(); ++index) {
    for (const auto& artifact : builds[index].artifacts) (active[index] ? kept : inactive).add(artifact);
  }
  const auto names = names_of_modules(pool, builds, active);
  std::set<Id> shadowed;
  for (const Id name : names) {
    Id provider = 0;
    Id offset = 0;
    FOR_PROVIDES(provider, offset, name) shadowed.insert(provider);
  }
  std::vector<Id> hidden;
  for (const Id id : packages.packages()) {
    if (!is_filtered(packages, id) || kept.has(id)) continue;
    const Id name = pool_id2solvable(pool, id)->name;
    if (inactive.has(id) || names.contains(name) || shadowed.contains(id)) hidden.push_back(id);
  }
  return hidden;
}

ModuleReport apply_modules(PackagePool& pool, ModuleRequest request) {
  pool.hide_by_modules({});
  sort_builds(request.builds);
  ModuleReport report;
  report.platform = request.platform_id ? request.platform_id : find_platform(pool);
  auto selection = select_modules(request, report.platform);
  const auto& active = selection.activation.active;
  pool.hide_by_modules(packages_hidden_by_modules(pool, request.builds, active));
  report.status = selection.activation.status;
  report.problems = std::move(selection.activation.problems);
  report.refused = std::move(selection.refused);
  report.profile_packages = std::move(selection.profile_packages);
  for (std::size_t index = 0; index < request.builds.size(); ++index) {
    if (active[index]) report.active.push_back(text_of(request.builds[index]));
  }
  return report;
}

std::vector<Id> profile_candidates(const PackagePool& pool, const ProfilePackage& wanted) {
  auto* solv = pool.get();
  const Id name = pool_str2id(solv, wanted.name.c_str(), 0);
  NevraSet artifacts(solv);
  for (const auto& artifact : wanted.artifacts) artifacts.add(artifact);
  std::vector<Id> any;
  std::vector<Id> own;
  for (const Id id : pool.packages()) {
    if (pool_id2solvable(solv, id)->name != name || !pool.is_visible(id) || is_local(solv, id)) continue;
    any.push_back(id);
    if (artifacts.has(id) || pool.has_module_hotfixes(id)) own.push_back(id);
  }
  return own.empty() ? any : own;
}

}  // namespace rpmoci
