// Health checks that see servers, on a small fleet: who is taken out, who takes over, what floor
// and panic keep, and that a checker with too much to do finds servers unwell that are well.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_health_checks {

std::string checks(const std::string& more = "") {
  return "spec.balancer.health_checks={" + more + "}";
}

// Readiness probes do not act, so that what is seen is what checks do.
const std::string kAlone = "spec.cluster.kubelet.probe_failures=100";

double failures(const Played& run, double from, double to) {
  return run.requests.span(from, to).lost_share();
}

TEST(health_checks, of_a_fleet_that_is_well_nothing_is_taken_out) {
  const Played run = play("", {checks("region_below: 50%, zone_below: 50%, withdraw: servers")});
  EXPECT_TRUE(run.incidents.empty());
  EXPECT_EQ(run.requests.span(0, 55).lost, 0U);
}

// Readiness does not see them: they answer slowly or not at all until a kubelet's third probe, and
// never if it is the network that is gone.
TEST(health_checks, hung_servers_are_taken_out_and_come_back) {
  const std::string fault =
      "{at: 10min, do: detach_network, target: {region: east, node: 0}, for: "
      "20min}";
  const Played without = play(fault), with = play(fault, {checks("interval: 5s, timeout: 2s")});
  EXPECT_EQ(with.count("targets_out"), 1U);
  EXPECT_EQ(with.count("targets_back"), 1U);
  EXPECT_LT(with.requests.span(10, 15).lost, without.requests.span(10, 15).lost);
  for (const Incident& i : with.incidents)
    EXPECT_EQ(roots_of(with.incidents, i), std::set<std::string>{"detach_network"}) << i.kind;
}

TEST(health_checks, below_the_panic_threshold_all_are_used_and_a_floor_keeps_its_share) {
  const std::string fault =
      "{at: 10min, do: hang_pods, target: {region: east, share: 70%}, for: 10min}";
  const Played panics = play(fault, {checks("panic_below: 50%"), kAlone});
  EXPECT_EQ(panics.count("panic_routing"), 1U);
  EXPECT_EQ(panics.count("panic_over"), 1U);
  const Played out = play(fault, {checks("panic_below: 0%"), kAlone});
  EXPECT_EQ(out.count("panic_routing"), 0U);
  EXPECT_EQ(out.count("targets_out"), 1U);
  EXPECT_LT(failures(out, 12, 20), failures(panics, 12, 20));
  const Played kept = play(fault, {checks("panic_below: 0%, min_healthy: 90%"), kAlone});
  EXPECT_GT(failures(kept, 12, 20), failures(out, 12, 20));
}

TEST(health_checks, a_region_whose_servers_are_unwell_fails_over_and_can_withdraw_its_prefixes) {
  const std::string fault =
      "{at: 10min, do: hang_pods, target: {region: east}, answers_probes: "
      "false, for: 15min}";
  const std::vector<std::string> room{"spec.demand.rate=2/s", kAlone};
  const Played alone = play(fault, {checks(), room[0], room[1]});
  EXPECT_EQ(alone.count("region_unhealthy"), 0U);
  const Played fails =
      play(fault, {checks("interval: 5s, timeout: 2s, region_below: 50%"), room[0], room[1]});
  EXPECT_EQ(fails.count("region_unhealthy"), 1U);
  EXPECT_EQ(fails.count("region_healthy"), 1U);
  EXPECT_EQ(fails.count("policy_pushed"), 0U);
  EXPECT_LT(failures(fails, 15, 25), failures(alone, 15, 25) + 1e-9);
  const Played withdrawn =
      play(fault, {checks("interval: 5s, timeout: 2s, region_below: 50%, withdraw: servers"),
                   room[0], room[1]});
  EXPECT_EQ(withdrawn.count("policy_pushed"), 1U);
  EXPECT_EQ(withdrawn.count("policy_restored"), 1U);
  for (const Incident& i : withdrawn.incidents)
    EXPECT_EQ(roots_of(withdrawn.incidents, i).count("hang_pods"), 1U) << i.kind;
}

// A server that fails its readiness leaves the list, and is a server of the region all the same;
// one that was asked to end is none.
TEST(health_checks, a_region_counts_servers_that_are_not_ready_and_none_that_were_to_end) {
  const std::vector<std::string> room{checks("interval: 5s, timeout: 2s, region_below: 50%"),
                                      "spec.demand.rate=2/s"};
  for (const char* fault : {"hang_pods, target: {region: east, share: 70%}, for: 15min",
                            "kill_pods, target: {region: east, share: 70%}"}) {
    const Played run = play("{at: 10min, do: " + std::string(fault) + "}", room);
    EXPECT_EQ(run.count("region_unhealthy"), 1U) << fault;
    EXPECT_EQ(run.count("region_healthy"), 1U) << fault;
    for (const Incident& i : run.incidents)
      EXPECT_EQ(roots_of(run.incidents, i).size(), 1U) << i.kind;
  }
  const Played fewer = play("{at: 10min, do: scale, target: {region: east}, replicas: 2}", room);
  EXPECT_EQ(fewer.count("region_unhealthy"), 0U);
}

TEST(health_checks, an_ailing_zone_is_taken_out_whole) {
  const std::string fault =
      "{at: 10min, do: hang_pods, target: {region: east, zone: 1, share: "
      "60%}, for: 10min}";
  const auto out = [&](const std::string& more) {
    const Played run =
        play(fault, {checks("panic_below: 10%" + more), "spec.demand.rate=2/s", kAlone});
    EXPECT_GE(run.count("targets_out"), 1U);
    return run.results;
  };
  EXPECT_NE(out(", zone_below: 60%"), out(""));
}

// One worker that needs 2.5 s for each check cannot look at six servers every ten seconds and
// be in time: now these, now those are found unwell, and nothing is wrong with any.
TEST(health_checks, a_checker_with_too_much_to_do_makes_healthy_servers_flap) {
  const std::string slow =
      "{at: 10min, do: set, path: spec.balancer.health_checks.check_time, "
      "value: 2.5s, for: 15min}";
  const Played run = play(slow, {checks("workers: 1, interval: 10s, timeout: 4s, rise: 1, fall: 1, "
                                        "panic_below: 0%, min_healthy: 20%")});
  EXPECT_GE(run.count("checker_overloaded"), 1U);
  EXPECT_GE(run.count("targets_out"), 1U);
  EXPECT_EQ(run.count("targets_back"), run.count("targets_out"));
  for (const Incident& i : run.incidents)
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"set"}) << i.kind;
  const Played wide = play(slow, {checks("workers: 16, interval: 10s, timeout: 4s, rise: 1, fall: "
                                         "1, panic_below: 0%, min_healthy: 20%")});
  EXPECT_EQ(wide.count("checker_overloaded"), 0U);
  EXPECT_EQ(wide.count("targets_out"), 0U);
}

// Servers that are silent hold workers until the time-out, so that others wait: few workers are
// enough for a fleet that is well and not for one half of which hangs.
TEST(health_checks, silent_servers_overload_the_checker_that_was_large_enough) {
  const std::string fault =
      "{at: 10min, do: hang_pods, target: {region: east, share: 50%}, for: 10min}";
  const Played few = play(fault, {checks("workers: 1, panic_below: 0%, min_healthy: 20%"), kAlone});
  EXPECT_GE(few.count("checker_overloaded"), 1U);
  const Played many =
      play(fault, {checks("workers: 16, panic_below: 0%, min_healthy: 20%"), kAlone});
  EXPECT_EQ(many.count("checker_overloaded"), 0U);
  EXPECT_GT(failures(few, 10, 20), failures(many, 10, 20));
  for (const Incident& i : few.incidents) {
    if (i.kind != "checker_overloaded" && i.kind != "targets_out") continue;
    EXPECT_EQ(roots_of(few.incidents, i), std::set<std::string>{"hang_pods"}) << i.kind;
  }
}

}  // namespace test_health_checks
}  // namespace stampede::test
