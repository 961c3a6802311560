// The API server over etcd: answers, watches, priority levels, incidents.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "models/cluster/limited_client.h"
#include "models/control_plane/api_server.h"
#include "models/control_plane/etcd.h"

namespace stampede {
namespace test_api_server {

struct Caller : ApiCaller {
  std::vector<ApiStatus> statuses;
  std::vector<IncidentId> incidents;
  World* world = nullptr;
  Instant last{};
  void api_replied(u64, const ApiCall&, ApiStatus status, IncidentId incident) override {
    statuses.push_back(status);
    incidents.push_back(incident);
    if (world != nullptr) last = world->now();
  }
  std::size_t count(ApiStatus status) const {
    std::size_t n = 0;
    for (const ApiStatus s : statuses) n += s == status;
    return n;
  }
};

struct Watching : ApiWatcher {
  std::vector<ApiChange> changes;
  void api_changed(const ApiChange& change) override { changes.push_back(change); }
};

ApiCall status_write(u32 pod, bool ready, IncidentId cause = kNoIncident) {
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kPodStatus;
  call.level = ApiLevel::kSystem;
  call.user = pod;
  call.key = pod;
  call.value = PodStatusValue{.ready = ready};
  call.bytes = 4096;
  call.cause = cause;
  return call;
}

TEST(api_server, a_write_is_answered_and_reaches_its_watchers_in_order) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  Watching watching;
  server.watch(ApiObject::kPodStatus, &watching, 5_ms);
  for (u16 i = 0; i < 50; ++i) {
    ApiCall call = status_write(7, false);
    call.value = PodStatusValue{.restarts = i};
    server.submit(call, &caller, i);
  }
  world.scheduler.run_until(Instant{} + 2_s);
  ASSERT_EQ(caller.count(ApiStatus::kOk), 50u);
  ASSERT_EQ(watching.changes.size(), 50u);
  for (u32 i = 0; i < 50; ++i)
    EXPECT_EQ(std::get<PodStatusValue>(watching.changes[i].value).restarts, i);
}

ApiCall create_pod(u32 pod, IncidentId cause) {
  ApiCall call = status_write(pod, false, cause);
  call.verb = ApiVerb::kCreate;
  call.object = ApiObject::kPod;
  call.level = ApiLevel::kWorkloadHigh;
  call.bytes = 18'000;
  return call;
}

ApiCall slice_write(u64 version) {
  ApiCall call = status_write(0, false);
  call.object = ApiObject::kEndpointSlice;
  call.value = EndpointSliceValue{version};
  call.level = ApiLevel::kWorkloadHigh;
  return call;
}

const Incident* find(const World& world, const std::string& kind) {
  for (const Incident& i : world.journal.all())
    if (i.kind == kind) return &i;
  return nullptr;
}

std::size_t count(const World& world, const std::string& kind) {
  std::size_t n = 0;
  for (const Incident& i : world.journal.all()) n += i.kind == kind;
  return n;
}

bool has_cause(const Incident& incident, IncidentId cause) {
  return std::find(incident.causes.begin(), incident.causes.end(), cause) != incident.causes.end();
}

TEST(priority_levels, seats_of_a_server) {
  // specs/kubernetes.md 4.1: 600 seats over shares 30/40/10/40/100/20/5.
  const i32 seats[] = {0, 74, 98, 25, 98, 245, 49, 13};
  const i32 lendable[] = {0, 24, 24, 0, 49, 220, 24, 0};
  for (std::size_t i = 1; i < PriorityLevels::kLevels; ++i) {
    EXPECT_EQ(PriorityLevels::nominal_seats(static_cast<ApiLevel>(i), 600), seats[i]);
    EXPECT_NEAR(PriorityLevels::lendable_seats(static_cast<ApiLevel>(i), 600), lendable[i], 1);
  }
}

TEST(priority_levels, an_idle_level_lends_and_the_sum_of_limits_is_kept) {
  PriorityLevels levels(600, 50);
  for (u32 i = 0; i < 98; ++i) EXPECT_TRUE(levels.seat(ApiLevel::kNodeHigh, 1));
  EXPECT_FALSE(levels.seat(ApiLevel::kNodeHigh, 1));
  for (u32 i = 0; i < 100; ++i) EXPECT_TRUE(levels.enqueue(ApiLevel::kNodeHigh, i, i, 1));
  levels.plan_borrowing();
  EXPECT_EQ(levels.limit(ApiLevel::kNodeHigh), 198);
  i32 sum = 0;
  for (std::size_t i = 1; i < PriorityLevels::kLevels; ++i)
    sum += levels.limit(static_cast<ApiLevel>(i));
  EXPECT_NEAR(sum, 602, 4);
  EXPECT_NE(levels.next(ApiLevel::kNodeHigh), PriorityLevels::kNone);
}

TEST(priority_levels, one_user_fills_only_its_hand_of_queues) {
  PriorityLevels levels(600, 50);
  while (levels.seat(ApiLevel::kSystem, 1)) {
  }
  u32 taken = 0;
  while (levels.enqueue(ApiLevel::kSystem, 1, taken, 1)) ++taken;
  EXPECT_LE(taken, 300u);  // 6 queues of 50
  EXPECT_GE(taken, 250u);  // a hand may hold a queue twice
  bool others = false;
  for (u32 user = 2; user < 10; ++user)
    others |= levels.enqueue(ApiLevel::kSystem, user, 10'000 + user, 1);
  EXPECT_TRUE(others);
  EXPECT_FALSE(levels.enqueue(ApiLevel::kCatchAll, 1, 1, 1));
}

TEST(api_server, a_call_waits_fifteen_seconds_in_a_queue_and_is_refused) {
  World world(1);
  ApiServerParams params;
  params.servers = 1;
  params.etcd.members = 1;
  ApiServer server(world, params, "api");
  server.stall_disks(60_s, EtcdMembers::kAll, kNoIncident);
  Caller caller;
  caller.world = &world;
  for (u32 i = 0; i < 700; ++i) {
    ApiCall call = status_write(i, false);
    call.level = ApiLevel::kLeaderElection;  // 25 seats, and what it borrows after 10 s
    server.submit(call, &caller, i);
  }
  world.scheduler.run_until(Instant{} + 6_s);
  EXPECT_TRUE(caller.statuses.empty());
  world.scheduler.run_until(Instant{} + 9_s);
  EXPECT_EQ(caller.count(ApiStatus::kTimeout), 25u);  // etcd's 7 s
  world.scheduler.run_until(Instant{} + 14900_ms);
  EXPECT_EQ(caller.count(ApiStatus::kTooManyRequests), 0u);
  world.scheduler.run_until(Instant{} + 16_s);
  EXPECT_GT(caller.count(ApiStatus::kTooManyRequests), 100u);
  world.scheduler.run_until(Instant{} + 120_s);
  EXPECT_EQ(caller.statuses.size(), 700u);
  for (std::size_t l = 1; l < PriorityLevels::kLevels; ++l)
    EXPECT_EQ(server.seats_in_use(static_cast<ApiLevel>(l)), 0);
}

TEST(api_server, a_deadline_ends_a_write_before_etcd_gives_up) {
  World world(1);
  ApiServer server(world, {}, "api");
  server.stall_disks(60_s, EtcdMembers::kAll, kNoIncident);
  Caller caller;
  caller.world = &world;
  ApiCall call = status_write(1, false);
  call.deadline = 3_s;
  server.submit(call, &caller, 0);
  world.scheduler.run_until(Instant{} + 20_s);
  ASSERT_EQ(caller.statuses.size(), 1u);
  EXPECT_EQ(caller.statuses[0], ApiStatus::kTimeout);
  EXPECT_NEAR(caller.last.seconds(), 3.0, 0.01);
}

TEST(limited_client, sends_a_burst_and_then_its_rate_and_repeats_a_429) {
  World world(1);
  ApiServer server(world, {}, "api");
  LimitedClient client(world, server, {}, "kcm");
  Caller caller;
  for (u32 i = 0; i < 130; ++i) client.submit(create_pod(i, 0), &caller, i);
  world.scheduler.run_until(Instant{} + 4900_ms);
  EXPECT_NEAR(static_cast<double>(caller.count(ApiStatus::kOk)), 30 + 98, 2);
  struct Refusing : ApiServerPort {
    int calls = 0;
    void submit(const ApiCall& call, ApiCaller* caller, u64 tag) override {
      ++calls;
      caller->api_replied(tag, call, ApiStatus::kTooManyRequests, kNoIncident);
    }
    void watch(ApiObject, ApiWatcher*, Duration) override {}
  } refusing;
  LimitedClient unlimited(world, refusing, {0, 1, 10, 1_s}, "lease");
  Caller refused;
  unlimited.submit(create_pod(1, 0), &refused, 0);
  world.scheduler.run_until(world.now() + 9500_ms);
  EXPECT_TRUE(refused.statuses.empty());
  world.scheduler.run_until(world.now() + 1_s);
  EXPECT_EQ(refused.statuses.size(), 1u);
  EXPECT_EQ(refusing.calls, 11);
}

// The quota latch of specs/reference_outage.md 3 in small: pods fill the file, readiness can no
// longer be written, and only compaction, defragmentation and disarming bring the writes back.
struct HandReadiness : ReadinessPort {
  Instant since = kNever;
  Instant unpublished_since() override { return since; }
};

struct QuotaLatch : ::testing::Test {
  QuotaLatch() : world(1) {
    params.etcd.quota = Bytes{100 << 20};
    params.etcd.initial_file = Bytes{88 << 20};
    cause = world.incident("scale_up_requested", "hpa", {}, "");
    flap = world.incident("replica_overloaded", "pods", {}, "");
  }
  // 700 pods, some rewritten, then readiness changes that fail.
  void fill(ApiServer& server) {
    server.follow(&readiness);
    for (u32 pod = 0; pod < 700; ++pod) server.submit(create_pod(pod, cause), &caller, pod);
    world.scheduler.run_until(world.now() + 5_s);
    readiness.since = world.now();
    server.submit(status_write(5'000, false, flap), &caller, 0);
  }
  World world;
  ApiServerParams params;
  Caller caller;
  HandReadiness readiness;
  IncidentId cause = 0, flap = 0;
};

TEST_F(QuotaLatch, saturates_freezes_and_recovers_in_this_order_with_causes) {
  ApiServer server(world, params, "api");
  fill(server);
  world.scheduler.run_until(world.now() + 20_s);
  const Incident* saturated = find(world, "etcd_saturated");
  ASSERT_NE(saturated, nullptr);
  EXPECT_TRUE(has_cause(*saturated, cause));
  EXPECT_GT(caller.count(ApiStatus::kNoSpace), 0u);
  for (std::size_t i = 0; i < caller.statuses.size(); ++i)
    if (caller.statuses[i] == ApiStatus::kNoSpace) {
      EXPECT_EQ(caller.incidents[i], saturated->id);
    }
  EXPECT_EQ(find(world, "control_plane_frozen"), nullptr);
  const IncidentId saturated_id = saturated->id;
  world.scheduler.run_until(world.now() + 20_s);
  ASSERT_TRUE(server.frozen().holds);
  const Incident frozen = *find(world, "control_plane_frozen");
  EXPECT_TRUE(has_cause(frozen, saturated_id));
  EXPECT_TRUE(has_cause(frozen, flap));
  EXPECT_EQ(server.frozen().shown_by, std::vector<IncidentId>{frozen.id});
  EXPECT_EQ(server.stalled().shown_by, std::vector<IncidentId>{saturated_id});

  const IncidentId decision = world.incident("repair_decided", "operators", {}, "");
  // The pods are deleted, which works under the alarm; then the real operations.
  for (u32 pod = 0; pod < 700; ++pod) {
    ApiCall call = create_pod(pod, 0);
    call.verb = ApiVerb::kDelete;
    call.value = PodDeletionValue{true};
    server.submit(call, &caller, pod);
  }
  world.scheduler.run_until(world.now() + 5_s);
  server.repair(decision);
  EXPECT_TRUE(server.repairing());
  EXPECT_TRUE(server.etcd().alarm());
  world.scheduler.run_until(world.now() + 30_s);
  EXPECT_FALSE(server.repairing());
  EXPECT_FALSE(server.etcd().alarm());
  EXPECT_TRUE(server.frozen().holds);  // nothing has changed the endpoints yet
  server.submit(slice_write(2), &caller, 0);
  world.scheduler.run_until(world.now() + 1_s);
  readiness.since = kNever;
  world.scheduler.run_until(world.now() + 50_s);
  EXPECT_TRUE(server.frozen().holds);  // an incident lasts until its condition stayed away
  EXPECT_FALSE(server.stalled().holds);
  EXPECT_EQ(find(world, "control_plane_recovered"), nullptr);
  world.scheduler.run_until(world.now() + 20_s);
  const Incident* recovered = find(world, "control_plane_recovered");
  ASSERT_NE(recovered, nullptr);
  EXPECT_TRUE(has_cause(*recovered, frozen.id));
  const Incident* repair = find(world, "repair_started");
  ASSERT_NE(repair, nullptr);
  EXPECT_EQ(repair->causes, std::vector<IncidentId>{decision});
  EXPECT_TRUE(has_cause(*recovered, repair->id));
  EXPECT_FALSE(server.stalled().holds);
  EXPECT_GT(server.frozen_seconds(), 30.0);
  const double total = server.frozen_seconds();
  world.scheduler.run_until(world.now() + 20_s);
  EXPECT_EQ(server.frozen_seconds(), total);
}

TEST_F(QuotaLatch, repair_does_not_help_while_everything_is_in_use) {
  ApiServer server(world, params, "api");
  fill(server);
  server.repair(kNoIncident);
  world.scheduler.run_until(world.now() + 30_s);
  EXPECT_FALSE(server.repairing());
  EXPECT_TRUE(server.etcd().alarm());
  EXPECT_TRUE(server.stalled().holds);
}

TEST_F(QuotaLatch, split_events_leave_the_main_file_alone) {
  auto events = [&](ApiServer& server) {
    for (u32 i = 0; i < 20'000; ++i) {
      ApiCall call = create_pod(i, cause);
      call.object = ApiObject::kEvent;
      call.bytes = 1'000;
      server.submit(call, &caller, i);
      if (i % 200 == 0) world.scheduler.run_until(world.now() + 200_ms);
    }
    world.scheduler.run_until(world.now() + 2_s);
  };
  ApiServer shared(world, params, "shared");
  events(shared);
  EXPECT_TRUE(shared.etcd().alarm());
  params.events_etcd = EventsEtcd::kSplit;
  ApiServer split(world, params, "split");
  events(split);
  EXPECT_FALSE(split.etcd().alarm());
  EXPECT_EQ(split.etcd().file().file_bytes(), 88 << 20);
}

// Default client limits and a healthy etcd: a burst of 9,400 pods neither saturates nor freezes.
TEST(api_server, default_limits_and_a_healthy_etcd_do_not_saturate) {
  World world(1);
  ApiServerParams params;
  params.etcd.initial_file = Bytes{1'900'000'000};
  params.etcd.initial_free = Share{0.0};
  ApiServer server(world, params, "api");
  LimitedClient controllers(world, server, {20, 30, 10, 1_s}, "kcm");
  Caller caller;
  for (u32 pod = 0; pod < 9'400; ++pod) controllers.submit(create_pod(pod, 0), &caller, pod);
  for (int second = 0; second < 480; ++second) {
    for (u32 lease = 0; lease < 17; ++lease) {
      ApiCall call = status_write(lease * 10 + static_cast<u32>(second % 10), false);
      call.object = ApiObject::kLease;
      call.level = ApiLevel::kNodeHigh;
      call.bytes = 600;
      server.submit(call, nullptr, 0);
    }
    world.scheduler.run_until(world.now() + 1_s);
  }
  EXPECT_EQ(caller.count(ApiStatus::kOk), 9'400u);
  EXPECT_TRUE(world.journal.all().empty());
}

// Of two faults the disks are as before when the second is over, whichever that is.
TEST(api_server, disks_are_restored_when_the_last_of_their_faults_is_over) {
  for (const bool stall_first : {true, false}) {
    World world(1);
    ApiServer server(world, {}, "api");
    server.slow_disks(500_ms, EtcdMembers::kAll, kNoIncident);
    const IncidentId slowed = find(world, "disk_slowed")->id;
    server.stall_disks(10_s, EtcdMembers::kAll, kNoIncident);
    const IncidentId stalled = find(world, "disk_stalled")->id;
    world.scheduler.run_until(world.now() + (stall_first ? 20_s : 5_s));
    EXPECT_EQ(find(world, "disk_restored"), nullptr);
    server.restore_disks(slowed, kNoIncident);
    world.scheduler.run_until(world.now() + 20_s);
    ASSERT_NE(find(world, "disk_eased"), nullptr);
    ASSERT_NE(find(world, "disk_restored"), nullptr);
    EXPECT_TRUE(has_cause(*find(world, "disk_eased"), stall_first ? stalled : slowed));
    EXPECT_TRUE(has_cause(*find(world, "disk_restored"), stall_first ? slowed : stalled));
  }
}

// Three disks that are slow for a while: saturated with the fault as its cause, and over again. The
// fault itself names who slowed them and is named by what ended it.
TEST(api_server, a_slow_disk_saturates_and_passes) {
  World world(1);
  ApiServer server(world, {}, "api");
  const IncidentId act = world.incident("acted", "test", {}, "");
  server.slow_disks(500_ms, EtcdMembers::kAll, act);
  const Incident slowed = *find(world, "disk_slowed");
  EXPECT_EQ(slowed.causes, std::vector<IncidentId>{act});
  Caller caller;
  for (int i = 0; i < 300; ++i) {
    server.submit(status_write(static_cast<u32>(i), true), &caller, 0);
    world.scheduler.run_until(world.now() + 100_ms);
  }
  const Incident* saturated = find(world, "etcd_saturated");
  ASSERT_NE(saturated, nullptr);
  EXPECT_TRUE(has_cause(*saturated, slowed.id));
  const IncidentId again = world.incident("acted", "test", {}, "");
  server.restore_disks(slowed.id, again);
  EXPECT_EQ(find(world, "disk_restored")->causes, (std::vector<IncidentId>{slowed.id, again}));
  const IncidentId was = saturated->id;
  world.scheduler.run_until(world.now() + 5_min);
  ASSERT_NE(find(world, "etcd_recovered"), nullptr);
  EXPECT_TRUE(has_cause(*find(world, "etcd_recovered"), was));
  EXPECT_FALSE(server.stalled().holds);
}

// Slow disks are terms of their own: two add up, and each ends by itself.
TEST(api_server, slow_disks_add_up_and_heal_one_by_one) {
  World world(1);
  ApiServer server(world, {}, "api");
  const auto one_write = [&] {
    Caller caller;
    caller.world = &world;
    const Instant from = world.now();
    server.submit(status_write(1, true), &caller, 0);
    world.scheduler.run_until(world.now() + 20_s);
    EXPECT_EQ(caller.count(ApiStatus::kOk), 1U);
    return caller.last - from;
  };
  const Duration healthy = one_write();
  const IncidentId first = server.slow_disks(200_ms, EtcdMembers::kAll, kNoIncident);
  const IncidentId second = server.slow_disks(1_s, EtcdMembers::kAll, kNoIncident);
  EXPECT_GE(one_write(), healthy + 1200_ms);
  server.restore_disks(second, kNoIncident);
  const Duration less = one_write();
  EXPECT_GE(less, healthy + 200_ms);
  EXPECT_LT(less, healthy + 900_ms);
  server.restore_disks(second, kNoIncident);  // over already
  EXPECT_GE(one_write(), healthy + 200_ms);
  server.restore_disks(first, kNoIncident);
  EXPECT_LT(one_write(), healthy + 100_ms);
  server.slow_disks(1_s, EtcdMembers::kAll, kNoIncident);
  server.slow_disks(1_s, EtcdMembers::kAll, kNoIncident);
  server.restore_disks(kNoIncident, kNoIncident);  // all
  EXPECT_LT(one_write(), healthy + 100_ms);
}

// What was written minutes ago has long been answered: another fault makes writes wait.
TEST(api_server, slow_writes_do_not_name_those_of_minutes_ago) {
  World world(1);
  ApiServer server(world, {}, "api");
  const IncidentId before = world.incident("before", "test", {}, "");
  Caller caller;
  const auto write = [&](IncidentId cause) {
    for (u32 i = 0; i < 100; ++i) {
      server.submit(status_write(i, true, cause), &caller, i);
      world.scheduler.run_until(world.now() + 100_ms);
    }
  };
  write(before);
  world.scheduler.run_until(world.now() + 2_min);
  server.slow_disks(2_s, EtcdMembers::kAll, kNoIncident);
  const IncidentId slowed = world.journal.all().back().id;
  write(kNoIncident);
  const Incident* saturated = find(world, "etcd_saturated");
  ASSERT_NE(saturated, nullptr);
  EXPECT_EQ(saturated->causes, std::vector<IncidentId>{slowed});
}

// Also what nobody did because of anything leaves a root, so that whatever fails can name it.
TEST(api_server, a_stalled_disk_is_a_root_that_failed_calls_name) {
  World world(1);
  ApiServer server(world, {}, "api");
  server.stall_disks(60_s, EtcdMembers::kAll, kNoIncident);
  const Incident* stalled = find(world, "disk_stalled");
  ASSERT_NE(stalled, nullptr);
  EXPECT_TRUE(stalled->causes.empty());
  const IncidentId id = stalled->id;
  Caller caller;
  server.submit(status_write(1, false), &caller, 0);
  world.scheduler.run_until(Instant{} + 20_s);
  const Incident* saturated = find(world, "etcd_saturated");
  ASSERT_NE(saturated, nullptr);
  EXPECT_TRUE(has_cause(*saturated, id));
  EXPECT_EQ(server.stalled().shown_by, std::vector<IncidentId>{saturated->id});
}

// Two faults of the disks do not hide each other, and a stall that is over is blamed for nothing.
TEST(api_server, each_fault_of_a_disk_is_named_for_as_long_as_it_lasts) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  const auto saturate = [&] {
    for (u32 i = 0; i < 300; ++i) {
      server.submit(status_write(i, true), &caller, i);
      world.scheduler.run_until(world.now() + 100_ms);
    }
    return world.journal.all().back();
  };
  server.stall_disks(2_s, EtcdMembers::kAll, kNoIncident);
  const IncidentId stalled = world.journal.all().back().id;
  server.slow_disks(500_ms, EtcdMembers::kAll, kNoIncident);
  const IncidentId slowed = world.journal.all().back().id;
  const Incident both = saturate();
  ASSERT_EQ(both.kind, "etcd_saturated");
  EXPECT_EQ(both.causes, (std::vector<IncidentId>{stalled, slowed}));
  server.restore_disks(slowed, kNoIncident);
  world.scheduler.run_until(world.now() + 2_min);
  EXPECT_FALSE(server.stalled().holds);
  server.slow_disks(500_ms, EtcdMembers::kAll, kNoIncident);
  const IncidentId again = world.journal.all().back().id;
  const Incident later = saturate();
  ASSERT_EQ(later.kind, "etcd_saturated");
  EXPECT_EQ(later.causes, std::vector<IncidentId>{again});
}

// A pod that is ready again before its change was written leaves nothing to be published: the
// plane was frozen while it could not say so, not for ever after.
TEST_F(QuotaLatch, a_readiness_that_turned_back_freezes_nothing) {
  ApiServer server(world, {}, "api");
  server.follow(&readiness);
  server.slow_disks(30_s, EtcdMembers::kAll, cause);
  readiness.since = world.now();
  server.submit(status_write(7, false, flap), &caller, 0);
  world.scheduler.run_until(world.now() + 40_s);
  EXPECT_TRUE(server.frozen().holds);
  readiness.since = kNever;
  server.restore_disks(kNoIncident, kNoIncident);
  world.scheduler.run_until(world.now() + 3_min);
  EXPECT_FALSE(server.frozen().holds);
  EXPECT_FALSE(server.stalled().holds);
  ASSERT_NE(find(world, "control_plane_recovered"), nullptr);
  EXPECT_LT(server.frozen_seconds(), 15);
  world.scheduler.run_until(world.now() + 1_h);
  EXPECT_LT(server.frozen_seconds(), 15);
}

// Slow for five seconds of every twenty: one incident, not one each time.
TEST(api_server, an_incident_does_not_flap_with_its_condition) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  for (int i = 0; i < 600; ++i) {
    if (i % 20 == 0) server.stall_disks(5_s, EtcdMembers::kAll, kNoIncident);
    server.submit(status_write(static_cast<u32>(i), true), &caller, 0);
    world.scheduler.run_until(world.now() + 1_s);
  }
  EXPECT_EQ(count(world, "etcd_saturated"), 1u);
  world.scheduler.run_until(world.now() + 2_min);
  EXPECT_FALSE(server.stalled().holds);
}

// A few writes at 0.6 s and more, of which some pass the limit of 1 s: the same.
TEST(api_server, an_incident_lasts_while_writes_are_near_the_limit) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  server.slow_disks(600_ms, EtcdMembers::kAll, kNoIncident);
  for (u32 i = 0; i < 600; ++i) {
    server.submit(status_write(i, true), &caller, 0);
    if (i % 97 == 0) server.stall_disks(1500_ms, EtcdMembers::kAll, kNoIncident);
    world.scheduler.run_until(world.now() + 3_s);
  }
  EXPECT_EQ(count(world, "etcd_saturated"), 1u);
}

}  // namespace test_api_server
}  // namespace stampede
