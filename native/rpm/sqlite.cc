#include "rpm/sqlite.h"

#include "failure.h"

namespace rpmoci {

Database::Database(std::string code, std::string path, const std::string& name, int flags)
    : code_(std::move(code)), path_(std::move(path)) {
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
  handle_.reset(raw);  // SQLite wants the handle of a failed opening closed, too
  if (raw == nullptr) fail(sqlite3_errstr(status));
  check(status);
}

void Database::fail(const std::string& reason) const {
  throw Failure(code_, "the rpm database " + path_ + " failed: " + reason);
}

void Database::check(int status) const {
  if (status != SQLITE_OK) fail(sqlite3_errmsg(handle_.get()));
}

void Database::execute(const char* sql) { check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr)); }

Statement::Statement(const Database& database, const std::string& sql) : database_(database) {
  sqlite3_stmt* raw = nullptr;
  const int status = sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &raw, nullptr);
  handle_.reset(raw);
  database.check(status);
}

Statement& Statement::bind(int index, int64_t value) {
  database_.check(sqlite3_bind_int64(handle_.get(), index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  const auto size = static_cast<int>(text.size());
  database_.check(sqlite3_bind_text(handle_.get(), index, text.data(), size, SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(int index, std::span<const uint8_t> blob) {
  database_.check(sqlite3_bind_blob64(handle_.get(), index, blob.data(), blob.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int status = sqlite3_step(handle_.get());
  if (status != SQLITE_ROW && status != SQLITE_DONE) database_.fail(sqlite3_errmsg(database_.get()));
  return status == SQLITE_ROW;
}

void Statement::run() {
  while (step()) {
  }
  database_.check(sqlite3_reset(handle_.get()));
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(handle_.get(), column);
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

std::span<const uint8_t> Statement::blob(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

}  // namespace rpmoci
