// Traffic that is moved, turned away or broken off by hand, and agents that load the API servers.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_traffic_faults {

// Requests of a home region from minute to minute, and how many of them a region answered.
struct Split {
  u64 all = 0, here = 0;
};
Split split(const Played& run, RegionId home, RegionId region, double from, double to) {
  Split s;
  for (const RequestRecord& r : run.requests.all) {
    const double minute = r.offered.seconds() / kMinute;
    if (r.home != home || minute < from || minute >= to) continue;
    ++s.all;
    s.here += r.region == region;
  }
  return s;
}

void expect_one_root(const Played& run, const std::string& action) {
  for (const Incident& i : run.incidents)
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{action}) << i.kind;
}

// Who only goes elsewhere makes no surge; those who come on top of others do.
TEST(traffic_faults, a_surge_is_more_than_there_was) {
  const Played drained = play("{at: 10min, do: drain_region, target: {region: east}}");
  EXPECT_EQ(drained.count("failover_started"), 1U);
  EXPECT_EQ(drained.count("surge_peaked"), 0U);
  const Played pushed =
      play("{at: 10min, do: push_routing_policy, target: {region: east}, policy: {export: none}}");
  EXPECT_EQ(pushed.count("surge_peaked"), 1U);
}

TEST(traffic_faults, a_surge_names_what_brought_attempts_at_its_peak) {
  const std::string push =
      "{at: 10min, do: push_routing_policy, target: {region: east}, policy: {export: none}}";
  const auto roots = [](const Played& run) {
    for (const Incident& i : run.incidents)
      if (i.kind == "surge_peaked") return roots_of(run.incidents, i);
    return std::set<std::string>{};
  };
  EXPECT_EQ(roots(play(push + ", {at: 12min, do: spike, factor: 4, for: 4min}")),
            (std::set<std::string>{"push_routing_policy", "spike"}));
  EXPECT_EQ(roots(play("{at: 1min, do: spike, factor: 1.5, for: 1min}, " + push)),
            (std::set<std::string>{"push_routing_policy"}));
}

TEST(traffic_faults, clients_that_know_their_own_region_only_stay_there) {
  const Played run = play(
      "{at: 10min, do: push_routing_policy, target: {region: east}, policy: "
      "{export: none}, for: 10min}",
      {"spec.balancer.mode=home"});
  EXPECT_EQ(run.count("failover_started"), 0U);
  const Split east = split(run, 0, 0, 12, 19);
  EXPECT_EQ(east.here, east.all);
  EXPECT_GT(run.requests.span(12, 19).lost_share(), 0.4);
  EXPECT_LT(run.requests.span(30, 55).lost_share(), 0.01);
}

TEST(traffic_faults, a_drained_region_is_left_as_its_answers_run_out_and_taken_again) {
  const Played run = play("{at: 10min, do: drain_region, target: {region: east}, for: 20min}",
                          {"spec.balancer.ttl_violators=0%"});
  EXPECT_EQ(split(run, 0, 0, 0, 10).all, split(run, 0, 0, 0, 10).here);
  const Split soon = split(run, 0, 0, 10, 10.5), late = split(run, 0, 0, 15, 30),
              after = split(run, 0, 0, 45, 60);
  EXPECT_GT(soon.here, soon.all / 3);  // answers of a minute
  EXPECT_LT(soon.here, soon.all);
  EXPECT_EQ(late.here, 0U);
  EXPECT_GT(after.here, after.all * 49 / 50);
  EXPECT_EQ(run.count("region_drained"), 1U);
  EXPECT_EQ(run.count("region_undrained"), 1U);
  EXPECT_LT(run.requests.span(10, 60).lost_share(), 0.002);
  expect_one_root(run, "drain_region");
}

TEST(traffic_faults, two_drains_end_one_by_one_or_both_by_an_undrain) {
  const std::string drains =
      "{at: 10min, do: drain_region, target: {region: east}, for: 10min}, "
      "{at: 12min, do: drain_region, target: {region: east}}";
  EXPECT_EQ(play(drains).count("region_undrained"), 0U);
  const Played run = play(drains + ", {at: 15min, do: undrain_region, target: {region: east}}");
  EXPECT_EQ(run.count("region_undrained"), 1U);
  EXPECT_GT(split(run, 0, 0, 30, 60).here, split(run, 0, 0, 30, 60).all * 49 / 50);
}

// Without retries the share of the attempts is that of the requests.
TEST(traffic_faults, shedding_turns_away_the_share_of_the_class_and_nobody_else) {
  const Played run = play("{at: 10min, do: shed, class: web, share: 30%, for: 20min}",
                          {"spec.clients[*].resubmit.probability=0%"});
  u64 web = 0, web_lost = 0, others_lost = 0;
  for (const RequestRecord& r : run.requests.all) {
    const double minute = r.offered.seconds() / kMinute;
    if (minute < 10 || minute >= 30) continue;
    const bool lost = r.outcome != Outcome::kSucceeded && !r.open;
    if (r.class_id == 0) {
      ++web;
      web_lost += lost;
      if (lost) {
        EXPECT_EQ(r.outcome, Outcome::kRejected503);
      }
    } else {
      others_lost += lost;
    }
  }
  EXPECT_NEAR(static_cast<double>(web_lost), 0.3 * static_cast<double>(web),
              0.05 * static_cast<double>(web));
  EXPECT_EQ(others_lost, 0U);
  EXPECT_EQ(run.requests.span(31, 60).lost, 0U);
  EXPECT_EQ(run.count("traffic_shed"), 2U);  // a region each
  EXPECT_EQ(run.count("traffic_let_in"), 2U);
}

TEST(traffic_faults, a_blocked_class_gets_nothing_where_it_is_blocked) {
  const Played run = play("{at: 10min, do: block, class: sdk, target: {region: west}, for: 10min}");
  for (const RequestRecord& r : run.requests.all) {
    const double minute = r.offered.seconds() / kMinute;
    const bool blocked = r.class_id == 1 && r.home == 1 && minute >= 10 && minute < 19;
    if (blocked) {
      EXPECT_EQ(r.outcome, Outcome::kRejected429);
    } else if (minute < 10 || minute >= 20) {
      EXPECT_TRUE(r.open || r.outcome == Outcome::kSucceeded);
    }
  }
  expect_one_root(run, "block");
}

TEST(traffic_faults, dropped_connections_end_what_runs_and_clients_come_back) {
  const Played run = play("{at: 10min, do: drop_connections, target: {region: east}}");
  ASSERT_EQ(run.count("connections_dropped"), 1U);
  u64 broken = 0, retried = 0;
  for (const RequestRecord& r : run.requests.all) {
    broken += r.outcome == Outcome::kTruncated;
    retried += r.attempts > 1;
  }
  EXPECT_GT(broken + retried, 5U);
  EXPECT_EQ(run.requests.span(11, 60).lost, 0U);
  const Played nobody = play("{at: 10min, do: drop_connections, target: {region: east, pod: 15}}");
  EXPECT_EQ(nobody.results, healthy().results);
  EXPECT_EQ(nobody.count("connections_dropped"), 0U);
  EXPECT_EQ(nobody.count("nothing_changed"), 1U);
  expect_one_root(run, "drop_connections");
}

// A roll-out of agents loads a control plane in proportion to its nodes: the same agents leave a
// small cluster alone and drown a large one. Kubelets' leases fail there, and it ends with them.
TEST(traffic_faults, agents_drown_the_api_servers_of_the_larger_cluster_alone) {
  const std::vector<std::string> sizes{"spec.regions[0].nodes=200", "spec.control_plane.servers=1",
                                       "spec.control_plane.cpu_cores=4"};
  const std::string load =
      "{at: 10min, do: load_api_server, agents_per_node: 1, period: 10s, objects: 20000, for: "
      "15min}";
  const Played run = play(load, sizes);
  EXPECT_EQ(run.count("api_load_started"), 2U);
  u64 east = 0, west = 0;
  for (const Incident& i : run.incidents) {
    if (i.kind == "api_load_started" || i.kind == "load_api_server" || i.kind == "healed") continue;
    east += i.component.find("east") == 0;
    west += i.component.find("west") == 0;
  }
  EXPECT_GT(east, 0U);
  EXPECT_EQ(west, 0U);
  EXPECT_GE(run.count("nodes_lost") + run.count("etcd_saturated"), 1U);
  EXPECT_EQ(run.requests.span(40, 60).lost, 0U);
  expect_one_root(run, "load_api_server");
  EXPECT_TRUE(play("", sizes).incidents.empty());
}

}  // namespace test_traffic_faults
}  // namespace stampede::test
