// Where a mitigation cannot be used: each need is met by one scenario and not by another that
// differs in it alone, a run warns, and what is for classes that retry changes no other class.
#include "tools/world/needs.h"

#include <gtest/gtest.h>

#include "models/mitigations/overlay.h"
#include "tests/directories.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_needs {

Loaded fleet(const std::vector<std::string>& sets, const std::vector<std::string>& with = {}) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return load_scenario(source_directory() + "/scenarios/templates/init.yaml", overrides, with);
}

struct Case {
  Need need;
  std::vector<std::string> met, unmet;
};

TEST(needs, each_is_met_by_one_fleet_and_not_by_another) {
  const std::string one_pod = "[{replicas: 1, min_replicas: 1}]";
  const std::vector<Case> cases = {
      {Need::kReplicas,
       {},
       {"spec.regions[*].pools=" + one_pod, "spec.cluster.workloads[0].autoscaler=null"}},
      {Need::kRegions,
       {},
       {"spec.regions=[{name: east, nodes: 2, pools: [{replicas: 4}]}]",
        "spec.network.latencies=[]", "spec.timeline=[]"}},
      {Need::kRetries, {}, {"spec.clients[1].retry.max_attempts=1"}},
      {Need::kRetryDelays, {}, {"spec.clients[1].retry.policy=immediate"}},
      {Need::kTimeLimits,
       {},
       {"spec.clients[*].first_token_timeout=0s", "spec.clients[*].between_tokens_timeout=0s",
        "spec.clients[*].total_timeout=0s"}},
      {Need::kAutoscaler, {}, {"spec.cluster.workloads[0].autoscaler=null"}},
      {Need::kPrefixCaching, {"spec.serving.pools[0].engine.prefix_caching=true"}, {}},
      {Need::kPlainLine, {}, {"spec.serving.pools[0].engine.async_scheduling=true"}},
      {Need::kUnequalPriorities, {"spec.clients[1].priority=1"}, {}},
      {Need::kKeptAnswers,
       {"spec.services=[{name: quota}]",
        "spec.uses=[{name: quota, service: quota, cache: {size: 5}}]"},
       {"spec.services=[{name: quota}]", "spec.uses=[{name: quota, service: quota}]"}},
      {Need::kBoundedApiMemory, {"spec.control_plane.memory=6GB"}, {}},
      {Need::kOperators, {}, {"spec.operations.steps=[]"}},
      {Need::kOutputChecks, {}, {"spec.safety.enabled=false"}},
      {Need::kRetryAfter, {}, {"spec.gateway.retry_after=0s"}},
      {Need::kLongConnections, {"spec.replica_choice.policy=round_robin_connections"}, {}},
      {Need::kZones, {"spec.cluster.zones=2"}, {}},
  };
  for (const Case& c : cases) {
    EXPECT_TRUE(met(c.need, fleet(c.met).scenario.spec)) << lack_of(c.need);
    EXPECT_FALSE(met(c.need, fleet(c.unmet).scenario.spec)) << lack_of(c.need);
  }
  EXPECT_EQ(cases.size(), enum_names<Need>().size());
}

// A pool of one that may grow has others to choose from once it has.
TEST(needs, a_pool_that_can_grow_has_replicas) {
  EXPECT_TRUE(met(Need::kReplicas,
                  fleet({"spec.regions[*].pools=[{replicas: 1, min_replicas: 1}]"}).scenario.spec));
}

TEST(needs, the_first_one_that_is_not_met_is_said_with_the_name_in_a_set) {
  const Spec spec = fleet({}).scenario.spec;
  EXPECT_EQ(cannot_be_used({"queue_limit"}, spec), std::nullopt);
  EXPECT_EQ(cannot_be_used({"kv_cost"}, spec),
            "no pool's engine has prefix_caching, and it looks for prefixes");
  EXPECT_EQ(cannot_be_used({"queue_limit", "kv_cost"}, spec),
            "kv_cost: no pool's engine has prefix_caching, and it looks for prefixes");
}

TEST(needs, a_run_warns_of_what_changes_nothing) {
  const std::string off = "spec.cluster.workloads[0].autoscaler=null";
  const Loaded warned = fleet({off}, {"full_jitter_backoff", "kv_cost"});
  ASSERT_EQ(warned.warnings.size(), 1U);
  EXPECT_EQ(warned.warnings[0].path, "spec.mitigations[1]");
  EXPECT_EQ(warned.warnings[0].message,
            "'kv_cost' changes nothing here: no pool's engine has prefix_caching, and it looks for "
            "prefixes");
}

TEST(needs, an_immediate_retry_has_no_delay_to_draw_unless_it_states_one) {
  const std::string policy = "spec.clients[1].retry.policy=";
  const auto needed = [&](const std::string& rule, const std::string& base) {
    return met(Need::kRetryDelays,
               fleet({policy + rule, "spec.clients[1].retry.base=" + base}).scenario.spec);
  };
  EXPECT_FALSE(needed("immediate", "null"));
  EXPECT_TRUE(needed("immediate", "1s"));
  EXPECT_FALSE(needed("full_jitter", "1s"));
  EXPECT_TRUE(needed("fixed", "null"));
}

// Of `init` the users of a browser do not retry; the programs do.
TEST(needs, patches_for_classes_that_retry_leave_the_others_alone) {
  for (const auto& [name, overlay] : overlays()) {
    const auto params = Registry::global().find("mitigation", name)->make_params();
    for (const Patch& patch : overlay(params.get())) {
      if (patch.clients == PatchedClients::kAll) continue;
      EXPECT_TRUE(patch.path.starts_with("spec.clients[*].")) << name;
      EXPECT_FALSE(retries(fleet({}, {name}).scenario.spec.clients[0])) << name;
    }
  }
}

}  // namespace test_needs
}  // namespace stampede
