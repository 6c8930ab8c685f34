// All packages that a resolution may choose from.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "solv/handles.h"
#include "solv/repository.h"
#include "solv/solv_cache.h"

namespace rpmoci {

/// What a pool is made of.
struct PoolSource {
  std::vector<RepositorySource> repositories;
  /// Paths of RPM files.
  std::vector<std::string> local_packages;
  /// rpm's name of the architecture to install for.
  std::string arch;
  /// Where parsed metadata is kept; empty for nowhere.
  std::string cache_directory;
};

/// Repositories and local packages, loaded and indexed as dnf would. Not safe for use by two threads at once.
class PackagePool {
 public:
  /// Loads everything but complete filelists, in an order that does not depend on that of the arguments. Throws Failure
  /// REPOSITORY_UNREADABLE, RPM_UNREADABLE, or CANCELLED once `cancelled`.
  PackagePool(PoolSource source, const std::atomic<bool>& cancelled);

  ::Pool* get() const { return pool_.get(); }

  /// Every package that can be installed at all: all but source packages, in the order of their Ids.
  const std::vector<Id>& packages() const { return packages_; }
  /// False for what includepkgs and excludepkgs hide.
  bool is_visible(Id package) const { return !visible_ || visible_->has(package); }
  /// True for packages of the base architecture and `noarch`.
  bool is_native(Id package) const;
  /// Packages that obsolete `package`, in the order of their Ids.
  const std::vector<Id>& obsoleters(Id package) const;
  /// The Id of a local package; 0 for a path that the pool was not opened with.
  Id local_package(const std::string& path) const;

  /// The Ids of packages that own `path` (a pattern when it has a glob character), in the order of their Ids; without
  /// those that only complete filelists tell, see needs_filelists().
  std::vector<Id> owners_of(const std::string& path) const;
  /// True when the providers of this path include all of its owners, because some package requires it.
  bool is_indexed_file(Id path) const { return indexed_files_.contains(path); }

  /// True when somebody asked for the owners of a path that only complete filelists have, and they are not loaded: what
  /// was answered since may be wrong.
  bool needs_filelists() const;
  /// True when load_filelists() has all that it loads.
  bool has_filelists() const;
  /// Takes the path of a repository's filelists. Throws std::invalid_argument for a repository that the pool does not
  /// have.
  void add_filelists(const std::string& repository_id, const std::string& path);
  /// Loads the complete filelists of all repositories. Throws Failure REPOSITORY_UNREADABLE.
  void load_filelists();

 private:
  struct LoadedRepository {
    RepositorySource source;
    std::string cache_key;
    ::Repo* repo = nullptr;
  };

  void load_repositories(std::vector<RepositorySource> sources, const std::atomic<bool>& cancelled);
  void hide_packages();
  void index_packages();
  void index_files();
  void index_provides();
  void index_obsoletes();

  /// libsolv refers to it and does not own it; nothing when nothing is hidden.
  std::unique_ptr<IdMap> visible_;
  PoolHandle pool_;
  SolvCache cache_;
  /// In the order of their ids.
  std::vector<LoadedRepository> repositories_;
  std::string base_architecture_;
  std::vector<Id> packages_;
  std::map<std::string, Id> local_packages_;
  std::map<Id, std::vector<Id>> obsoleters_;
  std::set<Id> indexed_files_;
  /// Paths that only complete filelists have and that packages depend on; libsolv looks them up when it needs them.
  std::vector<Id> deferred_files_;
  bool filelists_loaded_ = false;
  mutable bool filelists_asked_for_ = false;
};

/// The answer to `question`, asked once more with complete filelists when it depended on them. Check
/// PackagePool::needs_filelists() afterwards: it tells whether they would be needed, but are not there.
template <class Question>
auto ask(PackagePool& pool, Question question) {
  auto answer = question(pool);
  if (!pool.needs_filelists() || !pool.has_filelists()) return answer;
  pool.load_filelists();
  return question(pool);
}

}  // namespace rpmoci
