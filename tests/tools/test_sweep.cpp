// Sweep files: what they plan, what their rounds add, what is wrong with them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tools/experiments/plan.h"
#include "tools/experiments/plan_file.h"
#include "tools/experiments/run_file.h"
#include "tools/experiments/run_record.h"
#include "tools/experiments/sweep_table.h"
#include "tools/language/init_template.h"
#include "tools/language/value_at.h"

namespace stampede {
namespace test_sweep {

namespace fs = std::filesystem;

class SweepTest : public ::testing::Test {
 protected:
  SweepTest()
      : directory_(fs::temp_directory_path() / fmt::format("stampede_sweep_{}", ::getpid())) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    std::ofstream(directory_ / "base.yaml") << init_template();
  }
  ~SweepTest() override { fs::remove_all(directory_); }
  std::string write(const std::string& spec) {
    const std::string path = (directory_ / "sweep.yaml").string();
    std::ofstream(path) << "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\n"
                           "spec:\n  base: base.yaml\n"
                        << spec;
    return path;
  }
  Sweep sweep(const std::string& spec) { return Sweep(write(spec)); }
  std::string faults(const std::string& spec) {
    try {
      sweep(spec);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  fs::path directory_;
};

std::vector<std::string> values(const Plan& plan, std::size_t setting) {
  std::vector<std::string> found;
  for (const PlannedPoint& p : plan.points)
    if (!p.excluded) found.push_back(p.settings[setting].value);
  return found;
}

using Texts = std::vector<std::string>;

TEST_F(SweepTest, the_grid_has_every_combination_in_order) {
  const Sweep s = sweep(
      "  axes:\n"
      "    - {path: spec.demand.rate, values: [6/s, 12/s]}\n"
      "    - {path: spec.clients.web.think_time, from: 10s, to: 1000s, steps: 3, scale: log}\n"
      "  repeat: 2\n");
  const Plan plan = first_round(s, 2);
  EXPECT_EQ(values(plan, 0), (Texts{"6/s", "6/s", "6/s", "12/s", "12/s", "12/s"}));
  EXPECT_EQ(values(plan, 1), (Texts{"10s", "100s", "1000s", "10s", "100s", "1000s"}));
  ASSERT_EQ(plan.runs.size(), 12u);
  std::set<std::string> ids;
  for (const PlannedRun& run : plan.runs) ids.insert(run.id);
  EXPECT_EQ(ids.size(), 12u);
  EXPECT_EQ(plan.runs[1].seed, 2);
  // The plan's ids are those of the scenarios that are run.
  const PlannedRun& run = plan.runs[7];
  EXPECT_EQ(run.id,
            run_id(s.build(), effective(s.scenario(plan.points[run.point], run.seed).scenario)));
}

TEST_F(SweepTest, zipped_parameters_move_together) {
  const Plan plan =
      first_round(sweep("  axes:\n"
                        "    - zip:\n"
                        "        - {path: spec.regions.east.share, values: [60%, 70%, 80%]}\n"
                        "        - {path: spec.regions.west.share, from: 40%, to: 20%}\n"),
                  1);
  EXPECT_EQ(values(plan, 0), (Texts{"60%", "70%", "80%"}));
  EXPECT_EQ(values(plan, 1), (Texts{"40%", "30%", "20%"}));
}

TEST_F(SweepTest, a_constraint_leaves_points_out) {
  const Plan plan =
      first_round(sweep("  axes:\n"
                        "    - {path: spec.demand.rate, values: [6/s, 12/s, 24/s]}\n"
                        "    - {path: spec.balancer.rule, values: [proportional, waterfall]}\n"
                        "  where:\n"
                        "    - 2 * spec.demand.rate - 1/s <= (40/s + 7/s) * spec.scale\n"
                        "    - spec.balancer.rule != waterfall\n"),
                  1);
  EXPECT_EQ(values(plan, 0), (Texts{"6/s", "12/s", "24/s"}));
  EXPECT_EQ(plan.points.size(), 6u);
  EXPECT_EQ(plan.runs.size(), 3u);
}

TEST_F(SweepTest, the_same_scenario_is_run_once) {
  const Plan plan =
      first_round(sweep("  axes:\n    - {path: spec.duration, values: [60s, 1min, 2min]}\n"), 1);
  EXPECT_EQ(plan.runs.size(), 2u);
  EXPECT_EQ(plan.repeated, 1u);
  EXPECT_EQ(plan.points[1].runs, plan.points[0].runs);
}

TEST_F(SweepTest, seeds_are_common_or_a_points_own) {
  const std::string axes = "  axes:\n    - {path: spec.demand.rate, values: [6/s, 12/s]}\n";
  const Plan common = first_round(sweep(axes + "  repeat: 2\n  seed: 5\n"), 1);
  EXPECT_EQ(common.runs[0].seed, 5);
  EXPECT_EQ(common.runs[2].seed, 5);
  const Plan distinct = first_round(sweep(axes + "  repeat: 2\n  seeds: distinct\n"), 1);
  std::set<i64> seeds;
  for (const PlannedRun& run : distinct.runs) seeds.insert(run.seed);
  EXPECT_EQ(seeds.size(), 4u);
  // Another point in the design moves nobody's seed.
  const Plan more =
      first_round(sweep("  axes:\n    - {path: spec.demand.rate, values: [3/s, 6/s, 12/s]}\n"
                        "  repeat: 2\n  seeds: distinct\n"),
                  1);
  EXPECT_EQ(more.runs[2].id, distinct.runs[0].id);
}

// Each of 2^k equal intervals of each dimension holds one of 2^k points; the elementary intervals
// of a (0,2)-sequence, which the first two dimensions of Sobol's are, hold one each as well.
TEST(sample_points, sobol_points_are_balanced) {
  for (const u64 seed : {1u, 2u, 77u}) {
    const auto points = sobol_points(64, 6, seed);
    for (std::size_t d = 0; d < 6; ++d) {
      std::set<int> cells;
      for (const auto& p : points) cells.insert(static_cast<int>(p[d] * 64));
      EXPECT_EQ(cells.size(), 64u) << d;
    }
    for (const auto& [across, down] : {std::pair{8, 8}, {4, 16}, {32, 2}}) {
      std::set<std::pair<int, int>> cells;
      for (const auto& p : points)
        cells.emplace(static_cast<int>(p[0] * across), static_cast<int>(p[1] * down));
      EXPECT_EQ(cells.size(), 64u) << across;
    }
  }
  EXPECT_NE(sobol_points(4, 2, 1), sobol_points(4, 2, 2));
}

TEST(sample_points, a_latin_hypercube_has_one_point_in_each_cell) {
  const auto points = latin_hypercube(50, 4, 9);
  std::set<std::vector<int>> orders;
  for (std::size_t d = 0; d < 4; ++d) {
    std::set<int> cells;
    std::vector<int> order;
    for (const auto& p : points) order.push_back(static_cast<int>(p[d] * 50));
    cells.insert(order.begin(), order.end());
    EXPECT_EQ(cells.size(), 50u);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 4u);  // dimensions do not follow each other
}

TEST_F(SweepTest, a_sample_fills_ranges_and_crosses_lists) {
  const Plan plan =
      first_round(sweep("  axes:\n"
                        "    - {path: spec.demand.rate, from: 2/s, to: 8/s}\n"
                        "    - {path: spec.balancer.rule, values: [proportional, waterfall]}\n"
                        "    - {path: spec.gateway.max_queue, from: 1, to: 64, scale: log}\n"
                        "  sample: {method: latin_hypercube, points: 8}\n"),
                  1);
  ASSERT_EQ(plan.points.size(), 16u);
  EXPECT_EQ(plan.points[0].settings[0].value, plan.points[1].settings[0].value);
  for (const std::string& queue : values(plan, 2))
    EXPECT_EQ(queue.find('.'), std::string::npos) << queue;
}

// Made-up outcomes in place of runs: what stop and refine ask for follows from them alone.
using Made = std::function<std::optional<double>(const Plan&, const PlannedRun&)>;

RunValues made_up(const Plan& plan, const Made& made) {
  return [&plan, made](const std::string&) -> RunValue {
    return [&plan, made](const std::string& id) -> std::optional<double> {
      for (const PlannedRun& run : plan.runs)
        if (run.id == id) return made(plan, run);
      return std::nullopt;
    };
  };
}

TEST_F(SweepTest, stop_repeats_the_points_that_vary) {
  const Sweep s = sweep(
      "  axes:\n    - {path: spec.demand.rate, values: [6/s, 12/s, 24/s]}\n"
      "  repeat: 5\n  stop: {scalar: outage.downtime_seconds, precision: 5%, at_most: 23}\n");
  Plan plan = first_round(s, 1);
  // The first point never varies, the second a little at first, the third for ever.
  const RunValues outcome = made_up(plan, [](const Plan&, const PlannedRun& run) {
    if (run.point == 0) return 100.0;
    if (run.point == 1) return run.seed <= 5 && run.seed % 2 == 0 ? 120.0 : 100.0;
    return run.seed % 2 == 0 ? 0.0 : 100.0;
  });
  int rounds = 0;
  while (add_round(s, plan, outcome, 1)) ASSERT_LT(++rounds, 10);
  EXPECT_EQ(plan.points[0].runs.size(), 5u);
  EXPECT_GT(plan.points[1].runs.size(), 5u);
  EXPECT_LT(plan.points[1].runs.size(), 23u);
  EXPECT_EQ(plan.points[2].runs.size(), 23u);
}

TEST_F(SweepTest, refine_follows_the_boundary) {
  const Sweep s = sweep(
      "  axes:\n"
      "    - {path: spec.demand.rate, from: 1/s, to: 101/s, steps: 3}\n"
      "    - {path: spec.scale, values: [1/4, 1/2, 1]}\n"
      "  refine: {axis: spec.demand.rate, scalar: outage.recovered, within: 1%}\n");
  Plan plan = first_round(s, 1);
  const auto number = [&](const SweepPoint& p, const char* path) {
    const Loaded loaded = s.scenario(p, 1);
    return *value_at(type_of<Scenario>(), &loaded.scenario, path)->number();
  };
  // Recovers below 20/s divided by the scale: at 80/s, 40/s, 20/s.
  const RunValues outcome = made_up(plan, [&](const Plan& p, const PlannedRun& run) {
    const SweepPoint& at = p.points[run.point];
    return number(at, "spec.demand.rate") * number(at, "spec.scale") < 20 ? 1.0 : 0.0;
  });
  while (add_round(s, plan, outcome, 1)) ASSERT_LT(plan.runs.size(), 100u);
  const std::vector<Crossing> found = crossings(s, plan, outcome);
  ASSERT_EQ(found.size(), 3u);
  const double boundary[] = {80, 40, 20};
  for (std::size_t k = 0; k < 3; ++k) {
    const double low = number(plan.points[found[k].low], "spec.demand.rate");
    const double high = number(plan.points[found[k].high], "spec.demand.rate");
    EXPECT_LE(low, boundary[k]);
    EXPECT_GE(high, boundary[k]);
    EXPECT_LE(high - low, 1.001);
  }
  EXPECT_EQ(plan.points.size(), 9u + 3 * 6);  // halved six times: 50 / 64 < 1
}

TEST_F(SweepTest, a_point_without_a_value_ends_its_bisection) {
  const Sweep s = sweep(
      "  axes:\n    - {path: spec.demand.rate, from: 1/s, to: 9/s, steps: 2}\n"
      "  refine: {axis: spec.demand.rate, scalar: a}\n");
  Plan plan = first_round(s, 1);
  const RunValues outcome = made_up(plan, [](const Plan&, const PlannedRun& run) {
    return run.index < 2 ? std::optional<double>(static_cast<double>(run.index)) : std::nullopt;
  });
  int rounds = 0;
  while (add_round(s, plan, outcome, 1)) ASSERT_LT(++rounds, 5);
  EXPECT_EQ(plan.runs.size(), 3u);
}

TEST_F(SweepTest, a_plan_is_read_back_unless_the_sweep_has_changed) {
  const std::string axes = "  axes:\n    - {path: spec.demand.rate, values: [6/s, 12/s]}\n";
  const std::string path = (directory_ / "plan").string();
  const Sweep s = sweep(axes + "  where: [spec.demand.rate < 7/s]\n  repeat: 3\n");
  const Plan plan = first_round(s, 1);
  write_plan(path, s, plan);
  const auto again = read_plan(path, s);
  ASSERT_TRUE(again);
  EXPECT_EQ(plan_text(s, *again), plan_text(s, plan));
  EXPECT_FALSE(read_plan(path, sweep(axes)));
  std::ofstream(path) << "{";
  EXPECT_FALSE(read_plan(path, s));
}

TEST_F(SweepTest, faults_are_told_at_their_place) {
  const std::string text = faults(
      "  axes:\n"
      "    - {path: spec.demand.rat, values: [6/s]}\n"
      "    - {path: spec.clients.web.think_time, values: [1s, 2]}\n"
      "    - {path: spec.seed, values: [1]}\n"
      "    - {path: spec.balancer.rule, from: waterfall, to: proportional, steps: 2}\n"
      "    - {path: spec.gateway.max_queue, from: 0, to: 9, steps: 2, scale: log}\n"
      "    - {path: spec.scale, from: 1/4, to: 1}\n"
      "    - {path: spec.duration}\n"
      "  where: [spec.demand.rate, spec.nothing < 3, spec.balancer.rule < 3]\n"
      "  stop: {scalar: x}\n"
      "  refine: {axis: spec.gateway.max_qeue, scalar: y}\n");
  for (const char* expected :
       {"sweep.yaml:7:40: spec.axes[0].values[0]: spec.demand.rat: unknown key; did you "
        "mean 'rate'?",
        "sweep.yaml:8:56: spec.axes[1].values[1]: spec.clients[0].think_time: '2': the unit",
        "sweep.yaml:9:7: spec.axes[2]: spec.seed is already varied by spec.repeat",
        "sweep.yaml:10:7: spec.axes[3]: spec.balancer.rule is no number and has no range",
        "sweep.yaml:11:71: spec.axes[4].scale: a logarithmic range is above zero",
        "sweep.yaml:12:7: spec.axes[5]: a range wants `steps`, or a `spec.sample`",
        "sweep.yaml:13:7: spec.axes[6]: either `values`, or `from` and `to`",
        "spec.where[0]: a comparison is wanted here",
        "spec.where[1]: 'spec.nothing' is no value of the scenario",
        "spec.where[2]: 'proportional' and '3' cannot be compared by <",
        "sweep.yaml:15:9: spec.stop: fewer than five repeats",
        "spec.refine.axis: no axis has this path; did you mean 'spec.gateway.max_queue'?"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\nin\n" << text;
  EXPECT_NE(faults("  axis: []\n")
                .find("sweep.yaml:6:3: spec.axis: unknown key; did you mean "
                      "'axes'?"),
            std::string::npos);
  EXPECT_NE(faults("  with: [kv_chcksum]\n").find("spec.with[0]"), std::string::npos);
  EXPECT_NE(faults("  set: [spec.demand.rate]\n").find("spec.set[0]: PATH=VALUE is wanted"),
            std::string::npos);
}

// One run of five recovered: a share, whose interval cannot reach below 0 or above 1.
TEST_F(SweepTest, the_table_gives_shares_exact_intervals_and_names_points_left_out) {
  const Sweep s = sweep(
      "  axes:\n    - {path: spec.demand.rate, values: [6/s, 9/s, 12/s]}\n"
      "  where: [spec.demand.rate < 8/s]\n  repeat: 5\n"
      "  report: [outage.recovered, requests.availability_ratio, requests.offered]\n");
  const Plan plan = first_round(s, 1);
  ASSERT_EQ(plan.runs.size(), 5u);
  Store store((directory_ / "s.db").string());
  for (const PlannedRun& planned : plan.runs) {
    StoredRun run;
    run.id = planned.id;
    const double k = static_cast<double>(planned.index);
    run.scalars = {{"outage.recovered", k == 0 ? 1.0 : 0.0},
                   {"requests.availability_ratio", k == 4 ? 0.5 : 1.0},
                   {"requests.offered", 100 + k}};
    run.units = {{"outage.recovered", kTruth}, {"requests.availability_ratio", "ratio"}};
    store.add(run);
  }
  const std::string table = sweep_table(s, plan, store);
  EXPECT_EQ(table.find("s: 1 points, 5 runs; 2 more points left out by `where`\n"), 0u) << table;
  EXPECT_NE(table.find(" 0.2 [0.0051, 0.72] "), std::string::npos) << table;  // exact, 1 of 5
  EXPECT_NE(table.find(" 0.9 [0.62, 1] "), std::string::npos) << table;       // t, 4: 0.9 +- 0.278
  EXPECT_NE(table.find(" 102 +- 2\n"), std::string::npos) << table;           // t, 4: 1.96
}

// An outage in one run of sixteen is no bell curve about its mean.
TEST_F(SweepTest, the_table_counts_what_happened_in_some_runs_only) {
  const Sweep s = sweep("  repeat: 16\n  report: [outage.downtime_seconds]\n");
  const Plan plan = first_round(s, 1);
  Store store((directory_ / "s.db").string());
  for (const PlannedRun& planned : plan.runs) {
    StoredRun run;
    run.id = planned.id;
    run.scalars = {{"outage.downtime_seconds", planned.index == 3 ? 1200.0 : 0.0}};
    store.add(run);
  }
  const std::string table = sweep_table(s, plan, store);
  EXPECT_NE(table.find(" 75: 1 of 16 above 0 [0.0016, 0.3], then 1200\n"), std::string::npos)
      << table;
}

TEST(scalars, know_truth_values) {
  const auto scalars = scalars_of(R"({"a": {"b": true, "c": 1}, "d": false, "e": null})");
  ASSERT_EQ(scalars.size(), 3u);
  EXPECT_TRUE(scalars[0].truth && scalars[2].truth && !scalars[1].truth);
  EXPECT_EQ(scalars[2].value, 0);
}

TEST(run_file, reads_back_what_it_wrote) {
  StoredRun run;
  run.id = "00ff00ff00ff00ff";
  run.sweep = "s";
  run.plan_index = 3;
  run.seed = 9;
  run.error = "\"why\"\n";
  run.params = {{"spec.scale", "1/3", 1.0 / 3, "1", true}, {"spec.x", "y", {}, "", false}};
  run.scalars = {{"a.b", 0.1}, {"c", 1e300}};
  run.series = {{10, "x", "y", 0.1}, {20, "x", "y", 0.2}};
  run.incidents = {{1, Instant{1'234'567'891}, "k", "c", {}, "t"}, {2, {}, "k", "c", {1}, "t"}};
  run.units = {{"a.b", "s"}};
  const std::string text = run_file_json(run);
  EXPECT_EQ(run_file_json(read_run_file(SourceText{"x", text})), text);
  EXPECT_THROW(read_run_file(SourceText{"x", text.substr(0, text.size() / 2)}), InputError);
}

}  // namespace test_sweep
}  // namespace stampede
