// A sweep as a process among others: killed, interrupted, on a full disk, beside a second one.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "sim/random.h"
#include "tests/cli/program_process.h"
#include "tools/experiments/database.h"

namespace stampede {
namespace test_sweep_process {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class SweepProcess : public ProgramProcess {
 protected:
  // Eight points with runs of a few milliseconds, `repeat` of each.
  void write_sweep(int repeat) const {
    std::ofstream(directory_ / "s.yaml")
        << "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\nspec:\n"
           "  base: base.yaml\n"
           "  set: [spec.duration=60s, 'spec.timeline[0].at=20s', 'spec.expect=[]']\n"
           "  axes:\n"
           "    - {path: spec.demand.rate, values: [3/s, 6/s, 9/s, 12/s]}\n"
           "    - {path: 'spec.timeline[0].target.region', values: [east, west]}\n"
           "  record: {series: [success_ratio]}\n"
        << fmt::format("  repeat: {}\n", repeat);
  }
  pid_t start(
      const std::vector<std::string>& words, const std::function<void()>& before = [] {}) const {
    std::vector<std::string> all{"sweep", "s.yaml"};
    all.insert(all.end(), words.begin(), words.end());
    return ProgramProcess::start(all, before);
  }
  int sweep(
      const std::vector<std::string>& words, const std::function<void()>& before = [] {}) const {
    return wait_for(start(words, before));
  }
  i64 runs(const std::string& store) const {
    if (!fs::exists(path(store))) return 0;
    Database database(path(store), 10);
    if (database.integer("SELECT count(*) FROM sqlite_schema") == 0) return 0;
    return database.integer("SELECT count(*) FROM runs");
  }
  // Every row of every table but for the measured seconds, as text, in order.
  std::string contents(const std::string& store) const {
    Database database(path(store), 10);
    std::string text;
    for (const auto& [table, columns] :
         {std::pair{"runs",
                    "id, sweep, plan_index, point, seed, scenario, status, digest, error, "
                    "replay, version"},
          {"params", "*"},
          {"scalars", "*"},
          {"series", "*"},
          {"incidents", "*"},
          {"units", "*"}}) {
      const std::string sql = fmt::format("SELECT {} FROM {} ORDER BY {}", columns, table,
                                          std::string(table) == "series" ? "1, 2, 3, 4" : "1, 2");
      Statement rows(database, sql.c_str());
      while (rows.next()) {
        for (int column = 0; column < rows.columns(); ++column) text += rows.text(column) + "|";
        text += "\n";
      }
    }
    Statement check(database, "PRAGMA integrity_check");
    EXPECT_TRUE(check.next() && check.text(0) == "ok");
    return text;
  }
};

TEST_F(SweepProcess, killed_fifty_times_it_ends_with_the_rows_of_an_undisturbed_one) {
  write_sweep(8);
  const auto begun = Clock::now();
  ASSERT_EQ(sweep({"--out", "calm.db", "--jobs", "2"}), 0) << log();
  const auto undisturbed = Clock::now() - begun;
  const i64 all = runs("calm.db");
  ASSERT_EQ(all, 64);
  int kills = 0, kills_between_rows = 0, stores = 0;
  const StreamKey key = stream_key(1, "tests", "moment of the kill");
  for (u32 attempt = 0; kills < 50; ++attempt) {
    ASSERT_LT(attempt, 400u);
    const pid_t child = start({"--out", "killed.db", "--jobs", "2"});
    std::this_thread::sleep_for(undisturbed * (0.6 * uniform(draw(key, attempt))));
    ::kill(child, SIGKILL);
    if (wait_for(child) == -SIGKILL) {
      ++kills;
      const i64 there = runs("killed.db");
      kills_between_rows += there > 0 && there < all;
      continue;
    }
    // It was quicker: a full store, and the next one begins.
    ASSERT_EQ(contents("killed.db"), contents("calm.db")) << "after " << kills << " kills";
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(path("killed.db") + end);
    ++stores;
  }
  // Resumed to the end.
  ASSERT_EQ(sweep({"--out", "killed.db", "--jobs", "2"}), 0) << log();
  EXPECT_EQ(contents("killed.db"), contents("calm.db"));
  EXPECT_GE(kills_between_rows, 10) << stores;  // or the test would kill nothing of interest
}

TEST_F(SweepProcess, interrupted_it_keeps_what_has_ended_and_goes_on) {
  write_sweep(15);
  ASSERT_EQ(sweep({"--out", "calm.db"}), 0);
  const pid_t child = start({"--out", "cut.db"});
  const auto begun = Clock::now();
  while (runs("cut.db") < 5 && Clock::now() - begun < std::chrono::seconds(20))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child, SIGINT);
  ASSERT_EQ(wait_for(child), 130) << log();
  EXPECT_NE(log().find("what has ended is kept"), std::string::npos) << log();
  const i64 kept = runs("cut.db");
  EXPECT_GE(kept, 5);
  EXPECT_LT(kept, runs("calm.db"));
  EXPECT_EQ(sweep({"--out", "cut.db", "--resume"}), 0);
  EXPECT_EQ(contents("cut.db"), contents("calm.db"));
  EXPECT_EQ(sweep({"--out", "none.db", "--resume"}), 2);
  EXPECT_FALSE(fs::exists(path("none.db")));
}

TEST_F(SweepProcess, two_processes_share_a_store_and_make_each_run_once) {
  write_sweep(6);
  ASSERT_EQ(sweep({"--out", "calm.db"}), 0);
  const pid_t other = start({"--out", "shared.db", "--jobs", "1"});
  EXPECT_EQ(sweep({"--out", "shared.db", "--jobs", "1"}), 0);
  EXPECT_EQ(wait_for(other), 0);
  EXPECT_EQ(contents("shared.db"), contents("calm.db"));
}

TEST_F(SweepProcess, a_full_disk_is_told_and_loses_nothing) {
  write_sweep(8);
  ASSERT_EQ(sweep({"--out", "calm.db"}), 0);
  const int code = sweep({"--out", "full.db"}, [] {
    const rlimit limit{200'000, 200'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  });
  EXPECT_EQ(code, 74) << log();
  EXPECT_NE(log().find("full.db"), std::string::npos) << log();
  const i64 kept = runs("full.db");
  EXPECT_LT(kept, runs("calm.db"));
  EXPECT_EQ(sweep({"--out", "full.db"}), 0) << log();  // there is room again
  EXPECT_EQ(contents("full.db"), contents("calm.db"));
  fs::create_directories(directory_ / "full.db.runs");
  EXPECT_EQ(sweep({"--out", "dev.db", "--run-index", "0"},
                  [] {
                    const rlimit limit{1000, 1000};
                    ::setrlimit(RLIMIT_FSIZE, &limit);
                  }),
            74)
      << log();
  EXPECT_TRUE(fs::is_empty(directory_ / "dev.db.runs"));
}

TEST_F(SweepProcess, a_place_that_cannot_be_written_is_told_before_any_run) {
  write_sweep(1);
  EXPECT_EQ(sweep({"--out", "/proc/none.db"}), 74) << log();
  EXPECT_EQ(sweep({"--out", "no/such/directory.db"}), 74) << log();
  fs::create_directories(directory_ / "locked");
  ::chmod(path("locked").c_str(), 0555);
  const int code = sweep({"--out", "locked/s.db"}, [] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(97);
  });
  ::chmod(path("locked").c_str(), 0755);
  EXPECT_EQ(code, 74) << log();
  EXPECT_TRUE(fs::is_empty(directory_ / "locked"));
}

// The contract with batch engines: any number of processes, each with its runs, then one that
// merges. The same rows as in one process.
TEST_F(SweepProcess, shards_and_single_runs_merge_to_the_same_store) {
  write_sweep(3);
  ASSERT_EQ(sweep({"--out", "calm.db"}), 0);
  const pid_t first = start({"--out", "parts.db", "--shard", "0/2", "--jobs", "1"});
  const pid_t again = start({"--out", "parts.db", "--shard", "0/2", "--jobs", "1"});
  EXPECT_EQ(wait_for(first), 0) << log();
  EXPECT_EQ(wait_for(again), 0) << log();
  EXPECT_EQ(sweep({"--out", "parts.db", "--merge"}), 3) << log();  // half of the runs are missing
  for (i64 index = 1; index < 24; index += 2)
    EXPECT_EQ(sweep({"--out", "parts.db", "--run-index", std::to_string(index)}), 0) << log();
  EXPECT_EQ(sweep({"--out", "parts.db", "--run-index", "24"}), 2) << log();
  EXPECT_EQ(sweep({"--out", "parts.db", "--merge"}), 0) << log();
  EXPECT_EQ(contents("parts.db"), contents("calm.db"));
}

}  // namespace test_sweep_process
}  // namespace stampede
