// Reading the database of installed packages of a root directory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

struct RootDatabase {
  std::string root;
  std::string db_path;
};

struct InstalledPackage {
  std::string name;
  std::string evr;
  std::string arch;
  uint32_t install_time;
  std::string source_rpm;
};

/// The name of the file of rpm's sqlite backend.
inline constexpr const char* kSqliteFile = "rpmdb.sqlite";

/// Calls `visit` with each installed header, in no particular order, under RpmLibrary's lock. The database is neither
/// written to nor locked, and nothing is left beside it: a sqlite one is read in place when it has no journal, any
/// other as a private copy. Throws Failure("RPMDB_UNREADABLE") that names the directory.
void for_each_installed(const RootDatabase& database, const std::function<void(Header)>& visit);

/// All installed headers, sorted by name, EVR (rpm's order) and architecture. Under RpmLibrary's lock. Throws
/// Failure("RPMDB_UNREADABLE"), also when one lacks a name, a version or a release.
std::vector<OwnedHeader> sorted_headers(const RootDatabase& database);

/// In the same order.
std::vector<InstalledPackage> read_rpmdb(const RootDatabase& database);

/// Paths that packages own, other than as %ghost, at or below one of `prefixes`. Sorted by bytes, without repeats.
std::vector<std::string> owned_paths(const RootDatabase& database, const std::vector<std::string>& prefixes);

/// For sorting: by name (bytes), then rpm's order of EVRs, then architecture (bytes).
bool nevra_less(Header a, Header b);

}  // namespace rpmoci
