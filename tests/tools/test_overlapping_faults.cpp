// Two faults of one thing at a time: that one of them is over is not told as the end of the thing's
// trouble, and the end that changes nothing is not what the service recovers by.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_overlapping_faults {

struct Case {
  std::string first, second, over;
};
class Overlapping : public testing::TestWithParam<Case> {};

const std::vector<std::string> kParts{
    "spec.duration=30min",
    "spec.cluster.workloads[0].autoscaler=null",
    "spec.services=[{name: sess, servers: 8, service_time: 20ms}]",
    "spec.uses=[{name: sess, service: sess, per: request, timeout: 2s}]",
    "spec.controllers=[{name: leases, items: 100, rate: 10/s, lease: 3min, renew: 1min}]",
    "spec.dns=[{name: api.example, records: [east, west]}]"};

std::string faults(const Case& c, const std::string& first, const std::string& second) {
  return "{at: 5min, do: " + c.first + ", for: " + first + "}, {at: 8min, do: " + c.second +
         ", for: " + second + "}";
}

// The first one ends before the second, and the second one within the first.
TEST_P(Overlapping, only_the_last_one_ends_the_trouble) {
  const Case& c = GetParam();
  for (const std::string& timeline : {faults(c, "7min", "10min"), faults(c, "13min", "4min")}) {
    const Played run = play(timeline, kParts);
    EXPECT_GE(run.count(c.over), 1U) << timeline;
    for (const Incident& i : run.incidents)
      if (i.kind == c.over) {
        EXPECT_GE(i.at.seconds(), 18 * kMinute) << timeline;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(
    all, Overlapping,
    testing::Values(
        Case{"clear_dns_record, record: api.example", "clear_dns_record, record: api.example",
             "dns_restored"},
        Case{"slow_dns, by: 5s", "slow_dns, by: 10s", "dns_restored"},
        Case{"hang_pods, target: {region: east}", "hang_pods, target: {region: east}",
             "pods_healed"},
        Case{"slow_pods, target: {region: east}, factor: 3",
             "slow_pods, target: {region: east}, factor: 2", "pods_healed"},
        Case{"block, class: web", "block, class: web", "traffic_let_in"},
        Case{"shed, class: web, share: 50%", "shed, class: web, share: 80%", "traffic_let_in"},
        Case{"leak_routes, target: {region: west}, bandwidth: 1kB/s",
             "leak_routes, target: {region: west}, bandwidth: 1kB/s", "leak_stopped"},
        Case{"skew_clock, target: {region: east}, offset: -5min",
             "skew_clock, target: {region: east}, offset: 3min", "clock_mended"},
        Case{"fail_link, target: {region: east}", "fail_link, target: {region: east}",
             "links_repaired"},
        Case{"fail_link", "fail_link", "links_repaired"},
        Case{"push_routing_policy, policy: {export: none}",
             "push_routing_policy, policy: {export: none}", "policy_restored"},
        Case{"push_routing_policy, policy: {export: none}",
             "push_routing_policy, policy: {export: none, prefixes: 50%}", "policy_restored"},
        Case{"fail_nodes, target: {region: east, node: 0}",
             "fail_nodes, target: {region: east, node: 0}", "nodes_repaired"},
        Case{"detach_network, target: {region: east, node: 0}",
             "detach_network, target: {region: east, node: 0}", "nodes_attached"},
        Case{"cordon_nodes, target: {region: east}", "cordon_nodes, target: {region: east}",
             "nodes_uncordoned"},
        Case{"partition, target: {region: east}", "partition, target: {region: east}",
             "paths_restored"},
        Case{"degrade_link, target: {region: east}, loss: 5%",
             "degrade_link, target: {region: east}, latency: 50ms", "paths_restored"},
        Case{"limit_api_server, level: workload_low, rate: 1/s",
             "limit_api_server, level: workload_low, rate: 1/s", "api_calls_let_in"},
        Case{"throttle, rate: 2/s", "throttle, rate: 1/s", "controller_unthrottled"},
        Case{"stall_controller", "stall_controller", "controller_resumed"},
        Case{"slow_service, service: sess, factor: 2", "limit_service, service: sess, rate: 1/s",
             "service_restored"},
        Case{"slow_disk, target: {region: east}, by: 1s",
             "slow_disk, target: {region: east}, by: 2s", "disk_restored"},
        Case{"drain_region, target: {region: east}", "drain_region, target: {region: east}",
             "region_undrained"}),
    [](const auto& of) { return "n" + std::to_string(of.index) + "_" + of.param.over; });

const Incident* last(const Played& run, const std::string& kind) {
  const Incident* found = nullptr;
  for (const Incident& i : run.incidents)
    if (i.kind == kind) found = &i;
  return found;
}

// Of a host that is dead as well nothing is heard when its network is back.
TEST(overlapping, a_dead_host_is_not_back_with_its_network) {
  const Case c{"detach_network, target: {region: east, node: 0}",
               "fail_nodes, target: {region: east, node: 0}", ""};
  const Played run = play(faults(c, "7min", "10min"), kParts);
  EXPECT_EQ(run.count("nodes_attached"), 0U);
  EXPECT_EQ(run.count("fault_eased"), 1U);
  EXPECT_EQ(last(run, "nodes_repaired")->at.seconds(), 18 * kMinute);
}

// Classes that are turned away are different things.
TEST(overlapping, one_class_is_let_in_while_another_is_not) {
  const Played run = play(faults({"block, class: web", "block, class: sdk", ""}, "7min", "10min"));
  EXPECT_EQ(run.count("fault_eased"), 0U);
  EXPECT_EQ(run.count("traffic_let_in"), 4U);
}

TEST(overlapping, a_region_is_undrained_by_the_drain_that_ends_last) {
  const Case c{"drain_region, target: {region: east}", "drain_region, target: {region: east}", ""};
  const Played nested = play(faults(c, "13min", "4min"), kParts);
  const Incident* undrained = last(nested, "region_undrained");
  ASSERT_NE(undrained, nullptr);
  ASSERT_EQ(undrained->causes.size(), 2U);
  EXPECT_EQ(nested.incidents[undrained->causes[0] - 1].at.seconds(), 5 * kMinute);
  EXPECT_EQ(roots_of(nested.incidents, *undrained), std::set<std::string>{"drain_region"});
}

// The service recovers by the fault that held it down to the end.
TEST(overlapping, an_end_that_changes_nothing_mends_nothing) {
  for (const Case& c : {Case{"block", "block", ""}, Case{"fail_link", "fail_link", ""},
                        Case{"push_routing_policy, policy: {export: none}",
                             "push_routing_policy, policy: {export: none}", ""},
                        Case{"set, path: spec.gateway.rate_limit.requests, value: 1",
                             "set, path: spec.gateway.rate_limit.requests, value: 2", ""}}) {
    const Played run = play(faults(c, "7min", "10min"), {"spec.gateway.rate_limit.requests=1000"});
    const Incident* recovered = last(run, "recovered");
    ASSERT_NE(recovered, nullptr) << c.first;
    EXPECT_GE(recovered->at.seconds(), 18 * kMinute);
    for (const IncidentId cause : recovered->causes)
      EXPECT_GE(run.incidents[cause - 1].at.seconds(), 18 * kMinute) << c.first;
  }
}

}  // namespace test_overlapping_faults
}  // namespace stampede::test
