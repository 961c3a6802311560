// What a change of a parameter worsens names the change, whatever part of the fleet acts by it, and
// what ends trouble is the cause of the recovery.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_set_causes {

const std::string kPager =
    "spec.operations.steps=[{name: pager, when: success_below, below: 90%, do: page}]";

struct Case {
  const char *path, *value, *kind;
};

class SetCauses : public testing::TestWithParam<Case> {};

TEST_P(SetCauses, all_that_follows_from_a_set_names_it) {
  const Case& c = GetParam();
  const Played run = play("{at: 10min, do: set, path: '" + std::string(c.path) + "', value: '" +
                              c.value + "', for: 20min}",
                          {kPager, "spec.demand.rate=8/s", "spec.duration=40min"});
  EXPECT_GE(run.count(c.kind), 1U);
  for (const Incident& i : run.incidents)
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"set"}) << i.kind << ": " << i.text;
}

INSTANTIATE_TEST_SUITE_P(
    all, SetCauses,
    testing::Values(Case{"spec.serving.pools[0].engine.max_num_seqs", "1", "paged"},
                    Case{"spec.serving.pools[0].engine.step_per_sequence", "4s", "paged"},
                    Case{"spec.serving.pools[0].front_end.cpu_per_request", "4s",
                         "replica_overloaded"},
                    Case{"spec.serving.pools[0].front_end.cores", "0.05", "replica_overloaded"},
                    Case{"spec.gateway.rate_limit.requests", "1", "paged"},
                    Case{"spec.clients[0].loop_probability", "100%", "paged"},
                    Case{"spec.clients[0].answer.minimum", "4000", "paged"},
                    Case{"spec.demand.weekend_factor", "10", "paged"},
                    Case{"spec.balancer.probe_timeout", "1ms", "region_unreachable"},
                    Case{"spec.cluster.kubelet.lease_period", "200s", "nodes_lost"},
                    Case{"spec.cluster.node_lifecycle.grace", "1s", "nodes_lost"},
                    Case{"spec.cluster.controllers.informer_lag", "1min", "zombie_pods"},
                    Case{"spec.control_plane.cpu_per_call", "1min", "control_plane_frozen"},
                    Case{"spec.control_plane.egress", "1B/s", "nodes_lost"},
                    Case{"spec.control_plane.etcd.fsync", "1min", "etcd_saturated"}),
    [](const auto& of) { return "n" + std::to_string(of.index); });

// Trouble that no incident explains was there before: a change made in it is not its cause.
TEST(set_causes, what_was_wrong_before_is_not_put_down_to_a_later_set) {
  const Played run =
      play("{at: 20min, do: set, path: 'spec.serving.pools[0].engine.max_num_seqs', value: 63}",
           {kPager, "spec.demand.rate=60/s", "spec.duration=40min",
            "spec.cluster.workloads[0].autoscaler=null"});
  ASSERT_GE(run.count("paged"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "paged" || i.kind == "replica_overloaded") {
      EXPECT_EQ(roots_of(run.incidents, i).count("set"), 0U) << i.kind << " " << i.at.seconds();
    }
}

// Those who wait longer because pods are gone say who took them.
TEST(set_causes, what_is_late_as_pods_are_gone_names_who_took_them) {
  const Played run = play("{at: 10min, do: kill_pods, target: {share: 70%}}",
                          {kPager, "spec.demand.rate=12/s", "spec.gateway.max_queue=0"});
  ASSERT_GE(run.count("paged"), 1U);
  for (const Incident& i : run.incidents)
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"kill_pods"}) << i.kind;
}

// Also where the queue of a slow pod is full, and where probes and answers are late on a slow way.
TEST(set_causes, what_is_late_or_refused_at_slow_pods_and_ways_names_them) {
  const Played slow = play("{at: 10min, do: slow_pods, factor: 8, for: 10min}",
                           {kPager, "spec.demand.rate=12/s", "spec.gateway.max_queue=4"});
  ASSERT_GE(slow.count("paged"), 1U);
  for (const Incident& i : slow.incidents)
    if (i.kind == "paged") {
      EXPECT_EQ(roots_of(slow.incidents, i), std::set<std::string>{"slow_pods"});
    }
  const Played way = play("{at: 10min, do: degrade_link, latency: 40s, for: 10min}", {kPager});
  ASSERT_GE(way.count("region_unreachable"), 1U);
  for (const Incident& i : way.incidents)
    if (i.kind == "paged" || i.kind == "region_unreachable") {
      EXPECT_EQ(roots_of(way.incidents, i), std::set<std::string>{"degrade_link"}) << i.kind;
    }
}

// Calls of a named service that leave too early.
TEST(set_causes, what_a_service_suffers_from_its_callers_parameters_names_the_set) {
  const Played run =
      play("{at: 10min, do: set, path: 'spec.uses.store.timeout', value: 1ms}",
           {"spec.services=[{name: store, servers: 2, service_time: 100ms}]",
            "spec.uses=[{name: store, service: store, per: request, timeout: 5s, retry: {policy: "
            "none}}]"});
  ASSERT_GE(run.count("service_saturated"), 1U);
  for (const Incident& i : run.incidents)
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"set"}) << i.kind;
}

TEST(set_causes, late_writes_of_clients_that_leave_early_name_the_set) {
  const Played run = play("{at: 10min, do: set, path: 'spec.clients[0].total_timeout', value: 2s}",
                          {"spec.kv_cache.conflict_alarm=1000/s"});
  ASSERT_GE(run.count("kv_conflict"), 1U);
  for (const Incident& i : run.incidents)
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"set"}) << i.kind;
}

TEST(set_causes, servers_listed_before_they_are_ready_name_the_set) {
  const Played run = play(
      "{at: 10min, do: set, path: 'spec.cluster.endpoints.publish_not_ready', value: true}, {at: "
      "12min, do: scale, target: {region: east}, replicas: 14}",
      {"spec.balancer.health_checks={interval: 5s}"});
  ASSERT_GE(run.count("targets_out"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "targets_out") {
      EXPECT_FALSE(i.causes.empty());
    }
}

std::set<std::string> recovered_by(const Played& run) {
  std::set<std::string> kinds;
  for (const Incident& i : run.incidents)
    if (i.kind == "recovered")
      for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
  return kinds;
}

TEST(recovery, names_what_took_the_change_back) {
  const std::vector<std::string> version{
      kPager, "spec.versions=[{name: v2, kind: configuration, refuse: 60%}]"};
  const std::string out = "{at: 10min, do: roll_out, version: v2}, {at: 20min, do: ";
  using Kinds = std::set<std::string>;
  EXPECT_EQ(recovered_by(play(out + "roll_back, version: v2}", version)),
            Kinds{"version_rolled_back"});
  EXPECT_EQ(recovered_by(play(out + "disable, version: v2}", version)), Kinds{"version_disabled"});
  const Played pushed = play(
      "{at: 10min, do: push_routing_policy, policy: {export: none}}, {at: 20min, do: "
      "restore_routing_policy}");
  EXPECT_EQ(recovered_by(pushed), Kinds{"policy_restored"});
  const Played chance =
      play("", {"spec.failures.switch={afr: 35000, nodes: 4, repair: {mean: 10min, cv: 0.1}}",
                "spec.seed=3", "spec.duration=2h"});
  ASSERT_GE(chance.count("switch_failed"), 1U);
  EXPECT_EQ(recovered_by(chance), Kinds{"hardware_repaired"});
  // Of two sets the one that puts the scenario's own value back is no cause of trouble.
  const std::string patience = "do: set, path: 'spec.clients[0].first_token_timeout', value: ";
  const Played back =
      play("{at: 10min, " + patience + "50ms}, {at: 20min, " + patience + "60s}", {kPager});
  ASSERT_EQ(recovered_by(back), Kinds{"set"});
  for (const Incident& i : back.incidents)
    if (i.kind == "recovered") {
      EXPECT_EQ(back.incidents[i.causes.at(0) - 1].at.seconds(), 20 * kMinute);
    } else if (i.kind == "paged") {
      EXPECT_EQ(back.incidents[i.causes.at(0) - 1].at.seconds(), 10 * kMinute);
    }
}

// Processes that a version ends come back together and are too many for a store that they need at
// their start. The red button has long been pressed when that is over.
TEST(recovery, names_no_end_long_before) {
  const auto herd = [](const std::string& service_time, const std::string& more) {
    return play(
        "{at: 5min, do: roll_out, version: code}, {at: 20min, do: roll_out, version: "
        "rules, propagation: 10s}, {at: 35min, do: disable, version: rules}" +
            more,
        {"spec.duration=150min",
         "spec.versions=[{name: code, kind: configuration}, {name: "
         "rules, kind: data, crash: after 1 requests, with: code}]",
         "spec.services=[{name: db, servers: 1, queue: 100, service_time: " + service_time + "}]",
         "spec.uses=[{name: boot, service: db, per: start, timeout: 60s}]"});
  };
  using Kinds = std::set<std::string>;
  const Played quick = herd("1s", ""), slow = herd("22s", ""), slower = herd("28s", ""),
               helped = herd("40s", ", {at: 80min, do: limit_service, service: db, rate: 0.05/s}");
  EXPECT_EQ(recovered_by(quick), Kinds{"version_disabled"});
  EXPECT_EQ(recovered_by(slow), Kinds{"service_recovered"});
  EXPECT_EQ(recovered_by(slower), Kinds{"service_saturated"});  // it has calls for nobody in line
  EXPECT_EQ(recovered_by(helped), Kinds{"service_recovered"});
  for (const Played* run : {&slow, &helped})
    for (const Incident& i : run->incidents)
      if (i.kind == "service_saturated") {
        EXPECT_EQ(roots_of(run->incidents, i), Kinds{"roll_out"});
      }
}

// Of sets of one parameter that lie above each other the last one mends, not what it lies above.
TEST(recovery, a_set_that_took_anothers_place_is_what_mends) {
  const std::string patience = "path: 'spec.clients[0].first_token_timeout', value: ";
  const Played run =
      play("{at: 10min, do: set, " + patience + "50ms}, {at: 30min, do: set, " + patience + "55s}",
           {"spec.operations.steps=[{name: worse, when: success_below, below: 90%, delay: 5min, "
            "do: set, " +
            patience + "40ms}]"});
  ASSERT_EQ(run.count("acted"), 1U);
  ASSERT_EQ(run.count("recovered"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "recovered") {
      ASSERT_EQ(i.causes.size(), 1U);
      EXPECT_EQ(run.incidents[i.causes[0] - 1].at.seconds(), 30 * kMinute);
    }
}

// A region that takes the whole below its target is an outage of its own.
TEST(recovery, is_told_of_a_region_and_not_before_it_is_back) {
  const auto played = [](const std::string& lasts) {
    std::vector<Override> sets;
    for (const std::string& text :
         {std::string("spec.timeline=[{at: 10min, do: fail_service, service: db, target: {region: "
                      "east}" +
                      lasts + "}]"),
          std::string("spec.operations.steps=[]"), std::string("spec.duration=1h"),
          std::string("spec.expect=[{that: recovered}]"), std::string("spec.demand.rate=3/s"),
          std::string("spec.balancer.mode=home"),
          std::string("spec.services=[{name: db, in_each_region: true}]"),
          std::string("spec.uses=[{name: q, service: db}]")})
      sets.push_back(parse_set(text));
    return run_simulation(
        load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario, {});
  };
  EXPECT_FALSE(played("").failed_expectations.empty());
  const RunResults healed = played(", for: 20min");
  EXPECT_TRUE(healed.failed_expectations.empty());
  EXPECT_EQ(std::count_if(healed.incidents.begin(), healed.incidents.end(),
                          [](const Incident& i) { return i.kind == "recovered"; }),
            1);
}

TEST(recovery, names_what_ended_or_was_done) {
  const auto& causes = recovered_by;
  const std::vector<std::string> plain{kPager};
  const Played healed = play("{at: 10min, do: hang_pods, for: 10min}", plain);
  EXPECT_EQ(causes(healed), std::set<std::string>{"healed"});
  const Played undone =
      play("{at: 10min, do: hang_pods, name: hang}, {at: 20min, do: undo, name: hang}", plain);
  EXPECT_EQ(causes(undone), std::set<std::string>{"undone"});
  // Another change that ends meanwhile has nothing to do with it.
  const Played beside =
      play("{at: 10min, do: hang_pods, for: 10min}, {at: 11min, do: slow_disk, by: 1ms, for: 5min}",
           plain);
  EXPECT_EQ(beside.count("healed"), 2U);
  EXPECT_EQ(causes(beside), std::set<std::string>{"healed"});
  for (const Incident& i : beside.incidents)
    if (i.kind == "recovered") {
      EXPECT_EQ(i.causes.size(), 1U);
    }
  // An operator's act because requests failed.
  const Played acted = play(
      "{at: 10min, do: hang_pods, name: hang}",
      {"spec.operations.steps=[{name: mend, when: success_below, below: 90%, delay: 5min, action: "
       "{do: undo, name: hang}}]"});
  EXPECT_EQ(causes(acted), std::set<std::string>{"undone"});
}

}  // namespace test_set_causes
}  // namespace stampede::test
