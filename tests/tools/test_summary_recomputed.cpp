// The figures of a summary, computed a second time from the rows of single requests: what a user
// would find who counts for himself.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/directories.h"
#include "tools/results/request_table.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_summary_recomputed {

using nlohmann::json;

// A row of the file that `run --requests` writes.
struct Row {
  double arrival = 0;
  std::string home, region, outcome;
  double ttft = -1, e2e = -1;
  u64 output = 0, attempts = 0;
};

std::vector<Row> read_rows(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line,
            "arrival_seconds,class,home,region,replica,prompt_tokens,output_tokens,ttft_seconds,"
            "e2e_seconds,outcome,attempts,admission_seconds,front_end_seconds,queue_seconds,"
            "prefill_seconds,transfer_seconds,decode_seconds,cached_tokens,preemptions,"
            "prefill_replica");
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    std::vector<std::string> cells(1);
    for (const char c : line) c == ',' ? cells.emplace_back() : cells.back() += {c};
    if (cells.size() != 20) {
      ADD_FAILURE() << line;
      return rows;
    }
    const auto number = [&](std::size_t k, double absent) {
      return cells[k].empty() ? absent : std::stod(cells[k]);
    };
    double stages = 0;
    for (std::size_t k = 11; k < 17; ++k) stages += number(k, 0);
    if (cells[9] == "succeeded") {
      // All that is left is the way back.
      EXPECT_LE(stages, number(8, -1) + 1e-6) << line;
      EXPECT_GT(stages, number(8, -1) - 1) << line;
    }
    rows.push_back({number(0, -1), cells[2], cells[3], cells[9], number(7, -1), number(8, -1),
                    static_cast<u64>(number(6, 0)), static_cast<u64>(number(10, 0))});
  }
  return rows;
}

struct Counted {
  explicit Counted(const std::string& name, const std::vector<std::string>& sets = {}) {
    std::vector<Override> overrides;
    for (const std::string& s : sets) overrides.push_back(parse_set(s));
    const Loaded loaded =
        load_scenario(source_directory() + "/scenarios/" + name + ".yaml", overrides);
    const auto file = std::filesystem::temp_directory_path() /
                      ("stampede_rows_" + std::to_string(::getpid()) + ".csv");
    {
      RequestTable table(file.string(), Share{1}, loaded.scenario.spec);
      const RunResults results = run_simulation(loaded.scenario, {}, &table);
      table.commit();
      summary = json::parse(results.summary_json);
      incidents = results.incidents;
    }
    rows = read_rows(file.string());
    std::filesystem::remove(file);
    duration = loaded.scenario.spec.duration.seconds();
    slo = loaded.scenario.spec.slo;
    for (const RegionParams& r : loaded.scenario.spec.regions) regions.push_back(r.name);
  }
  u64 count(const std::string& outcome) const {
    return static_cast<u64>(std::count_if(rows.begin(), rows.end(),
                                          [&](const Row& r) { return r.outcome == outcome; }));
  }
  double figure(const std::string& part, const std::string& name) const {
    return summary.at(part).at(name).get<double>();
  }
  std::vector<Row> rows;
  json summary;
  std::vector<Incident> incidents;
  std::vector<std::string> regions;
  double duration = 0;
  SloParams slo;
};

void expect_counts(const Counted& c) {
  const json& r = c.summary.at("requests");
  EXPECT_EQ(r.at("offered"), c.rows.size());
  EXPECT_EQ(r.at("succeeded"), c.count("succeeded"));
  EXPECT_EQ(r.at("served_elsewhere"), c.count("served_elsewhere"));
  EXPECT_EQ(r.at("in_flight"), c.count("in_flight"));
  EXPECT_EQ(r.at("poisoned_served"), c.count("poisoned"));
  const u64 failed =
      c.rows.size() - c.count("succeeded") - c.count("served_elsewhere") - c.count("in_flight");
  EXPECT_EQ(r.at("failed"), failed);
  std::map<std::string, u64> failed_by;
  for (const Row& row : c.rows)
    if (row.outcome != "succeeded" && row.outcome != "served_elsewhere" &&
        row.outcome != "in_flight")
      ++failed_by[row.outcome];
  EXPECT_EQ(r.at("failed_by"), json(failed_by));
  // Requests that another provider answered are neither this service's successes nor its failures.
  const double mine = static_cast<double>(c.count("succeeded") + failed);
  EXPECT_DOUBLE_EQ(r.at("availability_ratio").get<double>(),
                   static_cast<double>(c.count("succeeded")) / mine);
  EXPECT_DOUBLE_EQ(c.figure("outage", "lost_request_minutes"), static_cast<double>(failed));
}

void expect_attempts(const Counted& c) {
  u64 attempts = 0, retries = 0;
  for (const Row& row : c.rows) {
    attempts += row.attempts;
    retries += row.attempts - 1;
  }
  const json& a = c.summary.at("attempts");
  EXPECT_EQ(a.at("total"), attempts);
  EXPECT_EQ(a.at("retries"), retries);
  EXPECT_DOUBLE_EQ(c.figure("requests", "attempts_per_request"),
                   static_cast<double>(attempts) / static_cast<double>(c.rows.size()));
}

void expect_quantiles(const json& told, std::vector<double> values, const std::string& what) {
  SCOPED_TRACE(what);
  ASSERT_FALSE(values.empty());
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += v;
  EXPECT_NEAR(told.at("mean").get<double>() / (sum / static_cast<double>(values.size())), 1, 1e-6);
  for (const auto& [name, q] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}) {
    const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1));
    EXPECT_NEAR(told.at(name).get<double>() / values[at], 1, 0.03) << name;
  }
}

// Each time counts from when its user asked, whatever was tried in between.
void expect_latencies(const Counted& c) {
  std::vector<double> ttft, e2e;
  for (const Row& row : c.rows) {
    if (row.ttft >= 0) ttft.push_back(row.ttft);
    if (row.outcome == "succeeded" || row.outcome == "poisoned") e2e.push_back(row.e2e);
    if (row.ttft >= 0 && row.e2e >= 0) {
      EXPECT_LE(row.ttft, row.e2e);
    }
  }
  expect_quantiles(c.summary.at("latency").at("ttft_seconds"), ttft, "first token");
  expect_quantiles(c.summary.at("latency").at("e2e_seconds"), e2e, "whole answer");
}

// Which minutes were down, by the region in which users are at home and for all of them, with the
// minutes in which the breaker was open for everybody.
void expect_downtime(const Counted& c, const std::set<std::size_t>& breaker = {}) {
  struct Tally {
    double good = 0, bad = 0;
    bool down(double below) const { return good + bad > 0 && good < below * (good + bad); }
  };
  std::map<std::string, std::map<std::size_t, Tally>> minutes;
  for (const Row& row : c.rows) {
    if (row.outcome == "in_flight" || row.outcome == "served_elsewhere") continue;
    Tally& t = minutes[row.home][static_cast<std::size_t>(row.arrival / 60)];
    (row.outcome == "succeeded" ? t.good : t.bad) += 1;
  }
  const auto last = static_cast<std::size_t>(std::ceil(c.duration / 60));
  double down = 0, first = -1, end = -1;
  std::map<std::string, double> by_region;
  for (const std::string& region : c.regions) by_region[region] = 0;
  for (std::size_t m = 0; m < last; ++m) {
    bool all = true, any = false;
    for (const std::string& region : c.regions) {
      const Tally t = minutes[region][m];
      const bool is_down = t.down(c.slo.down_below.value);
      by_region[region] += is_down ? 60 : 0;
      any |= t.good + t.bad > 0;
      all &= is_down || t.good + t.bad == 0;
    }
    if (!(any && all) && breaker.count(m) == 0) continue;
    down += 60;
    if (first < 0) first = 60.0 * static_cast<double>(m);
    end = 60.0 * static_cast<double>(m + 1);
  }
  const json& told = c.summary.at("outage");
  EXPECT_DOUBLE_EQ(told.at("downtime_seconds").get<double>(), down);
  EXPECT_EQ(told.at("by_region"), json(by_region));
  if (down > 0) {
    EXPECT_EQ(told.at("started_at_seconds"), json(first));
    EXPECT_EQ(told.at("ended_at_seconds"), json(end));
  } else {
    EXPECT_TRUE(told.at("started_at_seconds").is_null());
  }
}

TEST(summary_recomputed, of_requests_that_another_provider_answers) {
  const Counted c("table/fallback-provider");
  ASSERT_GT(c.count("served_elsewhere"), 1000u);
  ASSERT_GT(c.count("rejected_429"), 1000u);
  expect_counts(c);
  expect_attempts(c);
  expect_latencies(c);
  expect_downtime(c);
}

// Refused, they come back after a second, then two: their users have waited all that time.
TEST(summary_recomputed, of_requests_that_come_back_in_waves) {
  const Counted c("table/retry-waves");
  expect_counts(c);
  expect_attempts(c);
  expect_downtime(c);
  const Counted let_in("table/retry-waves", {"spec.gateway.rate_limit.requests=200",
                                             "spec.gateway.rate_limit.window=4s"});
  u64 late = 0;
  for (const Row& row : let_in.rows) {
    if (row.attempts < 2 || row.ttft < 0) continue;
    ++late;
    EXPECT_GE(row.ttft, static_cast<double>(row.attempts - 1));  // base: 1 s, and jitter on top
  }
  EXPECT_GT(late, 100u);
  expect_counts(let_in);
  expect_attempts(let_in);
  expect_latencies(let_in);
}

TEST(summary_recomputed, of_a_fixed_window_that_gathers_those_it_refused) {
  const Counted c("table/rate-limit-window");
  expect_counts(c);
  expect_attempts(c);
  expect_latencies(c);
  expect_downtime(c);
}

TEST(summary_recomputed, of_answers_that_the_budget_cuts_short) {
  const Counted c("table/reasoning-budget");
  expect_counts(c);
  expect_latencies(c);
  u64 output = 0;
  for (const Row& row : c.rows)
    if (row.outcome == "succeeded" || row.outcome == "budget" || row.outcome == "poisoned")
      output += row.output;
  EXPECT_EQ(c.summary.at("attempts").at("doomed"), 0);
  EXPECT_EQ(c.summary.at("tokens").at("output"), output);
  EXPECT_EQ(c.summary.at("tokens").at("wasted"), 0);
}

TEST(summary_recomputed, of_a_region_that_fails_over_and_comes_back) {
  const Counted c("templates/init");
  expect_counts(c);
  expect_attempts(c);
  expect_downtime(c);
  // Served in another region is served: what counts is where its user is at home.
  u64 moved = 0;
  for (const Row& row : c.rows)
    moved += row.outcome == "succeeded" && row.home != row.region ? 1 : 0;
  EXPECT_GT(moved, 100u);
}

TEST(summary_recomputed, of_an_open_breaker) {
  const Counted c("table/deferred-batch");
  expect_counts(c);
  std::set<std::size_t> open;  // from the order until the ramp begins: 20 to 40 min
  for (std::size_t m = 20; m < 40; ++m) open.insert(m);
  ASSERT_GT(c.count("breaker"), 1000u);
  expect_downtime(c, open);
}

TEST(summary_recomputed, of_a_whole_outage) {
  const Counted c("01-deepseek-2026-03-29",
                  {"spec.scale=1/200", "spec.duration=70min", "spec.expect=[]"});
  expect_counts(c);
  expect_attempts(c);
  u64 poisoned = 0;
  for (const Row& row : c.rows) poisoned += row.outcome == "poisoned" ? 1 : 0;
  EXPECT_EQ(c.summary.at("requests").at("poisoned_served"), poisoned);
}

// What engines find in their own blocks counts, not what the store of contexts would have had.
TEST(summary_recomputed, hits_of_engines_with_a_prefix_cache) {
  const Counted c("templates/init", {"spec.timeline[0].at=60s", "spec.duration=10min",
                                     "spec.expect=[]", "spec.kv_cache.initial_sessions=0",
                                     "spec.serving.pools[0].engine.prefix_caching=true"});
  const double prompt = c.figure("tokens", "prompt"), cached = c.figure("tokens", "prompt_cached");
  ASSERT_GT(cached, 0);
  EXPECT_DOUBLE_EQ(c.figure("kv_cache", "hit_ratio"), cached / prompt);
}

}  // namespace test_summary_recomputed
}  // namespace stampede
