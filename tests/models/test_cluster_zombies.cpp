// Endpoints, probes and leases when the API server answers and when it does not.
#include <gtest/gtest.h>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_cluster_zombies {

bool is_write(const ApiCall& c) { return c.verb >= ApiVerb::kCreate; }

TEST(cluster_zombies, endpoints_are_batched) {
  ClusterParams p = small_cluster(50, 400);
  p.kubelet.probe_failures = 1;
  Fixture f(p);
  bool sick = true;
  f.runtime.failing = [&](PodId pod) { return sick && pod < 200; };
  f.run_for(15_s);
  EXPECT_EQ(f.counts().routable, 200);
  // 200 changes over 10 s in two slices: at most one write a slice and second.
  EXPECT_LE(f.api.committed(ApiObject::kEndpointSlice), 22u);
  EXPECT_EQ(f.api.committed(ApiObject::kPodStatus), 200u);
  const i64 size = f.api.bytes[static_cast<std::size_t>(ApiObject::kEndpointSlice)];
  EXPECT_EQ(size / static_cast<i64>(f.api.committed(ApiObject::kEndpointSlice)), 18'500);
  sick = false;
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 400);
  EXPECT_EQ(f.incidents("zombie_pods"), 0u);
}

TEST(cluster_zombies, three_failures_make_a_pod_not_ready) {
  Fixture f(small_cluster(1, 8));
  f.runtime.failing = [](PodId pod) { return pod == 3; };
  f.run_for(20_s);
  EXPECT_EQ(f.counts().ready, 8);
  f.run_for(11_s);
  EXPECT_EQ(f.counts().ready, 7);
}

// Overloaded pods fail their probes, the statuses are committed; then nothing is, and they recover.
TEST(cluster_zombies, ready_pods_stay_unroutable_while_statuses_cannot_be_written) {
  Fixture f(small_cluster(20, 160));
  bool sick = true;
  f.runtime.overload = f.world.incident("replica_overloaded", "eu/serving", {}, "");
  f.runtime.failing = [&](PodId pod) { return sick && pod % 5 < 3; };
  f.run_for(40_s);
  EXPECT_EQ(f.counts().routable, 64);
  EXPECT_EQ(f.cluster->zombies(), 0);
  f.api.incident = f.world.incident("etcd_saturated", "eu/etcd", {}, "");
  f.api.refuse = [](const ApiCall& c) {
    return is_write(c) ? ApiStatus::kNoSpace : ApiStatus::kOk;
  };
  sick = false;
  f.run_for(60_s);
  EXPECT_EQ(f.counts().ready, 160);
  EXPECT_EQ(f.counts().routable, 64);
  EXPECT_EQ(f.cluster->zombies(), 96);
  ASSERT_EQ(f.incidents("zombie_pods"), 1u);
  const Incident& zombie = f.world.journal.all().back();
  EXPECT_EQ(zombie.causes, (std::vector<IncidentId>{f.runtime.overload, f.api.incident}));
  f.api.refuse = nullptr;
  f.run_for(30_s);
  EXPECT_EQ(f.cluster->zombies(), 0);
  EXPECT_EQ(f.counts().routable, 160);
}

TEST(cluster_zombies, slices_that_cannot_be_written_hide_ready_pods) {
  Fixture f(small_cluster(2, 16));
  bool sick = true;
  f.runtime.failing = [&](PodId pod) { return sick && pod < 8; };
  f.run_for(40_s);
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kEndpointSlice ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  sick = false;
  f.run_for(60_s);
  EXPECT_EQ(f.counts().reported_ready, 16);
  EXPECT_EQ(f.counts().routable, 8);
  EXPECT_EQ(f.cluster->zombies(), 8);
}

TEST(cluster_zombies, a_frozen_api_keeps_the_endpoints) {
  Fixture f(small_cluster(20, 160));
  f.api.refuse = [](const ApiCall&) { return ApiStatus::kTimeout; };
  f.run_for(600_s);
  EXPECT_EQ(f.counts().routable, 160);
  EXPECT_EQ(f.consumer.changes, 1);
  EXPECT_EQ(f.incidents("zombie_pods"), 0u);
  EXPECT_EQ(f.cluster->node_lifecycle().pods_evicted, 0u);
  f.api.refuse = nullptr;
  f.run_for(300_s);
  EXPECT_EQ(f.counts().routable, 160);
  EXPECT_EQ(f.cluster->zombies(), 0);
}

// Leases fail, everything else works: the controller takes healthy pods out of service.
TEST(cluster_zombies, lost_leases_remove_healthy_pods_without_eviction) {
  Fixture f(small_cluster(20, 160));
  f.api.incident = f.world.incident("etcd_saturated", "eu/etcd", {}, "");
  f.api.refuse = [](const ApiCall& c) {
    const bool node = c.level == ApiLevel::kNodeHigh || c.level == ApiLevel::kSystem;
    return node ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.run_for(200_s);
  EXPECT_EQ(f.cluster->node_lifecycle().nodes_lost, 20u);
  ASSERT_EQ(f.incidents("nodes_lost"), 1u);
  for (const Incident& i : f.world.journal.all())
    if (i.kind == "nodes_lost") {
      EXPECT_EQ(i.causes, std::vector<IncidentId>{f.api.incident});
    }
  EXPECT_EQ(f.counts().ready, 160);
  EXPECT_EQ(f.counts().routable, 0);
  EXPECT_EQ(f.cluster->zombies(), 160);
  ASSERT_EQ(f.incidents("zombie_pods"), 1u);
  f.run_for(600_s);
  EXPECT_EQ(f.cluster->node_lifecycle().pods_evicted, 0u);  // full disruption
  EXPECT_EQ(f.counts().objects, 160);
  f.api.refuse = nullptr;
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 160);
  EXPECT_EQ(f.cluster->zombies(), 0);
}

TEST(cluster_zombies, one_lost_node_is_evicted) {
  Fixture f(small_cluster(20, 80));
  f.api.refuse = [](const ApiCall& c) {
    const bool node = c.object == ApiObject::kLease || c.object == ApiObject::kNodeStatus;
    return node && c.key == 3 && c.level == ApiLevel::kNodeHigh ? ApiStatus::kUnavailable
                                                                : ApiStatus::kOk;
  };
  f.run_for(330_s);
  EXPECT_EQ(f.cluster->node_lifecycle().nodes_lost, 1u);
  EXPECT_EQ(f.cluster->node_lifecycle().pods_evicted, 0u);
  f.run_for(60_s);
  EXPECT_EQ(f.cluster->node_lifecycle().pods_evicted, 4u);
  f.run_for(400_s);
  EXPECT_EQ(f.counts().routable, 80);
}

double lease_rate(ApiStatus status) {
  Fixture f(small_cluster(100, 0));
  f.run_for(60_s);
  f.api.refuse = [status](const ApiCall& c) {
    return c.object == ApiObject::kLease && is_write(c) ? status : ApiStatus::kOk;
  };
  f.run_for(60_s);
  const u64 before = f.api.called(ApiObject::kLease);
  f.run_for(300_s);
  return static_cast<double>(f.api.called(ApiObject::kLease) - before) / 300 / 100;
}

TEST(cluster_zombies, lease_retries_have_three_regimes) {
  EXPECT_NEAR(lease_rate(ApiStatus::kTooManyRequests), 1.0, 0.15);  // ten times a healthy node's
  EXPECT_NEAR(lease_rate(ApiStatus::kTimeout), 0.1, 0.02);          // no amplification
  EXPECT_NEAR(lease_rate(ApiStatus::kOk), 0.098, 0.002);
}

TEST(cluster_zombies, an_immediate_lease_error_is_tried_five_times_a_cycle) {
  Fixture f(small_cluster(1, 0));
  std::vector<double> tries;
  f.api.refuse = [&](const ApiCall& c) {
    if (c.object != ApiObject::kLease) return ApiStatus::kOk;
    if (c.verb == ApiVerb::kGet) return ApiStatus::kOk;
    tries.push_back(f.world.now().seconds());
    return ApiStatus::kUnavailable;
  };
  f.run_for(30_s);
  ASSERT_GE(tries.size(), 20u);
  EXPECT_LT(tries[4] - tries[0], 0.03);  // five back to back, a read, five again
  EXPECT_LT(tries[9] - tries[0], 0.06);
  EXPECT_NEAR(tries[10] - tries[9], 10.2, 0.3);
}

TEST(cluster_zombies, slow_starters_crash_loop_only_with_a_deadline) {
  ClusterParams p = small_cluster(1, 0);
  p.start.warm_up_sigma = 0;
  p.kubelet.startup_deadline = 120_s;
  Fixture f(p);
  f.cluster->scale(0, 4, kNoIncident);
  f.run_for(900_s);
  EXPECT_GE(f.cluster->kubelets().restarts, 12u);
  EXPECT_EQ(f.incidents("crash_looping"), 1u);
  EXPECT_EQ(f.counts().ready, 0);
}

// A container starts after its predecessor has ended, however long that takes of its grace; the
// backoff counts from then. Source: Kubernetes kuberuntime_manager.go, doBackOff.
TEST(cluster_zombies, a_restart_waits_for_the_end_of_the_old_container) {
  ClusterParams p = small_cluster(1, 1);
  p.start.warm_up_sigma = 0;
  p.start.warm_up_median = 20_s;
  p.kubelet.liveness_failures = 3;
  Fixture f(p);
  f.runtime.grace_used = 100_s;
  f.runtime.overload = f.world.incident("replica_overloaded", "eu/serving", {}, "");
  f.runtime.failing = [&](PodId) { return !f.runtime.stopped.count(0); };
  f.run_for(60_s);
  ASSERT_EQ(f.runtime.stopped.count(0), 1u);
  EXPECT_EQ(f.runtime.stop_causes[0], f.runtime.overload);
  f.run_for(300_s);
  const double restarted = (f.runtime.started[0] - f.runtime.stopped[0]).seconds();
  // 100 s of grace, 10 s of backoff, weights and warm-up.
  EXPECT_GT(restarted, 100 + 10 + 20);
  EXPECT_LT(restarted, 100 + 10 + 20 + 86.25 / 1.25 + 3);
  EXPECT_EQ(f.counts().ready, 1);
}

// Ten minutes of running (twice the longest delay) forgive all restarts before them. Source:
// Kubernetes client-go util/flowcontrol/backoff.go.
TEST(cluster_zombies, the_restart_backoff_is_forgotten_after_ten_minutes) {
  ClusterParams p = small_cluster(1, 1);
  p.start.warm_up_sigma = 0;
  p.start.warm_up_median = 1_s;
  p.start.weights_size = Bytes{1'250'000'000};
  p.kubelet.liveness_failures = 1;
  Fixture f(p);
  bool sick = true;
  f.runtime.failing = [&](PodId) { return sick; };
  const auto down_for = [&] {
    const Instant stopped = f.runtime.stopped[0];
    while (f.runtime.stopped[0] == stopped) f.run_for(1_s);
    const Instant killed = f.runtime.stopped[0];
    while (f.runtime.started[0] < killed) f.run_for(1_s);
    return (f.runtime.started[0] - killed).seconds();
  };
  const double start = 1 + 1;  // weights, warm-up
  for (const double backoff : {10, 20, 40, 80, 160, 300, 300})
    EXPECT_NEAR(down_for(), backoff + start, 0.5);
  sick = false;
  f.run_for(9_min);
  sick = true;
  EXPECT_NEAR(down_for(), 300 + start, 0.5);
  sick = false;
  f.run_for(11_min);
  sick = true;
  EXPECT_NEAR(down_for(), 10 + start, 0.5);
}

// kubelet_node_status.go: a status that differs from what stands there is written at the next look,
// every 10 s; one that does not, every 5 min.
TEST(cluster_zombies, a_node_that_was_given_up_writes_its_status_every_ten_seconds) {
  Fixture f(small_cluster(50, 0));
  f.run_for(600_s);
  EXPECT_NEAR(static_cast<double>(f.cluster->leases().statuses), 50 * 2, 1);
  f.api.refuse = [](const ApiCall& c) {
    return c.level == ApiLevel::kNodeHigh && is_write(c) ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.run_for(70_s);  // lease expired and written off
  EXPECT_EQ(f.cluster->node_lifecycle().nodes_lost, 50u);
  const u64 before = f.cluster->leases().statuses;
  f.run_for(100_s);
  EXPECT_NEAR(static_cast<double>(f.cluster->leases().statuses - before), 50 * 10, 50);
  f.api.refuse = nullptr;
  f.run_for(20_s);
  const u64 well = f.cluster->leases().statuses;
  f.run_for(100_s);
  EXPECT_LE(f.cluster->leases().statuses - well, 25u);
}

// The two sides of a readiness that endpoints do not show, and none when it turns back.
TEST(cluster_zombies, readiness_is_unpublished_until_the_view_has_it_or_it_turns_back) {
  Fixture f(small_cluster(2, 16));
  bool sick = false;
  f.runtime.failing = [&](PodId pod) { return sick && pod == 3; };
  f.run_for(60_s);
  EXPECT_EQ(f.cluster->unpublished_since(), kNever);
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kPodStatus ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  sick = true;
  f.run_for(60_s);
  const Instant since = f.cluster->unpublished_since();
  EXPECT_NEAR((f.world.now() - since).seconds(), 35, 10);
  sick = false;
  f.run_for(11_s);
  EXPECT_EQ(f.cluster->unpublished_since(), kNever);
  f.api.refuse = nullptr;
  sick = true;
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 15);
  EXPECT_EQ(f.cluster->unpublished_since(), kNever);
}

// A crash loop ends when back-offs are forgotten, and names what ended what its pods died of.
TEST(cluster_zombies, a_crash_loop_ends_with_a_word) {
  ClusterParams p = small_cluster(1, 2);
  p.start.warm_up_sigma = 0;
  p.start.warm_up_median = 1_s;
  p.start.weights_size = Bytes{1'250'000'000};
  p.kubelet.liveness_failures = 1;
  Fixture f(p);
  const IncidentId bad = f.world.incident("processes_crash", "eu/serving", {}, "");
  f.runtime.overload = bad;
  f.runtime.failing = [&](PodId) { return f.world.now() < Instant{} + 10_min; };
  f.run_for(10_min);
  ASSERT_EQ(f.incidents("crash_looping"), 1u);
  const IncidentId good = f.world.incident("good_file", "rollouts", {}, "");
  f.runtime.ended_by = {bad, good};
  f.run_for(5_min);
  EXPECT_EQ(f.incidents("crash_loop_ended"), 0u);
  f.run_for(20_min);
  ASSERT_EQ(f.incidents("crash_loop_ended"), 1u);
  const auto& closings = f.world.journal.closings();
  ASSERT_EQ(closings.size(), 1u);
  const Incident& began = f.world.journal.all()[closings[0].began - 1];
  const Incident& ended = f.world.journal.all()[closings[0].ended - 1];
  EXPECT_EQ(began.kind, "crash_looping");
  EXPECT_EQ(ended.causes, (std::vector<IncidentId>{began.id, good}));
  EXPECT_EQ(f.incidents("crash_looping"), 1u);
}

// Back-offs of 5 min and processes that live for 7: between two restarts of one row lies more than
// the 10 min after which a back-off is forgotten, none of which a process lived for.
TEST(cluster_zombies, a_crash_loop_does_not_end_within_a_row_of_restarts) {
  ClusterParams p = small_cluster(1, 1);
  p.start.warm_up_sigma = 0;
  p.start.warm_up_median = 1_s;
  p.start.weights_size = Bytes{1'250'000'000};
  p.kubelet.restart_backoff_first = 5_min;
  p.kubelet.restart_backoff_longest = 5_min;
  p.kubelet.liveness_failures = 1;
  Fixture f(p);
  f.runtime.overload = f.world.incident("processes_crash", "eu/serving", {}, "");
  bool ill = true;
  f.runtime.failing = [&](PodId pod) {
    const auto lived = f.world.now() - f.cluster->state().pods[pod].container_started;
    return ill && lived > 7_min;
  };
  f.run_for(90_min);
  EXPECT_EQ(f.incidents("crash_looping"), 1u);
  EXPECT_EQ(f.incidents("crash_loop_ended"), 0u);
  ill = false;
  f.run_for(30_min);
  EXPECT_EQ(f.incidents("crash_looping"), 1u);
  EXPECT_EQ(f.incidents("crash_loop_ended"), 1u);
}

}  // namespace test_cluster_zombies
}  // namespace stampede::test
