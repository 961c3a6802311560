// Writes whose client timed out: they are not taken back. If they are committed later they take
// effect, once; whoever tries again with what it knew before meets a conflict, reads and goes on.
// Source: Kubernetes apiserver (GuaranteedUpdate over etcd's compare of a revision); etcd measured:
// requests time out 7 s after their start, and what is in the log is applied all the same.
#include <gtest/gtest.h>

#include "models/control_plane/etcd.h"
#include "tests/models/joined_cluster.h"

namespace stampede::test {
namespace test_late_writes {

struct Hears : EtcdClient {
  struct News {
    u32 tag;
    EtcdStatus status;
    u32 version;
  };
  std::vector<News> answers, applied, lost;
  void etcd_replied(u32 tag, EtcdStatus status, u32 version) override {
    answers.push_back({tag, status, version});
  }
  void etcd_settled(u32 tag, bool took_effect, u32 version) override {
    (took_effect ? applied : lost).push_back({tag, EtcdStatus::kOk, version});
  }
};

EtcdWrite write_of(u64 key, u8 member, u32 expects = kAnyVersion) {
  EtcdWrite w;
  w.key = key;
  w.bytes = 500;
  w.member = member;
  w.expects = expects;
  return w;
}

void stall_all(Etcd& etcd, i32 members, Duration length) {
  for (i32 m = 0; m < members; ++m) etcd.stall(m, length);
}

TEST(late_writes, take_effect_once_and_are_told_of) {
  for (const i32 members : {1, 3})
    for (u8 member = 0; member < members; ++member) {
      World world(1);
      EtcdParams params;
      params.members = members;
      Etcd etcd(world, params, "etcd");
      Hears client;
      world.scheduler.run_until(Instant{} + 1_s);
      stall_all(etcd, members, 10_s);
      for (u32 i = 0; i < 20; ++i) etcd.submit(write_of(i, member), world.now(), &client, i);
      world.scheduler.run_until(world.now() + 9_s);
      ASSERT_EQ(client.answers.size(), 20u);
      for (const auto& a : client.answers) EXPECT_EQ(a.status, EtcdStatus::kTimeout);
      EXPECT_TRUE(client.applied.empty());
      world.scheduler.run_until(world.now() + 20_s);
      EXPECT_EQ(client.answers.size(), 20u);
      ASSERT_EQ(client.applied.size(), 20u);
      EXPECT_TRUE(client.lost.empty());
      EXPECT_EQ(etcd.late_writes(), 20u);
      EXPECT_EQ(client.applied[3].version, 1u);
      // With the version from before it is too late; with the one that stands there it is not.
      etcd.submit(write_of(3, member, 0), world.now(), &client, 100);
      etcd.submit(write_of(3, member, 1), world.now() + 10_ms, &client, 101);
      world.scheduler.run_until(world.now() + 5_s);
      ASSERT_EQ(client.answers.size(), 22u);
      EXPECT_EQ(client.answers[20].status, EtcdStatus::kConflict);
      EXPECT_EQ(client.answers[20].version, 1u);
      EXPECT_EQ(client.answers[21].status, EtcdStatus::kOk);
      EXPECT_EQ(client.answers[21].version, 2u);
      EXPECT_EQ(etcd.outstanding(), 0);
    }
}

// Whoever is second in the log is second, whether or not anybody waits for the first.
TEST(late_writes, of_two_with_one_version_the_first_in_the_log_takes_effect) {
  World world(1);
  EtcdParams params;
  params.members = 1;
  Etcd etcd(world, params, "etcd");
  Hears client;
  stall_all(etcd, 1, 10_s);
  etcd.submit(write_of(1, 0, 0), world.now(), &client, 1);
  world.scheduler.run_until(Instant{} + 8_s);
  etcd.submit(write_of(1, 0, 0), world.now(), &client, 2);
  world.scheduler.run_until(Instant{} + 15_s);
  ASSERT_EQ(client.answers.size(), 2u);
  EXPECT_EQ(client.answers[1].tag, 2u);
  EXPECT_EQ(client.answers[1].status, EtcdStatus::kConflict);
  ASSERT_EQ(client.applied.size(), 1u);
  EXPECT_EQ(client.applied[0].tag, 1u);
  EXPECT_EQ(etcd.version(1), 1u);
}

TEST(late_writes, that_an_election_or_the_quota_ends_are_told_to_be_lost) {
  {
    World world(1);
    Etcd etcd(world, {}, "etcd");
    Hears client;
    world.scheduler.run_until(Instant{} + 1_s);
    etcd.stall(0, 6_s);  // only the leader's disk
    for (u32 i = 0; i < 20; ++i)
      etcd.submit(write_of(i, static_cast<u8>(i % 3)), world.now(), &client, i);
    world.scheduler.run_until(world.now() + 30_s);
    EXPECT_EQ(etcd.elections(), 1u);
    ASSERT_EQ(client.answers.size(), 20u);
    std::size_t timed_out = 0;
    for (const auto& a : client.answers) timed_out += a.status == EtcdStatus::kTimeout;
    EXPECT_GT(timed_out, 10u);
    EXPECT_EQ(client.lost.size() + client.applied.size(), timed_out);
    EXPECT_TRUE(client.applied.empty());
  }
  {
    World world(1);
    EtcdParams params;
    params.members = 1;
    params.initial_file = Bytes{10 << 20};
    params.quota = Bytes{9 << 20};
    Etcd etcd(world, params, "etcd");
    Hears client;
    etcd.submit(write_of(7, 0), world.now(), &client, 0);  // its commit raises the alarm
    world.scheduler.run_until(Instant{} + 1_s);
    etcd.stall(0, 10_s);
    etcd.submit(write_of(1, 0), world.now(), &client, 1);
    world.scheduler.run_until(Instant{} + 30_s);
    ASSERT_EQ(client.lost.size(), 1u);
    EXPECT_EQ(client.lost[0].tag, 1u);
    EXPECT_EQ(etcd.version(1), 0u);
  }
}

struct Caller : ApiCaller {
  std::vector<ApiStatus> statuses;
  std::vector<u32> versions;
  void api_replied(u64, const ApiCall& call, ApiStatus status, IncidentId) override {
    statuses.push_back(status);
    versions.push_back(call.version);
  }
};
struct Watching : ApiWatcher {
  std::vector<ApiChange> changes;
  void api_changed(const ApiChange& change) override { changes.push_back(change); }
};

ApiCall lease(u32 version, ApiVerb verb = ApiVerb::kUpdate) {
  ApiCall call;
  call.verb = verb;
  call.object = ApiObject::kLease;
  call.level = ApiLevel::kNodeHigh;
  call.key = 4;
  call.bytes = 500;
  call.version = version;
  return call;
}

TEST(late_writes, reach_the_watchers_and_a_retry_meets_a_conflict) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  Watching watching;
  server.watch(ApiObject::kLease, &watching, 5_ms);
  server.stall_disks(10_s, EtcdMembers::kAll, kNoIncident);
  server.submit(lease(0), &caller, 0);
  world.scheduler.run_until(Instant{} + 8_s);
  ASSERT_EQ(caller.statuses, std::vector{ApiStatus::kTimeout});
  EXPECT_TRUE(watching.changes.empty());
  EXPECT_EQ(server.seats_in_use(ApiLevel::kNodeHigh), 0);  // the answer gave the seat back
  world.scheduler.run_until(Instant{} + 12_s);
  ASSERT_EQ(watching.changes.size(), 1u);
  EXPECT_EQ(watching.changes[0].version, 1u);
  server.submit(lease(0), &caller, 1);
  world.scheduler.run_until(Instant{} + 13_s);
  server.submit(lease(kAnyVersion, ApiVerb::kGet), &caller, 2);
  world.scheduler.run_until(Instant{} + 14_s);
  ASSERT_EQ(caller.statuses.size(), 3u);
  EXPECT_EQ(caller.statuses[1], ApiStatus::kConflict);
  EXPECT_EQ(caller.versions[2], 1u);
  EXPECT_EQ(watching.changes.size(), 1u);  // nothing twice
  server.submit(lease(caller.versions[2]), &caller, 3);
  world.scheduler.run_until(Instant{} + 15_s);
  EXPECT_EQ(caller.statuses.back(), ApiStatus::kOk);
  EXPECT_EQ(watching.changes.size(), 2u);
}

// A pod is bound once, whoever tries twice; a status that came between is no reason to refuse.
TEST(late_writes, bind_a_pod_once) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  Watching watching;
  server.watch(ApiObject::kBinding, &watching, 5_ms);
  const auto call = [&](ApiVerb verb, ApiObject object, const ApiValue& value) {
    ApiCall c = lease(kAnyVersion, verb);
    c.object = object;
    c.value = value;
    server.submit(c, &caller, 0);
  };
  call(ApiVerb::kCreate, ApiObject::kPod, {});
  world.scheduler.run_until(Instant{} + 1_s);
  server.stall_disks(10_s, EtcdMembers::kAll, kNoIncident);
  call(ApiVerb::kCreate, ApiObject::kBinding, BindingValue{5});
  world.scheduler.run_until(Instant{} + 9_s);
  call(ApiVerb::kCreate, ApiObject::kBinding, BindingValue{6});  // proposed behind the first
  world.scheduler.run_until(Instant{} + 20_s);
  call(ApiVerb::kCreate, ApiObject::kBinding, BindingValue{7});
  world.scheduler.run_until(Instant{} + 30_s);
  EXPECT_EQ(caller.statuses, (std::vector{ApiStatus::kOk, ApiStatus::kTimeout, ApiStatus::kConflict,
                                          ApiStatus::kConflict}));
  ASSERT_EQ(watching.changes.size(), 1u);
  EXPECT_EQ(std::get<BindingValue>(watching.changes[0].value).node, 5u);
}

TEST(late_writes, a_status_that_came_between_does_not_refuse_a_binding) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  ApiCall create = lease(kAnyVersion, ApiVerb::kCreate);
  create.object = ApiObject::kPod;
  server.submit(create, &caller, 0);
  world.scheduler.run_until(Instant{} + 1_s);
  ApiCall status = lease(kAnyVersion);
  status.object = ApiObject::kPodStatus;
  status.value = PodStatusValue{.by = StatusWriter::kScheduler};
  ApiCall binding = create;
  binding.object = ApiObject::kBinding;
  binding.value = BindingValue{5};
  server.stall_disks(2_s, EtcdMembers::kAll, kNoIncident);
  server.submit(status, &caller, 1);
  server.submit(binding, &caller, 2);
  world.scheduler.run_until(Instant{} + 20_s);
  EXPECT_EQ(caller.statuses, (std::vector(3, ApiStatus::kOk)));
}

// The store stands still for a minute under more nodes than it can renew in seven seconds: all
// renewals time out, take effect all the same, and the nodes are back within minutes.
TEST(late_writes, bring_the_nodes_back_after_a_stall) {
  ApiServerParams slow;
  slow.etcd.fsync_per_kib = 2500_us;  // renewals take 0.38 of it, a status of 10 KiB 25 ms
  Joined j(small_cluster(3000, 8), slow);
  j.run_for(10_min);
  j.api.stall_disks(1_min, EtcdMembers::kAll, kNoIncident);
  j.run_for(70_s);
  EXPECT_GT(j.cluster->node_lifecycle().nodes_lost, 20u);
  j.run_for(5_min);
  EXPECT_GT(j.api.etcd().late_writes(), 1000u);
  EXPECT_GT(j.cluster->leases().conflicts, 0u);
  i64 lost = 0;
  for (const auto& node : j.cluster->state().nodes) lost += node.lost || !node.api_ready;
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(j.cluster->counts(0).routable, 8);
  const u64 writes = j.api.etcd().writes();
  j.run_for(100_s);
  EXPECT_NEAR(static_cast<double>(j.api.etcd().writes() - writes), 3000 * 10, 2000);
}

// A scale-up whose creations and bindings are caught by the stall: what was made twice is taken
// back, and no GPU holds two pods.
TEST(late_writes, leave_as_many_pods_as_are_wanted) {
  for (const Duration stall : {9_s, 15_s, 40_s}) {
    ClusterParams p = small_cluster(8, 8);
    p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{300};
    p.controllers.controller_burst = p.controllers.scheduler_burst = 450;
    Joined j(p, {});
    j.run_for(1_min);
    j.cluster->scale(0, 48, kNoIncident);
    j.world.scheduler.run_until(j.world.now() + 60_ms);
    j.api.stall_disks(stall, EtcdMembers::kAll, kNoIncident);
    j.run_for(20_min);
    EXPECT_GT(j.api.etcd().late_writes(), 0u) << print(stall);
    EXPECT_EQ(j.cluster->counts(0).active, 48) << print(stall);
    EXPECT_EQ(j.cluster->counts(0).ready, 48) << print(stall);
    EXPECT_EQ(j.cluster->counts(0).routable, 48) << print(stall);
    for (const auto& node : j.cluster->state().nodes) EXPECT_LE(node.charged_gpus, 8);
  }
}

}  // namespace test_late_writes
}  // namespace stampede::test
