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

namespace rpmoci {

/// Repositories and local packages, loaded and indexed as dnf would. Not safe for use by two threads at once.
class PackagePool {
 public:
  /// Loads everything, in an order that does not depend on that of the arguments. `arch` is rpm's name of the
  /// architecture to install for. Throws Failure REPOSITORY_UNREADABLE, RPM_UNREADABLE, or CANCELLED once `cancelled`.
  PackagePool(std::vector<RepositorySource> repositories, const std::vector<std::string>& local_packages,
              const std::string& arch, const std::atomic<bool>& cancelled);

  ::Pool* get() const { return pool_.get(); }

  /// Every package that can be installed at all: all but source packages, in the order of their Ids.
  const std::vector<Id>& packages() const { return packages_; }
  /// False for what includepkgs, excludepkgs and module streams hide.
  bool is_visible(Id package) const { return !visible_ || visible_->has(package); }
  /// True for packages of the base architecture and `noarch`.
  bool is_native(Id package) const;
  /// True when module streams hide it.
  bool is_hidden_by_modules(Id package) const { return hidden_by_modules_.contains(package); }
  /// True when its repository's packages are not hidden by module streams.
  bool has_module_hotfixes(Id package) const;
  /// Hides these packages in place of those of an earlier call.
  void hide_by_modules(const std::vector<Id>& packages);
  /// Packages that obsolete `package`, in the order of their Ids.
  const std::vector<Id>& obsoleters(Id package) const;
  /// The Id of a local package; 0 for a path that the pool was not opened with.
  Id local_package(const std::string& path) const;

  /// The Ids of packages that own `path` (a pattern when it has a glob character), in the order of their Ids.
  std::vector<Id> owners_of(const std::string& path) const;
  /// True when the providers of this path include all of its owners, because some package requires it.
  bool is_indexed_file(Id path) const { return indexed_files_.contains(path); }

 private:
  void hide_packages(const std::vector<RepositorySource>& repositories, const std::vector<::Repo*>& loaded);
  void index_packages();
  void index_files();
  void index_obsoletes();

  /// libsolv refers to it and does not own it; nothing when nothing is hidden.
  std::unique_ptr<IdMap> visible_;
  PoolHandle pool_;
  std::string base_architecture_;
  std::vector<Id> packages_;
  std::map<std::string, Id> local_packages_;
  std::map<Id, std::vector<Id>> obsoleters_;
  std::set<Id> indexed_files_;
  std::set<Id> hidden_by_modules_;
  std::set<const ::Repo*> hotfix_repositories_;
};

}  // namespace rpmoci
