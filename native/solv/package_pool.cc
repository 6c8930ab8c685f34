#include "solv/package_pool.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "failure.h"
#include "solv/architecture.h"
#include "solv/match.h"
#include "solv/nevra_pattern.h"
#include "solv/package.h"
#include "solv/rpm_pool.h"

namespace rpmoci {

namespace {

PoolHandle create_pool(const std::string& arch) {
  auto pool = create_rpm_pool();
  pool_setarch(pool.get(), arch.c_str());
  return pool;
}

/// Parses repositories side by side; the result is in their order. Throws what the first of them in that order threw.
std::vector<FileHandle> parse_all(const std::vector<RepositorySource>& sources, const std::vector<std::string>& keys,
                                  const SolvCache& cache, const std::atomic<bool>& cancelled) {
  std::vector<FileHandle> parsed(sources.size());
  std::vector<std::exception_ptr> failures(sources.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto index = next++; index < sources.size() && !cancelled; index = next++) {
      try {
        parsed[index] = parse_repository(sources[index], keys[index], cache);
      } catch (...) {
        failures[index] = std::current_exception();
      }
    }
  };
  {
    const auto limit = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::jthread> threads;
    for (std::size_t count = 1; count < std::min<std::size_t>(limit, sources.size()); ++count) {
      threads.emplace_back(work);
    }
    work();
  }
  if (cancelled) throw Failure("CANCELLED", "the environment is shutting down");
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return parsed;
}

/// Of 4 bytes each. libsolv appends the lists of packages of every job, and never frees one.
constexpr Offset kMostListsLeft = 1 << 20;

/// Which files every primary metadata lists, by createrepo's rule, which libsolv knows but does not export.
bool is_in_primary(std::string_view path) {
  return path.starts_with("/etc/") || path.find("bin/") != std::string_view::npos || path == "/usr/lib/sendmail";
}

/// Whether every path that a pattern matches is one that the primary metadata has.
bool is_pattern_in_primary(const std::string& pattern) {
  const auto fixed = pattern.substr(0, pattern.find_first_of("*?["));
  const auto directory = fixed.substr(0, fixed.rfind('/') + 1);
  return !directory.empty() && is_in_primary(directory + "x");
}

}  // namespace

PackagePool::PackagePool(PoolSource source, const std::atomic<bool>& cancelled)
    : pool_(create_pool(source.arch)),
      cache_(std::move(source.cache_directory)),
      architecture_(std::move(source.arch)) {
  load_repositories(std::move(source.repositories), cancelled);
  const auto ids = load_local_packages(get(), source.local_packages);
  for (std::size_t index = 0; index < ids.size(); ++index) local_packages_[source.local_packages[index]] = ids[index];
  if (source.add_installed) {
    auto* base = repo_create(get(), kBaseRepository);
    source.add_installed(base);
    pool_set_installed(get(), base);
  }
  if (cancelled) throw Failure("CANCELLED", "the environment is shutting down");
  index_packages();
  index_files();
  index_provides();
  strings_of_metadata_ = get()->ss.nstrings;
  hide_packages();
}

void PackagePool::load_repositories(std::vector<RepositorySource> sources, const std::atomic<bool>& cancelled) {
  std::ranges::stable_sort(sources, {}, &RepositorySource::id);
  std::vector<std::string> keys;
  for (const auto& source : sources) keys.push_back(cache_key(source));
  auto parsed = parse_all(sources, keys, cache_, cancelled);
  for (std::size_t index = 0; index < sources.size(); ++index) {
    auto* repo = add_repository(get(), sources[index], parsed[index].get());
    parsed[index].reset();
    if (sources[index].module_hotfixes) hotfix_repositories_.insert(repo);
    repositories_.push_back({std::move(sources[index]), std::move(keys[index]), repo});
  }
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
  for (const auto& loaded : repositories_) keep_file_provides(loaded.repo, files, loaded.cache_key, cache_);
}

void PackagePool::index_provides() {
  auto* pool = get();
  pool_createwhatprovides(pool);
  deferred_files_.clear();
  for (Id id = 1; id < pool->ss.nstrings; ++id) {
    const char* text = pool_id2str(pool, id);
    if (text[0] == '/' && pool->whatprovides[id] == 0 && !is_in_primary(text)) deferred_files_.push_back(id);
  }
  indexed_lists_ = pool->whatprovidesdataoff;
}

void PackagePool::forget_questions() {
  if (get()->whatprovidesdataoff - indexed_lists_ > kMostListsLeft) index_provides();
}

bool PackagePool::needs_filelists() const {
  if (filelists_loaded_) return false;
  return filelists_asked_for_ || std::ranges::any_of(deferred_files_, [this](Id id) {
           // Was 0 until somebody asked.
           return pool_->whatprovides[id] != 0;
         });
}

bool PackagePool::has_filelists() const {
  return std::ranges::none_of(repositories_, [](const LoadedRepository& loaded) {
    return loaded.source.filelists_on_demand && loaded.source.filelists.empty();
  });
}

void PackagePool::add_filelists(const std::string& repository_id, const std::string& path) {
  const auto found = std::ranges::find_if(
      repositories_, [&](const LoadedRepository& loaded) { return loaded.source.id == repository_id; });
  if (found == repositories_.end()) throw std::invalid_argument("the pool has no repository " + repository_id);
  found->source.filelists = path;
}

void PackagePool::load_filelists() {
  for (const auto& loaded : repositories_) {
    if (!loaded.source.filelists.empty()) {
      rpmoci::add_filelists(loaded.repo, loaded.source, loaded.cache_key, cache_);
    }
  }
  filelists_loaded_ = true;
  index_provides();
}

void PackagePool::hide_packages() {
  const auto hides = [](const LoadedRepository& loaded) {
    return !loaded.source.include_packages.empty() || !loaded.source.exclude_packages.empty();
  };
  if (std::ranges::none_of(repositories_, hides)) return;
  prepare_hiding();
  const auto each_match = [&](::Repo* repo, const std::vector<std::string>& specs, auto&& act) {
    // As dnf does: what a specification means is decided by the packages of all repositories.
    for (const auto& spec : specs) {
      for (const Id id : match_nevra(*this, spec)) {
        if (pool_id2solvable(get(), id)->repo == repo) act(id);
      }
    }
  };
  for (const auto& [source, key, repo] : repositories_) {
    if (!source.include_packages.empty()) {
      for (const Id id : packages_) {
        if (pool_id2solvable(get(), id)->repo == repo) visible_->remove(id);
      }
      each_match(repo, source.include_packages, [&](Id id) { visible_->add(id); });
    }
    each_match(repo, source.exclude_packages, [&](Id id) {
      visible_->remove(id);
      excluded_.insert(id);
    });
  }
}

void PackagePool::prepare_hiding() {
  if (visible_) return;
  visible_ = std::make_unique<IdMap>(get()->nsolvables);
  visible_->fill();
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
    prepare_hiding();
    visible_->remove(id);
    hidden_by_modules_.insert(id);
  }
}

bool PackagePool::is_compatible(Id package) const {
  return pool_arch2score(get(), pool_id2solvable(get(), package)->arch) != 0;
}

bool PackagePool::is_base_architecture(Id package) const {
  return pool_id2str(get(), pool_id2solvable(get(), package)->arch) == architecture_;
}

const NameIndex& PackagePool::names() const {
  if (!names_) names_.emplace(get(), packages_);
  return *names_;
}

std::vector<Id> PackagePool::obsoleters(Id package) const {
  if (!obsoletes_) obsoletes_.emplace(get(), packages_);
  return obsoletes_->obsoleters_of(get(), package);
}

Id PackagePool::local_package(const std::string& path) const {
  const auto found = local_packages_.find(path);
  return found == local_packages_.end() ? 0 : found->second;
}

std::vector<Id> PackagePool::owners_of(const std::string& path) const {
  if (!(is_glob(path) ? is_pattern_in_primary(path) : is_in_primary(path))) filelists_asked_for_ = true;
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
