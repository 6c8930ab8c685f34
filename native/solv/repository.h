// Loads the metadata of one repository into a pool.
#pragma once

#include <string>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

/// A repository's files on disk, and what dnf's configuration says of it.
struct RepositorySource {
  std::string id;
  /// The lower number wins.
  int priority = 99;
  /// The lower number is preferred between equal packages.
  int cost = 1000;
  /// Paths; compression is told by the contents.
  std::string repomd;
  std::string primary;
  /// Empty when there is none.
  std::string filelists;
  std::vector<std::string> include_packages;
  std::vector<std::string> exclude_packages;
  /// Its packages are not hidden by module streams.
  bool module_hotfixes = false;
};

/// Adds the repository with its packages in the order of their names and versions, whatever order the metadata has:
/// the solver depends on it. Of packages with equal names, versions and architectures the one with the first location
/// is kept. Throws Failure REPOSITORY_UNREADABLE for a file that cannot be read as a whole.
::Repo* load_repository(::Pool* pool, const RepositorySource& source);

/// Adds RPM files as the repository `@commandline`, which wins over any other. Returns their Ids in the order of
/// `paths`; a path that occurs twice has one. Throws Failure RPM_UNREADABLE.
std::vector<Id> load_local_packages(::Pool* pool, const std::vector<std::string>& paths);

}  // namespace rpmoci
