// The store of a sweep: what is written is read back, whole or not at all, whatever the disk does
// and whoever else writes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tools/experiments/store.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace test_store {

namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest()
      : directory_(fs::temp_directory_path() / fmt::format("stampede_store_{}", ::getpid())) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~StoreTest() override { fs::remove_all(directory_); }
  std::string path(const std::string& name = "results.db") const {
    return (directory_ / name).string();
  }
  fs::path directory_;
};

StoredRun run_of(const std::string& id, i64 index) {
  StoredRun run;
  run.id = id;
  run.sweep = "shares";
  run.plan_index = index;
  run.seed = 7;
  run.scenario = "small";
  run.digest = "00ff";
  run.replay = "stampede run small.yaml --seed 7";
  run.version = "0.1.0";
  run.build = "b1";
  run.params = {{"spec.regions[0].share", "40%", 0.4, "1", true},
                {"spec.balancer.rule", "nearest", std::nullopt, "", false}};
  run.scalars = {{"outage.downtime_seconds", 60}, {"outage.recovered", 1}};
  run.series = {{10, "clients", "success_ratio", 0.5}, {20, "clients", "success_ratio", 1}};
  run.incidents = {{1, Instant{} + 5_s, "policy_pushed", "apac", {}, "it's \"one\""},
                   {2, Instant{} + 6_s, "recovered", "apac", {1}, "ü"}};
  run.units = {{"outage.downtime_seconds", "s"}};
  return run;
}

i64 count(const std::string& store, const std::string& table) {
  Database database(store, 1);
  return database.integer(("SELECT count(*) FROM " + table).c_str());
}

std::string why_not(const std::function<void()>& action) {
  try {
    action();
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

// Exit code of `action` in a process of its own; 9 when it threw FileError.
int in_a_child(const std::function<void()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 0;
    try {
      action();
    } catch (const FileError&) {
      code = 9;
    } catch (...) {
      code = 8;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_F(StoreTest, keeps_every_row_of_a_run) {
  {
    Store store(path());
    store.add(run_of("a", 3));
    EXPECT_EQ(store.status("a"), RunStatus::kDone);
    EXPECT_EQ(store.status("b"), RunStatus::kMissing);
    EXPECT_EQ(store.scalar("outage.recovered").at("a"), 1);
  }
  EXPECT_EQ(count(path(), "params"), 2);
  EXPECT_EQ(count(path(), "scalars"), 2);
  EXPECT_EQ(count(path(), "series"), 2);
  EXPECT_EQ(count(path(), "incidents"), 2);
  Database database(path(), 1);
  Statement incident(database, "SELECT text, causes, time_seconds FROM incidents WHERE id = 2");
  ASSERT_TRUE(incident.next());
  EXPECT_EQ(incident.text(0), "ü");
  EXPECT_EQ(incident.text(1), "[1]");
  EXPECT_EQ(incident.number(2), 6);
  Statement param(database, "SELECT number, axis FROM params WHERE path = 'spec.balancer.rule'");
  ASSERT_TRUE(param.next());
  EXPECT_TRUE(param.null(0));
  EXPECT_EQ(param.integer(1), 0);
}

TEST_F(StoreTest, a_run_is_kept_once_and_a_failed_one_is_replaced) {
  Store store(path());
  StoredRun failed = run_of("a", 0);
  failed.error = "an invariant is broken";
  failed.digest.clear();
  failed.scalars.clear();
  store.add(failed);
  EXPECT_EQ(store.status("a"), RunStatus::kFailed);
  ASSERT_EQ(store.failures("shares").size(), 1u);
  EXPECT_EQ(store.failures("shares")[0].replay, "stampede run small.yaml --seed 7");
  store.add(run_of("a", 0));
  EXPECT_EQ(store.status("a"), RunStatus::kDone);
  store.add(failed);  // a good result is never given up
  EXPECT_EQ(store.status("a"), RunStatus::kDone);
  EXPECT_EQ(count(path(), "runs"), 1);
  EXPECT_EQ(count(path(), "scalars"), 2);
}

TEST_F(StoreTest, places_follow_the_last_plan) {
  Store store(path());
  for (const char* id : {"a", "b", "c"}) store.add(run_of(id, 0));
  store.place("shares", "b1", {{"b", 0, 0}, {"c", 1, 0}}, true);
  Database database(path(), 1);
  EXPECT_EQ(database.integer("SELECT count(*) FROM runs WHERE plan_index IS NULL"), 1);
  EXPECT_EQ(database.integer("SELECT plan_index FROM runs WHERE id = 'c'"), 1);
}

TEST_F(StoreTest, refuses_what_is_no_store) {
  std::ofstream(path("text.db")) << "a letter, by no means a database; it is long enough to be "
                                    "read as a header by a program that is not careful at all....";
  EXPECT_NE(why_not([&] { Store store(path("text.db")); }).find("no SQLite"), std::string::npos);
  Database(path("other.db"), 1).execute("CREATE TABLE mine (x)");
  EXPECT_NE(why_not([&] { Store store(path("other.db")); }).find("not one of results"),
            std::string::npos);
  EXPECT_EQ(count(path("other.db"), "sqlite_schema"), 1);
  { Store store(path()); }
  Database(path(), 1).execute("PRAGMA user_version = 99");
  EXPECT_NE(why_not([&] { Store store(path()); }).find("another version"), std::string::npos);
  EXPECT_NE(why_not([&] { Store store(path("no/such/place.db")); }).find("No such file"),
            std::string::npos);
}

// A limit on the size of files stands for a full disk: the write fails in the middle of a run.
TEST_F(StoreTest, a_full_disk_loses_no_run_that_was_there) {
  { Store(path()).add(run_of("before", 0)); }
  const int code = in_a_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    Store store(path());
    const rlimit limit{200'000, 200'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    StoredRun large = run_of("large", 1);
    for (int i = 0; i < 20'000; ++i)
      large.series.push_back({100.0 + i, "clients", "success_ratio", 1});
    store.add(large);
  });
  EXPECT_EQ(code, 9);
  Store store(path());
  EXPECT_EQ(store.status("before"), RunStatus::kDone);
  EXPECT_EQ(store.status("large"), RunStatus::kMissing);
  EXPECT_EQ(count(path(), "series"), 2);
  Database database(path(), 1);
  Statement check(database, "PRAGMA integrity_check");
  ASSERT_TRUE(check.next());
  EXPECT_EQ(check.text(0), "ok");
}

TEST_F(StoreTest, a_directory_that_cannot_be_written_is_an_error) {
  fs::permissions(directory_, fs::perms::owner_read | fs::perms::owner_exec |
                                  fs::perms::others_read | fs::perms::others_exec);
  const int code = in_a_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) throw std::runtime_error("setuid");
    Store store(path());
  });
  fs::permissions(directory_, fs::perms::owner_all);
  EXPECT_EQ(code, 9);
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(StoreTest, several_processes_make_and_fill_one_store) {
  constexpr int kProcesses = 4, kRuns = 25;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 0;
      try {
        Store store(path());
        for (int i = 0; i < kRuns; ++i) {
          store.add(run_of(fmt::format("own-{}-{}", p, i), i));
          store.add(run_of(fmt::format("shared-{}", i), i));
        }
      } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        code = 1;
      }
      ::_exit(code);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(count(path(), "runs"), (kProcesses + 1) * kRuns);
  EXPECT_EQ(count(path(), "scalars"), 2 * (kProcesses + 1) * kRuns);
}

// A process that dies while it writes leaves a store that the next one opens.
TEST_F(StoreTest, a_killed_writer_leaves_whole_runs) {
  int told[2] = {};
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Store store(path());
    for (int i = 0;; ++i) {
      store.add(run_of(fmt::format("run-{}", i), i));
      if (::write(told[1], "+", 1) != 1) ::_exit(1);
    }
  }
  for (int i = 0; i < 10; ++i) {
    char plus = 0;
    EXPECT_EQ(::read(told[0], &plus, 1), 1);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  Store store(path());
  const i64 runs = count(path(), "runs");
  EXPECT_GE(runs, 10);  // what it had told of is there
  EXPECT_EQ(count(path(), "scalars"), 2 * runs);
  EXPECT_EQ(count(path(), "incidents"), 2 * runs);
}

}  // namespace test_store
}  // namespace stampede
