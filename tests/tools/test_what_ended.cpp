// What ends a trouble of a whole fleet is named by the incident that says that it is over.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_what_ended {

struct Case {
  const char *change, *began, *over, *because;
  std::vector<std::string> more{};
};
const std::string kLeases =
    "spec.controllers=[{name: leases, items: 1000, rate: 100/s, lease: 3min, renew: 2min}]";
class Ended : public testing::TestWithParam<Case> {};

TEST_P(Ended, trouble_says_by_what) {
  const Case& c = GetParam();
  const Played run = play(c.change, c.more);
  ASSERT_GE(run.count(c.began), 1U);
  ASSERT_EQ(run.count(c.over), run.count(c.began));
  for (const Incident& i : run.incidents)
    if (i.kind == c.over) {
      EXPECT_EQ(causes_of(run, i), (std::set<std::string>{c.began, c.because}));
    }
}

INSTANTIATE_TEST_SUITE_P(
    all, Ended,
    testing::Values(
        Case{"{at: 10min, do: slow_disk, by: 3s, for: 5min}", "etcd_saturated", "etcd_recovered",
             "disk_restored"},
        Case{"{at: 10min, do: set, path: spec.control_plane.etcd.fsync, value: 3s, for: 5min}",
             "etcd_saturated", "etcd_recovered", "healed"},
        Case{"{at: 10min, do: set, path: spec.control_plane.etcd.fsync, value: 3s, name: slow}, "
             "{at: 15min, do: undo, name: slow}",
             "etcd_saturated", "etcd_recovered", "undone"},
        Case{"{at: 10min, do: set, path: 'spec.serving.pools[0].front_end.max_peers', value: 2, "
             "for: 5min}",
             "peers_exceeded", "peers_within", "healed"},
        Case{"{at: 0s, do: leak_routes, target: {region: west}, bandwidth: 1kB/s, for: 1min}",
             "region_unreachable", "region_reachable", "leak_stopped"},
        Case{"{at: 10min, do: throttle, rate: 1/s, for: 30min}",
             "leases_expired",
             "leases_valid",
             "controller_unthrottled",
             {kLeases}},
        Case{"{at: 10min, do: stall_controller, for: 10min}",
             "leases_expired",
             "leases_valid",
             "controller_resumed",
             {kLeases}},
        // Of two throttles the tighter one ends first.
        Case{"{at: 10min, do: throttle, rate: 9/s, for: 40min}, "
             "{at: 12min, do: throttle, rate: 1/s, for: 20min}",
             "leases_expired",
             "leases_valid",
             "fault_eased",
             {kLeases}},
        Case{"{at: 10min, do: partition, target: {region: west, from: regions}, for: 10min}",
             "service_withdrawn",
             "service_announced",
             "paths_restored",
             {"spec.services=[{name: authority, in_each_region: true, anycast: true, regions: "
              "[east], health: "
              "{reach: west, period: 5s}}]",
              "spec.network.backbone=true"}},
        Case{"{at: 10min, do: slow_service, service: store, factor: 20}, "
             "{at: 20min, do: limit_service, service: store, rate: 1/s}",
             "service_saturated",
             "service_recovered",
             "service_limited",
             {"spec.services=[{name: store, servers: 2, service_time: 50ms, queue: 4}]",
              "spec.uses=[{name: store, service: store, per: request, timeout: 20s, retry: "
              "{policy: none}}]"}}));

// A store that lasting retries keep down when it is as fast as before.
const std::string kSlowed = "{at: 10min, do: slow_service, service: store, factor: 5, for: 3min}";
const std::string kSpike = "{at: 10min, do: spike, factor: 4, for: 3min}";
Played played_with_store(const std::string& timeline) {
  return play(timeline,
              {"spec.services=[{name: store, servers: 4, service_time: 500ms, queue: 100}]",
               "spec.uses=[{name: calls, service: store, per: request, timeout: 5s, retry: "
               "{policy: full_jitter, base: 200ms, max_attempts: 4}}]"});
}

struct Act {
  const char* act;
  std::set<std::string> because;
  const char* name;
};
class StandingOverload : public testing::TestWithParam<Act> {};

void expect_ended_by(const Played& run, const std::set<std::string>& because) {
  ASSERT_EQ(run.count("service_recovered"), 1U);
  for (const Incident& i : run.incidents) {
    if (i.kind == "service_recovered") {
      std::set<std::string> all = because;
      all.insert("service_saturated");
      EXPECT_EQ(causes_of(run, i), all);
      EXPECT_GE(i.at.seconds(), 40 * kMinute);
    }
    if (i.kind == "recovered") {
      for (const IncidentId cause : i.causes)
        EXPECT_GE(run.incidents[cause - 1].at.seconds(), 40 * kMinute)
            << run.incidents[cause - 1].kind;
    }
  }
}

TEST_P(StandingOverload, ends_by_what_took_load_off_it) {
  expect_ended_by(played_with_store(kSlowed + ", " + GetParam().act), GetParam().because);
}

INSTANTIATE_TEST_SUITE_P(
    acts, StandingOverload,
    testing::Values(
        Act{"{at: 40min, do: shed, share: 95%, for: 5min}", {"traffic_shed"}, "shed"},
        Act{"{at: 40min, do: set, path: spec.demand.rate, value: 0.1/s, for: 5min}",
            {"set"},
            "less_demand"},
        Act{"{at: 40min, do: set, path: spec.uses.calls.retry.max_attempts, value: '1'}",
            {"set"},
            "fewer_tries"},
        Act{"{at: 40min, do: set, path: spec.uses.calls.timeout, value: 30s}",
            {"set"},
            "more_patience"},
        Act{"{at: 40min, do: restart_service, service: store}",
            {"instances_restarted", "instances_back"},
            "restart"},
        Act{"{at: 40min, do: partition, target: {region: east, from: clients}, for: 5min}, "
            "{at: 40min, do: partition, target: {region: west, from: clients}, for: 5min}",
            {"paths_cut"},
            "cut_off"}),
    [](const testing::TestParamInfo<Act>& act) { return act.param.name; });

TEST(ended, an_overload_that_a_spike_left_ends_by_what_was_done) {
  expect_ended_by(played_with_store(kSpike + ", {at: 40min, do: shed, share: 95%, for: 5min}"),
                  {"traffic_shed"});
}

// Nobody does anything: it stands. What was done elsewhere, or asks for more, did not end it.
TEST(ended, an_overload_that_stands_names_no_end) {
  EXPECT_EQ(played_with_store(kSlowed).count("service_recovered"), 0U);
  const Played run = played_with_store(
      kSlowed +
      ", {at: 39min30s, do: set, path: spec.demand.rate, value: 3.1/s}, {at: 39min30s, do: set, "
      "path: 'spec.serving.pools[0].front_end.max_peers', value: 1000}, "
      "{at: 40min, do: shed, share: 95%, for: 5min}");
  expect_ended_by(run, {"traffic_shed"});
}

TEST(ended, a_link_is_relieved_by_more_of_it) {
  const std::string spike = "{at: 10min, do: spike, factor: 20, for: 40min}, ";
  const std::vector<std::string> narrow{
      "spec.network.capacities=[{name: up, region: east, from: clients, bandwidth: 100kB/s}]"};
  const Played run = play(spike +
                              "{at: 20min, do: set, path: "
                              "spec.network.capacities.up.bandwidth, value: 100MB/s}",
                          narrow);
  ASSERT_EQ(run.count("link_saturated"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "link_relieved") {
      EXPECT_EQ(causes_of(run, i), (std::set<std::string>{"link_saturated", "set"}));
    }
  EXPECT_EQ(run.count("link_relieved"), 1U);
}

// A smaller fleet alone was not enough, nor would the restart have been without it.
TEST(ended, too_many_peers_name_all_that_made_them_fewer) {
  const Played run = play(
      "{at: 1min, do: stop_autoscaler}, {at: 10min, do: scale, replicas: 16, target: {region: "
      "east}}, {at: 20min, do: scale, replicas: 11, target: {region: east}}, {at: 25min, do: "
      "restart_pods, target: {region: east}, max_unavailable: 2}",
      {"spec.serving.pools[0].front_end.max_peers=12",
       "spec.serving.pools[0].front_end.peers_need_restart=true"});
  ASSERT_EQ(run.count("peers_within"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "peers_within") {
      EXPECT_EQ(causes_of(run, i),
                (std::set<std::string>{"peers_exceeded", "scale", "pods_restarted"}));
    }
}

// At the first instant too, and of all servers that there are then.
TEST(ended, what_is_set_at_the_first_instant_brings_what_follows) {
  const Played run = play(
      "{at: 0s, do: set, path: 'spec.serving.pools[0].front_end.max_peers', value: 2, for: 10min}");
  ASSERT_GE(run.count("peers_exceeded"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "peers_exceeded") {
      EXPECT_EQ(causes_of(run, i), std::set<std::string>{"set"});
      EXPECT_EQ(i.text.find("3 servers"), std::string::npos) << i.text;
    }
}

}  // namespace test_what_ended
}  // namespace stampede::test
