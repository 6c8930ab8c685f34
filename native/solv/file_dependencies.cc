#include "solv/file_dependencies.h"

#include <algorithm>

#include "solv/handles.h"
#include "solv/package_pool.h"

namespace rpmoci {

FileDependencies::~FileDependencies() {
  for (const auto& [path, providers] : changed_) pool_set_whatprovides(pool_.get(), path, providers);
}

void FileDependencies::add(Id dependency) {
  auto* pool = pool_.get();
  if (!ISRELDEP(dependency)) {
    if (pool_id2str(pool, dependency)[0] == '/') add_path(dependency);
    return;
  }
  const auto relation = *GETRELDEP(pool, dependency);
  // A file has no version: what has one is met by explicit provides only.
  if (relation.flags <= (REL_GT | REL_EQ | REL_LT)) return;
  add(relation.name);
  add(relation.evr);
}

void FileDependencies::add_path(Id path) {
  const bool known = std::ranges::any_of(changed_, [path](const auto& change) { return change.first == path; });
  if (known || pool_.is_indexed_file(path)) return;
  auto* pool = pool_.get();
  const Id before = static_cast<Id>(pool_whatprovides(pool, path));
  std::vector<Id> providers = pool_.owners_of(pool_id2str(pool, path));
  Id provider = 0;
  Id offset = 0;
  FOR_PROVIDES(provider, offset, path) providers.push_back(provider);
  std::ranges::sort(providers);
  providers.erase(std::ranges::unique(providers).begin(), providers.end());
  std::erase_if(providers, [this](Id id) { return !std::ranges::binary_search(pool_.packages(), id); });
  IdQueue queue(providers);
  pool_set_whatprovides(pool, path, pool_queuetowhatprovides(pool, queue.get()));
  changed_.emplace_back(path, before);
}

}  // namespace rpmoci
