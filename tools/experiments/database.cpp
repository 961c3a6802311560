#include "tools/experiments/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <cstring>

#include "tools/results/output_directory.h"

namespace stampede {

void Statement::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Database::Database(std::string path, double busy_seconds) : path_(std::move(path)) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path_.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  handle_.reset(opened);
  if (!opened) throw FileError(path_ + ": cannot be opened: out of memory");
  sqlite3_extended_result_codes(opened, 1);
  check(code);
  check(sqlite3_busy_timeout(opened, static_cast<int>(busy_seconds * 1000)));
}

void Database::check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  const int error = sqlite3_system_errno(handle_.get());
  std::string why = sqlite3_errmsg(handle_.get());
  switch (code & 0xff) {
    case SQLITE_BUSY:
      why = "another process has been writing to it for too long";
      break;
    case SQLITE_NOTADB:
      why = "it is no SQLite database";
      break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      if (error != 0) why += std::string(": ") + std::strerror(error);
      break;
    default:
      break;
  }
  throw FileError(fmt::format("{}: {}", path_, why));
}

void Database::execute(const char* sql) {
  check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

i64 Database::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.next() ? statement.integer(0) : 0;
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* prepared = nullptr;
  database.check(sqlite3_prepare_v2(database.handle(), sql, -1, &prepared, nullptr));
  statement_.reset(prepared);
}

Statement& Statement::bind(int parameter, const std::string& text) {
  database_.check(sqlite3_bind_text(statement_.get(), parameter, text.data(),
                                    static_cast<int>(text.size()), SQLITE_TRANSIENT));
  return *this;
}
Statement& Statement::bind(int parameter, double number) {
  if (std::isnan(number)) return bind_null(parameter);
  database_.check(sqlite3_bind_double(statement_.get(), parameter, number));
  return *this;
}
Statement& Statement::bind(int parameter, i64 number) {
  database_.check(sqlite3_bind_int64(statement_.get(), parameter, number));
  return *this;
}
Statement& Statement::bind_null(int parameter) {
  database_.check(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

bool Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  database_.check(code);
  return false;
}

void Statement::run() {
  while (next()) {
  }
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text ? std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size))
              : std::string();
}
double Statement::number(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}
i64 Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
bool Statement::null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int Statement::columns() const { return sqlite3_column_count(statement_.get()); }

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}
Transaction::~Transaction() {
  // SQLite may have rolled back by itself after a full disk; then there is nothing left to do.
  if (open_ && sqlite3_get_autocommit(database_.handle()) == 0)
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}
void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace stampede
