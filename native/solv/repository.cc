#include "solv/repository.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <tuple>

#include "failure.h"
#include "solv/architecture.h"
#include "solv/compressed_file.h"
#include "solv/handles.h"
#include "solv/package.h"
#include "solv/xml_guard.h"

namespace rpmoci {

namespace {

/// Reads one file, whose root element must be `root`, with one of libsolv's loaders. To them a read error is the end of
/// the file, so that a damaged trailer would go unnoticed.
template <class Loader>
void load_file(::Repo* repo, const std::string& path, const char* root, Loader load) {
  const auto fail = [&](const std::string& reason) {
    throw Failure("REPOSITORY_UNREADABLE",
                  "cannot read the metadata of repository " + std::string(repo->name) + ": " + path + ": " + reason);
  };
  FileHandle contents = open_compressed(path);
  if (!contents) fail(errno != 0 ? std::strerror(errno) : "unknown compression");
  XmlGuard guard(root);
  const FileHandle file = guard.watch(std::move(contents));
  const int result = load(file.get());
  if (!guard.fault().empty()) fail(guard.fault());
  if (std::ferror(file.get()) != 0) fail("the data is damaged or truncated");
  if (result != 0) fail(pool_errstr(repo->pool));
}

std::vector<Id> solvables_of(::Repo* repo) {
  std::vector<Id> ids;
  Id id = 0;
  ::Solvable* solvable = nullptr;
  FOR_REPO_SOLVABLES(repo, id, solvable) ids.push_back(id);
  return ids;
}

/// Moves the packages of a repository that was just loaded, and not yet internalised, into the order of their names.
void sort_packages(::Repo* repo) {
  auto* pool = repo->pool;
  auto* data = repo_id2repodata(repo, repo->nrepodata - 1);
  const auto ids = solvables_of(repo);
  auto order = ids;
  std::ranges::stable_sort(order, [pool](Id a, Id b) { return compare_nevra(pool, a, b) < 0; });
  std::map<Id, Id> source_of;
  for (std::size_t index = 0; index < ids.size(); ++index) source_of[ids[index]] = order[index];
  // Follows each cycle of the permutation with swaps.
  for (const Id start : ids) {
    for (Id at = start; source_of[at] != at;) {
      const Id from = source_of[at];
      source_of[at] = at;
      if (from == start) break;
      std::swap(*pool_id2solvable(pool, at), *pool_id2solvable(pool, from));
      repodata_swap_attrs(data, at, from);
      at = from;
    }
  }
}

/// What tells packages with one NEVRA apart: where they are, and their bytes.
std::tuple<std::string, std::string> source_of(::Pool* pool, Id id) {
  const auto text = [](const char* value) { return value == nullptr ? std::string() : std::string(value); };
  auto* solvable = pool_id2solvable(pool, id);
  Id type = 0;
  return {text(solvable_lookup_location(solvable, nullptr)),
          text(solvable_lookup_checksum(solvable, SOLVABLE_CHECKSUM, &type))};
}

/// Which of two packages with one NEVRA the solver takes depends on their order alone.
void drop_duplicates(::Repo* repo) {
  auto* pool = repo->pool;
  Id kept = 0;
  for (const Id id : solvables_of(repo)) {
    if (kept == 0 || compare_nevra(pool, kept, id) != 0) {
      kept = id;
      continue;
    }
    const bool first = source_of(pool, id) < source_of(pool, kept);
    repo_free_solvable(repo, first ? kept : id, 0);
    if (first) kept = id;
  }
}

}  // namespace

::Repo* load_repository(::Pool* pool, const RepositorySource& source) {
  auto* repo = repo_create(pool, source.id.c_str());
  repo->priority = -source.priority;
  repo->subpriority = -source.cost;
  load_file(repo, source.repomd, "repomd", [&](std::FILE* file) { return repo_add_repomdxml(repo, file, 0); });
  load_file(repo, source.primary, "metadata",
            [&](std::FILE* file) { return repo_add_rpmmd(repo, file, nullptr, REPO_NO_INTERNALIZE); });
  sort_packages(repo);
  repo_internalize(repo);
  drop_duplicates(repo);
  if (!source.filelists.empty()) {
    load_file(repo, source.filelists, "filelists",
              [&](std::FILE* file) { return repo_add_rpmmd(repo, file, "FL", REPO_EXTEND_SOLVABLES); });
  }
  return repo;
}

std::vector<Id> load_local_packages(::Pool* pool, const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  auto* repo = repo_create(pool, kLocalRepository);
  std::map<std::string, Id> loaded;
  for (const auto& path : paths) loaded[path] = 0;
  for (auto& [path, id] : loaded) {
    id = repo_add_rpm(repo, path.c_str(), REPO_REUSE_REPODATA);
    if (id == 0) throw Failure("RPM_UNREADABLE", std::string("cannot read the package ") + pool_errstr(pool));
    if (is_source_architecture(pool_id2str(pool, pool_id2solvable(pool, id)->arch))) {
      throw Failure("RPM_UNREADABLE", path + " is a source package, which cannot be installed");
    }
  }
  std::vector<Id> ids;
  for (const auto& path : paths) ids.push_back(loaded[path]);
  return ids;
}

}  // namespace rpmoci
