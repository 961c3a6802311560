// What a mitigation is told reaches the parameters that it stands for, of every class and pool.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_overlays {

Spec with(const std::string& mitigation) {
  const std::vector<Override> sets = {{"spec.mitigations", "[{use: " + mitigation + "}]"}};
  return load_scenario(source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml", sets)
      .scenario.spec;
}

TEST(overlays, say_what_they_are_told) {
  EXPECT_EQ(with("queue_limit, per_pod: 7").gateway.max_queue, 7);
  const Spec canary = with("bgp_canary, stages: 3, soak: 7min");
  EXPECT_EQ(canary.network.safeguards.canary_stages, 3);
  EXPECT_EQ(canary.network.safeguards.canary_soak, 7_min);
  EXPECT_EQ(with("bgp_commit_confirmed, within: 7min").network.safeguards.commit_confirmed, 7_min);
  EXPECT_EQ(with("glb_spillover_cap, cap: 70%").balancer.spill_cap.value, 0.7);
  EXPECT_TRUE(with("kv_checksum").kv_cache.checksums);
  EXPECT_TRUE(with("kv_epoch_fencing").kv_cache.fencing);
  EXPECT_EQ(with("kv_lazy_invalidation").kv_cache.invalidation, Invalidation::kLazy);
  const Spec ramp = with("gated_ramp, hold: 7min, load_limit: 70%");
  EXPECT_EQ(ramp.safety.ramp_hold, 7_min);
  EXPECT_EQ(ramp.safety.ramp_load_limit.value, 0.7);
  EXPECT_TRUE(ramp.safety.ramp_looks_ahead);
}

TEST(overlays, are_for_every_class_and_every_pool) {
  for (const ClientClassParams& c : with("cancel_on_timeout, share: 70%").clients)
    EXPECT_EQ(c.cancel_on_timeout.value, 0.7) << c.name;
  for (const ClientClassParams& c : with("provider_fallback, share: 70%").clients)
    EXPECT_EQ(c.fallback.share.value, 0.7) << c.name;
  for (const ClientClassParams& c : with("full_jitter_backoff").clients)
    EXPECT_TRUE(c.retry.full_jitter) << c.name;
  for (const PoolParams& pool : with("adaptive_lifo, after: 7s").serving.pools)
    EXPECT_EQ(pool.engine.lifo_after, 7_s) << pool.name;
  for (const auto& workload :
       with("hpa_scale_up_limit, percent: 7, period: 70s").cluster.workloads) {
    const auto& policies = workload.autoscaler->scale_up->policies;
    ASSERT_EQ(policies.size(), 1u);
    EXPECT_EQ(policies[0].percent, 7);
    EXPECT_EQ(policies[0].period, 70_s);
  }
}

}  // namespace test_overlays
}  // namespace stampede
