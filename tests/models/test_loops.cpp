// Loops by which a control plane freezes, of which nothing else shows the size: each closes where
// its arithmetic says, and not with one of its links removed.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/control_plane/etcd.h"
#include "tests/models/joined_cluster.h"

namespace stampede {
namespace test_loops {
using test::Fixture;
using test::Joined;
using test::small_cluster;

// 600 nodes renew 60 leases a second; the level of nodes has a sixth of the seats and borrows the
// rest. With all disks slow a write takes four fsyncs and more.
std::size_t nodes_lost(i32 seats, Duration fsync) {
  ApiServerParams a;
  a.servers = 1;
  a.seats = seats;
  Joined j(small_cluster(600, 1), a);
  j.run_for(60_s);
  j.api.slow_disks(fsync, EtcdMembers::kAll, kNoIncident);
  j.run_for(4_min);
  return j.incidents("nodes_lost");
}

TEST(loops, heartbeats_need_the_seats_that_arrive_while_one_is_written) {
  EXPECT_GT(nodes_lost(60, 700_ms), 0U);  // 60/s x 2.8 s = 168 seats
  EXPECT_EQ(nodes_lost(60, 20_ms), 0U);   // 5
  EXPECT_EQ(nodes_lost(1000, 700_ms), 0U);
}

// Half of 200 nodes with 800 pods fall silent: how long it takes from the first pod of theirs that
// is marked not ready to the last.
Duration marking(double calls_a_second, bool shared_with_endpoints) {
  ClusterParams p = small_cluster(200, 1600);
  p.controllers.controller_limit = {calls_a_second};
  p.controllers.share_controller_limit = shared_with_endpoints;
  Fixture f(p);
  Instant first = kNever, last{};
  std::set<u32> marked;
  f.api.log = [&](const ApiCall& c) {
    const auto* status = std::get_if<PodStatusValue>(&c.value);
    if (status == nullptr || status->by != StatusWriter::kNodeLifecycle) return;
    first = std::min(first, f.world.now());
    if (marked.insert(c.key).second) last = f.world.now();
  };
  f.run_for(60_s);
  f.api.refuse = [](const ApiCall& c) {
    const bool silent = c.user >= cluster::kKubeletUser && c.user < cluster::kKubeletUser + 100;
    return silent ? ApiStatus::kTimeout : ApiStatus::kOk;
  };
  f.run_for(3_min);
  EXPECT_EQ(marked.size(), 800U);
  return last - first;
}

// Twenty calls a second after a burst of 30: 800 for the pods and two for each node. The 16 slices
// of these pods are written as well.
TEST(loops, pods_marked_not_ready_and_their_endpoints_hold_each_other_up) {
  const double apart = marking(20, false).seconds(), shared = marking(20, true).seconds();
  EXPECT_GT(apart, (800 - 30) / 20.);
  EXPECT_LT(apart, (1000 - 30) / 20.);
  EXPECT_GT(shared, 1.2 * apart);
  EXPECT_LT(marking(1000, true), 16_s);  // as their leases end: within 10 s, seen every 5 s
}

// A leader that is lost while the disks stand still, and what the next one's list costs.
struct Leaders {
  std::size_t lost, elected;
};
Leaders leaders(i32 pods, double cores) {
  ClusterParams p = small_cluster((pods + 7) / 8, pods);
  p.controllers.leader_election.enabled = true;
  ApiServerParams a;
  a.servers = 1;
  a.cpu_cores = cores;
  a.cpu_per_list_kib = 8_ms;  // of 8 KiB for each pod
  Joined j(p, a);
  j.run_for(60_s);
  j.api.stall_disks(20_s, EtcdMembers::kAll, kNoIncident);
  j.run_for(5_min);
  return {j.incidents("leader_lost"), j.incidents("leader_elected")};
}

TEST(loops, a_leader_that_lists_for_too_long_loses_its_lease_in_turn) {
  const Leaders small = leaders(80, 1);  // 5 s
  EXPECT_EQ(small.lost, 2U);             // controller manager and scheduler, once each
  EXPECT_EQ(small.elected, 2U);
  const Leaders large = leaders(320, 1);  // 20 s each, longer than a lease is renewed within
  EXPECT_GT(large.lost, 8U);
  EXPECT_LT(large.elected, 3U);
  const Leaders fast = leaders(320, 8);  // 2.6 s
  EXPECT_EQ(fast.lost, 2U);
  EXPECT_EQ(fast.elected, 2U);
}

// ---- refused leases are repeated ----------------------------------------------------------------
// Calls a second of 600 nodes' leases while etcd's disks stand still for 25 s. A full queue refuses
// at once, with Retry-After: each node asks again every second. Calls that wait are one in ten
// seconds a node.
double lease_calls(i32 queue_length) {
  ApiServerParams a;
  a.servers = 1;
  a.seats = 60;
  a.queue_length = queue_length;
  Joined j(small_cluster(600, 1), a);
  j.run_for(60_s);
  j.api.stall_disks(25_s, EtcdMembers::kAll, kNoIncident);
  j.run_for(10_s);
  const auto calls = [&] {
    for (const StatInfo& row : j.world.stats.rows())
      if (row.component == "eu/api" && row.name == "api_calls_total") return row.read();
    return 0.;
  };
  const double before = calls();
  j.run_for(10_s);
  return (calls() - before) / 10;
}

// 600 nodes: 60 a second when healthy. Those that sit in seats do not repeat, and those that were
// not due yet.
TEST(loops, leases_that_are_refused_are_repeated_and_those_that_wait_are_not) {
  EXPECT_GT(lease_calls(1), 5 * 60.);
  EXPECT_LT(lease_calls(1), 600.);
  EXPECT_LT(lease_calls(1000), 1.5 * 60.);
}

// ---- watchers that list again -------------------------------------------------------------------
// A server of three ends under a list; each of its n / 3 watchers comes back with 0.1 MB, which
// holds 0.4 MB of the 9 MB of each of the other two: too much from n = 135 on, unless they come
// back by and by, or what they list is short.
std::size_t servers_ended(i32 watchers, Duration spread, i64 list_size = 100'000) {
  World world(1);
  ApiServerParams p;
  p.servers = 3;
  p.egress = Bandwidth{1e6};
  p.memory = Bytes{9'000'000};
  p.node_watchers = watchers;
  p.relist_size = Bytes{list_size};
  p.relist_spread = spread;
  ApiServer server(world, p, "api");
  ApiCall list;
  list.verb = ApiVerb::kList;
  list.object = ApiObject::kPod;
  list.level = ApiLevel::kWorkloadLow;
  list.bytes = 1'000'000;
  list.list_objects = 1;
  for (int k = 0; k < 3; ++k) server.submit(list, nullptr, 0);
  world.scheduler.run_until(world.now() + 25_s);
  std::size_t ended = 0;
  for (const Incident& i : world.journal.all()) ended += i.kind == "api_server_ended";
  return ended;
}

TEST(loops, watchers_of_a_server_that_ended_bring_the_others_down_by_their_lists) {
  EXPECT_EQ(servers_ended(60, 10_ms), 1U);
  EXPECT_EQ(servers_ended(270, 10_ms), 3U);
  EXPECT_EQ(servers_ended(270, 10_min), 1U);
  EXPECT_EQ(servers_ended(270, 10_ms, 10'000), 1U);
}

// ---- more than 5,000 writes that wait -----------------------------------------------------------
// 6,000 controllers that write as fast as they are answered, and again `pause` after a refusal,
// over disks of which every fsync takes 100 ms longer. Returns the refusals of five seconds.
class Writers final : public ApiCaller, Component {
 public:
  Writers(World& world, ApiServer& api, Duration pause)
      : world_(world), api_(api), pause_(pause), id_(world.scheduler.add(this)) {
    for (u32 k = 0; k < 6000; ++k)
      world_.scheduler.after(Duration{i64{k} * 10'000}, Priority::kArrival, id_, 0, k);
  }
  void handle(const Event& event) override {
    ApiCall call;
    call.verb = ApiVerb::kUpdate;
    call.object = ApiObject::kReplicaSet;
    call.level = ApiLevel::kWorkloadLow;
    call.user = call.key = event.subject;
    call.bytes = 256;
    api_.submit(call, this, event.subject);
  }
  void api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId) override {
    refused += status != ApiStatus::kOk;
    world_.scheduler.after(status == ApiStatus::kOk ? 10_ms : pause_, Priority::kArrival, id_, 0,
                           static_cast<u32>(tag));
  }
  u64 refused = 0;

 private:
  World& world_;
  ApiServer& api_;
  Duration pause_;
  ComponentId id_;
};

u64 apply_gap(i32 seats, Duration pause) {
  World world(1);
  ApiServerParams p;
  p.seats = seats;
  p.cpu_cores = 1000;
  ApiServer api(world, p, "api");
  Writers writers(world, api, pause);
  api.slow_disks(100_ms, EtcdMembers::kAll, kNoIncident);
  world.scheduler.run_until(Instant{} + 5_s);
  const u64 before = writers.refused;
  world.scheduler.run_until(Instant{} + 10_s);
  return writers.refused - before;
}

// Three servers let a third of their seats, and what they borrow, into etcd: fewer than 1,800 calls
// with the 600 seats of Kubernetes, and etcd refuses from 5,000 on. With ten times as many seats it
// does, and who comes back after 5 ms is refused again and again.
TEST(loops, writes_beyond_the_apply_gap_are_refused_and_repeated) {
  const u64 eager = apply_gap(6000, 5_ms);
  EXPECT_GT(eager, 1000U);
  EXPECT_EQ(apply_gap(600, 5_ms), 0U);
  EXPECT_LT(apply_gap(6000, 1_s), eager / 3);
}

// ---- the quota's alarm --------------------------------------------------------------------------
// A burst of Pending pods of 18 KB fills what is left below the quota; then no write succeeds,
// whatever happens to the pods, until people act. With the room of a whole gigabyte, or without the
// raised limits that let them come within a period of compaction, there is no alarm.
struct Latch {
  bool alarm_after_burst, alarm_later;
};
Latch latch(i64 room, double creations) {
  ClusterParams p = small_cluster(70, 560);
  p.workloads[0].autoscaler.emplace();
  p.workloads[0].autoscaler->min_replicas = 140;
  p.workloads[0].autoscaler->max_replicas = 10000;
  p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{creations};
  p.controllers.controller_burst = p.controllers.scheduler_burst =
      static_cast<i32>(1.5 * creations);
  ApiServerParams api;
  api.etcd.quota = Bytes{i64{2} << 30};
  api.etcd.initial_file = Bytes{(i64{2} << 30) - room};
  api.etcd.initial_free = Share{0.005};
  Joined j(p, api);
  bool overloaded = true;
  j.runtime.usage = [&](PodId) { return PodSample{3000, overloaded ? 500'000 : 0}; };
  j.run_for(5_min);
  const bool burst = j.api.etcd().alarm();
  overloaded = false;
  j.run_for(15_min);
  return {burst, j.api.etcd().alarm()};
}

TEST(loops, the_quota_alarm_stays_when_what_raised_it_is_over) {
  const Latch tight = latch(100'000'000, 300);
  EXPECT_TRUE(tight.alarm_after_burst);
  EXPECT_TRUE(tight.alarm_later);
  EXPECT_FALSE(latch(1'000'000'000, 300).alarm_later);
  EXPECT_FALSE(latch(100'000'000, 3).alarm_after_burst);  // 900 pods, two revisions of 18 KB
}

// ---- the autoscaler winds up --------------------------------------------------------------------
// 60 requests a second for 40 pods that serve one each; a backlog of five a pod asks for more. Pods
// take `warm_up` to start, and all that comes meanwhile asks for pods: 20/s x time / 5.
i32 asked_for(Duration warm_up) {
  ClusterParams p = small_cluster(200, 40);
  p.workloads[0].autoscaler.emplace();
  p.workloads[0].autoscaler->min_replicas = 40;
  p.workloads[0].autoscaler->max_replicas = 1500;
  p.workloads[0].autoscaler->waiting_requests = 5;
  p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{300};
  p.controllers.controller_burst = p.controllers.scheduler_burst = 450;
  p.start.weights_size = Bytes{1};
  p.start.warm_up_sigma = 0;
  p.start.warm_up_median = warm_up;
  Fixture f(p);
  double backlog = 0;
  f.runtime.usage = [&](PodId) {
    const double pods = static_cast<double>(std::max<i64>(1, f.counts().ready));
    return PodSample{2000, static_cast<i64>(backlog / pods * 1000)};
  };
  i32 most = 0;
  for (int second = 0; second < 900; ++second) {
    f.run_for(1_s);
    backlog = std::max(0., backlog + 60 - static_cast<double>(f.counts().ready));
    most = std::max(most, f.cluster->desired(0));
  }
  return most;
}

TEST(loops, a_backlog_asks_for_more_pods_for_as_long_as_they_take_to_start) {
  const i32 slow = asked_for(5_min);
  EXPECT_GT(slow, 20 * 300 / 5);        // 20 times the pods that it takes
  EXPECT_LT(3 * asked_for(5_s), slow);  // metrics and periods remain, some 60 to 90 s
}

}  // namespace test_loops
}  // namespace stampede
