// A cluster with the real API server and etcd: bursts, freezes and their absence.
#include <gtest/gtest.h>

#include <ctime>
#include <memory>

#include "tests/models/joined_cluster.h"

namespace stampede::test {
namespace test_cluster_control_plane {

ClusterParams region(i32 nodes) {
  ClusterParams p = small_cluster(nodes, nodes * 8);
  p.workloads[0].autoscaler.emplace();
  p.workloads[0].autoscaler->min_replicas = nodes * 2;
  p.workloads[0].autoscaler->max_replicas = 10000;
  return p;
}

// Default client limits and a healthy etcd: a burst leaves Pending pods, nothing else.
TEST(cluster_control_plane, a_burst_with_default_limits_does_not_freeze) {
  Joined j(region(70), {});
  j.runtime.overload = j.world.incident("replica_overloaded", "eu/serving", {}, "");
  j.runtime.usage = [](PodId) { return PodSample{3000, 500'000}; };
  // A pod in eight is overloaded and flaps.
  j.runtime.failing = [&](PodId pod) {
    return pod % 8 == 0 && j.world.now().seconds() > 60 &&
           static_cast<i64>(j.world.now().seconds()) / 60 % 2 == 0;
  };
  j.run_for(1800_s);
  EXPECT_EQ(j.cluster->desired(0), 10000);
  EXPECT_GT(j.cluster->counts(0).pending, 5000);
  EXPECT_EQ(j.incidents("scale_up_requested"), 1u);
  EXPECT_EQ(j.incidents("etcd_saturated"), 0u);
  EXPECT_EQ(j.incidents("control_plane_frozen"), 0u);
  EXPECT_EQ(j.incidents("zombie_pods"), 0u);
}

// Raised limits and an etcd close to its quota: the pods use it up, and what recovers stays hidden.
TEST(cluster_control_plane, a_quota_latch_makes_zombies) {
  ClusterParams p = region(70);
  p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{300};
  p.controllers.controller_burst = p.controllers.scheduler_burst = 450;
  ApiServerParams api;
  api.etcd.initial_file = Bytes{1'990'000'000};
  api.etcd.initial_free = Share{0.005};
  api.etcd.quota = Bytes{i64{2} << 30};
  Joined j(p, api);
  j.runtime.overload = j.world.incident("replica_overloaded", "eu/serving", {}, "");
  j.runtime.usage = [](PodId) { return PodSample{3000, 500'000}; };
  j.runtime.failing = [&](PodId pod) {
    return pod % 5 < 3 && j.world.now().seconds() > 60 && j.world.now().seconds() < 600;
  };
  j.run_for(1800_s);
  EXPECT_EQ(j.incidents("etcd_saturated"), 1u);
  EXPECT_EQ(j.incidents("control_plane_frozen"), 1u);
  EXPECT_EQ(j.incidents("zombie_pods"), 1u);
  EXPECT_EQ(j.cluster->counts(0).ready, 560);
  EXPECT_EQ(j.cluster->counts(0).routable, 224);
  std::vector<std::string> order;
  for (const Incident& i : j.world.journal.all()) {
    RecordProperty(i.kind, std::to_string(i.at.seconds()));
    order.push_back(i.kind);
  }
  EXPECT_EQ(order,
            (std::vector<std::string>{"replica_overloaded", "scale_up_requested", "etcd_saturated",
                                      "nodes_lost", "control_plane_frozen", "zombie_pods"}));
}

TEST(cluster_control_plane, ten_idle_hours_of_a_region_are_cheap) {
  ClusterParams p = small_cluster(167, 1336);
  Joined j(p, {});
  const std::clock_t begin = std::clock();
  j.world.scheduler.run_until(Instant{} + 10_h);
  const double spent = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const double probes = static_cast<double>(j.cluster->kubelets().probes);
  RecordProperty("nanoseconds_per_probe", std::to_string(spent * 1e9 / probes));
  RecordProperty("events", std::to_string(j.world.scheduler.handled()));
  EXPECT_NEAR(probes, 1336 * 3600, 1336);
  EXPECT_LT(spent, 60);  // a guard against a blow-up, not a measurement
}

}  // namespace test_cluster_control_plane
}  // namespace stampede::test
