// A comparison that is killed or interrupted: whole runs stay, nothing else, and it goes on.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "sim/random.h"
#include "tests/cli/program_process.h"

namespace stampede {
namespace test_compare_process {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class CompareProcess : public ProgramProcess {
 protected:
  // Twelve runs of some milliseconds each.
  pid_t start(const std::string& out, const std::string& jobs = "2") const {
    return ProgramProcess::start({"compare", "base.yaml", "--with", "queue_limit", "--set",
                                  "spec.duration=5min", "--set", "spec.timeline[0].at=1min",
                                  "--set", "spec.expect=[]", "--replications", "6", "--jobs", jobs,
                                  "--out", out});
  }
  // Files below `out` that are no part of a whole run and not the comparison itself.
  std::set<std::string> strays(const std::string& out) const {
    static const std::set<std::string> kOfRun{"summary.json", "series.csv", "incidents.jsonl",
                                              "manifest.json"};
    std::set<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path(out))) {
      if (entry.is_directory()) continue;
      const fs::path file = entry.path();
      const bool of_run = file.parent_path().filename().string().starts_with("seed") &&
                          kOfRun.count(file.filename().string()) == 1;
      if (!of_run) found.insert(fs::relative(file, path(out)).string());
    }
    return found;
  }
  std::size_t runs(const std::string& out) const {
    std::size_t n = 0;
    if (!fs::exists(path(out))) return 0;
    for (const auto& entry : fs::recursive_directory_iterator(path(out)))
      n += entry.path().filename() == "manifest.json" ? 1 : 0;
    return n;
  }
  nlohmann::json comparison(const std::string& out) const {
    std::ifstream file(path(out) + "/compare.json");
    nlohmann::json json = nlohmann::json::parse(file);
    json.erase("command");
    return json;
  }
  void wait_for_runs(const std::string& out, std::size_t n) const {
    const auto begun = Clock::now();
    while (runs(out) < n && Clock::now() - begun < std::chrono::seconds(20))
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
};

const std::set<std::string> kResult{
    "compare.json",       "compare.png",           "compare.svg",          "compare_pareto.png",
    "compare_pareto.svg", "compare_timelines.png", "compare_timelines.svg"};

// `found` is the comparison with its pictures, or without where they cannot be drawn.
void expect_only_results(const std::set<std::string>& found) {
  EXPECT_TRUE(found.count("compare.json"));
  for (const std::string& file : found) EXPECT_TRUE(kResult.count(file)) << file;
}

TEST_F(CompareProcess, told_to_end_it_keeps_whole_runs_and_leaves_nothing_else) {
  ASSERT_EQ(wait_for(start("calm")), 0) << log();
  expect_only_results(strays("calm"));
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    SCOPED_TRACE(signal);
    const std::string out = "cut" + std::to_string(signal);
    const pid_t child = start(out, "1");
    wait_for_runs(out, 2);
    ::kill(child, signal);
    ASSERT_EQ(wait_for(child), 130) << log();
    EXPECT_NE(log().find("the same command goes on from there"), std::string::npos) << log();
    EXPECT_EQ(strays(out), std::set<std::string>{});
    EXPECT_GE(runs(out), 2u);
    EXPECT_LT(runs(out), 12u);
    ASSERT_EQ(wait_for(start(out)), 0) << log();
    expect_only_results(strays(out));
    EXPECT_EQ(comparison(out), comparison("calm"));
  }
}

// With nohup a lost terminal is nothing.
TEST_F(CompareProcess, a_hangup_that_is_ignored_ends_nothing) {
  const pid_t child = ProgramProcess::start(
      {"compare", "base.yaml", "--with", "queue_limit", "--set", "spec.duration=5min", "--set",
       "spec.timeline[0].at=1min", "--set", "spec.expect=[]", "--replications", "6", "--jobs", "1",
       "--out", "kept"},
      [] { ::signal(SIGHUP, SIG_IGN); });
  wait_for_runs("kept", 2);
  ::kill(child, SIGHUP);
  EXPECT_EQ(wait_for(child), 0) << log();
  EXPECT_EQ(runs("kept"), 12u);
}

// Nothing can be done when it is killed, so nothing may be there to be done: unfinished files have
// no name. Where a file system cannot do that, the next writer takes the temporary one away.
TEST_F(CompareProcess, killed_at_any_moment_it_leaves_whole_runs_only) {
  const auto begun = Clock::now();
  ASSERT_EQ(wait_for(start("calm")), 0) << log();
  const auto undisturbed = Clock::now() - begun;
  const StreamKey key = stream_key(1, "tests", "moment of the kill");
  int kills = 0;
  for (u32 k = 0; k < 12; ++k) {
    const pid_t child = start("killed");
    std::this_thread::sleep_for(undisturbed * (0.5 * uniform(draw(key, k))));
    ::kill(child, SIGKILL);
    kills += wait_for(child) == -SIGKILL ? 1 : 0;
    if (!fs::exists(path("killed"))) continue;
    for (const std::string& file : strays("killed")) EXPECT_TRUE(kResult.count(file)) << file;
    // Each run that is there is whole, or none that counts: its manifest is the first of its files.
    if (k % 5 == 4) fs::remove_all(path("killed"));
  }
  EXPECT_GE(kills, 6);
  // A temporary file of a writer that is gone.
  fs::create_directories(path("killed"));
  std::ofstream(path("killed/.compare.json.stampede-tmp")) << "half";
  ASSERT_EQ(wait_for(start("killed")), 0) << log();
  expect_only_results(strays("killed"));
  EXPECT_EQ(comparison("killed"), comparison("calm"));
}

}  // namespace test_compare_process
}  // namespace stampede
