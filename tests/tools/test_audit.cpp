// Latent risks: silent on a fleet that has none, each found where its number crosses its threshold.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/experiments/audit.h"

namespace stampede {
namespace test_audit {

std::string scenarios() { return source_directory() + "/scenarios/"; }

std::vector<std::string> rules(const std::string& file, const std::vector<std::string>& sets = {}) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  std::vector<std::string> names;
  for (const Risk& f : audit(load_scenario(scenarios() + file, overrides).scenario, "f.yaml"))
    names.push_back(f.rule);
  return names;
}

using Names = std::vector<std::string>;
constexpr const char* kSound = "templates/regions.yaml";

TEST(audit, is_silent_on_fleets_without_such_risks) {
  EXPECT_EQ(rules(kSound), Names{});
  EXPECT_EQ(rules("templates/region.yaml"), Names{});
}

TEST(audit, finds_what_the_reference_outage_rests_on_before_it_happens) {
  EXPECT_EQ(rules("01-deepseek-2026-03-29.yaml", {"spec.timeline=[]"}),
            (Names{"etcd_quota", "beyond_the_fleet", "beyond_the_fleet", "unbounded_queue",
                   "unbounded_queue", "amplification", "surge", "headroom_that_goes"}));
}

TEST(audit, a_finding_has_its_number_its_place_and_a_command) {
  const Loaded loaded = load_scenario(scenarios() + "01-deepseek-2026-03-29.yaml");
  const Risk f = audit(loaded.scenario, "f.yaml").front();
  EXPECT_EQ(f.rule, "etcd_quota");
  EXPECT_NEAR(f.number, 100 * 1.9e9 / 2147483648.0, 0.1);
  EXPECT_EQ(f.unit, "%");
  EXPECT_EQ(f.path, "spec.control_plane.etcd.initial_file");
  EXPECT_GT(loaded.provenance.locate(f.path, "").line, 100u);
  EXPECT_EQ(f.command.rfind("stampede compare f.yaml --with events_etcd_split", 0), 0u);
}

TEST(audit, a_quota_that_is_used_up_leaves_nothing) {
  for (const char* file : {"2147483648B", "7.5GB"}) {
    const Loaded loaded = load_scenario(scenarios() + "01-deepseek-2026-03-29.yaml",
                                        {{"spec.control_plane.etcd.initial_file", file, "--set"}});
    const Risk f = audit(loaded.scenario, "f.yaml").front();
    EXPECT_EQ(f.rule, "etcd_quota");
    EXPECT_NE(f.message.find("used up: every write fails from the start"), std::string::npos)
        << f.message;
  }
}

// Each rule, just below its threshold and at it, on the fleet that is sound otherwise.
TEST(audit, each_rule_has_an_edge) {
  const struct {
    const char* rule;
    std::vector<std::string> below, at;
  } edges[] = {
      {"etcd_quota",
       {"spec.control_plane.etcd.quota=1000MB", "spec.control_plane.etcd.initial_file=799MB"},
       {"spec.control_plane.etcd.quota=1000MB", "spec.control_plane.etcd.initial_file=801MB"}},
      {"amplification",
       {"spec.clients[0].retry.policy=fixed", "spec.clients[0].retry.max_attempts=3",
        "spec.clients[0].resubmit.probability=0%"},
       {"spec.clients[0].retry.policy=fixed", "spec.clients[0].retry.max_attempts=4",
        "spec.clients[0].resubmit.probability=0%"}},
      {"false_trips",
       {"spec.safety.enabled=true", "spec.safety.sample_rate=100%", "spec.demand.rate=10/s",
        "spec.safety.threshold=2%"},
       {"spec.safety.enabled=true", "spec.safety.sample_rate=100%", "spec.demand.rate=10/s",
        "spec.safety.threshold=0.3%"}},
      {"beyond_the_fleet",  // 2 nodes of 8 GPUs, and 4 of 4
       {"spec.cluster.workloads[0].autoscaler.max_replicas=16"},
       {"spec.cluster.workloads[0].autoscaler.max_replicas=17"}},
      {"unbounded_queue",
       {"spec.gateway.max_queue=0", "spec.serving.pools[0].engine.max_num_queued_reqs=1",
        "spec.regions[1].serving.pools[0].engine.max_num_queued_reqs=1"},
       {"spec.gateway.max_queue=0"}},
      {"longer_than_the_caller",  // who leaves after 3 min
       {"spec.services=[{name: s}]",
        "spec.uses=[{name: u, service: s, timeout: 60s, retry: {policy: fixed, max_attempts: 3}}]"},
       {"spec.services=[{name: s}]",
        "spec.uses=[{name: u, service: s, timeout: 61s, retry: {policy: fixed, max_attempts: "
        "3}}]"}},
      {"surge",
       {"spec.regions[0].share=50%", "spec.regions[1].share=50%"},
       {"spec.regions[0].share=51%", "spec.regions[1].share=49%"}},
      {"surge",  // a cap holds it
       {"spec.regions[0].share=70%", "spec.regions[1].share=30%", "spec.balancer.spill_cap=99%"},
       {"spec.regions[0].share=70%", "spec.regions[1].share=30%", "spec.balancer.spill_cap=100%"}},
      {"headroom_that_goes",  // the other region's traffic comes on top: twice what it has
       {"spec.cluster.workloads[0].autoscaler.cpu_utilization_percent=50",
        "spec.regions[1].pools[0].min_replicas=1"},
       {"spec.cluster.workloads[0].autoscaler.cpu_utilization_percent=51",
        "spec.regions[1].pools[0].min_replicas=1"}},
      {"headroom_that_goes",  // it may not shrink
       {"spec.cluster.workloads[0].autoscaler.cpu_utilization_percent=80",
        "spec.regions[1].pools[0].min_replicas=2"},
       {"spec.cluster.workloads[0].autoscaler.cpu_utilization_percent=80",
        "spec.regions[1].pools[0].min_replicas=1"}}};
  for (const auto& edge : edges) {
    SCOPED_TRACE(edge.rule);
    const auto has = [&](const std::vector<std::string>& sets) {
      const Names found = rules(kSound, sets);
      return std::find(found.begin(), found.end(), edge.rule) != found.end();
    };
    EXPECT_FALSE(has(edge.below));
    EXPECT_TRUE(has(edge.at));
  }
  // A budget bounds retries, however many a library allows.
  EXPECT_EQ(
      rules(kSound, {"spec.clients[0].retry.policy=fixed", "spec.clients[0].retry.max_attempts=9",
                     "spec.clients[0].retry.budget=token_bucket"}),
      Names{});
}

}  // namespace test_audit
}  // namespace stampede
