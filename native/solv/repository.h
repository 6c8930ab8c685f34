// Loads the metadata of one repository into a pool.
#pragma once

#include <string>
#include <vector>

#include "solv/compressed_file.h"
#include "solv/handles.h"
#include "solv/libsolv.h"
#include "solv/solv_cache.h"

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
  OpenContents primary_contents;
  /// Empty when there is none, or when it comes later.
  std::string filelists;
  OpenContents filelists_contents;
  /// The repository has filelists that come when an answer depends on them.
  bool filelists_on_demand = false;
  std::vector<std::string> include_packages;
  std::vector<std::string> exclude_packages;
  /// Its packages are not hidden by module streams.
  bool module_hotfixes = false;
};

/// The name of the repository's parsed form in a cache: it changes with the metadata and with libsolv. Throws Failure
/// REPOSITORY_UNREADABLE.
std::string cache_key(const RepositorySource& source);

/// The repository's parsed form, out of the cache or parsed and put there. In it packages are in the order of their
/// names and versions, whatever order the metadata has: the solver depends on it. Of packages with equal names,
/// versions and architectures the one with the first location is kept. Throws Failure REPOSITORY_UNREADABLE for a file
/// that cannot be read as a whole, or unpacks to something else than it should.
FileHandle parse_repository(const RepositorySource& source, const std::string& key, const SolvCache& cache);

/// Adds a repository's parsed form, at its start, to the pool.
::Repo* add_repository(::Pool* pool, const RepositorySource& source, std::FILE* parsed);

/// Keeps the repository with the owners of `files` that it now has among its provides, so that they need not be looked
/// up again. Does nothing when it already was kept so.
void keep_file_provides(::Repo* repo, const IdQueue& files, const std::string& key, const SolvCache& cache);

/// Adds the complete lists of files, out of the cache or parsed and put there. Throws Failure REPOSITORY_UNREADABLE.
void add_filelists(::Repo* repo, const RepositorySource& source, const std::string& key, const SolvCache& cache);

/// Adds RPM files as the repository `@commandline`, which wins over any other. Returns their Ids in the order of
/// `paths`; a path that occurs twice has one. Throws Failure RPM_UNREADABLE.
std::vector<Id> load_local_packages(::Pool* pool, const std::vector<std::string>& paths);

}  // namespace rpmoci
