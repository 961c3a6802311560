// Ways, links and routes that fail, and hardware that fails by chance, on small fleets: what
// requests see, that it names its root, and that it ends.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_way_faults {

void expect_one_root(const Played& run, const std::string& action) {
  for (const Incident& i : run.incidents) {
    if (i.kind == "recovered") continue;  // of the service, as it is judged afterwards
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{action}) << i.kind;
  }
}

// Of clients at home in `east`.
Span of_east(const Played& run, double from, double to) {
  Minutes east;
  for (const RequestRecord& r : run.requests.all)
    if (r.home == 0) east.all.push_back(r);
  return east.span(from, to);
}

void expect_well(const Played& run, double from, double to) {
  EXPECT_LT(run.requests.span(from, to).lost_share(), 0.003);
  EXPECT_LT(run.requests.span(from, to).mean_ttft(),
            1.2 * healthy().requests.span(from, to).mean_ttft());
}

TEST(way_faults, clients_cut_off_from_their_region_wait_and_are_sent_elsewhere) {
  const Played run =
      play("{at: 10min, do: partition, target: {region: east, from: clients}, for: 10min}");
  EXPECT_EQ(run.count("paths_cut"), 1U);
  EXPECT_EQ(run.count("paths_restored"), 1U);
  EXPECT_GE(run.count("region_unreachable"), 1U);
  EXPECT_GT(of_east(run, 10, 11).mean_ttft() + 10 * of_east(run, 10, 11).lost_share(),
            2 * of_east(healthy(), 10, 11).mean_ttft());
  // In the other region, but for those whose resolvers keep answers too long.
  EXPECT_LT(of_east(run, 15, 20).lost_share(), 0.1);
  expect_well(run, 40, 55);
  expect_one_root(run, "partition");
}

TEST(way_faults, nobody_hears_what_comes_after_they_have_left) {
  const Played run =
      play("{at: 10min, do: degrade_link, target: {from: clients}, bandwidth: 2kB/s, for: 5min}");
  EXPECT_GT(run.requests.span(10, 15).lost_share(), 0.3);
  for (const RequestRecord& r : run.requests.all)
    if (!r.open) {
      EXPECT_LE(r.ttft, r.e2e);
    }
}

TEST(way_faults, regions_cut_off_from_each_other_leave_their_clients_alone) {
  const Played run =
      play("{at: 10min, do: partition, target: {region: east, from: west}, for: 10min}");
  EXPECT_EQ(run.count("paths_cut"), 1U);
  EXPECT_EQ(run.requests.span(10, 40).lost, 0U);
  expect_one_root(run, "partition");
}

TEST(way_faults, latency_is_added_to_what_clients_of_the_region_wait) {
  const Played run =
      play("{at: 10min, do: degrade_link, target: {region: east}, latency: 500ms, for: 10min}");
  const double more = of_east(run, 10, 20).mean_ttft() - of_east(healthy(), 10, 20).mean_ttft();
  EXPECT_NEAR(more, 0.5, 0.1);
  expect_well(run, 22, 55);
  expect_one_root(run, "degrade_link");
}

// First tokens are late by time-outs that double: with 20 % twice in a request and its answer.
TEST(way_faults, loss_makes_first_tokens_late_and_loses_nothing) {
  const auto ttft = [](const char* loss) {
    const Played run =
        play("{at: 10min, do: degrade_link, loss: " + std::string(loss) + ", for: 10min}");
    EXPECT_LT(run.requests.span(10, 20).lost_share(), 0.01);
    expect_well(run, 22, 55);
    expect_one_root(run, "degrade_link");
    return run.requests.span(10, 20).mean_ttft();
  };
  const double sound = healthy().requests.span(10, 20).mean_ttft();
  const double some = ttft("5%"), more = ttft("20%");
  EXPECT_GT(some, sound + 0.01);
  EXPECT_GT(more, sound + 0.1);
  EXPECT_GT(more - sound, 3 * (some - sound));
}

// At 1/5 and 1/20 a link that carries half of what is offered makes as many late.
TEST(way_faults, a_smaller_fleet_on_a_smaller_link_is_hit_alike) {
  const auto late = [](const char* scale, int seeds) {
    double mean = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
      const Played run = play(
          "{at: 5min, do: degrade_link, target: {from: clients}, bandwidth: 400kB/s, for: 15min}",
          {"spec.demand.rate=12/s", "spec.regions[*].nodes=4",
           "spec.regions[*].pools[0].replicas=20", "spec.regions[*].pools[0].gpu_limit=32",
           "spec.duration=20min", "spec.cluster.workloads[0].autoscaler.max_replicas=32",
           "spec.seed=" + std::to_string(seed), std::string("spec.scale=") + scale});
      mean += run.requests.span(6, 19).mean_ttft() / seeds;
    }
    return mean;
  };
  const double whole = late("1", 2), fifth = late("1/5", 6), twentieth = late("1/20", 16);
  EXPECT_GT(whole, healthy().requests.span(6, 19).mean_ttft() + 0.3);
  // Few requests on a narrow link meet more by chance than many on a wide one: the smaller the
  // fleet, the longer they wait.
  EXPECT_GT(fifth, 0.7 * whole);
  EXPECT_LT(fifth, 1.7 * whole);
  EXPECT_GT(twentieth, 0.7 * whole);
  EXPECT_LT(twentieth, 2.5 * whole);
}

// ---- BGP ---------------------------------------------------------------------------------------

// A limit of prefixes shuts sessions down because of the leak, and none without one.
TEST(way_faults, a_limit_of_prefixes_answers_a_leak) {
  const std::string leak = "{at: 10min, do: leak_routes, target: {region: east}, for: 10min}";
  EXPECT_EQ(play(leak).count("max_prefix_exceeded"), 0U);
  EXPECT_EQ(play("", {"spec.network.bgp.max_prefix=1.5"}).incidents.size(), 0U);
  const Played limited = play(leak, {"spec.network.bgp.max_prefix=1.5"});
  EXPECT_GE(limited.count("max_prefix_exceeded"), 1U);
  expect_one_root(limited, "leak_routes");
}

// Who resets sessions that were shut so sets them up again because of that; others name nothing.
TEST(way_faults, a_reset_names_what_shut_the_sessions) {
  const std::string reset = "{at: 15min, do: reset_session, target: {region: east}}";
  const std::string leak = "{at: 10min, do: leak_routes, target: {region: east}, for: 10min}";
  for (const bool leaked : {false, true}) {
    const Played run =
        play(leaked ? leak + ", " + reset : reset, {"spec.network.bgp.max_prefix=1.5"});
    ASSERT_EQ(run.count("sessions_reset"), 1U);
    for (const Incident& i : run.incidents) {
      if (i.kind != "sessions_reset") continue;
      std::set<std::string> kinds;
      for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
      EXPECT_EQ(kinds.contains("max_prefix_exceeded"), leaked);
      EXPECT_TRUE(kinds.contains("reset_session"));
    }
  }
}

TEST(way_faults, without_links_a_region_is_dark_until_routers_and_balancer_notice) {
  const Played run = play("{at: 10min, do: fail_link, target: {region: east}, for: 10min}");
  EXPECT_EQ(run.count("links_failed"), 1U);
  EXPECT_EQ(run.count("links_repaired"), 1U);
  EXPECT_GE(run.count("region_unreachable"), 1U);
  EXPECT_GT(of_east(run, 10, 11).lost_share(), 0.05);
  expect_well(run, 40, 55);
  expect_one_root(run, "fail_link");
  const Played one =
      play("{at: 10min, do: fail_link, target: {region: east, link: 0}, for: 10min}");
  EXPECT_LE(of_east(one, 10, 20).lost, of_east(run, 10, 20).lost);
  expect_well(one, 40, 55);
}

TEST(way_faults, sessions_that_are_reset_come_back) {
  const Played run = play("{at: 10min, do: reset_session, target: {region: east}}");
  EXPECT_EQ(run.count("sessions_reset"), 1U);
  EXPECT_NE(run.results, healthy().results);
  expect_well(run, 30, 55);
  expect_one_root(run, "reset_session");
}

TEST(way_faults, a_leak_through_a_narrow_network_makes_answers_late_until_it_stops) {
  const Played run =
      play("{at: 10min, do: leak_routes, target: {region: west}, bandwidth: 20kB/s, for: 15min}");
  EXPECT_EQ(run.count("routes_leaked"), 1U);
  EXPECT_EQ(run.count("leak_stopped"), 1U);
  EXPECT_GT(run.requests.span(12, 25).mean_ttft(),
            healthy().requests.span(12, 25).mean_ttft() + 0.05);
  expect_well(run, 45, 55);
  expect_one_root(run, "leak_routes");
}

TEST(way_faults, hijacked_prefixes_cost_requests_until_they_are_withdrawn) {
  const Played run =
      play("{at: 10min, do: hijack_prefix, target: {region: east}, by: east, for: 10min}",
           {"spec.balancer.healthy_above=10%"});
  EXPECT_EQ(run.count("prefixes_hijacked"), 1U);
  EXPECT_EQ(run.count("hijack_ended"), 1U);
  EXPECT_GT(of_east(run, 10, 20).lost_share(), 0.05);
  expect_well(run, 40, 55);
  expect_one_root(run, "hijack_prefix");
}

// ---- hardware by chance ------------------------------------------------------------------------
TEST(way_faults, hardware_fails_as_often_as_it_is_said_to_and_only_then) {
  EXPECT_EQ(play("", {"spec.failures.node.afr=0"}).results, healthy().results);
  u64 failed = 0, nodes = 0;
  double lost = 0, sound = 0;
  for (int seed = 1; seed <= 6; ++seed) {
    const std::string set = "spec.seed=" + std::to_string(seed);
    // Four nodes, each once in twelve minutes of its life.
    const Played run = play("", {set, "spec.failures.node.afr=43800",
                                 "spec.failures.node.repair={mean: 5min, cv: 0.5}"});
    failed += run.count("node_failed");
    nodes += run.count("nodes_failed");
    EXPECT_GE(run.count("node_failed"), run.count("hardware_repaired"));
    lost += run.requests.span(5, 55).lost_share() / 6;
    sound += play("", {set}).requests.span(5, 55).lost_share() / 6;
    for (const Incident& i : run.incidents) {
      if (i.kind == "recovered") continue;
      for (const std::string& root : roots_of(run.incidents, i)) EXPECT_EQ(root, "node_failed");
    }
  }
  EXPECT_EQ(nodes, failed);
  EXPECT_NEAR(static_cast<double>(failed), 6 * 4 * 60.0 / (12 + 5), 4 * 9.2);
  EXPECT_GT(lost, sound + 0.01);
}

}  // namespace test_way_faults
}  // namespace stampede::test
