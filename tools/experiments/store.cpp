#include "tools/experiments/store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "tools/files/regular_file.h"
#include "tools/results/build.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

constexpr double kBusySeconds = 60;
constexpr i64 kApplicationId = 0x53544d50;  // "STMP": tells a store from other SQLite files

constexpr const char* kTables = R"sql(
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  sweep TEXT NOT NULL,
  plan_index INTEGER,
  point INTEGER,
  seed INTEGER NOT NULL,
  scenario TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
  digest TEXT,
  error TEXT,
  replay TEXT NOT NULL,
  wall_clock_seconds REAL NOT NULL,
  version TEXT NOT NULL,
  build TEXT NOT NULL,
  git_commit TEXT NOT NULL,
  inputs_id TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE params (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  value TEXT NOT NULL,
  number REAL,
  axis INTEGER NOT NULL CHECK (axis IN (0, 1)),
  PRIMARY KEY (run_id, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE scalars (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE series (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  time_seconds REAL NOT NULL,
  component TEXT NOT NULL,
  stat TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run_id, component, stat, time_seconds)
) STRICT, WITHOUT ROWID;
CREATE TABLE incidents (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  time_seconds REAL NOT NULL,
  kind TEXT NOT NULL,
  component TEXT NOT NULL,
  causes TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run_id, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE units (
  name TEXT NOT NULL PRIMARY KEY,
  unit TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

void make_tables(Database& database) {
  Transaction transaction(database);
  // Another process may have been quicker.
  if (database.integer("SELECT count(*) FROM sqlite_schema") == 0) {
    database.execute(kTables);
    database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                 kApplicationId, kStoreVersion)
                         .c_str());
  }
  transaction.commit();
}

// The tables of version 1 know no builds.
void add_builds(Database& database) {
  Transaction transaction(database);
  if (database.integer("PRAGMA user_version") == 1) {  // another process may have been quicker
    for (const char* column : {"build", "git_commit"})
      database.execute(fmt::format("ALTER TABLE runs ADD COLUMN {} TEXT NOT NULL DEFAULT '{}'",
                                   column, kUnknownBuild)
                           .c_str());
    database.execute("ALTER TABLE runs ADD COLUMN inputs_id TEXT");
    database.execute(fmt::format("PRAGMA user_version = {}", kStoreVersion).c_str());
  }
  transaction.commit();
}

// Where a write-ahead log cannot be had (a network file system), SQLite keeps its older journal.
// The change of journals is refused at once while another process reads: then it is made later.
void use_write_ahead_log(Database& database) {
  for (int attempt = 0;; ++attempt) try {
      return database.execute("PRAGMA journal_mode = WAL");
    } catch (const FileError&) {
      if (attempt == 100) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

void add_rows(Database& database, const StoredRun& run) {
  Statement params(database, "INSERT INTO params VALUES (?, ?, ?, ?, ?)");
  for (const StoredParam& p : run.params) {
    params.bind(1, run.id).bind(2, p.path).bind(3, p.value);
    if (p.number)
      params.bind(4, *p.number);
    else
      params.bind_null(4);
    params.bind(5, i64{p.axis}).run();
  }
  Statement scalars(database, "INSERT INTO scalars VALUES (?, ?, ?)");
  for (const Scalar& s : run.scalars)
    scalars.bind(1, run.id).bind(2, s.name).bind(3, s.value).run();
  Statement series(database, "INSERT INTO series VALUES (?, ?, ?, ?, ?)");
  for (const SeriesSample& s : run.series)
    series.bind(1, run.id)
        .bind(2, s.time_seconds)
        .bind(3, s.component)
        .bind(4, s.stat)
        .bind(5, s.value)
        .run();
  Statement incidents(database, "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const Incident& i : run.incidents)
    incidents.bind(1, run.id)
        .bind(2, i64{i.id})
        .bind(3, i.at.seconds())
        .bind(4, i.kind)
        .bind(5, i.component)
        .bind(6, nlohmann::json(i.causes).dump())
        .bind(7, i.text)
        .run();
  Statement units(database, "INSERT OR REPLACE INTO units VALUES (?, ?)");
  for (const auto& [name, unit] : run.units) units.bind(1, name).bind(2, unit).run();
}

// Asked before SQLite opens it, which waits at a pipe and writes beside what it is given.
const std::string& store_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return path;
  constexpr std::string_view kBegins = "SQLite format 3";
  try {
    if (info.st_size == 0 && S_ISREG(info.st_mode)) return path;
    if (read_start(path, kBegins.size()) == kBegins) return path;
  } catch (const std::runtime_error& error) {
    throw ForeignFile(fmt::format("{}: cannot be a store: {}", path, error.what()));
  }
  throw ForeignFile(path + ": it is no SQLite database");
}

RunStatus status_from(const std::string& text) {
  return text == "done" ? RunStatus::kDone : RunStatus::kFailed;
}

}  // namespace

Store::Store(const std::string& path) : database_(store_file(path), kBusySeconds) {
  // Asked first, so that a file that is something else is left as it was found.
  const i64 tables = database_.integer("SELECT count(*) FROM sqlite_schema");
  if (tables > 0 && database_.integer("PRAGMA application_id") != kApplicationId)
    throw ForeignFile(path + ": a database, but not one of results of a sweep");
  const i64 version = database_.integer("PRAGMA user_version");
  if (tables > 0 && version != 1 && version != kStoreVersion)
    throw FileError(fmt::format("{}: written by another version of Stampede (tables {}, not {})",
                                path, version, kStoreVersion));
  database_.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  if (tables == 0) make_tables(database_);
  if (version == 1) {
    add_builds(database_);
    without_build_ = database_.integer("SELECT count(*) FROM runs");
  }
  use_write_ahead_log(database_);
}

void Store::add(const StoredRun& run) {
  Transaction transaction(database_);
  if (status(run.id) == RunStatus::kDone) return;
  Statement(database_, "DELETE FROM runs WHERE id = ?").bind(1, run.id).run();
  Statement row(database_, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  row.bind(1, run.id)
      .bind(2, run.sweep)
      .bind(3, run.plan_index)
      .bind(4, run.point)
      .bind(5, run.seed)
      .bind(6, run.scenario)
      .bind(7, std::string(run.error.empty() ? "done" : "failed"))
      .bind(10, run.replay)
      .bind(11, run.wall_clock_seconds)
      .bind(12, run.version)
      .bind(13, run.build)
      .bind(14, run.git_commit);
  if (!run.inputs_id.empty()) row.bind(15, run.inputs_id);
  if (!run.digest.empty()) row.bind(8, run.digest);
  if (!run.error.empty()) row.bind(9, run.error);
  row.run();
  add_rows(database_, run);
  transaction.commit();
}

RunStatus Store::status(const std::string& id) {
  Statement row(database_, "SELECT status FROM runs WHERE id = ?");
  row.bind(1, id);
  return row.next() ? status_from(row.text(0)) : RunStatus::kMissing;
}

std::map<std::string, RunStatus> Store::statuses() {
  std::map<std::string, RunStatus> found;
  Statement rows(database_, "SELECT id, status FROM runs");
  while (rows.next()) found[rows.text(0)] = status_from(rows.text(1));
  return found;
}

std::map<std::string, double> Store::scalar(const std::string& name) {
  std::map<std::string, double> found;
  Statement rows(database_, "SELECT run_id, value FROM scalars WHERE name = ?");
  rows.bind(1, name);
  while (rows.next()) found[rows.text(0)] = rows.number(1);
  return found;
}

std::vector<std::string> Store::scalar_names() {
  std::vector<std::string> names;
  Statement rows(database_, "SELECT DISTINCT name FROM scalars ORDER BY name");
  while (rows.next()) names.push_back(rows.text(0));
  return names;
}

std::map<std::string, std::string> Store::units() {
  std::map<std::string, std::string> found;
  Statement rows(database_, "SELECT name, unit FROM units");
  while (rows.next()) found[rows.text(0)] = rows.text(1);
  return found;
}

std::vector<Store::Failure> Store::failures(const std::string& sweep) {
  std::vector<Failure> found;
  Statement rows(database_,
                 "SELECT plan_index, error, replay FROM runs WHERE sweep = ? AND "
                 "status = 'failed' AND plan_index IS NOT NULL ORDER BY plan_index");
  rows.bind(1, sweep);
  while (rows.next()) found.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  return found;
}

std::map<std::string, std::string> Store::builds() {
  std::map<std::string, std::string> found;
  Statement rows(database_, "SELECT id, build FROM runs");
  while (rows.next()) found[rows.text(0)] = rows.text(1);
  return found;
}

std::map<std::string, std::string> Store::done_by_others(const std::string& build) {
  std::map<std::string, std::string> found;
  Statement rows(database_,
                 "SELECT inputs_id, id FROM runs WHERE build <> ? AND status = 'done' AND "
                 "inputs_id IS NOT NULL ORDER BY plan_index IS NULL, id");
  rows.bind(1, build);
  while (rows.next()) found.emplace(rows.text(0), rows.text(1));
  return found;
}

void Store::place(const std::string& sweep, const std::string& build,
                  const std::vector<Place>& places, bool complete) {
  Transaction transaction(database_);
  Statement(database_,
            "UPDATE runs SET plan_index = NULL, point = NULL WHERE sweep = ? AND (? OR build <> ?)")
      .bind(1, sweep)
      .bind(2, i64{complete})
      .bind(3, build)
      .run();
  Statement update(database_, "UPDATE runs SET sweep = ?, plan_index = ?, point = ? WHERE id = ?");
  for (const Place& p : places)
    update.bind(1, sweep).bind(2, p.plan_index).bind(3, p.point).bind(4, p.id).run();
  transaction.commit();
}

}  // namespace stampede
