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

TEST(recovery, names_what_ended_or_was_done) {
  const auto causes = [](const Played& run) {
    std::set<std::string> kinds;
    for (const Incident& i : run.incidents)
      if (i.kind == "recovered")
        for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
    return kinds;
  };
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
