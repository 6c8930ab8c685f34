#include "solv/package_pool.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "failure.h"
#include "solv/architecture.h"
#include "solv/match.h"
#include "solv/nevra_pattern.h"

namespace rpmoci {

namespace {

PoolHandle create_pool(const std::string& arch) {
  PoolHandle pool(pool_create());
  // Debian's libsolv takes packages for Debian's otherwise, to which rpm's noarch is a foreign architecture.
  if (pool_setdisttype(pool.get(), DISTTYPE_RPM) < 0) throw std::runtime_error("libsolv was built without RPM support");
  // The library must not write to the terminal.
  pool_setdebugmask(pool.get(), 0);
  // As dnf does: hidden packages stay providers, so that a problem can say that they are hidden.
  pool_set_flag(pool.get(), POOL_FLAG_WHATPROVIDESWITHDISABLED, 1);
  // A default in the builds of rpm's own distributions: i686 and x86_64 packages of one name may be installed together.
  pool_set_flag(pool.get(), POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1);
  pool_setarch(pool.get(), arch.c_str());
  return pool;
}

}  // namespace

PackagePool::PackagePool(std::vector<RepositorySource> repositories, const std::vector<std::string>& local_packages,
                         const std::string& arch, const std::atomic<bool>& cancelled)
    : pool_(create_pool(arch)), base_architecture_(base_architecture(arch)) {
  std::ranges::stable_sort(repositories, {}, &RepositorySource::id);
  std::vector<::Repo*> loaded;
  for (const auto& repository : repositories) {
    if (cancelled) throw Failure("CANCELLED", "the environment is shutting down");
    loaded.push_back(load_repository(get(), repository));
    if (repository.module_hotfixes) hotfix_repositories_.insert(loaded.back());
  }
  const auto ids = load_local_packages(get(), local_packages);
  for (std::size_t index = 0; index < ids.size(); ++index) local_packages_[local_packages[index]] = ids[index];
  if (cancelled) throw Failure("CANCELLED", "the environment is shutting down");
  index_packages();
  index_files();
  pool_createwhatprovides(get());
  hide_packages(repositories, loaded);
  index_obsoletes();
}

void PackagePool::index_packages() {
  auto* pool = get();
  Id id = 0;
  FOR_POOL_SOLVABLES(id) {
    if (!is_source_architecture(pool_id2str(pool, pool_id2solvable(pool, id)->arch))) packages_.push_back(id);
  }
}

void PackagePool::index_files() {
  IdQueue files;
  pool_addfileprovides_queue(get(), files.get(), nullptr);
  indexed_files_.insert(files.begin(), files.end());
}

void PackagePool::index_obsoletes() {
  auto* pool = get();
  for (const Id id : packages_) {
    const auto* solvable = pool_id2solvable(pool, id);
    if (solvable->dep_obsoletes == 0) continue;
    for (const Id* dependency = solvable->repo->idarraydata + solvable->dep_obsoletes; *dependency != 0; ++dependency) {
      Id provider = 0;
      Id offset = 0;
      FOR_PROVIDES(provider, offset, *dependency) {
        if (!pool_match_nevr(pool, pool_id2solvable(pool, provider), *dependency)) continue;
        auto& known = obsoleters_[provider];
        if (known.empty() || known.back() != id) known.push_back(id);
      }
    }
  }
}

void PackagePool::hide_packages(const std::vector<RepositorySource>& repositories, const std::vector<::Repo*>& loaded) {
  const auto hides = [](const RepositorySource& source) {
    return !source.include_packages.empty() || !source.exclude_packages.empty();
  };
  if (std::ranges::none_of(repositories, hides)) return;
  visible_ = std::make_unique<IdMap>(get()->nsolvables);
  visible_->fill();
  const auto each_match = [&](::Repo* repo, const std::vector<std::string>& specs, auto&& act) {
    std::vector<Id> candidates;
    for (const Id id : packages_) {
      if (pool_id2solvable(get(), id)->repo == repo) candidates.push_back(id);
    }
    for (const auto& spec : specs) {
      for (const Id id : match_nevra(*this, spec, candidates).packages) act(id);
    }
  };
  for (std::size_t index = 0; index < loaded.size(); ++index) {
    const auto& source = repositories[index];
    auto* repo = loaded[index];
    if (!source.include_packages.empty()) {
      for (const Id id : packages_) {
        if (pool_id2solvable(get(), id)->repo == repo) visible_->remove(id);
      }
      each_match(repo, source.include_packages, [&](Id id) { visible_->add(id); });
    }
    each_match(repo, source.exclude_packages, [&](Id id) { visible_->remove(id); });
  }
  pool_->considered = visible_->get();
}

bool PackagePool::has_module_hotfixes(Id package) const {
  return hotfix_repositories_.contains(pool_id2solvable(get(), package)->repo);
}

void PackagePool::hide_by_modules(const std::vector<Id>& packages) {
  for (const Id id : hidden_by_modules_) visible_->add(id);
  hidden_by_modules_.clear();
  for (const Id id : packages) {
    if (!is_visible(id)) continue;
    if (!visible_) {
      visible_ = std::make_unique<IdMap>(get()->nsolvables);
      visible_->fill();
      pool_->considered = visible_->get();
    }
    visible_->remove(id);
    hidden_by_modules_.insert(id);
  }
}

bool PackagePool::is_native(Id package) const {
  const std::string_view arch = pool_id2str(get(), pool_id2solvable(get(), package)->arch);
  return arch == "noarch" || base_architecture(arch) == base_architecture_;
}

const std::vector<Id>& PackagePool::obsoleters(Id package) const {
  static const std::vector<Id> none;
  const auto found = obsoleters_.find(package);
  return found == obsoleters_.end() ? none : found->second;
}

Id PackagePool::local_package(const std::string& path) const {
  const auto found = local_packages_.find(path);
  return found == local_packages_.end() ? 0 : found->second;
}

std::vector<Id> PackagePool::owners_of(const std::string& path) const {
  std::vector<Id> owners;
  const int how = is_glob(path) ? SEARCH_GLOB : SEARCH_STRING;
  AttributeIterator files(get(), 0, SOLVABLE_FILELIST, path.c_str(), how | SEARCH_FILES | SEARCH_COMPLETE_FILELIST);
  while (files.next()) {
    owners.push_back(files.solvable());
    files.skip_solvable();
  }
  std::ranges::sort(owners);
  owners.erase(std::ranges::unique(owners).begin(), owners.end());
  return owners;
}

}  // namespace rpmoci
