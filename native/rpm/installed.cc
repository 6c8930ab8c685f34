#include "rpm/installed.h"

#include <rpm/rpmdb.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmlib.h>

#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "failure.h"
#include "rpm/library.h"
#include "rpm/log.h"
#include "rpm/package_header.h"
#include "rpm/root_path.h"
#include "rpm/sqlite.h"

namespace rpmoci {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void unreadable(const fs::path& path, const std::string& reason) {
  throw Failure("RPMDB_UNREADABLE", "cannot read the rpm database in " + path.string() + ": " + reason);
}

/// A directory of our own that goes when its owner goes.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto name = (fs::temp_directory_path() / "rpmoci-rpmdb-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) unreadable(name, "cannot create a directory for a copy");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Percent-encodes a path for a `file:` URI of SQLite.
std::string file_uri(const fs::path& path, const std::string& query) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const unsigned char c : path.string()) {
    if (c < 0x80 && (std::isalnum(c) || c == '/' || c == '.' || c == '-' || c == '_')) {
      uri += static_cast<char>(c);
    } else {
      uri += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return uri + "?" + query;
}

void visit_sqlite(const fs::path& file, const std::string& name, int flags, const std::function<void(Header)>& visit) {
  Database database("RPMDB_UNREADABLE", file.string(), name, flags);
  Statement packages(database, "SELECT hnum, blob FROM Packages ORDER BY hnum");
  while (packages.step()) {
    const auto blob = packages.blob(1);
    // librpm copies the bytes, it only lacks the `const`.
    auto* bytes = const_cast<uint8_t*>(blob.data());
    const OwnedHeader header(headerImport(bytes, static_cast<unsigned>(blob.size()), HEADERIMPORT_COPY));
    if (!header) database.fail("the header of package number " + std::to_string(packages.integer(0)) + " is damaged");
    visit(header.get());
  }
}

/// Through librpm, from a directory of our own: opening a database writes to it and locks it, even for reading.
void visit_with_librpm(const fs::path& copy, const fs::path& directory, const std::function<void(Header)>& visit) {
  LogCapture log;
  const ScopedMacro path("_dbpath", copy.string());
  const OwnedTransaction transaction(rpmtsCreate());
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOHDRCHK);
  const bool opened = rpmtsOpenDB(transaction.get(), O_RDONLY) == 0;
  // A librpm that was built without the database's backend makes a new one, and would find nothing installed.
  if (!opened || fs::exists(copy / kSqliteFile)) {
    unreadable(directory, log.summary("this librpm does not know its kind of database"));
  }
  const OwnedIterator packages(rpmtsInitIterator(transaction.get(), RPMDBI_PACKAGES, nullptr, 0));
  while (const auto header = packages ? rpmdbNextIterator(packages.get()) : nullptr) visit(header);
}

bool not_empty(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return !error && size > 0;
}

}  // namespace

void for_each_installed(const RootDatabase& database, const std::function<void(Header)>& visit) {
  const auto guard = RpmLibrary::get().lock();
  const LogCapture quiet;
  const fs::path directory = resolve_in_root(database.root, database.db_path);
  const auto sqlite = directory / kSqliteFile;
  const auto log_name = sqlite.string() + "-wal";
  const auto journal_name = sqlite.string() + "-journal";
  try {
    if (fs::is_regular_file(sqlite) && !not_empty(log_name) && !not_empty(journal_name)) {
      visit_sqlite(sqlite, file_uri(sqlite, "mode=ro&immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, visit);
      return;
    }
    const TemporaryDirectory copy;
    if (fs::is_regular_file(sqlite)) {
      for (const auto& file : {sqlite, fs::path(log_name), fs::path(journal_name)}) {
        if (fs::exists(file)) fs::copy_file(file, copy.path() / file.filename());
      }
      visit_sqlite(sqlite, (copy.path() / kSqliteFile).string(), SQLITE_OPEN_READWRITE, visit);
      return;
    }
    // Names of the ndb and Berkeley DB backends.
    bool found = false;
    for (const auto* name : {"Packages.db", "Index.db", "Packages"}) {
      if (!fs::is_regular_file(directory / name)) continue;
      found = true;
      fs::copy_file(directory / name, copy.path() / name);
    }
    if (!found) unreadable(directory, fs::exists(directory) ? "there is none" : "the directory does not exist");
    // librpm finds out the backend by the files.
    visit_with_librpm(copy.path(), directory, visit);
  } catch (const fs::filesystem_error& error) {
    unreadable(directory, error.code().message());
  }
}

bool nevra_less(Header a, Header b) {
  if (const int order = string_tag(a, RPMTAG_NAME).compare(string_tag(b, RPMTAG_NAME))) return order < 0;
  if (const int order = rpmVersionCompare(a, b)) return order < 0;
  // Versions may be equal for rpm and differ in their letters ("1.0" and "1.00").
  if (const int order = evr_of(a).compare(evr_of(b))) return order < 0;
  return string_tag(a, RPMTAG_ARCH) < string_tag(b, RPMTAG_ARCH);
}

std::vector<OwnedHeader> sorted_headers(const RootDatabase& database) {
  std::vector<OwnedHeader> headers;
  for_each_installed(database, [&](Header header) {
    // librpm compares versions without looking whether there are any.
    for (const auto tag : {RPMTAG_NAME, RPMTAG_VERSION, RPMTAG_RELEASE}) {
      if (!string_tag(header, tag).empty()) continue;
      throw Failure("RPMDB_UNREADABLE", "the rpm database has a package without a name, a version or a release");
    }
    headers.emplace_back(headerLink(header));
  });
  std::sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) { return nevra_less(a.get(), b.get()); });
  return headers;
}

std::vector<InstalledPackage> read_rpmdb(const RootDatabase& database) {
  const auto guard = RpmLibrary::get().lock();
  const auto headers = sorted_headers(database);
  std::vector<InstalledPackage> packages;
  for (const auto& owner : headers) {
    const auto header = owner.get();
    packages.push_back({string_tag(header, RPMTAG_NAME), evr_of(header), string_tag(header, RPMTAG_ARCH),
                        static_cast<uint32_t>(headerGetNumber(header, RPMTAG_INSTALLTIME)),
                        string_tag(header, RPMTAG_SOURCERPM)});
  }
  return packages;
}

std::vector<std::string> owned_paths(const RootDatabase& database, const std::vector<std::string>& prefixes) {
  const auto is_wanted = [&](std::string_view path) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
      while (prefix.ends_with('/')) prefix.remove_suffix(1);
      return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
    });
  };
  std::set<std::string> owned;
  for_each_installed(database, [&](Header header) {
    TagData paths(header, RPMTAG_FILENAMES);
    TagData flags(header, RPMTAG_FILEFLAGS);
    if (!paths || !flags) return;
    while (const char* path = rpmtdNextString(paths.get())) {
      const auto* flag = rpmtdNextUint32(flags.get());
      if (flag == nullptr) break;
      if ((*flag & RPMFILE_GHOST) == 0 && is_wanted(path)) owned.emplace(path);
    }
  });
  return {owned.begin(), owned.end()};
}

}  // namespace rpmoci
