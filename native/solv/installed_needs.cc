#include "solv/installed_needs.h"

#include <algorithm>
#include <map>
#include <set>

#include "solv/dependency.h"
#include "solv/handles.h"
#include "solv/requirements.h"
#include "solv/rpm_pool.h"

namespace rpmoci {

namespace {

void add_dependencies(::Pool* pool, Id package, Id kind, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    if (const Id dependency = parse_dependency(pool, text); dependency != 0) {
      solvable_add_deparray(pool_id2solvable(pool, package), kind, dependency, 0);
    }
  }
}

/// Of the paths, only those that some dependency names.
void add_paths(::Pool* pool, Id package, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    const Id id = pool_str2id(pool, path.c_str(), 0);
    if (id != 0) solvable_add_deparray(pool_id2solvable(pool, package), SOLVABLE_PROVIDES, id, 0);
  }
}

}  // namespace

std::vector<std::vector<std::uint32_t>> installed_needs(const std::vector<InstalledRelations>& packages) {
  const auto handle = create_rpm_pool();
  auto* pool = handle.get();
  auto* repo = repo_create(pool, "@System");
  std::vector<Id> ids;
  std::map<Id, std::uint32_t> index_of;
  for (const auto& package : packages) {
    const Id id = repo_add_solvable(repo);
    index_of[id] = static_cast<std::uint32_t>(ids.size());
    ids.push_back(id);
    pool_id2solvable(pool, id)->arch = ARCH_NOARCH;
    add_dependencies(pool, id, SOLVABLE_REQUIRES, package.requires_);
    add_dependencies(pool, id, SOLVABLE_PROVIDES, package.provides);
  }
  for (std::size_t index = 0; index < ids.size(); ++index) add_paths(pool, ids[index], packages[index].paths);
  pool_createwhatprovides(pool);
  std::vector<std::vector<std::uint32_t>> needs;
  for (const Id id : ids) {
    std::set<std::uint32_t> found;
    for (const Id dependency : requirements_of(pool, id)) {
      const auto providers = providers_of(pool, dependency);
      if (std::ranges::find(providers, id) != providers.end()) continue;
      for (const Id provider : providers) found.insert(index_of.at(provider));
    }
    needs.emplace_back(found.begin(), found.end());
  }
  return needs;
}

}  // namespace rpmoci
