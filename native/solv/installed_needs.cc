#include "solv/installed_needs.h"

#include <algorithm>
#include <map>
#include <set>

#include "failure.h"
#include "solv/requirements.h"
#include "solv/rpm_pool.h"

namespace rpmoci {

InstalledNeeds::InstalledNeeds() : pool_(create_rpm_pool()), repo_(repo_create(pool_.get(), "@System")) {
  // The database has all files of all packages.
  pool_set_flag(pool_.get(), POOL_FLAG_ADDFILEPROVIDESFILTERED, 0);
}

void InstalledNeeds::add(void* header) {
  const Id id = repo_add_rpm_handle(repo_, header, REPO_REUSE_REPODATA | REPO_NO_INTERNALIZE);
  if (id == 0) throw Failure("RPMDB_UNREADABLE", std::string("cannot read a package: ") + pool_errstr(pool_.get()));
  ids_.push_back(id);
}

std::vector<std::vector<std::uint32_t>> InstalledNeeds::needs() {
  auto* pool = pool_.get();
  repo_internalize(repo_);
  pool_set_installed(pool, repo_);
  pool_addfileprovides(pool);
  pool_createwhatprovides(pool);
  std::map<Id, std::uint32_t> index_of;
  for (std::uint32_t index = 0; index < ids_.size(); ++index) index_of[ids_[index]] = index;
  std::vector<std::vector<std::uint32_t>> needs;
  for (const Id id : ids_) {
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
