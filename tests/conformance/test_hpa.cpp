// The autoscaler's arithmetic against Kubernetes' own test tables, exactly. Works on any file of
// the format that `meta.conventions` describes; what it does not know fails, it is never skipped.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "sim/random.h"
#include "tests/conformance/hpa_runners.h"
#include "tests/support.h"

namespace stampede::hpa {
namespace test_hpa {

using namespace vectors;

// Empty if every expected figure was computed, else what differs.
std::string difference(const json& expected, json got) {
  json want = expected;
  for (const char* set : {"unready", "missing", "ignored"})  // sets: the order says nothing
    if (want.contains(set)) want[set] = want[set].get<std::set<std::string>>();
  const bool error = want.value("error", false);
  if (error) want.erase("error_hint");
  if (want.empty()) return "expected says nothing";
  if (!error) got.erase("error_hint");
  for (const auto& [key, value] : want.items())
    if (!got.contains(key) || got.at(key) != value)
      return "expected " + want.dump() + ", got " + got.dump();
  return "";
}

json load() {
  const auto path = test::shared_dir() / "vectors" / "hpa_vectors.json";
  std::ifstream in(path);
  if (!in) return nullptr;
  return json::parse(in);
}

TEST(hpa_vectors, hpa_all_cases_exact) {
  const json file = load();
  if (file.is_null()) {
    std::cout << "SKIPPED: no vectors/hpa_vectors.json under " << test::shared_dir() << "\n";
    return;
  }
  ASSERT_NO_THROW(only(file, {"meta", "count", "cases"}));
  const json& cases = file.at("cases");
  ASSERT_FALSE(cases.empty());
  EXPECT_EQ(file.value("count", cases.size()), cases.size());
  std::size_t passed = 0;
  for (const json& c : cases) {
    const std::string name = c.value("name", std::string("(unnamed)"));
    std::string wrong;
    try {
      wrong = difference(c.at("expected"), run_case(c));
    } catch (const std::exception& e) {
      wrong = "expected " + c.value("expected", json()).dump() + ", got exception: " + e.what();
    }
    if (wrong.empty())
      ++passed;
    else
      ADD_FAILURE() << "case '" << name << "': " << wrong;
  }
  std::cout << passed << " of " << cases.size() << " cases reproduced\n";
}

TEST(hpa_vectors, hpa_unknown_fields_and_kinds_fail) {
  EXPECT_THROW(run_case(json{{"kind", "vertical"}}), std::exception);
  json c{{"kind", "stabilize_default"},
         {"downscale_stabilization_s", 300},
         {"recommendations", json::array()},
         {"desired_replicas", 5}};
  EXPECT_EQ(difference({{"replicas", 5}}, run_case(c)), "");
  EXPECT_NE(difference({{"replicas", 6}}, run_case(c)), "");
  EXPECT_NE(difference({{"surprise", 6}}, run_case(c)), "");
  c["surprise"] = 1;
  EXPECT_THROW(run_case(c), std::exception);
}

TEST(hpa_release, hpa_tolerance_edge_differs_between_releases) {
  Flags flags;
  EXPECT_TRUE(within_tolerance(1.1, flags));
  EXPECT_TRUE(within_tolerance(0.9, flags));
  flags.release = Release::kUpTo132;
  EXPECT_FALSE(within_tolerance(1.1, flags));
  EXPECT_TRUE(within_tolerance(1.0999, flags));
}

// 10 -> 1000 under unlimited demand: doubling per 15 s sync, 7 syncs.
TEST(hpa_growth, hpa_doubles_to_the_maximum_in_seven_syncs) {
  Spec spec;
  spec.max_replicas = 1000;
  spec.metrics = {MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false}};
  spec.behavior.emplace();
  Autoscaler a(spec, {});
  i32 replicas = 10;
  std::vector<i32> sizes;
  for (int sync = 0; sync < 8; ++sync) {
    Observation seen;
    seen.now = Instant{} + 15_s * sync;
    seen.spec_replicas = seen.status_replicas = replicas;
    seen.readings = {MetricReading{true, {}, {}, {10'000'000}}};
    const Decision d = a.reconcile(seen);
    a.scaled(seen.now, replicas, d.want);
    sizes.push_back(replicas = d.want);
  }
  EXPECT_EQ(sizes, (std::vector<i32>{20, 40, 80, 160, 320, 640, 1000, 1000}));
}

// A Value target counts ready pods only: zombies make the answer shrink; AverageValue does not.
TEST(hpa_zombies, hpa_value_target_shrinks_with_unready_pods) {
  std::vector<Pod> pods(40);
  for (std::size_t i = 0; i < pods.size(); ++i) pods[i].ready = i < 4;
  MetricReading reading;
  reading.values_milli = {300'000};
  const MetricSpec value{MetricType::kExternal, TargetType::kValue, 100'000, false};
  EXPECT_EQ(propose(value, reading, pods, 40, 40, kNow, {}).replicas, 12);
  const MetricSpec average{MetricType::kExternal, TargetType::kAverageValue, 2'500, false};
  EXPECT_EQ(propose(average, reading, pods, 40, 40, kNow, {}).replicas, 120);
}

TEST(hpa_tolerance, hpa_each_direction_has_its_own) {
  Spec spec;
  spec.max_replicas = 1000;
  spec.metrics = {MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false}};
  spec.behavior.emplace();
  spec.behavior->up.tolerance = 0.0;
  spec.behavior->down.tolerance = 0.5;
  spec.behavior->down.stabilization = {};
  const auto want = [&](i64 total) {
    Autoscaler a(spec, {});
    a.restore({});
    Observation seen;
    seen.spec_replicas = seen.status_replicas = 100;
    seen.readings = {MetricReading{true, {}, {}, {total}}};
    return a.reconcile(seen).want;
  };
  EXPECT_EQ(want(100'000), 100);
  EXPECT_EQ(want(101'000), 101);
  EXPECT_EQ(want(60'000), 100);
  EXPECT_EQ(want(40'000), 40);
}

TEST(hpa_behavior, hpa_disabled_direction_never_moves) {
  Behavior b;
  b.up.select = b.down.select = SelectPolicy::kDisabled;
  EXPECT_EQ(clamp(10, 100, 1, 1000, {}, {}, b, kNow).replicas, 10);
  EXPECT_EQ(clamp(10, 1, 1, 1000, {}, {}, b, kNow).replicas, 10);
}

TEST(hpa_bounds, hpa_out_of_bounds_ignores_metrics_and_zero_is_disabled) {
  Spec spec;
  spec.min_replicas = 2;
  spec.max_replicas = 20;
  spec.metrics = {MetricSpec{}};
  const auto pass = [&](i32 replicas) {
    Autoscaler a(spec, {});
    Observation seen;
    seen.spec_replicas = seen.status_replicas = replicas;
    seen.readings = {MetricReading{false, {}, {}, {}}};
    return a.reconcile(seen);
  };
  EXPECT_EQ(pass(50).want, 20);
  EXPECT_EQ(pass(1).want, 2);
  EXPECT_EQ(pass(0).want, 0);
  EXPECT_EQ(pass(0).action, Action::kDisabled);
  EXPECT_EQ(pass(7).want, 7);
  EXPECT_EQ(pass(7).action, Action::kNoMetrics);
}

// Whatever is seen: within the bounds, at most doubled, and never down within the window of a
// higher recommendation.
TEST(hpa_property, hpa_random_walk_keeps_the_limits) {
  for (const bool behavior : {false, true}) {
    Sequence random(stream_key(behavior ? 1 : 2, "hpa", "walk"));
    Spec spec;
    spec.min_replicas = 3;
    spec.max_replicas = 500;
    spec.metrics = {MetricSpec{MetricType::kPods, TargetType::kAverageValue, 5000, false}};
    if (behavior) spec.behavior.emplace();
    Autoscaler a(spec, {});
    i32 replicas = 10;
    std::vector<i32> proposals;
    for (int sync = 0; sync < 2000; ++sync) {
      Observation seen;
      seen.now = kNow + 15_s * sync;
      seen.spec_replicas = seen.status_replicas = replicas;
      MetricReading reading;
      const double load = 10'000 * random.next();
      for (i32 i = 0; i < replicas; ++i) {
        Pod pod;
        pod.phase = random.next() < 0.1 ? PodPhase::kPending : PodPhase::kRunning;
        pod.ready = random.next() < 0.9;
        seen.pods.push_back(pod);
        reading.samples.emplace_back();
        if (random.next() < 0.9) reading.samples.back() = Sample{static_cast<i64>(load), {}, {}};
      }
      seen.readings = {reading};
      const Decision d = a.reconcile(seen);
      ASSERT_GE(d.want, 3);
      ASSERT_LE(d.want, 500);
      ASSERT_LE(d.want, std::max(2 * replicas, replicas + 4));
      if (d.action != Action::kNoMetrics) {
        proposals.push_back(d.proposed);
        i32 highest = 0;  // 300 s are the last 20 passes
        const std::size_t from = proposals.size() > 20 ? proposals.size() - 20 : 0;
        for (std::size_t i = from; i < proposals.size(); ++i)
          highest = std::max(highest, proposals[i]);
        if (d.want < replicas) {
          ASSERT_GE(d.want, std::min(highest, 500));
        }
      }
      a.scaled(seen.now, replicas, d.want);
      replicas = d.want;
    }
    EXPECT_LE(a.recommendations().size(), 23U);  // slots are used again
  }
}

TEST(hpa_failure, hpa_partial_metric_failure_only_scales_up) {
  Spec spec;
  spec.max_replicas = 100;
  spec.metrics = {MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false},
                  MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false}};
  const auto pass = [&](i64 first, bool second_available, i64 second) {
    Autoscaler a(spec, {});
    a.restore({});
    Observation seen;
    seen.spec_replicas = seen.status_replicas = 10;
    seen.readings = {MetricReading{true, {}, {}, {first}},
                     MetricReading{second_available, {}, {}, {second}}};
    return a.reconcile(seen);
  };
  EXPECT_EQ(pass(15'000, false, 0).want, 15);
  EXPECT_EQ(pass(5'000, false, 0).action, Action::kNoMetrics);
  EXPECT_EQ(pass(5'000, false, 0).want, 10);
  EXPECT_EQ(pass(5'000, true, 6'000).want, 6);
}

}  // namespace test_hpa
}  // namespace stampede::hpa
