// Why: each call of a chain of writes carries the incident that began it, and what the data plane
// hears at its end does too.
#include <gtest/gtest.h>

#include <set>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_cluster_causes {

constexpr auto kObjects = static_cast<std::size_t>(ApiObject::kCount);

// Causes of the writes to each object since the last look, leases and heartbeats aside.
struct Causes {
  explicit Causes(Fixture& f) {
    f.api.log = [this](const ApiCall& c) {
      if (c.verb >= ApiVerb::kCreate) seen[static_cast<std::size_t>(c.object)].insert(c.cause);
    };
  }
  std::set<IncidentId> take(ApiObject object) {
    return std::exchange(seen[static_cast<std::size_t>(object)], {});
  }
  std::array<std::set<IncidentId>, kObjects> seen;
};

ClusterParams quick(i32 nodes, i32 replicas) {
  ClusterParams p = small_cluster(nodes, replicas);
  p.start.weights_size = Bytes{1'250'000'000};
  p.start.warm_up_median = 5_s;
  return p;
}

TEST(cluster_causes, a_scale_command_is_carried_down_to_the_endpoints) {
  Fixture f(quick(4, 20));
  const IncidentId order = f.world.incident("order", "test", {}, "");
  Causes causes(f);
  f.cluster->scale(0, 28, order);
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 28);
  for (const ApiObject object :
       {ApiObject::kScale, ApiObject::kReplicaSet, ApiObject::kPod, ApiObject::kBinding,
        ApiObject::kPodStatus, ApiObject::kEvent, ApiObject::kDeployment})
    EXPECT_EQ(causes.take(object), std::set<IncidentId>{order})
        << "object " << static_cast<int>(object);
  EXPECT_TRUE(causes.take(ApiObject::kEndpointSlice).count(order));
  EXPECT_EQ(f.consumer.cause, order);
  // And back: deletions.
  const IncidentId back = f.world.incident("order", "test", {}, "");
  f.cluster->scale(0, 20, back);
  f.run_for(60_s);
  EXPECT_TRUE(causes.take(ApiObject::kPod).count(back));
  EXPECT_EQ(causes.take(ApiObject::kReplicaSet), std::set<IncidentId>{back});
}

TEST(cluster_causes, pods_that_find_no_gpu_say_who_wanted_them) {
  Fixture f(quick(1, 8));
  const IncidentId order = f.world.incident("order", "test", {}, "");
  Causes causes(f);
  f.cluster->scale(0, 12, order);
  f.run_for(30_s);
  EXPECT_EQ(f.counts().pending, 4);
  EXPECT_EQ(causes.take(ApiObject::kPodStatus), std::set<IncidentId>{order});
  EXPECT_EQ(causes.take(ApiObject::kEvent), std::set<IncidentId>{order});
}

TEST(cluster_causes, an_overloaded_pod_leaves_the_endpoints_because_of_the_overload) {
  Fixture f(quick(4, 20));
  f.runtime.overload = f.world.incident("replica_overloaded", "eu/serving", {}, "");
  bool sick = true;
  f.runtime.failing = [&](PodId pod) { return sick && pod == 4; };
  Causes causes(f);
  f.run_for(45_s);
  EXPECT_EQ(f.counts().routable, 19);
  EXPECT_EQ(causes.take(ApiObject::kPodStatus), std::set<IncidentId>{f.runtime.overload});
  EXPECT_EQ(causes.take(ApiObject::kEndpointSlice), std::set<IncidentId>{f.runtime.overload});
  EXPECT_EQ(f.consumer.cause, f.runtime.overload);
  // It is well again, and that is told with the overload that is over; what follows has no cause.
  sick = false;
  f.run_for(30_s);
  EXPECT_EQ(f.counts().routable, 20);
  EXPECT_EQ(f.consumer.cause, f.runtime.overload);
  causes.take(ApiObject::kPodStatus);
  f.runtime.overload = kNoIncident;
  sick = true;
  f.run_for(45_s);
  EXPECT_EQ(causes.take(ApiObject::kPodStatus), std::set<IncidentId>{kNoIncident});
  EXPECT_EQ(f.consumer.cause, kNoIncident);
}

TEST(cluster_causes, a_node_given_up_says_why_its_leases_failed) {
  Fixture f(quick(4, 20));
  f.api.incident = f.world.incident("etcd_saturated", "eu/etcd", {}, "");
  bool silent = true;
  f.api.refuse = [&](const ApiCall& c) {
    return silent && c.user == cluster::kKubeletUser + 2 ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  Causes causes(f);
  f.run_for(70_s);
  EXPECT_EQ(f.counts().routable, 15);
  const Incident& lost = f.world.journal.all().back();
  ASSERT_EQ(lost.kind, "nodes_lost");
  EXPECT_EQ(lost.causes, std::vector<IncidentId>{f.api.incident});
  EXPECT_TRUE(causes.take(ApiObject::kNodeStatus).count(lost.id));
  EXPECT_TRUE(causes.take(ApiObject::kPodStatus).count(lost.id));
  EXPECT_EQ(f.consumer.cause, lost.id);
  EXPECT_TRUE(causes.take(ApiObject::kLease).count(f.api.incident));  // what it says in its retries
  silent = false;
  f.run_for(60_s);
  EXPECT_EQ(f.cluster->state().nodes[2].lease_failed,
            kNoIncident);  // forgotten once one got through
  causes.take(ApiObject::kLease);
  f.run_for(30_s);
  EXPECT_EQ(causes.take(ApiObject::kLease), std::set<IncidentId>{kNoIncident});
}

// Zombies name what kept each part of the way from being written.
TEST(cluster_causes, zombies_name_the_slices_that_could_not_be_written) {
  Fixture f(quick(4, 20));
  bool sick = true;
  f.runtime.failing = [&](PodId pod) { return sick && pod < 10; };
  f.run_for(45_s);
  f.api.incident = f.world.incident("etcd_no_leader", "eu/etcd", {}, "");
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kEndpointSlice ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  sick = false;
  f.run_for(60_s);
  ASSERT_EQ(f.incidents("zombie_pods"), 1u);
  EXPECT_EQ(f.world.journal.all().back().causes, std::vector<IncidentId>{f.api.incident});
}

TEST(cluster_causes, zombies_name_a_status_that_could_not_be_written) {
  Fixture f(quick(4, 20));
  bool sick = true;
  f.runtime.failing = [&](PodId pod) { return sick && pod < 10; };
  f.run_for(45_s);
  f.api.incident = f.world.incident("etcd_saturated", "eu/etcd", {}, "");
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kPodStatus ? ApiStatus::kNoSpace : ApiStatus::kOk;
  };
  sick = false;
  f.run_for(60_s);
  ASSERT_EQ(f.incidents("zombie_pods"), 1u);
  EXPECT_EQ(f.world.journal.all().back().causes, std::vector<IncidentId>{f.api.incident});
}

TEST(cluster_causes, the_load_that_metrics_carry_is_why_the_autoscaler_asks_for_more) {
  ClusterParams p = quick(2, 10);
  auto& scaler = p.workloads[0].autoscaler.emplace();
  scaler.min_replicas = 10;
  scaler.max_replicas = 100;
  Fixture f(p);
  f.runtime.overload = f.world.incident("replica_overloaded", "eu/serving", {}, "");
  f.runtime.usage = [](PodId) { return PodSample{1000, 100'000, kNoIncident}; };
  Causes causes(f);
  f.run_for(90_s);
  ASSERT_EQ(f.incidents("scale_up_requested"), 1u);
  const Incident& asked = f.world.journal.all().back();
  EXPECT_EQ(asked.causes, std::vector<IncidentId>{f.runtime.overload});
  EXPECT_TRUE(causes.take(ApiObject::kScale).count(asked.id));
  EXPECT_TRUE(causes.take(ApiObject::kPod).count(asked.id));
}

}  // namespace test_cluster_causes
}  // namespace stampede::test
