// Which pods a smaller scale takes: Kubernetes' order, pkg/controller/controller_utils.go,
// ActivePodsWithRanks.Less. Each rule against a pod that every later rule would take.
#include <gtest/gtest.h>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_scale_down {

ClusterParams quick(i32 nodes, i32 replicas) {
  ClusterParams p = small_cluster(nodes, replicas);
  p.kubelet.probe_failures = 1;
  p.endpoints.batch_period = 1_s;
  return p;
}

// Pods deleted by the replica set in the next twenty seconds after a scale to `replicas`.
std::vector<PodId> taken(Fixture& f, i32 replicas) {
  std::vector<PodId> pods;
  f.api.log = [&](const ApiCall& c) {
    if (c.object == ApiObject::kPod && c.verb == ApiVerb::kDelete &&
        c.user == cluster::kControllerUser)
      pods.push_back(c.key);
  };
  f.cluster->scale(0, replicas, kNoIncident);
  f.run_for(20_s);
  f.api.log = nullptr;
  return pods;
}
cluster::NodeId node_of(const Fixture& f, PodId pod) { return f.cluster->state().pods[pod].node; }

TEST(scale_down, unassigned_pods_go_first) {
  Fixture f(quick(1, 7));
  f.cluster->scale(0, 9, kNoIncident);
  f.run_for(20_s);
  ASSERT_EQ(node_of(f, 7), 0u);                // pending, on the last GPU
  ASSERT_EQ(node_of(f, 8), cluster::kNoNode);  // nowhere
  EXPECT_EQ(taken(f, 8), std::vector<PodId>{8});
}

TEST(scale_down, pending_pods_go_before_running_ones) {
  Fixture f(quick(2, 8));
  f.runtime.failing = [](PodId pod) { return pod == 3; };
  f.run_for(15_s);
  f.cluster->scale(0, 9, kNoIncident);
  f.run_for(30_s);  // it loads its weights
  ASSERT_NE(node_of(f, 8), cluster::kNoNode);
  ASSERT_FALSE(f.cluster->state().pods[8].running && f.cluster->state().pods[8].api_ready);
  EXPECT_EQ(taken(f, 8), std::vector<PodId>{8});
  EXPECT_EQ(taken(f, 7), std::vector<PodId>{3});  // then the one that is not ready
}

TEST(scale_down, pods_that_are_not_ready_go_before_ready_ones) {
  Fixture f(quick(2, 8));
  f.runtime.failing = [](PodId pod) { return pod == 1 || pod == 4; };
  f.run_for(15_s);
  EXPECT_EQ(taken(f, 7), std::vector<PodId>{4});  // of two alike the youngest
  EXPECT_EQ(taken(f, 6), std::vector<PodId>{1});
  EXPECT_EQ(taken(f, 5).size(), 1u);
}

TEST(scale_down, pods_on_crowded_nodes_go_first) {
  Fixture f(quick(2, 8));  // pods 0, 2, 4, 6 on one node, 1, 3, 5, 7 on the other
  ASSERT_EQ(node_of(f, 0), node_of(f, 6));
  ASSERT_EQ(node_of(f, 1), node_of(f, 7));
  f.runtime.failing = [](PodId pod) { return pod == 1 || pod == 3; };
  f.run_for(15_s);
  taken(f, 6);  // those two
  f.runtime.failing = nullptr;
  EXPECT_EQ(taken(f, 5), std::vector<PodId>{6});  // 7 is younger, among two instead of four
  EXPECT_EQ(taken(f, 4), std::vector<PodId>{4});  // three against two
}

TEST(scale_down, of_ready_pods_those_that_became_so_last_go_first) {
  Fixture f(quick(1, 4));
  bool sick = true;
  f.runtime.failing = [&](PodId pod) { return sick && pod == 1; };
  f.run_for(15_s);
  sick = false;
  f.run_for(30_s);
  ASSERT_EQ(f.counts().routable, 4);
  EXPECT_EQ(taken(f, 3), std::vector<PodId>{1});
  EXPECT_EQ(taken(f, 2), std::vector<PodId>{3});  // then by age
  EXPECT_EQ(taken(f, 1), std::vector<PodId>{2});
}

// Readiness that is gone says nothing of when it came.
TEST(scale_down, of_unready_pods_the_youngest_goes_first_whenever_they_failed) {
  Fixture f(quick(1, 4));
  PodId upto = 1;  // 1 fails first, then 0
  f.runtime.failing = [&](PodId pod) { return pod == 1 || (upto == 2 && pod == 0); };
  f.run_for(15_s);
  upto = 2;
  f.run_for(30_s);
  ASSERT_EQ(f.counts().ready, 2);
  EXPECT_EQ(taken(f, 3), std::vector<PodId>{1});
}

TEST(scale_down, of_unready_pods_the_one_that_was_restarted_goes_first) {
  ClusterParams p = quick(1, 4);
  p.kubelet.liveness_failures = 3;
  p.start.weights_size = Bytes{1'000'000'000};
  p.start.warm_up_median = 1_s;
  Fixture f(p);
  f.runtime.failing = [&](PodId pod) { return pod == 0; };
  f.run_for(60_s);  // restarted, and it fails again
  ASSERT_GT(f.cluster->state().pods[0].api_status.restarts, 0);
  f.runtime.failing = [&](PodId pod) { return pod == 0 || pod == 3; };
  f.run_for(25_s);
  ASSERT_EQ(f.counts().reported_ready, 2);
  ASSERT_TRUE(f.cluster->state().pods[0].running);
  EXPECT_EQ(taken(f, 3), std::vector<PodId>{0});
}

}  // namespace test_scale_down
}  // namespace stampede::test
