// A cluster's pods: how they start, become ready and routable, and how fast.
#include <gtest/gtest.h>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_cluster {

TEST(cluster, a_warm_start_costs_nothing) {
  Fixture f(small_cluster(4, 30));
  EXPECT_EQ(f.counts().routable, 30);
  EXPECT_EQ(f.consumer.routable.size(), 30u);
  f.run_for(120_s);
  EXPECT_EQ(f.counts().ready, 30);
  EXPECT_EQ(f.api.called(ApiObject::kPod), 0u);
  EXPECT_EQ(f.api.called(ApiObject::kPodStatus), 0u);
  EXPECT_EQ(f.api.called(ApiObject::kEndpointSlice), 0u);
  EXPECT_EQ(f.api.called(ApiObject::kEvent), 0u);
  EXPECT_EQ(f.consumer.changes, 1);
}

TEST(cluster, a_pod_starts_in_stages) {
  ClusterParams p = small_cluster(1, 1);
  p.start.warm_up_sigma = 0;
  Fixture f(p);
  f.cluster->scale(0, 2, kNoIncident);
  f.run_for(600_s);
  ASSERT_EQ(f.runtime.started.size(), 2u);
  const PodId pod = f.runtime.started.rbegin()->first;
  // Calls, then 1 s for the container, 86.25 GB at 1.25 GB/s, 150 s of warm-up.
  const double up = f.runtime.started.at(pod).seconds();
  EXPECT_NEAR(up, 1 + 69 + 150, 0.2);
  // Ready at a probe within 10 s, then a batch of at least 1 s.
  EXPECT_GT(f.consumer.at.seconds(), up + 1);
  EXPECT_LT(f.consumer.at.seconds(), up + 10 + 1.2);
  EXPECT_EQ(f.counts().routable, 2);
  EXPECT_EQ(f.api.committed(ApiObject::kPod), 1u);
  EXPECT_EQ(f.api.committed(ApiObject::kBinding), 1u);
  EXPECT_EQ(f.api.committed(ApiObject::kPodStatus), 3u);
  EXPECT_EQ(f.api.committed(ApiObject::kEndpointSlice), 1u);
  EXPECT_EQ(f.api.committed(ApiObject::kEvent), 5u);  // created, scheduled, pulled, 2 of container
  EXPECT_EQ(f.incidents("zombie_pods"), 0u);
}

TEST(cluster, a_shared_store_is_shared) {
  ClusterParams p = small_cluster(8, 0);
  p.start.weights_source = WeightsSource::kSharedStore;
  p.start.weights_size = Bytes{690'000'000'000};
  p.start.warm_up_sigma = 0;
  Fixture f(p);
  f.cluster->scale(0, 64, kNoIncident);
  f.run_for(1500_s);
  ASSERT_EQ(f.runtime.started.size(), 64u);
  Instant last{};
  for (const auto& [pod, at] : f.runtime.started) last = at > last ? at : last;
  EXPECT_NEAR(last.seconds(), 64 * 690.0 / 40 + 150, 5);  // 17 s a pod of the herd
}

TEST(cluster, creation_follows_the_client_limit) {
  ClusterParams p = small_cluster(100, 0);
  Fixture f(p);
  f.cluster->scale(0, 600, kNoIncident);
  f.run_for(20_s);
  // 30 at once, then 20 a second less what else the controller manager writes.
  const i64 created = f.counts().objects;
  EXPECT_GT(created, 20 * 17);
  EXPECT_LE(created, 30 + 20 * 20);
}

TEST(cluster, the_scheduler_places_180_a_second) {
  ClusterParams p = small_cluster(100, 0);
  p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{10000};
  p.controllers.controller_burst = p.controllers.scheduler_burst = 10000;
  Fixture f(p);
  std::vector<Instant> bound;
  f.api.log = [&](const ApiCall& c) {
    if (c.object == ApiObject::kBinding) bound.push_back(f.world.now());
  };
  f.cluster->scale(0, 700, kNoIncident);
  f.run_for(10_s);
  ASSERT_EQ(bound.size(), 700u);
  const double rate = 699 / (bound.back() - bound.front()).seconds();
  EXPECT_NEAR(rate, 1 / 0.0055, 5);
}

TEST(cluster, pods_beyond_the_gpus_stay_pending) {
  Fixture f(small_cluster(2, 16));
  f.cluster->scale(0, 40, kNoIncident);
  f.run_for(700_s);
  EXPECT_EQ(f.counts().objects, 40);
  EXPECT_EQ(f.counts().pending, 24);
  EXPECT_EQ(f.counts().routable, 16);
  EXPECT_EQ(f.cluster->pod_scheduler().parked(), 24u);
  // One creation, one status and two events each: about 18 KB.
  const i64 pods = f.api.bytes[static_cast<std::size_t>(ApiObject::kPod)] +
                   f.api.bytes[static_cast<std::size_t>(ApiObject::kPodStatus)] +
                   f.api.bytes[static_cast<std::size_t>(ApiObject::kEvent)];
  EXPECT_NEAR(static_cast<double>(pods) / 24, 18432, 200);
  f.cluster->scale(0, 8, kNoIncident);
  f.run_for(60_s);
  EXPECT_EQ(f.counts().objects, 8);
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_EQ(f.runtime.stopped.size(), 8u);
}

TEST(cluster, a_failed_batch_ends_the_pass_and_backs_off) {
  Fixture f(small_cluster(20, 0));
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kPod ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.cluster->scale(0, 100, kNoIncident);
  f.run_for(60_s);
  // One pod a pass, 5 ms doubling: about 14 passes a minute.
  EXPECT_GT(f.api.called(ApiObject::kPod), 10u);
  EXPECT_LT(f.api.called(ApiObject::kPod), 20u);
  EXPECT_EQ(f.counts().objects, 0);
  f.api.refuse = nullptr;
  f.run_for(120_s);
  EXPECT_EQ(f.counts().objects, 100);
}

// Neither a node's heartbeat nor the end of another Pending pod frees a GPU: nobody is tried again
// before the queue's flush.
TEST(cluster, pending_pods_are_not_tried_again_without_a_reason) {
  ClusterParams p = small_cluster(2, 16);
  p.kubelet.node_status_period = 20_s;
  Fixture f(p);
  f.cluster->scale(0, 40, kNoIncident);
  f.run_for(200_s);
  f.cluster->scale(0, 30, kNoIncident);
  f.run_for(50_s);
  EXPECT_EQ(f.counts().pending, 14);
  for (const cluster::Pod& pod : f.cluster->state().pods) EXPECT_LE(pod.attempts, 1u);
  f.run_for(200_s);
  for (const cluster::Pod& pod : f.cluster->state().pods)
    if (!pod.gone && pod.node == cluster::kNoNode) {
      EXPECT_EQ(pod.attempts, 2u);
    }
}

// While writes are refused an operator stays at it; another decision ends it.
TEST(cluster, a_scale_command_is_repeated_until_it_is_taken) {
  for (const bool overtaken : {false, true}) {
    Fixture f(small_cluster(2, 16));
    f.api.refuse = [](const ApiCall& c) {
      return c.object == ApiObject::kScale ? ApiStatus::kNoSpace : ApiStatus::kOk;
    };
    f.cluster->scale(0, 8, kNoIncident);
    f.run_for(300_s);
    EXPECT_EQ(f.cluster->desired(0), 16);
    EXPECT_EQ(f.api.called(ApiObject::kScale), 30u);  // every 10 s
    if (overtaken) f.cluster->set_autoscaler_enabled(true, kNoIncident);
    f.api.refuse = nullptr;
    f.run_for(11_s);
    EXPECT_EQ(f.cluster->desired(0), overtaken ? 16 : 8);
    f.run_for(300_s);
    EXPECT_EQ(f.api.called(ApiObject::kScale), overtaken ? 30u : 31u);
  }
}

TEST(cluster, leases_cost_a_tenth_of_the_nodes_a_second) {
  Fixture f(small_cluster(1000, 0));
  f.run_for(100_s);
  const u64 before = f.api.called(ApiObject::kLease);
  f.run_for(300_s);
  const double rate = static_cast<double>(f.api.called(ApiObject::kLease) - before) / 300;
  EXPECT_NEAR(rate, 100 / 1.02, 1);  // jitter adds 0 to 4 %
}

u64 digest(u64 seed) {
  ClusterParams p = small_cluster(10, 40);
  Fixture f(p, seed);
  u64 h = 0;
  f.api.log = [&](const ApiCall& c) {
    h = mix64(h ^ static_cast<u64>(f.world.now().ns));
    h = mix64(h ^ c.key ^ (static_cast<u64>(c.object) << 40));
  };
  f.cluster->scale(0, 90, kNoIncident);
  f.run_for(400_s);
  return h;
}

// A server's process that dies is started again in its pod, after the back-off and with its weights
// loaded anew; nobody else's is.
TEST(cluster, crashed_pods_come_back_by_themselves) {
  Fixture f(small_cluster(1, 4));
  f.run_for(1_min);
  const IncidentId root = f.world.incident("kill_pods", "test", {}, "");
  ASSERT_EQ(f.cluster->serving().size(), 4U);
  const Instant before = f.world.now();
  f.cluster->crash({1, 3}, root);
  f.cluster->crash({1}, root);  // it does not serve any more
  std::vector<PodId> left;
  for (const PodPlace& place : f.cluster->serving()) left.push_back(place.pod);
  EXPECT_EQ(left, (std::vector<PodId>{0, 2}));
  const Incident killed = f.world.journal.all()[root];
  EXPECT_EQ(killed.kind, "pods_killed");
  EXPECT_EQ(killed.causes, std::vector<IncidentId>{root});
  EXPECT_EQ(f.runtime.killed, (std::map<PodId, IncidentId>{{1, killed.id}, {3, killed.id}}));
  f.run_for(20_s);
  EXPECT_EQ(f.consumer.routable, (std::vector<PodId>{0, 2}));
  EXPECT_EQ(f.consumer.cause, killed.id);
  f.run_for(1_h);
  EXPECT_EQ(f.consumer.routable, (std::vector<PodId>{0, 1, 2, 3}));
  for (const PodId pod : {1u, 3u})
    EXPECT_GT(f.runtime.started[pod], before + ClusterParams{}.kubelet.restart_backoff_first);
  for (const PodId pod : {0u, 2u}) EXPECT_EQ(f.runtime.started[pod], Instant{});
}

TEST(cluster, the_same_seed_gives_the_same_calls) {
  EXPECT_EQ(digest(7), digest(7));
  EXPECT_NE(digest(7), digest(8));
}

}  // namespace test_cluster
}  // namespace stampede::test
