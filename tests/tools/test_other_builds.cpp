// Runs of another build of the program are never taken for those of this one, unless asked for.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tools/experiments/other_builds.h"
#include "tools/experiments/run_file.h"
#include "tools/experiments/run_record.h"
#include "tools/experiments/sweep_run.h"
#include "tools/experiments/sweep_table.h"
#include "tools/language/init_template.h"

namespace stampede {
namespace test_other_builds {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kOther = "0123456789abcdef";

class OtherBuildsTest : public ::testing::Test {
 protected:
  OtherBuildsTest()
      : directory_(fs::temp_directory_path() / fmt::format("stampede_builds_{}", ::getpid())) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    std::ofstream(directory_ / "base.yaml") << init_template();
    std::ofstream(path("sweep.yaml"))
        << "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\nspec:\n"
           "  base: base.yaml\n  repeat: 2\n"
           "  set: [spec.duration=60s, 'spec.timeline[0].at=20s', 'spec.expect=[]']\n"
           "  axes:\n    - {path: spec.demand.rate, values: [3/s, 6/s]}\n"
           "  report: [requests.offered]\n";
  }
  ~OtherBuildsTest() override { fs::remove_all(directory_); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  // Makes what is missing of the first round, as the command does, and gives the plan.
  static Plan make(const Sweep& sweep, Store& store, bool keep, OtherBuilds* found = nullptr) {
    Plan plan = first_round(sweep, 1);
    const OtherBuilds others = other_builds(plan, store, sweep.build(), keep);
    if (found) *found = others;
    std::vector<Store::Place> places;
    std::vector<std::size_t> missing;
    for (const PlannedRun& run : plan.runs) {
      places.push_back({run.id, static_cast<i64>(run.index), static_cast<i64>(run.point)});
      if (store.status(run.id) != RunStatus::kDone) missing.push_back(run.index);
    }
    store.place(sweep.file().metadata.name, sweep.build(), places, false);
    EXPECT_TRUE(make_runs(sweep, plan, missing, store, nullptr, 1, {}));
    return plan;
  }
  i64 count(const std::string& where) const {
    Database database(path("s.db"), 1);
    return database.integer(("SELECT count(*) FROM runs WHERE " + where).c_str());
  }
  fs::path directory_;
};

TEST_F(OtherBuildsTest, are_played_again_and_stay_without_a_place) {
  const Sweep before(path("sweep.yaml"), {}, kOther), now(path("sweep.yaml"));
  Store store(path("s.db"));
  OtherBuilds found;
  const Plan old_plan = make(before, store, false, &found);
  EXPECT_TRUE(found.empty());
  // What another build found is not what this one finds: marked, so that it would show.
  Database(path("s.db"), 1).execute("UPDATE scalars SET value = -1");

  const Plan plan = make(now, store, false, &found);
  ASSERT_EQ(plan.runs.size(), 4u);
  EXPECT_EQ(found.size(), 4u);
  EXPECT_EQ(found.at(0), kOther);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(plan.runs[i].id, old_plan.runs[i].id);
    EXPECT_EQ(plan.runs[i].inputs_id, old_plan.runs[i].inputs_id);
    EXPECT_GT(store.scalar("requests.offered").at(plan.runs[i].id), 0);
  }
  EXPECT_EQ(count("1"), 8);
  EXPECT_EQ(count(fmt::format("build = '{}'", kOther)), 4);
  EXPECT_EQ(count("plan_index IS NOT NULL"), 4);
  EXPECT_EQ(count(fmt::format("plan_index IS NOT NULL AND build = '{}'", stampede_build())), 4);
  const std::string table = sweep_table(now, plan, store);
  EXPECT_EQ(table.find("build"), std::string::npos) << table;
  EXPECT_EQ(table.find("-1"), std::string::npos) << table;

  make(now, store, false, &found);  // once they are played, there is nothing to say
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(count("1"), 8);
}

TEST_F(OtherBuildsTest, are_kept_and_named_when_asked_for) {
  const Sweep before(path("sweep.yaml"), {}, kOther), now(path("sweep.yaml"));
  Store store(path("s.db"));
  make(before, store, false);
  Database(path("s.db"), 1).execute("DELETE FROM runs WHERE plan_index = 3");
  Database(path("s.db"), 1).execute("UPDATE scalars SET value = 4711");
  Plan plan = first_round(now, 1);
  EXPECT_EQ(plan_table(plan, store.statuses(), other_builds(plan, store, now.build(), false))
                .find("kept"),
            std::string::npos);
  OtherBuilds found;
  plan = make(now, store, true, &found);
  EXPECT_EQ(found.size(), 3u);
  EXPECT_EQ(count("1"), 4);  // the missing one is made by this build
  EXPECT_EQ(count(fmt::format("build = '{}'", stampede_build())), 1);
  EXPECT_EQ(count("plan_index IS NOT NULL"), 4);
  const std::string table = sweep_table(now, plan, store);
  EXPECT_NE(table.find("4711"), std::string::npos) << table;
  EXPECT_NE(table.find(kOther), std::string::npos) << table;
  EXPECT_NE(table.find(stampede_build()), std::string::npos) << table;
  const std::string listed = plan_table(plan, store.statuses(), found);
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 5);
  EXPECT_NE(listed.find("\tkept\t"), std::string::npos) << listed;
  EXPECT_NE(listed.find("\tdone\t"), std::string::npos) << listed;
}

TEST_F(OtherBuildsTest, that_failed_or_played_another_scenario_are_not_kept) {
  const Sweep before(path("sweep.yaml"), {}, kOther), now(path("sweep.yaml"));
  Store store(path("s.db"));
  make(before, store, false);
  Database(path("s.db"), 1)
      .execute("UPDATE runs SET status = 'failed', error = 'no memory' WHERE plan_index = 0");
  std::string base = init_template();
  const auto at = base.find("duration:");
  base.insert(at, "# a comment\n  ");
  std::ofstream(directory_ / "base.yaml") << base;  // the same scenario, written otherwise
  Plan plan = first_round(Sweep(path("sweep.yaml")), 1);
  EXPECT_EQ(other_builds(plan, store, now.build(), true).size(), 3u);
  EXPECT_FALSE(plan.runs[0].kept());
  std::ofstream(path("sweep.yaml"), std::ios::app) << "  with: [queue_limit]\n";
  plan = first_round(Sweep(path("sweep.yaml")), 1);
  EXPECT_TRUE(other_builds(plan, store, now.build(), true).empty());
}

TEST_F(OtherBuildsTest, a_store_of_before_builds_opens_as_one_of_another_build) {
  const Sweep before(path("sweep.yaml"), {}, kOther), now(path("sweep.yaml"));
  {
    Store store(path("s.db"));
    make(before, store, false);
  }
  {
    Database database(path("s.db"), 1);
    for (const char* column : {"build", "git_commit", "inputs_id"})
      database.execute(fmt::format("ALTER TABLE runs DROP COLUMN {}", column).c_str());
    database.execute("PRAGMA user_version = 1");
  }
  Store store(path("s.db"));
  EXPECT_EQ(store.without_build(), 4);
  EXPECT_EQ(store.builds().begin()->second, kUnknownBuild);
  const Plan plan = make(now, store, true);
  EXPECT_EQ(count("1"), 8);
  EXPECT_EQ(count("plan_index IS NOT NULL AND build = 'unknown'"), 0);
  EXPECT_EQ(Store(path("s.db")).without_build(), 0);  // said once
}

TEST_F(OtherBuildsTest, a_file_of_before_builds_is_one_of_another_build) {
  StoredRun run;
  run.id = "00ff00ff00ff00ff";
  run.build = kOther;
  run.inputs_id = "11ff00ff00ff00ff";
  ordered_json json = ordered_json::parse(run_file_json(run));
  const StoredRun again = read_run_file({"x", json.dump()});
  EXPECT_EQ(again.build, kOther);
  EXPECT_EQ(again.inputs_id, run.inputs_id);
  for (const char* key : {"build", "git_commit", "inputs_id"}) json.erase(key);
  json["schema"] = "stampede.run/1";
  EXPECT_EQ(read_run_file({"x", json.dump()}).build, kUnknownBuild);
}

// Every value that somebody stated counts, none that is a default does: so runs of builds that know
// different parameters can be told to be of one scenario.
TEST(inputs_id, is_over_what_a_scenario_states) {
  const Loaded loaded =
      load_scenario(source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml");
  const ordered_json scenario = effective(loaded.scenario);
  const std::string id = inputs_id(scenario, loaded.origins);
  std::size_t stated = 0;
  for (const auto& [leaf, origin] : loaded.origins) {
    auto origins = loaded.origins;
    origins[leaf] = "default";
    if (origin == "default") continue;
    ++stated;
    EXPECT_NE(inputs_id(scenario, origins), id) << leaf;
  }
  EXPECT_GT(stated, 100u);
  EXPECT_NE(stated, loaded.origins.size());
  ordered_json changed = scenario;
  changed["spec"]["seed"] = 99;
  auto origins = loaded.origins;
  origins["spec.seed"] = "--seed";
  EXPECT_NE(inputs_id(changed, origins), inputs_id(scenario, origins));
  changed = scenario;
  changed["spec"]["a_parameter_of_tomorrow"] = 1;
  origins = loaded.origins;
  origins["spec.a_parameter_of_tomorrow"] = "default";
  EXPECT_EQ(inputs_id(changed, origins), id);
  EXPECT_NE(run_id("a", changed), run_id("a", scenario));
  EXPECT_NE(run_id("a", scenario), run_id("b", scenario));
}

}  // namespace test_other_builds
}  // namespace stampede
