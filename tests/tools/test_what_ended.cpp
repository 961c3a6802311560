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

std::set<std::string> causes_of(const Played& run, const Incident& i) {
  std::set<std::string> kinds;
  for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
  return kinds;
}

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
