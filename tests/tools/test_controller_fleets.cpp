// Controllers on a small fleet: a service that is gone for a while leaves leases that nobody gets
// back, until somebody throttles and restarts; nodes without a lease take no new pods.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_controller_fleets {

const std::string kLeases =
    "spec.controllers=[{name: leases, items: 1000, rate: 10/s, service: database}]";
const std::string kDatabase = "spec.services=[{name: database, servers: 4, service_time: 5ms}]";
const std::string kOutage = "{at: 5min, do: fail_service, service: database, for: 10min}";

Played run(const std::string& timeline, const std::vector<std::string>& more = {}) {
  std::vector<std::string> sets{kLeases, kDatabase};
  sets.insert(sets.end(), more.begin(), more.end());
  return play(timeline, sets);
}

TEST(controller_fleets, without_a_fault_nothing_happens) {
  EXPECT_TRUE(run("").incidents.empty());
  EXPECT_EQ(run("").requests.span(0, 55).lost, 0U);
}

TEST(controller_fleets, leases_lost_with_a_service_do_not_come_back_with_it) {
  const Played alone = run(kOutage);
  EXPECT_EQ(alone.count("leases_expired"), 1U);
  EXPECT_GE(alone.count("work_wasted"), 1U);
  EXPECT_EQ(alone.count("leases_valid"), 0U);
  for (const Incident& i : alone.incidents)
    EXPECT_EQ(roots_of(alone.incidents, i), std::set<std::string>{"fail_service"}) << i.kind;
  const Played restarted = run(kOutage + ", {at: 30min, do: restart_controller}");
  EXPECT_EQ(restarted.count("leases_valid"), 0U);
  const Played both = run(kOutage +
                          ", {at: 30min, do: throttle, rate: 9/s, for: 20min}, {at: 30min, do: "
                          "restart_controller}");
  EXPECT_EQ(both.count("leases_valid"), 1U);
}

TEST(controller_fleets, work_that_is_late_behind_a_limited_or_slow_service_names_it) {
  for (const char* fault : {"limit_service, service: database, rate: 2/s",
                            "slow_service, service: database, factor: 100"}) {
    const Played run =
        test_controller_fleets::run("{at: 5min, do: " + std::string(fault) + ", for: 10min}");
    EXPECT_GE(run.count("work_wasted"), 1U) << fault;
    const std::string action(fault, std::string(fault).find(','));
    for (const Incident& i : run.incidents)
      EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{action}) << i.kind;
  }
}

// What a throttle holds back until its lease is over has expired because of the throttle.
TEST(controller_fleets, a_throttle_below_what_is_due_is_why_leases_expire) {
  const Played tight = run("{at: 10min, do: throttle, rate: 1/s, for: 30min}");
  EXPECT_EQ(tight.count("leases_expired"), 1U);
  for (const Incident& i : tight.incidents)
    EXPECT_EQ(roots_of(tight.incidents, i), std::set<std::string>{"throttle"}) << i.kind;
}

// Also if two hold the same work back, and an item was let in just before its lease was over.
TEST(controller_fleets, of_two_throttles_the_one_that_holds_is_why_leases_expire) {
  const Played both = play(
      "{at: 5min, do: throttle, rate: 1/s, for: 7min}, {at: 8min, do: throttle, rate: 0.5/s, for: "
      "10min}",
      {"spec.controllers=[{name: leases, items: 100, rate: 10/s, lease: 3min, renew: 1min, "
       "deadline: 24h}]"});
  EXPECT_EQ(both.count("leases_expired"), 1U);
  for (const Incident& i : both.incidents)
    EXPECT_EQ(roots_of(both.incidents, i), std::set<std::string>{"throttle"}) << i.kind;
}

TEST(controller_fleets, at_a_fifth_and_a_twentieth_it_is_the_same) {
  for (const char* scale : {"spec.scale=1/5", "spec.scale=1/20"}) {
    EXPECT_EQ(run(kOutage, {scale}).count("leases_valid"), 0U) << scale;
    EXPECT_EQ(run(kOutage + ", {at: 30min, do: throttle, rate: 9/s, for: 20min}, {at: 30min, do: "
                            "restart_controller}",
                  {scale})
                  .count("leases_valid"),
              1U)
        << scale;
  }
}

TEST(controller_fleets, a_fleet_without_leases_cannot_grow) {
  const std::vector<std::string> more{
      "spec.controllers=[{name: leases, rate: 0.1/s, renew: 2min, lease: 5min, deadline: 30s, "
      "on_expired: cordon}]",
      "spec.cluster.workloads[0].autoscaler=null"};
  const std::string grows = "{at: 25min, do: scale, target: {region: east}, replicas: 14}";
  const std::string stall = "{at: 5min, do: stall_controller, for: 10min}, ";
  const Played calm = play(grows, more), stuck = play(stall + grows, more);
  EXPECT_EQ(calm.count("nodes_cordoned"), 0U);
  EXPECT_GE(stuck.count("nodes_cordoned"), 1U);
  EXPECT_EQ(stuck.count("leases_valid"), 0U);
  EXPECT_NE(stuck.results, calm.results);
}

TEST(controller_fleets, followers_of_nobody_of_themselves_and_of_others_items_are_refused) {
  const auto refused = [](const std::string& controllers) {
    try {
      play("", {"spec.controllers=" + controllers});
    } catch (const InputError& error) {
      return error.diagnostics.front().path + ": " + error.diagnostics.front().message;
    }
    return std::string();
  };
  EXPECT_EQ(refused("[{name: a, after: b}]"),
            "spec.controllers[0].after: no controller is called 'b'; one of: a");
  EXPECT_EQ(refused("[{name: a, after: b}, {name: b, after: a}]"),
            "spec.controllers[0].after: 'a' would follow itself");
  EXPECT_EQ(
      refused("[{name: a, after: b}, {name: b, items: 5}]"),
      "spec.controllers[0].after: 'b' has other items: give both the same `items` or `region`");
  EXPECT_EQ(refused("[{name: a, items: 5, on_expired: isolate}]"),
            "spec.controllers[0].on_expired: only nodes are isolated: leave `items` out");
}

// A controller asks for the service by its name in DNS: without a record its leases go as if the
// service were gone.
TEST(controller_fleets, a_controller_resolves_the_name_of_its_service) {
  const std::vector<std::string> named{
      "spec.dns=[{name: db, records: [database], ttl: 5s, negative_ttl: 5s}]"};
  const std::string cleared = "{at: 5min, do: clear_dns_record, record: db, for: 10min}";
  EXPECT_TRUE(run("", named).incidents.empty());
  const Played lost = run(cleared, named);
  EXPECT_EQ(lost.count("leases_expired"), 1U);
  for (const Incident& i : lost.incidents)
    EXPECT_EQ(roots_of(lost.incidents, i), std::set<std::string>{"clear_dns_record"}) << i.kind;
}

// What starts on hosts that the second controller has not reached yet is reached by nobody, and
// only checks from outside see it.
TEST(controller_fleets, servers_on_hosts_without_the_networks_state_are_not_reached) {
  const auto sets = [](const std::string& on_expired) {
    return std::vector<std::string>{
        "spec.controllers=[{name: leases, rate: 1/s, renew: 2min, lease: 5min, deadline: 10min}, "
        "{name: network, after: leases, rate: 0.1/s, renew: 5min, lease: 10min, deadline: 24h, "
        "piles_up: true, on_expired: " +
            on_expired + "}]",
        "spec.cluster.workloads[0].autoscaler=null", "spec.cluster.start.weights_size=1GB",
        "spec.cluster.start.warm_up_median=5s", "spec.balancer.health_checks={panic_below: 0%}"};
  };
  const std::string stall =
      "{at: 5min, do: stall_controller, controller: leases, for: 25min}, {at: 17min, do: scale, "
      "target: {region: east}, replicas: 14}";
  const Played apart = play(stall, sets("isolate")), told = play(stall, sets("nothing"));
  EXPECT_GE(apart.count("nodes_isolated"), 1U);
  EXPECT_GE(apart.count("targets_out"), 1U);
  EXPECT_GE(apart.count("targets_back"), 1U);
  EXPECT_EQ(told.count("targets_out"), 0U);
}

// Certificates that nobody renews any more run out one by one, and with each what runs on its host
// is reached by nobody; when they are renewed all is as before.
TEST(controller_fleets, certificates_run_out_one_by_one) {
  const std::vector<std::string> renewed{
      "spec.controllers=[{name: certificates, rate: 1/s, renew: 10min, lease: 15min, deadline: "
      "24h, "
      "on_expired: cut_off}]",
      "spec.cluster.workloads[0].autoscaler=null"};
  const Played run = play("{at: 10min, do: stall_controller, for: 25min}", renewed);
  std::vector<double> minutes;
  for (const Incident& i : run.incidents) {
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"stall_controller"}) << i.kind;
    if (i.kind == "nodes_isolated") minutes.push_back(i.at.seconds() / kMinute);
  }
  ASSERT_GE(minutes.size(), 3U);  // of four hosts
  EXPECT_GE(minutes.front(), 15);
  EXPECT_LE(minutes.back(), 25.2);
  EXPECT_GT(minutes.back() - minutes.front(), 2);
  EXPECT_EQ(run.count("leases_valid"), 1U);
  EXPECT_EQ(run.requests.span(0, 14).lost, 0U);
  EXPECT_GT(run.requests.span(26, 33).lost_share(), 0.9);
  EXPECT_LT(run.requests.span(45, 55).lost_share(), 0.02);
  EXPECT_EQ(play("", renewed).results, play("", {renewed[1]}).results);
  EXPECT_TRUE(play("", renewed).incidents.empty());
}

}  // namespace test_controller_fleets
}  // namespace stampede::test
