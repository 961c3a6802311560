// Behaviour policies count what was scaled within their periods: no event may be lost while a
// period holds it, and none may count longer.
#include <gtest/gtest.h>

#include "models/cluster/hpa_algorithm.h"

namespace stampede::hpa {
namespace test_hpa_events {

Instant at(i64 seconds) { return Instant{} + seconds * 1_s; }

// Wants as many as it may have; the metric is far above its target.
struct Growing {
  explicit Growing(std::vector<Policy> up, std::vector<Policy> down = {})
      : autoscaler(spec(std::move(up), std::move(down)), {}) {}
  static Spec spec(std::vector<Policy> up, std::vector<Policy> down) {
    Spec s;
    s.min_replicas = 1;
    s.max_replicas = 1000;
    s.metrics.push_back({MetricType::kPods, TargetType::kAverageValue, 1000, false});
    Behavior b;
    b.up = default_scale_up();
    b.down = default_scale_down(0_s);
    b.up.policies = std::move(up);
    if (!down.empty()) b.down.policies = std::move(down);
    s.behavior = b;
    return s;
  }
  // What it wants now with so many pods, each of which has `load` times the target.
  i32 wants(i32 current, i64 seconds, double load = 1000) {
    Observation seen;
    seen.now = at(seconds);
    seen.spec_replicas = seen.status_replicas = current;
    MetricReading reading;
    reading.available = true;
    for (i32 k = 0; k < current; ++k) {
      Pod pod;
      pod.phase = PodPhase::kRunning;
      pod.ready = true;
      pod.request_milli = 1000;
      pod.start = at(-10'000);
      pod.ready_transition = at(-9'000);
      seen.pods.push_back(pod);
      Sample sample;
      sample.milli = static_cast<i64>(load * 1000);
      sample.at = at(seconds);
      sample.window = 10_s;
      reading.samples.push_back(sample);
    }
    seen.readings.push_back(reading);
    return autoscaler.reconcile(seen).want;
  }
  Autoscaler autoscaler;
};

const Policy kFiveAMinute{PolicyType::kPods, 5, 60_s};

TEST(hpa_events, all_growth_of_a_period_counts) {
  Growing g({kFiveAMinute});
  EXPECT_EQ(g.wants(10, 0), 15);
  g.autoscaler.scaled(at(0), 10, 12);
  g.autoscaler.scaled(at(20), 12, 13);
  g.autoscaler.scaled(at(40), 13, 14);
  EXPECT_EQ(g.wants(14, 50), 15);  // four of five are used up
  EXPECT_EQ(g.wants(14, 61), 17);  // the first two no longer count
  EXPECT_EQ(g.wants(14, 81), 18);
  EXPECT_EQ(g.wants(14, 101), 19);
}

// A new event takes the place of one that no policy counts any more, never of another.
TEST(hpa_events, an_event_within_its_period_is_not_overwritten) {
  Growing g({kFiveAMinute});
  g.autoscaler.scaled(at(0), 10, 11);
  for (i64 k = 1; k < 12; ++k) {
    const i32 from = 10 + static_cast<i32>(k);
    const i64 now = 13 * k;
    g.autoscaler.scaled(at(now), from, from + 1);
    // Of the last 60 s: those at now, now - 13, -26, -39 and -52.
    const i32 counted = static_cast<i32>(std::min<i64>(k + 1, 5));
    EXPECT_EQ(g.wants(from + 1, now), from + 1 + (5 - counted)) << now;
  }
}

TEST(hpa_events, the_longest_period_of_all_policies_keeps_them) {
  Growing g({{PolicyType::kPods, 100, 15_s}, {PolicyType::kPods, 8, 600_s}});
  Growing strict({{PolicyType::kPods, 8, 600_s}, {PolicyType::kPods, 100, 15_s}});
  for (Growing* each : {&g, &strict}) {
    each->autoscaler.scaled(at(0), 10, 13);
    each->autoscaler.scaled(at(100), 13, 15);
    each->autoscaler.scaled(at(200), 15, 17);
  }
  // The larger of two limits holds: 100 more within 15 s.
  EXPECT_EQ(g.wants(17, 300), 117);
  Spec smallest =
      Growing::spec({{PolicyType::kPods, 100, 15_s}, {PolicyType::kPods, 8, 600_s}}, {});
  smallest.behavior->up.select = SelectPolicy::kMin;
  Growing least({});
  least.autoscaler = Autoscaler(smallest, {});
  least.autoscaler.scaled(at(0), 10, 13);
  least.autoscaler.scaled(at(100), 13, 15);
  least.autoscaler.scaled(at(200), 15, 17);
  EXPECT_EQ(least.wants(17, 300), 18);  // seven of eight are used up
}

TEST(hpa_events, shrinking_counts_apart_and_gives_growth_room) {
  Growing g({kFiveAMinute}, {{PolicyType::kPods, 3, 60_s}});
  g.autoscaler.scaled(at(0), 10, 14);
  g.autoscaler.scaled(at(10), 14, 12);
  // 12 - 4 + 2 pods there were at the beginning of the period.
  EXPECT_EQ(g.wants(12, 20), 15);
  EXPECT_EQ(g.wants(12, 20, 0.01), 7);  // and three fewer than those
}

TEST(hpa_events, what_is_forgotten_counts_no_more) {
  Growing g({kFiveAMinute});
  g.autoscaler.scaled(at(0), 10, 15);
  EXPECT_EQ(g.wants(15, 10), 15);
  g.autoscaler.forget();
  EXPECT_EQ(g.wants(15, 10), 20);
}

TEST(hpa_events, a_scale_that_changes_nothing_is_no_event) {
  Growing g({kFiveAMinute});
  g.autoscaler.scaled(at(0), 10, 10);
  EXPECT_EQ(g.wants(10, 10), 15);
}

}  // namespace test_hpa_events
}  // namespace stampede::hpa
