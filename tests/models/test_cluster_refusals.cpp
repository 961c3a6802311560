// An API server that refuses each kind of call exactly once: whoever made it must come back to it.
// The same day of a cluster is played again for each kind of call, each phase of the day and each
// way to fail, and must pass the same points in time.
#include <gtest/gtest.h>

#include <set>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_cluster_refusals {

using cluster::kNoNode;

std::string who(const ApiCall& c) {
  if (c.user >= cluster::kKubeletUser) return "kubelet";
  static const char* const kNames[] = {"",          "controller", "scheduler",
                                       "endpoints", "scaler",     "operator"};
  return kNames[c.user];
}

// Verb, object, what the write says where one object has several writers, and who asks.
std::string kind_of(const ApiCall& c) {
  static const char* const kVerbs[] = {"get", "list", "create", "update", "delete"};
  static const char* const kObjects[] = {
      "pod",         "pod_status", "binding", "event",      "lease",  "node", "endpoint_slice",
      "replica_set", "deployment", "scale",   "autoscaler", "metrics"};
  std::string kind = std::string(kVerbs[static_cast<std::size_t>(c.verb)]) + " " +
                     kObjects[static_cast<std::size_t>(c.object)];
  if (std::holds_alternative<ReplicaSetValue>(c.value)) kind += " spec";
  if (const auto* node = std::get_if<NodeStatusValue>(&c.value)) {
    static const char* const kConditions[] = {" unknown", " ready", " tainted"};
    kind += kConditions[static_cast<std::size_t>(node->condition)];
  }
  return kind + " by " + who(c);
}

ClusterParams quick(i32 replicas) {
  ClusterParams p = small_cluster(5, replicas);
  p.start.weights_size = Bytes{1'250'000'000};  // a second
  p.start.warm_up_median = 5_s;
  p.kubelet.node_status_period = 30_s;
  p.node_lifecycle.toleration = 60_s;
  return p;
}

// A phase: what happens at its start, how long until all must have come to rest, and whether it
// has.
struct Phase {
  std::string name;
  Duration lasts;
  std::function<void(Fixture&)> begin;
  std::function<void(Fixture&)> check;
};

// What holds at rest with `pods` of one GPU each, whatever was refused on the way.
void expect_at_rest(Fixture& f, i64 pods) {
  const cluster::ClusterState& state = f.cluster->state();
  EXPECT_EQ(state.workloads[0].desired, pods);
  EXPECT_EQ(state.workloads[0].status_replicas, pods);
  EXPECT_EQ(f.counts().objects, pods);
  EXPECT_EQ(f.counts().ready, pods);
  EXPECT_EQ(f.counts().reported_ready, pods);
  EXPECT_EQ(f.counts().routable, pods);
  EXPECT_EQ(static_cast<i64>(f.consumer.routable.size()), pods);
  EXPECT_EQ(f.counts().zombies, 0);
  EXPECT_EQ(state.total_gpus() - state.free_gpus, pods) << "GPUs of pods that are not there";
  EXPECT_EQ(f.cluster->pod_scheduler().parked() + f.cluster->pod_scheduler().queued(), 0u);
  i64 bound = 0;
  for (const cluster::Node& node : state.nodes) {
    bound += static_cast<i64>(node.pods.size());
    EXPECT_TRUE(node.api_ready && !node.lost && !node.tainted);
  }
  EXPECT_EQ(bound, pods);
}

// Leases and the status of one node do not get through for a while.
struct SilentNode {
  static constexpr u32 kNode = 3;
  bool now = false;
  bool swallows(const ApiCall& c) const {
    return now && c.user == cluster::kKubeletUser + kNode &&
           (c.object == ApiObject::kLease || c.object == ApiObject::kNodeStatus);
  }
};

struct Day {
  ClusterParams params;
  std::vector<Phase> phases;
  std::shared_ptr<SilentNode> silent = std::make_shared<SilentNode>();
  std::shared_ptr<double> waiting = std::make_shared<double>(0);  // requests of each pod
  std::shared_ptr<bool> sick = std::make_shared<bool>(false);
};

// Operators scale, a pod fails its probes, a node falls silent and comes back.
Day day_of_operators() {
  Day day{quick(12), {}};
  const auto rest = [](i64 pods) { return [pods](Fixture& f) { expect_at_rest(f, pods); }; };
  day.phases.push_back({"calm", 70_s, [](Fixture&) {}, rest(12)});
  day.phases.push_back(
      {"grow", 60_s, [](Fixture& f) { f.cluster->scale(0, 20, kNoIncident); }, rest(20)});
  day.phases.push_back({"fall sick", 45_s, [sick = day.sick](Fixture&) { *sick = true; },
                        [](Fixture& f) { EXPECT_EQ(f.counts().routable, 19); }});
  day.phases.push_back(
      {"get well", 30_s, [sick = day.sick](Fixture&) { *sick = false; }, rest(20)});
  day.phases.push_back(
      {"shrink", 45_s, [](Fixture& f) { f.cluster->scale(0, 14, kNoIncident); }, rest(14)});
  day.phases.push_back({"lose a node", 210_s, [node = day.silent](Fixture&) { node->now = true; },
                        [](Fixture& f) {
                          const cluster::Node& lost = f.cluster->state().nodes[SilentNode::kNode];
                          EXPECT_FALSE(lost.api_ready);
                          EXPECT_TRUE(lost.pods.empty()) << "not evicted";
                          EXPECT_EQ(f.counts().routable, 14);
                        }});
  day.phases.push_back(
      {"find it", 60_s, [node = day.silent](Fixture&) { node->now = false; }, rest(14)});
  day.phases.push_back(  // more than there are GPUs for, and back
      {"crowd", 60_s, [](Fixture& f) { f.cluster->scale(0, 46, kNoIncident); },
       [](Fixture& f) {
         EXPECT_EQ(f.counts().routable, 40);
         EXPECT_EQ(f.counts().pending, 6);
       }});
  day.phases.push_back(
      {"thin out", 60_s, [](Fixture& f) { f.cluster->scale(0, 10, kNoIncident); }, rest(10)});
  return day;
}

// An autoscaler grows the pool to its most and back to its least.
Day day_of_the_autoscaler() {
  Day day{quick(12), {}};
  auto& scaler = day.params.workloads[0].autoscaler.emplace();
  scaler.min_replicas = 12;
  scaler.max_replicas = 24;
  scaler.downscale_stabilization = 30_s;
  const auto rest = [](i64 pods) { return [pods](Fixture& f) { expect_at_rest(f, pods); }; };
  day.phases.push_back({"calm", 70_s, [](Fixture&) {}, rest(12)});
  day.phases.push_back({"busy", 100_s, [w = day.waiting](Fixture&) { *w = 50; }, rest(24)});
  day.phases.push_back({"quiet", 130_s, [w = day.waiting](Fixture&) { *w = 0; }, rest(12)});
  return day;
}

struct Refusal {
  std::size_t phase = 0;
  std::string kind;
  u64 number = 1;  // of this kind within its phase
  ApiStatus status = ApiStatus::kUnavailable;
};

// Calls of each kind, by phase.
using Seen = std::vector<std::map<std::string, u64>>;

Seen play(const Day& day, const Refusal* refusal) {
  Fixture f(day.params);
  Seen seen(day.phases.size());
  std::size_t phase = 0;
  u64 refused = 0;
  f.runtime.failing = [sick = day.sick](PodId pod) { return *sick && pod == 5; };
  f.runtime.usage = [w = day.waiting](PodId) {
    return PodSample{1600, static_cast<i64>(*w * 1000), kNoIncident};
  };
  f.api.refuse = [&](const ApiCall& c) {
    if (day.silent->swallows(c)) return ApiStatus::kUnavailable;
    const std::string kind = kind_of(c);
    const u64 number = ++seen[phase][kind];
    if (!refusal || refusal->phase != phase || refusal->kind != kind || refusal->number != number)
      return ApiStatus::kOk;
    ++refused;
    return refusal->status;
  };
  for (; phase < day.phases.size(); ++phase) {
    const Phase& p = day.phases[phase];
    p.begin(f);
    f.run_for(p.lasts);
    // A time-out is told a minute later; nobody can know before.
    if (refusal && refusal->phase == phase && refusal->status == ApiStatus::kTimeout)
      f.run_for(65_s);
    SCOPED_TRACE("at the end of: " + p.name);
    p.check(f);
  }
  EXPECT_TRUE(!refusal || refused == 1) << "the call was not made";
  return seen;
}

void refuse_each_once(const Day& day, const std::set<std::string>& expected) {
  const Seen calls = play(day, nullptr);
  std::set<std::string> kinds;
  for (std::size_t phase = 0; phase < calls.size(); ++phase)
    for (const auto& [kind, count] : calls[phase]) {
      kinds.insert(kind);
      for (const u64 number : std::set<u64>{1, (count + 1) / 2, count})
        for (const ApiStatus status : {ApiStatus::kUnavailable, ApiStatus::kNoSpace,
                                       ApiStatus::kTooManyRequests, ApiStatus::kTimeout}) {
          const Refusal refusal{phase, kind, number, status};
          SCOPED_TRACE(kind + ", call " + std::to_string(number) + " of " + std::to_string(count) +
                       " in: " + day.phases[phase].name + ", status " +
                       std::to_string(static_cast<int>(status)));
          play(day, &refusal);
          if (testing::Test::HasFailure()) return;
        }
    }
  EXPECT_EQ(kinds, expected);
}

TEST(cluster_refusals, what_operators_and_controllers_ask_is_asked_again) {
  refuse_each_once(day_of_operators(), {"create binding by scheduler",
                                        "create event by controller",
                                        "create event by kubelet",
                                        "create event by scheduler",
                                        "create pod by controller",
                                        "delete pod by controller",
                                        "delete pod by kubelet",
                                        "get lease by kubelet",
                                        "update deployment by controller",
                                        "update endpoint_slice by endpoints",
                                        "update lease by kubelet",
                                        "update node ready by kubelet",
                                        "update node tainted by controller",
                                        "update node unknown by controller",
                                        "update pod_status by controller",
                                        "update pod_status by kubelet",
                                        "update pod_status by scheduler",
                                        "update replica_set by controller",
                                        "update replica_set spec by controller",
                                        "update scale by operator"});
}

TEST(cluster_refusals, what_the_autoscaler_asks_is_asked_again) {
  refuse_each_once(
      day_of_the_autoscaler(),
      {"create binding by scheduler", "create event by controller", "create event by kubelet",
       "create event by scaler", "create event by scheduler", "create pod by controller",
       "delete pod by controller", "delete pod by kubelet", "get scale by scaler",
       "list metrics by scaler", "update autoscaler by scaler", "update deployment by controller",
       "update endpoint_slice by endpoints", "update lease by kubelet",
       "update node ready by kubelet", "update pod_status by kubelet",
       "update replica_set by controller", "update replica_set spec by controller",
       "update scale by scaler"});
}

// ---- one controller each, closer ---------------------------------------------------------------
TEST(cluster_refusals, a_failed_binding_gives_its_gpus_back_at_once) {
  Fixture f(quick(39));  // of 40 GPUs
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kBinding ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.cluster->scale(0, 40, kNoIncident);
  f.run_for(5_s);
  const cluster::ClusterState& state = f.cluster->state();
  EXPECT_GT(f.api.called(ApiObject::kBinding), 1u);  // it is tried again
  f.cluster->scale(0, 39, kNoIncident);              // the pod goes; its GPU must be free
  f.run_for(5_s);
  EXPECT_EQ(state.free_gpus, 1);
  EXPECT_EQ(f.counts().objects, 39);
}

TEST(cluster_refusals, a_pod_deleted_while_its_binding_fails_keeps_nothing) {
  Fixture f(quick(39));
  bool hold = true;
  f.api.refuse = [&](const ApiCall& c) {
    return hold && c.object == ApiObject::kBinding ? ApiStatus::kTimeout : ApiStatus::kOk;
  };
  f.cluster->scale(0, 40, kNoIncident);
  f.run_for(5_s);
  EXPECT_EQ(f.cluster->state().free_gpus, 0);  // assumed, the answer is out
  f.cluster->scale(0, 39, kNoIncident);
  f.run_for(70_s);
  hold = false;
  EXPECT_EQ(f.counts().objects, 39);
  EXPECT_EQ(f.cluster->state().free_gpus, 1);
  f.cluster->scale(0, 40, kNoIncident);
  f.run_for(60_s);
  EXPECT_EQ(f.counts().routable, 40);
}

// client-go: 1 s, doubling; a change that comes meanwhile does not wait for it.
TEST(cluster_refusals, slices_are_written_again_after_one_two_and_four_seconds) {
  Fixture f(quick(8));
  std::vector<double> at;
  f.api.refuse = [&](const ApiCall& c) {
    if (c.object != ApiObject::kEndpointSlice) return ApiStatus::kOk;
    at.push_back(f.world.now().seconds());
    return at.size() <= 3 ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.runtime.failing = [](PodId pod) { return pod == 2; };
  f.run_for(60_s);
  ASSERT_EQ(at.size(), 4u);
  for (std::size_t k = 1; k < at.size(); ++k)
    EXPECT_NEAR(at[k] - at[k - 1], static_cast<double>(1 << (k - 1)), 0.1);
  EXPECT_EQ(f.consumer.routable, (std::vector<PodId>{0, 1, 3, 4, 5, 6, 7}));
}

// status_manager.go: what was not committed waits for the next resync, 10 s.
TEST(cluster_refusals, a_status_is_written_again_at_the_resync) {
  Fixture f(quick(8));
  std::vector<double> at;
  f.api.refuse = [&](const ApiCall& c) {
    if (c.object != ApiObject::kPodStatus) return ApiStatus::kOk;
    at.push_back(f.world.now().seconds());
    return at.size() <= 2 ? ApiStatus::kNoSpace : ApiStatus::kOk;
  };
  f.runtime.failing = [](PodId pod) { return pod == 2; };
  f.run_for(100_s);
  ASSERT_EQ(at.size(), 3u);
  EXPECT_NEAR(at[1] - at[0], 10, 0.1);
  EXPECT_NEAR(at[2] - at[1], 10, 0.1);
  EXPECT_EQ(f.counts().routable, 7);
}

// Five tries back to back, then a read, whose answer begins a second round.
TEST(cluster_refusals, a_lease_refused_once_is_renewed_at_once) {
  Fixture f(quick(0));
  std::vector<double> at;
  f.api.refuse = [&](const ApiCall& c) {
    if (c.object != ApiObject::kLease || c.key != 2) return ApiStatus::kOk;
    at.push_back(f.world.now().seconds());
    return at.size() == 2 ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.run_for(60_s);
  ASSERT_GT(at.size(), 4u);
  EXPECT_NEAR(at[1] - at[0], 10.2, 0.3);
  EXPECT_LT(at[2] - at[1], 0.01);
  EXPECT_NEAR(at[3] - at[2], 10.2, 0.3);
  EXPECT_EQ(f.cluster->state().nodes[2].lease_failed, kNoIncident);
}

// A scale that was refused is not remembered as an event: the next pass may take the whole step.
TEST(cluster_refusals, the_autoscaler_repeats_its_step_at_the_next_pass) {
  ClusterParams p = quick(10);
  auto& scaler = p.workloads[0].autoscaler.emplace();
  scaler.min_replicas = 10;
  scaler.max_replicas = 40;
  cluster::ScalingPolicyParams policy;
  policy.pods = 4;
  policy.period = 60_s;
  scaler.scale_up.emplace().policies.push_back(policy);
  Fixture f(p);
  f.runtime.usage = [](PodId) { return PodSample{1600, 1'000'000, kNoIncident}; };
  std::vector<double> at;
  std::vector<i32> sizes;
  f.api.refuse = [&](const ApiCall& c) {
    if (c.object != ApiObject::kScale || c.verb != ApiVerb::kUpdate) return ApiStatus::kOk;
    at.push_back(f.world.now().seconds());
    sizes.push_back(std::get<ScaleValue>(c.value).replicas);
    return at.size() == 1 ? ApiStatus::kNoSpace : ApiStatus::kOk;
  };
  f.run_for(130_s);
  ASSERT_GE(sizes.size(), 3u);
  EXPECT_EQ((std::vector<i32>{sizes[0], sizes[1], sizes[2]}), (std::vector<i32>{14, 14, 18}));
  EXPECT_NEAR(at[1] - at[0], 15, 0.5);
  EXPECT_GT(at[2] - at[1], 59);  // four a minute
}

// A kubelet that finds its node given up says at once that it is well, not at its next heartbeat.
TEST(cluster_refusals, a_node_that_was_given_up_is_found_with_its_first_lease) {
  ClusterParams p = quick(12);
  p.kubelet.node_status_period = 1_h;
  Fixture f(p);
  SilentNode silent;
  f.api.refuse = [&](const ApiCall& c) {
    return silent.swallows(c) ? ApiStatus::kUnavailable : ApiStatus::kOk;
  };
  f.run_for(30_s);
  silent.now = true;
  f.run_for(60_s);
  ASSERT_FALSE(f.cluster->state().nodes[SilentNode::kNode].api_ready);
  silent.now = false;
  f.run_for(20_s);
  EXPECT_TRUE(f.cluster->state().nodes[SilentNode::kNode].api_ready);
  EXPECT_EQ(f.counts().routable, 12);
}

// The pods of a lost node are marked again at the next scan if the write failed.
TEST(cluster_refusals, pods_of_a_lost_node_are_marked_until_it_is_written) {
  Fixture f(quick(15));  // three on each node
  u64 marks = 0;
  f.api.refuse = [&](const ApiCall& c) {
    if (c.user == cluster::kKubeletUser + SilentNode::kNode) return ApiStatus::kUnavailable;
    if (c.object != ApiObject::kPodStatus || c.user != cluster::kControllerUser)
      return ApiStatus::kOk;
    return ++marks <= 3 ? ApiStatus::kNoSpace : ApiStatus::kOk;
  };
  f.run_for(75_s);
  EXPECT_EQ(marks, 6u);
  EXPECT_EQ(f.cluster->node_lifecycle().pods_marked, 3u);
  EXPECT_EQ(f.counts().routable, 12);
}

}  // namespace test_cluster_refusals
}  // namespace stampede::test
