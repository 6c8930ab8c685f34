// All packages that a resolution may choose from.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "solv/handles.h"
#include "solv/name_index.h"
#include "solv/obsoletes_index.h"
#include "solv/repository.h"
#include "solv/solv_cache.h"

namespace rpmoci {

/// What a pool is made of.
struct PoolSource {
  std::vector<RepositorySource> repositories;
  /// Paths of RPM files.
  std::vector<std::string> local_packages;
  /// Adds the packages that are installed already; empty for an empty root.
  std::function<void(::Repo*)> add_installed;
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
  /// True for what is in the root before anything is installed.
  bool is_installed(Id package) const { return pool_->installed != nullptr && repo_of(package) == pool_->installed; }
  /// False for what includepkgs, excludepkgs and module streams hide.
  bool is_visible(Id package) const { return !visible_ || visible_->has(package); }
  /// True for packages that can be installed on the architecture, as i686 on x86_64.
  bool is_compatible(Id package) const;
  const NameIndex& names() const;
  /// False for strings that came with a question: whether libsolv knows their providers depends on earlier questions.
  bool is_of_metadata(Id string) const { return string < strings_of_metadata_; }
  /// True for what excludepkgs names; other hidden packages are those that includepkgs does not name.
  bool is_excluded(Id package) const { return excluded_.contains(package); }
  /// True for packages of the very architecture that the pool installs for, unlike i686 or noarch on x86_64.
  bool is_base_architecture(Id package) const;
  /// True when module streams hide it.
  bool is_hidden_by_modules(Id package) const { return hidden_by_modules_.contains(package); }
  /// True when its repository's packages are not hidden by module streams.
  bool has_module_hotfixes(Id package) const;
  /// Hides these packages in place of those of an earlier call.
  void hide_by_modules(const std::vector<Id>& packages);
  /// Packages that obsolete `package`, in the order of their Ids.
  std::vector<Id> obsoleters(Id package) const;
  /// Frees what earlier questions left behind, once it is more than a few megabytes. Lists that libsolv made for them
  /// are gone afterwards.
  void forget_questions();

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
  const ::Repo* repo_of(Id package) const { return pool_id2solvable(get(), package)->repo; }

  struct LoadedRepository {
    RepositorySource source;
    std::string cache_key;
    ::Repo* repo = nullptr;
  };

  void load_repositories(std::vector<RepositorySource> sources, const std::atomic<bool>& cancelled);
  void hide_packages();
  void prepare_hiding();
  void index_packages();
  void index_files();
  void index_provides();

  /// libsolv refers to it and does not own it; nothing when nothing is hidden.
  std::unique_ptr<IdMap> visible_;
  PoolHandle pool_;
  SolvCache cache_;
  std::string architecture_;
  /// In the order of their ids.
  std::vector<LoadedRepository> repositories_;
  std::vector<Id> packages_;
  Id strings_of_metadata_ = 0;
  Offset indexed_lists_ = 0;
  std::map<std::string, Id> local_packages_;
  /// Made when first asked for.
  mutable std::optional<NameIndex> names_;
  mutable std::optional<ObsoletesIndex> obsoletes_;
  std::set<Id> indexed_files_;
  std::set<Id> excluded_;
  /// Paths that only complete filelists have and that packages depend on; libsolv looks them up when it needs them.
  std::vector<Id> deferred_files_;
  bool filelists_loaded_ = false;
  mutable bool filelists_asked_for_ = false;
  std::set<Id> hidden_by_modules_;
  std::set<const ::Repo*> hotfix_repositories_;
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
