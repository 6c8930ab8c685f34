#include "solv/repository.h"

#include <stdio_ext.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "failure.h"
#include "hex.h"
#include "solv/architecture.h"
#include "solv/compressed_file.h"
#include "solv/handles.h"
#include "solv/package.h"
#include "solv/rpm_pool.h"

namespace rpmoci {

namespace {

/// Changes with what is kept of a repository, and how.
constexpr const char* kFormat = "2";

struct ChecksumDeleter {
  void operator()(::Chksum* checksum) const { solv_chksum_free(checksum, nullptr); }
};

struct WriterDeleter {
  void operator()(::Repowriter* writer) const { repowriter_free(writer); }
};

[[noreturn]] void unreadable(const RepositorySource& source, const std::string& path, const std::string& reason) {
  throw Failure("REPOSITORY_UNREADABLE",
                "cannot read the metadata of repository " + source.id + ": " + path + ": " + reason);
}

/// Reads one file, whose root element must be `root`, with one of libsolv's loaders.
template <class Loader>
void load_file(::Repo* repo, const RepositorySource& source, const std::string& path, const OpenContents& expected,
               const char* root, Loader load) {
  CompressedFile file(path, expected, root);
  const int result = file.get() == nullptr ? 0 : load(file.get());
  if (const auto fault = file.fault(); !fault.empty()) unreadable(source, path, fault);
  if (result != 0) unreadable(source, path, pool_errstr(repo->pool));
}

/// What a resolution or a lockfile needs beside packages' names and dependencies.
constexpr Id kKeptAttributes[] = {SOLVABLE_FILELIST,           SOLVABLE_MEDIADIR,           SOLVABLE_MEDIABASE,
                                  SOLVABLE_SOURCENAME,         SOLVABLE_SOURCEARCH,         SOLVABLE_SOURCEEVR,
                                  SOLVABLE_DOWNLOADSIZE,       SOLVABLE_INSTALLSIZE,        SOLVABLE_BUILDTIME,
                                  REPOSITORY_FILTEREDFILELIST, REPOSITORY_ADDEDFILEPROVIDES};

/// Read page by page, and only of packages that are asked for. Each is looked up by itself: reading a page may
/// overwrite another's.
constexpr Id kPagedAttributes[] = {SOLVABLE_CHECKSUM, SOLVABLE_MEDIAFILE};

/// Tells libsolv's writer how to store an attribute.
int storage_of(::Repo*, ::Repokey* key, void*) {
  const auto is_in = [key](const auto& names) { return std::ranges::find(names, key->name) != std::end(names); };
  const bool is_dependency = key->name >= SOLVABLE_NAME && key->name <= RPM_RPMDBID;
  if (is_dependency || is_in(kKeptAttributes)) return KEY_STORAGE_INCORE;
  if (!is_in(kPagedAttributes)) return KEY_STORAGE_DROPPED;
  // Of a file with the usual name there is nothing to store.
  return key->type == REPOKEY_TYPE_VOID ? KEY_STORAGE_INCORE : KEY_STORAGE_VERTICAL_OFFSET;
}

/// Writes all but the complete filelists.
bool write_packages(::Repo* repo, std::FILE* file) {
  const std::unique_ptr<::Repowriter, WriterDeleter> writer(repowriter_create(repo));
  repowriter_set_keyfilter(writer.get(), storage_of, nullptr);
  repowriter_set_repodatarange(writer.get(), 1, 2);
  return repowriter_write(writer.get(), file) == 0;
}

/// Remembers in the repository itself which files' owners provide them. False when it knew all of them.
bool set_file_provides(::Repo* repo, const IdQueue& files) {
  auto* data = repo_id2repodata(repo, 1);
  if (data == nullptr) return false;
  IdQueue known;
  repodata_lookup_idarray(data, SOLVID_META, REPOSITORY_ADDEDFILEPROVIDES, known.get());
  std::set<Id> all(known.begin(), known.end());
  const auto before = all.size();
  all.insert(files.begin(), files.end());
  if (all.size() == before) return false;
  IdQueue together(std::vector<Id>(all.begin(), all.end()));
  repodata_set_idarray(data, SOLVID_META, REPOSITORY_ADDEDFILEPROVIDES, together.get());
  repodata_internalize(data);
  return true;
}

std::vector<Id> solvables_of(::Repo* repo) {
  std::vector<Id> ids;
  Id id = 0;
  ::Solvable* solvable = nullptr;
  FOR_REPO_SOLVABLES(repo, id, solvable) ids.push_back(id);
  return ids;
}

/// For each name's Id its place among the packages' names: compared more often than there are names.
std::vector<std::size_t> rank_names(::Pool* pool, const std::vector<Id>& packages) {
  std::vector<Id> names;
  for (const Id id : packages) names.push_back(pool_id2solvable(pool, id)->name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::ranges::sort(names, [pool](Id a, Id b) { return std::strcmp(pool_id2str(pool, a), pool_id2str(pool, b)) < 0; });
  std::vector<std::size_t> rank(static_cast<std::size_t>(pool->ss.nstrings));
  for (std::size_t place = 0; place < names.size(); ++place) rank[static_cast<std::size_t>(names[place])] = place;
  return rank;
}

/// Moves the packages of a repository that was just loaded, and not yet internalised, into the order of their names.
void sort_packages(::Repo* repo) {
  auto* pool = repo->pool;
  auto* data = repo_id2repodata(repo, repo->nrepodata - 1);
  const auto ids = solvables_of(repo);
  const auto rank = rank_names(pool, ids);
  const auto less = [&](Id a, Id b) {
    const auto left = rank[static_cast<std::size_t>(pool_id2solvable(pool, a)->name)];
    const auto right = rank[static_cast<std::size_t>(pool_id2solvable(pool, b)->name)];
    return left != right ? left < right : compare_nevra(pool, a, b) < 0;
  };
  if (std::ranges::is_sorted(ids, less)) return;
  auto order = ids;
  std::ranges::stable_sort(order, less);
  std::vector<Id> source_of(static_cast<std::size_t>(pool->nsolvables));
  for (std::size_t index = 0; index < ids.size(); ++index)
    source_of[static_cast<std::size_t>(ids[index])] = order[index];
  // Follows each cycle of the permutation with swaps.
  for (const Id start : ids) {
    for (Id at = start;;) {
      const Id from = std::exchange(source_of[static_cast<std::size_t>(at)], at);
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

std::string cache_key(const RepositorySource& source) {
  const FileHandle file(std::fopen(source.repomd.c_str(), "re"));
  if (!file) unreadable(source, source.repomd, std::strerror(errno));
  const std::unique_ptr<::Chksum, ChecksumDeleter> checksum(solv_chksum_create(REPOKEY_TYPE_SHA256));
  std::array<char, 4096> buffer{};
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    solv_chksum_add(checksum.get(), buffer.data(), static_cast<int>(count));
  }
  if (std::ferror(file.get()) != 0) unreadable(source, source.repomd, "it cannot be read");
  int length = 0;
  const auto* digest = solv_chksum_get(checksum.get(), &length);
  return to_hex(digest, static_cast<std::size_t>(length)) + "-" + solv_version + "-" + kFormat;
}

FileHandle parse_repository(const RepositorySource& source, const std::string& key, const SolvCache& cache) {
  if (auto kept = cache.open(key + ".solv")) return kept;
  // A pool of its own, so that repositories can be parsed at the same time, and that what is not kept takes no memory.
  const auto pool = create_rpm_pool();
  auto* repo = repo_create(pool.get(), source.id.c_str());
  load_file(repo, source, source.primary, source.primary_contents, "metadata",
            [&](std::FILE* file) { return repo_add_rpmmd(repo, file, nullptr, REPO_NO_INTERNALIZE); });
  sort_packages(repo);
  repo_internalize(repo);
  drop_duplicates(repo);
  IdQueue files;
  pool_addfileprovides_queue(pool.get(), files.get(), nullptr);
  set_file_provides(repo, files);
  return cache.store(key + ".solv", [repo](std::FILE* file) { return write_packages(repo, file); });
}

::Repo* add_repository(::Pool* pool, const RepositorySource& source, std::FILE* parsed) {
  auto* repo = repo_create(pool, source.id.c_str());
  repo->priority = -source.priority;
  repo->subpriority = -source.cost;
  // The reader takes it byte by byte.
  __fsetlocking(parsed, FSETLOCKING_BYCALLER);
  if (repo_add_solv(repo, parsed, 0) != 0) throw std::runtime_error(pool_errstr(pool));
  return repo;
}

void keep_file_provides(::Repo* repo, const IdQueue& files, const std::string& key, const SolvCache& cache) {
  if (!set_file_provides(repo, files)) return;
  cache.store(key + ".solv", [repo](std::FILE* file) { return write_packages(repo, file); });
}

void add_filelists(::Repo* repo, const RepositorySource& source, const std::string& key, const SolvCache& cache) {
  if (const auto kept = cache.open(key + "-filelists.solv")) {
    __fsetlocking(kept.get(), FSETLOCKING_BYCALLER);
    // Directories' names stay out of the pool, which packages' names and dependencies are looked up in.
    if (repo_add_solv(repo, kept.get(), REPO_EXTEND_SOLVABLES | REPO_LOCALPOOL) == 0) return;
  }
  load_file(repo, source, source.filelists, source.filelists_contents, "filelists",
            [&](std::FILE* file) { return repo_add_rpmmd(repo, file, "FL", REPO_EXTEND_SOLVABLES | REPO_LOCALPOOL); });
  auto* data = repo_id2repodata(repo, repo->nrepodata - 1);
  cache.store(key + "-filelists.solv", [data](std::FILE* file) { return repodata_write(data, file) == 0; });
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
