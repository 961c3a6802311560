// Hosts that die, are cut off, closed or emptied, and restarts by hand: what the cluster makes of
// it.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_hosts {

using Nodes = std::vector<u32>;

std::size_t bound_to(const Fixture& f, u32 node) {
  return f.cluster->state().nodes[node].pods.size();
}

ClusterParams exact(i32 nodes, i32 replicas) {
  ClusterParams p = small_cluster(nodes, replicas);
  p.start.warm_up_sigma = 0;
  return p;
}

// What starts on an isolated node is ready by its own kubelet's probe, and nobody reaches it; what
// ran there is as before.
TEST(hosts, on_an_isolated_node_what_starts_is_not_reached_until_it_is_connected) {
  Fixture f(exact(4, 8));
  f.run_for(60_s);
  const IncidentId why = f.world.incident("test", "test", {}, "");
  f.cluster->hosts().isolate({0, 1, 2, 3}, why);
  f.run_for(10_s);
  EXPECT_TRUE(f.runtime.cut_off.empty());
  f.cluster->scale(0, 10, why);
  f.run_for(500_s);
  EXPECT_EQ(f.runtime.cut_off.size(), 2U);
  EXPECT_EQ(f.counts().routable, 10);
  f.cluster->hosts().connect({0, 1, 2, 3}, why);
  EXPECT_TRUE(f.runtime.cut_off.empty());
  EXPECT_EQ(f.incidents("nodes_isolated"), 1U);
  EXPECT_EQ(f.incidents("nodes_connected"), 1U);
}

// Kubernetes' own times: given up 40 to 45 s after its last sign of life, evicted 300 s after its
// taint, replaced where there is room; the old pods end only when the host is back.
TEST(hosts, the_dead_are_given_up_after_the_grace_and_their_pods_replaced_elsewhere) {
  Fixture f(exact(4, 8));  // two pods a node, room for all on three
  f.run_for(60_s);
  ASSERT_EQ(bound_to(f, 1), 2u);
  const IncidentId why = f.world.incident("test", "test", {}, "");
  f.cluster->hosts().fail({1}, why);
  f.run_for(30_s);
  EXPECT_EQ(f.counts().routable, 8);  // nobody has noticed
  EXPECT_EQ(f.runtime.cut_off.size(), 2u);
  f.run_for(40_s);
  EXPECT_EQ(f.counts().routable, 6);
  EXPECT_EQ(f.incidents("nodes_lost"), 1u);
  EXPECT_EQ(f.counts().objects, 8);
  f.run_for(200_s);
  EXPECT_EQ(f.counts().objects, 8);
  f.run_for(500_s);  // toleration, then weights
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_EQ(f.counts().objects, 10);  // two that nobody can end
  EXPECT_EQ(bound_to(f, 1), 2u);
  for (const Incident& i : f.world.journal.all()) {
    if (i.kind == "nodes_lost") {
      EXPECT_EQ(f.world.journal.all()[i.causes.at(0) - 1].kind, "nodes_failed");
    }
  }
  f.cluster->hosts().repair({1}, {.cold = false}, why);
  f.run_for(60_s);
  EXPECT_EQ(f.counts().objects, 8);
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_EQ(bound_to(f, 1), 0u);
  EXPECT_EQ(f.runtime.killed.size(), 2u);
  EXPECT_TRUE(f.runtime.cut_off.empty());
  EXPECT_EQ(f.incidents("control_plane_frozen"), 0u);
  EXPECT_EQ(f.incidents("zombie_pods"), 0u);
}

// Back before its pods are evicted: they start again where they are.
TEST(hosts, who_is_back_soon_starts_its_pods_again) {
  for (const bool cold : {false, true}) {
    ClusterParams p = exact(4, 8);
    p.start.image_size = Bytes{20'000'000'000};
    Fixture f(p);
    f.run_for(60_s);
    f.cluster->hosts().fail({2}, kNoIncident);
    f.run_for(100_s);
    f.cluster->hosts().repair({2}, {.cold = cold}, kNoIncident);
    const double back = f.world.now().seconds();
    f.run_for(600_s);
    EXPECT_EQ(f.counts().routable, 8);
    EXPECT_EQ(f.counts().objects, 8);
    EXPECT_EQ(bound_to(f, 2), 2u);
    ASSERT_EQ(f.runtime.killed.size(), 2u);
    // 1 s, weights of 86.25 GB at 1.25 GB/s, 150 s; cold: before it an image of 20 GB at 200 MB/s,
    // and the weights of two pods at 40 GB/s together.
    for (const auto& [pod, cause] : f.runtime.killed)
      EXPECT_NEAR(f.runtime.started.at(pod).seconds() - back, 220 + (cold ? 104.3 : 0), 1) << cold;
  }
}

TEST(hosts, a_short_outage_is_seen_by_nobody_but_those_who_were_there) {
  Fixture f(exact(4, 8));
  f.run_for(60_s);
  f.cluster->hosts().detach({0}, kNoIncident);
  EXPECT_EQ(f.runtime.cut_off.size(), 2u);
  f.run_for(20_s);
  f.cluster->hosts().attach({0}, {}, kNoIncident);
  EXPECT_TRUE(f.runtime.cut_off.empty());
  f.run_for(120_s);
  EXPECT_EQ(f.incidents("nodes_lost"), 0u);
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_TRUE(f.runtime.killed.empty());
  EXPECT_EQ(f.cluster->kubelets().restarts, 0u);
}

// What went on unseen is as it was; what was evicted meanwhile is ended by its kubelet now.
TEST(hosts, the_detached_go_on_and_catch_up) {
  for (const Duration away : {120_s, 800_s}) {
    const bool evicted = away > 400_s;
    Fixture f(exact(4, 8));
    f.run_for(60_s);
    f.cluster->hosts().detach({0}, kNoIncident);
    f.run_for(away);
    EXPECT_EQ(f.counts().routable, evicted ? 8 : 6);
    EXPECT_EQ(f.counts().objects, evicted ? 10 : 8);
    f.cluster->hosts().attach({0}, {}, kNoIncident);
    f.run_for(60_s);
    EXPECT_EQ(f.counts().routable, 8);
    EXPECT_EQ(f.counts().objects, 8);
    EXPECT_EQ(f.runtime.stopped.size(), evicted ? 2u : 0u);
    EXPECT_TRUE(f.runtime.killed.empty());
  }
}

TEST(hosts, come_back_one_after_another_where_they_are_repaired_so) {
  Fixture f(exact(4, 8));
  f.run_for(60_s);
  f.cluster->hosts().detach({0, 1, 2}, kNoIncident);
  f.run_for(5_s);
  f.cluster->hosts().attach({0, 1, 2}, {.each = 10_s}, kNoIncident);
  EXPECT_EQ(f.runtime.cut_off.size(), 6u);
  f.run_for(11_s);
  EXPECT_EQ(f.runtime.cut_off.size(), 4u);
  f.run_for(10_s);
  EXPECT_EQ(f.runtime.cut_off.size(), 2u);
  f.run_for(10_s);
  EXPECT_TRUE(f.runtime.cut_off.empty());
  EXPECT_EQ(f.incidents("nodes_attached"), 2u);  // the first, and all
  EXPECT_TRUE(f.runtime.killed.empty());
}

TEST(hosts, come_back_at_another_pace_once_there_are_more_hands) {
  Fixture f(exact(4, 8));
  f.run_for(60_s);
  EXPECT_FALSE(f.cluster->hosts().pace_return(1_s, kNoIncident)) << "nobody waits";
  f.cluster->hosts().detach({0, 1, 2}, kNoIncident);
  f.cluster->hosts().attach({0, 1, 2}, {.each = 1_h}, kNoIncident);
  f.run_for(20_s);
  EXPECT_EQ(f.runtime.cut_off.size(), 6u);
  EXPECT_TRUE(f.cluster->hosts().pace_return(5_s, kNoIncident));
  f.run_for(16_s);
  EXPECT_TRUE(f.runtime.cut_off.empty());
  EXPECT_EQ(f.incidents("repair_paced"), 1u);
}

// What ran on a host that is installed anew is gone, and starts there from the beginning.
TEST(hosts, a_detached_host_that_is_installed_anew_starts_its_pods_again) {
  Fixture f(exact(4, 8));
  f.run_for(60_s);
  f.cluster->hosts().detach({2}, kNoIncident);
  f.run_for(100_s);
  f.cluster->hosts().attach({2}, {.cold = true, .anew = true}, kNoIncident);
  EXPECT_EQ(f.runtime.killed.size(), 2u);
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 6);
  f.run_for(600_s);
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_EQ(f.counts().objects, 8);
  EXPECT_EQ(bound_to(f, 2), 2u);
}

TEST(hosts, two_failures_of_one_host_are_both_to_be_repaired) {
  Fixture f(exact(4, 8));
  f.run_for(60_s);
  f.cluster->hosts().fail({3}, kNoIncident);
  f.cluster->hosts().fail({3}, kNoIncident);
  f.cluster->hosts().detach({3}, kNoIncident);
  f.run_for(60_s);
  f.cluster->hosts().repair({3}, {.cold = false}, kNoIncident);
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 6);
  f.cluster->hosts().repair({3}, {.cold = false}, kNoIncident);
  f.run_for(600_s);
  EXPECT_EQ(bound_to(f, 3), 2u);
  EXPECT_EQ(f.incidents("nodes_repaired"), 1u);
  EXPECT_EQ(f.runtime.started.size(), 10u) << "its pods began while it was out of reach";
  f.cluster->hosts().attach({3}, {}, kNoIncident);
  f.run_for(600_s);
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_EQ(f.counts().objects, 8);
}

TEST(hosts, a_cordoned_node_takes_nothing_new_and_keeps_what_it_has) {
  Fixture f(exact(2, 4));
  f.cluster->hosts().cordon({0}, kNoIncident);
  f.run_for(10_s);
  f.cluster->scale(0, 12, kNoIncident);
  f.run_for(400_s);
  EXPECT_EQ(bound_to(f, 0), 2u);
  EXPECT_EQ(bound_to(f, 1), 8u);  // full
  EXPECT_EQ(f.counts().pending, 2);
  f.cluster->hosts().uncordon({0}, kNoIncident);
  f.run_for(400_s);
  EXPECT_EQ(f.counts().routable, 12);
}

TEST(hosts, a_drained_node_is_emptied_at_once_or_as_the_budget_allows) {
  for (const i32 budget : {0, 1}) {
    Fixture f(exact(4, 16));
    f.run_for(60_s);
    ASSERT_EQ(bound_to(f, 2), 4u);
    i64 least = 16;
    f.cluster->hosts().drain({2}, budget, kNoIncident);
    for (int k = 0; k < 1500; ++k) {
      f.run_for(1_s);
      least = std::min(least, f.counts().routable);
    }
    EXPECT_EQ(bound_to(f, 2), 0u) << budget;
    EXPECT_EQ(f.counts().routable, 16) << budget;
    EXPECT_EQ(least, budget == 0 ? 12 : 15);
  }
}

TEST(hosts, an_uncordon_ends_the_drain) {
  Fixture f(exact(4, 16));
  f.run_for(60_s);
  f.cluster->hosts().drain({2}, 1, kNoIncident);
  f.run_for(20_s);
  f.cluster->hosts().uncordon({2}, kNoIncident);
  f.run_for(1000_s);
  EXPECT_EQ(f.counts().routable, 16);
  EXPECT_EQ(f.counts().objects, 16);
  EXPECT_EQ(f.runtime.stopped.size(), 1u);
}

TEST(hosts, stand_in_zones_in_turn) {
  ClusterParams p = small_cluster(7, 7);
  p.zones = 3;
  Fixture f(p);
  std::vector<u32> zones;
  for (u32 n = 0; n < f.cluster->hosts().nodes(); ++n)
    zones.push_back(f.cluster->hosts().zone_of(n));
  EXPECT_EQ(zones, (std::vector<u32>{0, 1, 2, 0, 1, 2, 0}));
}

// A dead host's API calls, if any were made, would show here.
TEST(hosts, the_silent_say_nothing) {
  Fixture f(exact(1, 8));
  f.run_for(60_s);
  f.cluster->hosts().fail({0}, kNoIncident);
  f.run_for(30_s);
  const auto leases = f.api.called(ApiObject::kLease),
             statuses = f.api.called(ApiObject::kPodStatus),
             nodes = f.api.called(ApiObject::kNodeStatus);
  f.run_for(400_s);
  EXPECT_EQ(f.api.called(ApiObject::kLease), leases);
  // The lifecycle controller marks the node and its pods; their kubelet writes nothing.
  EXPECT_EQ(f.api.called(ApiObject::kPodStatus), statuses + 8);
  EXPECT_LE(f.api.called(ApiObject::kNodeStatus), nodes + 1);
}

// ---- restarts by hand --------------------------------------------------------------------------
std::vector<PodId> all_of(i32 pods) {
  std::vector<PodId> ids(static_cast<std::size_t>(pods));
  std::iota(ids.begin(), ids.end(), 0u);
  return ids;
}

TEST(pod_restarts, all_at_once_or_so_many_at_a_time) {
  for (const i32 most : {0, 1, 4}) {
    Fixture f(exact(2, 12));
    f.run_for(60_s);
    const u64 round = f.cluster->restart(all_of(12), {most, {}}, kNoIncident);
    i64 least = 12;
    Instant done{};
    for (int k = 0; k < 4000 && f.cluster->restarting(round); ++k) {
      f.run_for(1_s);
      least = std::min(least, f.counts().ready);
      done = f.world.now();
    }
    EXPECT_EQ(least, most == 0 ? 0 : 12 - most);
    EXPECT_EQ(f.cluster->kubelets().restarts, 12u);
    EXPECT_EQ(f.counts().ready, 12);
    // A start takes 1 s of looking, 69 s of weights, 150 s, and up to 10 s until a probe.
    const double turns = most == 0 ? 1 : 12.0 / most;
    EXPECT_GT(done.seconds() - 60, turns * 220);
    EXPECT_LT(done.seconds() - 60, turns * 235 + 5);
    EXPECT_EQ(f.incidents("restarts_done"), 1u);
    EXPECT_EQ(f.incidents("crash_looping"), 0u);
  }
}

TEST(pod_restarts, jitter_spreads_a_herd) {
  Duration spread[2];
  for (const bool jitter : {false, true}) {
    Fixture f(exact(8, 64));
    f.run_for(60_s);
    f.cluster->restart(all_of(64), {0, jitter ? 600_s : Duration{}}, kNoIncident);
    f.run_for(1500_s);
    Instant first = kNever, last{};
    for (const auto& [pod, at] : f.runtime.started) {
      if (at.seconds() < 60) continue;
      first = std::min(first, at);
      last = std::max(last, at);
    }
    spread[jitter] = last - first;
    EXPECT_EQ(f.counts().ready, 64);
  }
  EXPECT_LT(spread[0], 1_s);
  EXPECT_GT(spread[1], 500_s);
}

TEST(pod_restarts, again_and_again_is_no_crash_loop) {
  Fixture f(exact(1, 1));
  for (int k = 0; k < 5; ++k) {
    f.cluster->restart({0}, {}, kNoIncident);
    f.run_for(400_s);
  }
  EXPECT_EQ(f.cluster->kubelets().restarts, 5u);
  EXPECT_EQ(f.incidents("crash_looping"), 0u);
  EXPECT_EQ(f.counts().ready, 1);
}

}  // namespace test_hosts
}  // namespace stampede::test
