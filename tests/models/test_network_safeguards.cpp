// Each safeguard against a wrong policy, alone; and what each cannot do.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/network/network.h"

namespace stampede {
namespace test_network_safeguards {

const std::vector<NetworkRegion> kRegions{{"apac"}, {"na"}, {"eu"}};

struct Fixture {
  explicit Fixture(const RoutingSafeguards& safeguards, u64 seed = 1)
      : world(seed), network(world, params(safeguards), kRegions) {}
  static NetworkParams params(const RoutingSafeguards& safeguards) {
    NetworkParams p;
    p.safeguards = safeguards;
    return p;
  }
  void until(Duration at) { world.scheduler.run_until(Instant{} + at); }
  u32 reached(RegionId region) const {
    u32 count = 0;
    for (ClientNetwork c = 0; c < network.client_networks(); ++c)
      count += network.path(c, region).reach == Reach::kReachable;
    return count;
  }
  u32 incidents(const std::string& kind) const {
    const auto& all = world.journal.all();
    return static_cast<u32>(
        std::count_if(all.begin(), all.end(), [&](const Incident& i) { return i.kind == kind; }));
  }
  World world;
  Network network;
};

TEST(network_safeguards, none_is_on_by_default) {
  Fixture run({});
  run.network.push_policy(0, {}, kNoIncident);
  run.until(1_h);
  EXPECT_EQ(run.reached(0), 0u);
  EXPECT_EQ(run.incidents("policy_blocked") + run.incidents("policy_rolled_back"), 0u);
}

TEST(network_safeguards, lint_blocks_broken_policies_and_lets_good_ones_pass) {
  RoutingSafeguards s;
  s.lint = {1};
  Fixture run(s);
  run.network.push_policy(0, {}, kNoIncident);
  run.network.push_policy(1, {ExportChoice::kAll, {1.0}, true}, kNoIncident);
  run.until(1_h);
  EXPECT_EQ(run.reached(0), 24u);
  EXPECT_EQ(run.incidents("policy_blocked"), 1u);
  EXPECT_EQ(run.incidents("prefix_withdrawn"), 0u);
  s.lint = {0.5};
  u32 caught = 0;
  for (u64 seed = 0; seed < 40; ++seed) {
    Fixture half(s, seed);
    half.network.push_policy(0, {}, kNoIncident);
    caught += half.incidents("policy_blocked");
  }
  EXPECT_GT(caught, 10u);
  EXPECT_LT(caught, 30u);
}

TEST(network_safeguards, prefix_floor_counts_what_a_push_would_withdraw) {
  RoutingSafeguards s;
  s.prefix_floor = Share{0.10};
  Fixture run(s);
  run.network.push_policy(0, {}, kNoIncident);  // 4 of 12 prefixes
  run.until(1_h);
  EXPECT_EQ(run.reached(0), 24u);
  EXPECT_EQ(run.incidents("policy_blocked"), 1u);
  run.network.push_policy(0, {ExportChoice::kNone, {0.25}, true},
                          kNoIncident);  // 1 of 12 is within the floor
  run.until(2_h);
  EXPECT_EQ(run.reached(0), 18u);  // every fourth network used that prefix
}

TEST(network_safeguards, commit_confirmed_rolls_back_and_leaves_a_blip) {
  RoutingSafeguards s;
  s.commit_confirmed = 60_s;
  Fixture run(s);
  run.network.push_policy(0, {}, kNoIncident);
  run.until(50_s);
  EXPECT_EQ(run.reached(0), 0u);
  run.until(1_h);
  EXPECT_EQ(run.reached(0), 24u);
  EXPECT_EQ(run.incidents("policy_rolled_back"), 1u);
  EXPECT_EQ(run.incidents("prefix_restored"), 1u);
  const auto& all = run.world.journal.all();
  EXPECT_EQ(all.back().causes, std::vector<IncidentId>{all.back().id - 1});
}

TEST(network_safeguards, canary_stops_after_its_first_prefix_unless_its_verdict_is_lost) {
  RoutingSafeguards s;
  s.canary_stages = 4;
  s.canary_soak = 5_min;
  Fixture run(s);
  run.network.push_policy(0, {}, kNoIncident);
  run.until(4_min);
  EXPECT_EQ(run.reached(0), 18u);
  run.until(1_h);
  EXPECT_EQ(run.reached(0), 24u);
  EXPECT_EQ(run.incidents("policy_rolled_back"), 1u);
  s.canary_check_failure = {1};
  Fixture lost(s);
  lost.network.push_policy(0, {}, kNoIncident);
  lost.until(1_h);
  EXPECT_EQ(lost.reached(0), 0u);
}

TEST(network_safeguards, a_missing_policy_matters_only_under_rfc_8212) {
  Fixture strict({}), lax({});
  strict.network.push_policy(0, {ExportChoice::kMissing, {1.0}, true}, kNoIncident);
  lax.network.push_policy(0, {ExportChoice::kMissing, {1.0}, false}, kNoIncident);
  strict.until(1_h);
  lax.until(1_h);
  EXPECT_EQ(strict.reached(0), 0u);
  EXPECT_EQ(lax.reached(0), 24u);
}

TEST(network_safeguards, a_restore_overtakes_a_push_that_is_still_under_way) {
  Fixture run({});
  run.network.push_policy(0, {}, kNoIncident);
  run.network.restore_policy(0, kNoIncident);
  run.until(1_h);
  EXPECT_EQ(run.incidents("prefix_withdrawn"), 0u);
}

}  // namespace test_network_safeguards
}  // namespace stampede
