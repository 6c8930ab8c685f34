// RAII over SQLite's C handles.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rpm/handles.h"

namespace rpmoci {

/// A connection for one thread. Every member throws Failure(code of the constructor) that names the file.
class Database {
 public:
  /// `flags` are those of sqlite3_open_v2; with SQLITE_OPEN_URI, `name` is a URI.
  Database(std::string code, std::string path, const std::string& name, int flags);

  void execute(const char* sql);
  sqlite3* get() const { return handle_.get(); }
  [[noreturn]] void fail(const std::string& reason) const;
  /// Fails with SQLite's own message unless `status` is SQLITE_OK.
  void check(int status) const;

 private:
  std::string code_;
  std::string path_;
  Owned<sqlite3*, sqlite3_close_v2> handle_;
};

/// A prepared statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement(const Database& database, const std::string& sql);

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  /// Not copied: the bytes must outlive the next step.
  Statement& bind(int index, std::span<const uint8_t> blob);
  /// True for a row, false at the end.
  bool step();
  /// For a statement without rows: runs it and makes it ready for the next parameters.
  void run();

  int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::string text(int column) const;
  /// Valid until the next step.
  std::span<const uint8_t> blob(int column) const;

 private:
  const Database& database_;
  Owned<sqlite3_stmt*, sqlite3_finalize> handle_;
};

}  // namespace rpmoci
