#include "rpm/canonical_rpmdb.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "big_endian.h"
#include "failure.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/normalized_header.h"
#include "rpm/package_header.h"
#include "rpm/root_path.h"
#include "rpm/sqlite.h"
#include "rpm/sqlite_pages.h"

namespace rpmoci {

namespace {

namespace fs = std::filesystem;

constexpr const char* kUnreadable = "RPMDB_UNREADABLE";
constexpr const char* kWrite = "RPMDB_WRITE";

[[noreturn]] void write_failed(const fs::path& path) {
  throw Failure(kWrite, "cannot write the rpm database " + path.string() + ": " + std::strerror(errno));
}

[[noreturn]] void unsupported(const fs::path& directory) {
  constexpr std::pair<const char*, const char*> kOthers[] = {
      {"Packages.db", "an ndb database (Packages.db)"},
      {"Packages", "a Berkeley DB database (Packages)"},
  };
  std::string found = fs::exists(directory) ? "no database" : "no directory";
  for (const auto& [file, words] : kOthers) {
    if (fs::exists(directory / file)) found = words;
  }
  throw Failure("RPMDB_UNSUPPORTED", "only rpm databases of the sqlite kind can be made reproducible; " +
                                         directory.string() + " holds " + found);
}

/// Deletes a file that need not be there.
void remove_file(const fs::path& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) write_failed(path);
}

struct Package {
  int64_t old_number;
  uint32_t install_time;
  OwnedHeader header;
  std::vector<uint8_t> bytes;
};

using Identity = std::tuple<std::string, std::string, std::string, uint32_t>;

/// What a package has had before, or else `install_time`.
uint32_t time_of(std::span<const uint8_t> blob, uint32_t install_time, const std::set<Identity>& earlier) {
  if (earlier.empty()) return install_time;
  auto* bytes = const_cast<uint8_t*>(blob.data());
  const OwnedHeader header(headerImport(bytes, static_cast<unsigned>(blob.size()), HEADERIMPORT_COPY));
  if (!header) return install_time;
  const auto time = static_cast<uint32_t>(headerGetNumber(header.get(), RPMTAG_INSTALLTIME));
  const Identity identity{string_tag(header.get(), RPMTAG_NAME), evr_of(header.get()),
                          string_tag(header.get(), RPMTAG_ARCH), time};
  return earlier.contains(identity) ? time : install_time;
}

std::vector<Package> read_normalized(const Database& old, uint32_t install_time, const std::set<Identity>& earlier) {
  std::vector<Package> packages;
  Statement rows(old, "SELECT hnum, blob FROM Packages ORDER BY hnum");
  while (rows.step()) {
    const auto number = rows.integer(0);
    const auto blob = rows.blob(1);
    const auto time = time_of(blob, install_time, earlier);
    auto bytes = normalized_header(blob, time);
    OwnedHeader header(headerImport(bytes.data(), static_cast<unsigned>(bytes.size()), HEADERIMPORT_COPY));
    if (!header) old.fail("the header of package number " + std::to_string(number) + " is damaged");
    packages.push_back({number, time, std::move(header), std::move(bytes)});
  }
  std::sort(packages.begin(), packages.end(), [](const Package& a, const Package& b) {
    if (nevra_less(a.header.get(), b.header.get())) return true;
    if (nevra_less(b.header.get(), a.header.get())) return false;
    return a.bytes < b.bytes;
  });
  return packages;
}

struct Schema {
  /// Name and SQL text, sorted by name.
  std::map<std::string, std::string> tables;
  std::map<std::string, std::string> indices;
};

Schema read_schema(const Database& old) {
  Schema schema;
  // Statistics and sequences are SQLite's own tables; it makes those that the others need.
  Statement rows(old,
                 "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' "
                 "ESCAPE '\\'");
  while (rows.step()) {
    const auto type = rows.text(0);
    if (type != "table" && type != "index") old.fail("it has a " + type + ", which rpm never makes");
    (type == "table" ? schema.tables : schema.indices)[rows.text(1)] = rows.text(2);
  }
  if (!schema.tables.contains("Packages")) old.fail("it has no table of packages");
  return schema;
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

/// Fills `fresh` from the database at `old_path`. Everything that decides about its pages is in a fixed order.
void build(Database& fresh, const fs::path& old_path, const Schema& schema, const std::vector<Package>& packages) {
  for (const auto* pragma : {"PRAGMA page_size = 4096", "PRAGMA encoding = 'UTF-8'", "PRAGMA auto_vacuum = 0",
                             "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA temp_store = MEMORY",
                             // no left-overs of moved cells in the pages
                             "PRAGMA secure_delete = ON"}) {
    fresh.execute(pragma);
  }
  Statement(fresh, "ATTACH ? AS old").bind(1, old_path.string()).run();
  fresh.execute("CREATE TEMP TABLE renumbering (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, tid BLOB NOT NULL)");
  fresh.execute("BEGIN");
  fresh.execute(schema.tables.at("Packages").c_str());
  {
    Statement insert(fresh, "INSERT INTO main.Packages (hnum, blob) VALUES (?, ?)");
    Statement renumber(fresh, "INSERT INTO renumbering VALUES (?, ?, ?)");
    int64_t number = 0;
    for (const auto& package : packages) {
      insert.bind(1, ++number).bind(2, std::span<const uint8_t>(package.bytes)).run();
      // 4 bytes in the machine's order, as librpm has it.
      std::array<uint8_t, sizeof package.install_time> tid{};
      std::memcpy(tid.data(), &package.install_time, tid.size());
      renumber.bind(1, package.old_number).bind(2, number).bind(3, std::span<const uint8_t>(tid)).run();
    }
  }
  for (const auto& [name, sql] : schema.tables) {
    if (name == "Packages") continue;
    fresh.execute(sql.c_str());
    if (name == "Installtid") {
      // Its keys are the one value that changed.
      Statement(fresh,
                "INSERT INTO main.Installtid (key, hnum, idx) SELECT tid, new, idx FROM old.Installtid "
                "JOIN renumbering ON hnum = renumbering.old ORDER BY new, idx")
          .run();
      continue;
    }
    const auto table = quoted(name);
    Statement(fresh, "INSERT INTO main." + table + " (key, hnum, idx) SELECT key, new, idx FROM old." + table +
                         " JOIN renumbering ON hnum = renumbering.old ORDER BY new, idx, key")
        .run();
  }
  for (const auto& [name, sql] : schema.indices) fresh.execute(sql.c_str());
  fresh.execute("COMMIT");
  fresh.execute("DETACH old");
}

/// The first pages of all tables and indices.
std::vector<uint32_t> read_roots(const Database& database) {
  std::vector<uint32_t> roots{1};
  Statement rows(database, "SELECT rootpage FROM main.sqlite_master WHERE rootpage > 0 ORDER BY rootpage");
  while (rows.step()) roots.push_back(static_cast<uint32_t>(rows.integer(0)));
  return roots;
}

/// The fields of SQLite's file header ("Database File Format", section 1.3) that tell how often and by which SQLite the
/// file was written. The change counter must equal the one that the size in the header is valid for.
void normalize_file_header(std::vector<uint8_t>& bytes) {
  constexpr size_t kChangeCounter = 24;
  constexpr size_t kValidFor = 92;
  constexpr size_t kSqliteVersion = 96;
  write_big_endian(bytes.data() + kChangeCounter, 1);
  write_big_endian(bytes.data() + kValidFor, 1);
  // The first version that kept these fields; nobody reads it.
  write_big_endian(bytes.data() + kSqliteVersion, 3007000);
}

/// In place.
void normalize_file(int file, const std::vector<uint32_t>& roots, const fs::path& path) {
  struct stat status {};
  if (fstat(file, &status) != 0) write_failed(path);
  std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
  const auto transfer = [&](auto call) {
    for (size_t at = 0; at < bytes.size();) {
      const auto count = call(file, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
      if (count <= 0) write_failed(path);
      at += static_cast<size_t>(count);
    }
  };
  transfer(pread);
  if (!clear_unused_bytes(bytes, roots)) {
    throw Failure(kWrite, "the rpm database " + path.string() + " was written in a form that is not understood");
  }
  normalize_file_header(bytes);
  transfer(pwrite);
}

}  // namespace

void canonicalize_rpmdb(const RootDatabase& database, uint32_t install_time,
                        const std::vector<InstalledPackage>& earlier) {
  std::set<Identity> known;
  for (const auto& package : earlier) known.emplace(package.name, package.evr, package.arch, package.install_time);
  const auto guard = RpmLibrary::get().lock();
  const LogCapture quiet;
  const fs::path directory = resolve_in_root(database.root, database.db_path);
  const auto path = directory / kSqliteFile;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) unsupported(directory);
  const fs::path fresh_path = path.string() + ".new";
  remove_file(fresh_path);

  try {
    std::vector<uint32_t> roots;
    {
      std::vector<Package> packages;
      Schema schema;
      {
        Database old(kUnreadable, path.string(), path.string(), SQLITE_OPEN_READWRITE);
        sqlite3_busy_timeout(old.get(), 10'000);
        // Merges the write-ahead log and deletes it: it must not be taken for the new file's.
        old.execute("PRAGMA journal_mode = DELETE");
        packages = read_normalized(old, install_time, known);
        schema = read_schema(old);
      }
      Database fresh(kWrite, path.string(), fresh_path.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      build(fresh, path, schema, packages);
      roots = read_roots(fresh);
    }
    const FileDescriptor file(open(fresh_path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) write_failed(fresh_path);
    normalize_file(file.get(), roots, fresh_path);
    if (fchown(file.get(), status.st_uid, status.st_gid) != 0 || fchmod(file.get(), status.st_mode & 07777) != 0 ||
        fsync(file.get()) != 0) {
      write_failed(fresh_path);
    }
    for (const auto* suffix : {"-wal", "-shm", "-journal"}) remove_file(path.string() + suffix);
    if (rename(fresh_path.c_str(), path.c_str()) != 0) write_failed(path);
  } catch (...) {
    unlink(fresh_path.c_str());
    throw;
  }
  for (const auto* name : {".rpm.lock", ".dbenv.lock"}) remove_file(directory / name);
}

}  // namespace rpmoci
