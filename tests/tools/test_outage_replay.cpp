// The replay at reduced scale: its order, its causes, its elasticities and its similarity.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/tools/outage_run.h"

namespace stampede {
namespace test_outage_replay {

// What must come before what; the rest may race.
const std::vector<std::pair<const char*, const char*>> kPrecedence{
    {"policy_pushed", "prefix_withdrawn"},
    {"prefix_withdrawn", "region_unreachable"},
    {"region_unreachable", "failover_started"},
    {"failover_started", "replica_overloaded"},
    {"failover_started", "scale_up_requested"},
    {"scale_up_requested", "etcd_saturated"},
    {"etcd_saturated", "control_plane_frozen"},
    {"replica_overloaded", "zombie_pods"},
    {"control_plane_frozen", "zombie_pods"},
    {"region_unreachable", "kv_conflict"},
    {"failover_started", "kv_conflict"},
    {"kv_conflict", "poisoned_output_detected"},
    {"poisoned_output_detected", "breaker_opened"},
    {"breaker_opened", "flush_started"},
    {"flush_started", "flush_finished"},
    {"flush_finished", "ramp_started"},
    {"ramp_started", "recovered"},
    {"control_plane_frozen", "control_plane_recovered"},
    {"control_plane_recovered", "ramp_started"}};

// Two clocks of 30 s that start within a second of each other.
bool races(const std::string& before, const std::string& after) {
  return before == "control_plane_frozen" && after == "zombie_pods";
}

// What goes against the required order, as text; empty if nothing does.
std::string order_faults(const OutageRun& run) {
  std::string faults;
  for (const auto& [before, after] : kPrecedence) {
    const double a = run.first(before), b = run.first(after);
    if (b < 0 || (a >= 0 && a <= b)) continue;  // never reached, or in order
    if (races(before, after) && a - b < 2) continue;
    faults += std::string(after) + " at " + std::to_string(b) + " s, " + before + " at " +
              std::to_string(a) + " s; ";
  }
  return faults;
}

// Incidents that name no cause although something led to them. Known: late writers that end after
// the breaker has taken the load away, and pods that only the ramp overloads.
std::string cause_faults(const OutageRun& run) {
  std::string faults;
  for (const Incident& i : run.results.incidents) {
    const bool late = i.kind == "kv_conflict" && run.first("breaker_opened") >= 0 &&
                      i.at.seconds() > run.first("breaker_opened");
    const bool ramp = i.kind == "replica_overloaded" && run.first("ramp_started") >= 0 &&
                      i.at.seconds() > run.first("ramp_started");
    if (i.causes.empty() && i.kind != "push_routing_policy" && !late && !ramp)
      faults += i.kind + " in " + i.component + " at " + std::to_string(i.at.seconds()) + " s; ";
  }
  return faults;
}

TEST(OutageReplay, incidents_keep_their_order_and_name_their_causes) {
  for (int seed = 1; seed <= 3; ++seed) {
    const OutageRun run = run_outage({}, "1/20", "60min", seed);
    EXPECT_EQ(order_faults(run), "") << "seed " << seed;
    EXPECT_EQ(cause_faults(run), "") << "seed " << seed;
  }
}

TEST(OutageReplay, runs_through_to_the_end) {
  const OutageRun run = run_outage({}, "1/20", "10h");
  EXPECT_EQ(order_faults(run), "");
  EXPECT_EQ(cause_faults(run), "");
  EXPECT_NEAR(run.down_minutes(), 433, 43);
  EXPECT_GE(run.flush_minutes(), 240);
  EXPECT_LE(run.flush_minutes(), 275);
  EXPECT_EQ(run.count("breaker_opened"), 1);
  EXPECT_GT(run.first("recovered"), 0);
  EXPECT_NEAR(run.surge(), 3.0, 0.4);
}

TEST(OutageReplay, twenty_seeds) {
  if (!full_tier()) GTEST_SKIP() << "STAMPEDE_TIER=full";
  std::vector<double> down, surge;
  int relapses = 0;
  for (int seed = 1; seed <= 20; ++seed) {
    const OutageRun run = run_outage({}, "1/20", "10h", seed);
    EXPECT_EQ(order_faults(run), "") << "seed " << seed;
    EXPECT_EQ(cause_faults(run), "") << "seed " << seed;
    down.push_back(run.down_minutes());
    surge.push_back(run.surge());
    relapses += run.count("breaker_opened") > 1;
    EXPECT_GE(run.flush_minutes(), 240) << "seed " << seed;
    EXPECT_LE(run.flush_minutes(), 275) << "seed " << seed;
  }
  std::sort(down.begin(), down.end());
  std::sort(surge.begin(), surge.end());
  EXPECT_NEAR((down[9] + down[10]) / 2, 433, 43);
  EXPECT_NEAR((surge[9] + surge[10]) / 2, 3.0, 0.4);
  EXPECT_EQ(relapses, 0);
}

// The start of the ramp stands for the end of the outage: what follows it is the same in each run.
double ramp_minutes(const std::vector<std::string>& sets) {
  return run_outage(sets, "1/40", "460min").first("ramp_started") / 60;
}

TEST(OutageElasticity, of_the_flush) {
  const double reference = ramp_minutes({});
  EXPECT_NEAR(ramp_minutes(kDoubleFlushRate) - reference, -123.5, 3);
  EXPECT_NEAR(ramp_minutes(kEpochBump) - reference, -247, 3);
}

// What a step of the operators weighs: one on the critical path moves the end by as much as itself,
// another not at all.
TEST(OutageElasticity, of_the_operators_delays) {
  const double reference = ramp_minutes({});
  for (const OperatorDelay& d : operator_delays()) {
    if (!full_tier() && d.in_full_tier_only) continue;
    for (const double factor : {0.7, 1.3}) {
      if (!full_tier() && factor < 1) continue;
      const double moved = ramp_minutes(operator_delay(d, factor)) - reference;
      const double expected = d.critical ? (factor - 1) * d.seconds / 60 : 0;
      EXPECT_NEAR(moved, expected, 1) << d.step << " x " << factor;
    }
  }
}

// What must not depend on the scale. Pools of a few pods feel single requests, so the smallest
// scale is judged more loosely.
TEST(OutageSimilarity, of_the_first_hour) {
  const OutageRun base = run_outage({}, "1/20", "60min");
  const std::vector<const char*> clocks{"failover_started", "kv_conflict", "etcd_saturated",
                                        "control_plane_frozen", "breaker_opened"};
  for (const char* scale : {"1/40", "1/5"}) {
    if (std::string(scale) == "1/5" && !full_tier()) continue;
    const OutageRun run = run_outage({}, scale, "60min");
    EXPECT_NEAR(run.surge(), base.surge(), 0.3) << scale;
    for (const char* kind : clocks) {
      EXPECT_GT(run.first(kind), 0) << scale << " " << kind;
      EXPECT_NEAR(run.first(kind), base.first(kind), 120) << scale << " " << kind;
    }
  }
}

TEST(OutageSimilarity, of_the_downtime) {
  if (!full_tier()) GTEST_SKIP() << "STAMPEDE_TIER=full";
  const OutageRun small = run_outage({}, "1/20", "10h"), large = run_outage({}, "1/5", "10h");
  EXPECT_NEAR(small.down_minutes(), large.down_minutes(), 15);
}

}  // namespace test_outage_replay
}  // namespace stampede
