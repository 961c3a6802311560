// A thin layer over SQLite: connections and statements that close themselves, and errors that name
// the file and say why in the words of the operating system.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "sim/units.h"

struct sqlite3;
struct sqlite3_stmt;

namespace stampede {

class Database;

// A prepared statement. Columns and parameters count as SQLite counts them: parameters from 1,
// columns from 0. Every function throws FileError.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  Statement& bind(int parameter, const std::string& text);
  Statement& bind(int parameter, double number);  // NaN is stored as NULL
  Statement& bind(int parameter, i64 number);
  Statement& bind_null(int parameter);
  // Moves to the next row; false at the end, where it is also made ready to run again.
  bool next();
  void run();  // a statement without rows, ready to run again afterwards
  std::string text(int column) const;
  double number(int column) const;
  i64 integer(int column) const;
  bool null(int column) const;
  int columns() const;

 private:
  struct Close {
    void operator()(sqlite3_stmt* statement) const;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Close> statement_;
};

class Database {
 public:
  // Opens or creates a file. Waits up to `busy_seconds` where another process is writing.
  Database(std::string path, double busy_seconds);
  void execute(const char* sql);
  i64 integer(const char* sql);  // first column of the first row; 0 without a row
  const std::string& path() const { return path_; }

  // Throws FileError for a result code other than SQLITE_OK, SQLITE_ROW, SQLITE_DONE.
  void check(int code);
  sqlite3* handle() { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// All or nothing: rolled back unless commit() is reached. Takes the right to write at its start, so
// that two writers wait for each other instead of failing half-way.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace stampede
