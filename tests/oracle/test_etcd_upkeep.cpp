// Upkeep of etcd, step by step, and faults of one member.
#include <gtest/gtest.h>

#include "models/control_plane/api_server.h"
#include "models/control_plane/etcd.h"
#include "tests/oracle/etcd_load.h"

namespace stampede {
namespace test_etcd_upkeep {

using test::ClosedLoop;

EtcdParams with_file(i64 mib, double free) {
  EtcdParams p;
  p.initial_file = Bytes{mib << 20};
  p.initial_free = Share{free};
  p.quota = Bytes{i64{8} << 30};
  return p;
}

// What is in use is copied. The reports: 600 MB in use of 950 MB stood for 1.9 to 2.6 s.
TEST(etcd_upkeep, defragmentation_takes_the_time_of_what_is_in_use) {
  World world(1);
  Etcd full(world, with_file(1000, 0), "full"), half(world, with_file(1000, 0.5), "half");
  EXPECT_NEAR(full.defragment_time().seconds(), 4.0, 0.01);
  EXPECT_NEAR(half.defragment_time().seconds(), 2.0, 0.01);
  Etcd reported(world, with_file(906, 0.3684), "reported");  // 950 and 600 MB
  EXPECT_GE(reported.defragment_time().seconds(), 1.9);
  EXPECT_LE(reported.defragment_time().seconds(), 2.6);
}

struct Loaded {
  World world{1};
  Etcd etcd;
  std::vector<std::unique_ptr<ClosedLoop>> of;  // [member]
  explicit Loaded(const EtcdParams& p = with_file(1000, 0.5)) : etcd(world, p, "etcd") {
    for (i32 m = 0; m < p.members; ++m)
      of.push_back(std::make_unique<ClosedLoop>(world, etcd, 1, 256, 10_ms, m));
    run(2_s);
  }
  void run(Duration d) {
    for (const auto& load : of) load->reset();
    world.scheduler.run_until(world.now() + d);
  }
};

TEST(etcd_upkeep, a_follower_costs_its_own_clients_and_a_leader_everybody) {
  Loaded l;
  ASSERT_EQ(l.etcd.leader(), 0u);
  l.etcd.defragment(1);
  l.run(1900_ms);
  EXPECT_GT(l.of[0]->waits.size(), 100u);
  EXPECT_LE(l.of[1]->waits.size(), 1u);  // what was being answered
  EXPECT_GT(l.of[2]->waits.size(), 100u);
  l.run(1_s);
  EXPECT_GT(l.of[1]->waits.size(), 50u);
  l.etcd.defragment(0);
  l.run(1900_ms);
  for (const auto& load : l.of) EXPECT_LE(load->waits.size(), 1u);
  EXPECT_GT(l.etcd.read_done(l.world.now(), 2), l.world.now() + 50_ms);
  l.run(1_s);
  for (const auto& load : l.of) {
    EXPECT_GT(load->waits.size(), 50u);
    EXPECT_EQ(load->errors, 0u);
  }
  EXPECT_EQ(l.etcd.elections(), 0u);
}

TEST(etcd_upkeep, the_file_is_as_large_as_that_of_the_largest_member) {
  Loaded l;
  const i64 before = l.etcd.file().file_bytes();
  for (const u32 m : {1u, 2u}) {
    l.etcd.defragment(m);
    l.run(3_s);
    EXPECT_EQ(l.etcd.file().free_bytes(m), 0);
    EXPECT_GT(l.etcd.file().file_bytes(), before * 9 / 10);
  }
  l.etcd.defragment(0);
  l.run(3_s);
  EXPECT_LT(l.etcd.file().file_bytes(), before * 6 / 10);
}

TEST(etcd_upkeep, a_leader_that_hands_over_loses_nothing) {
  Loaded l;
  ASSERT_TRUE(l.etcd.move_leader());
  l.run(2_s);
  EXPECT_NE(l.etcd.leader(), 0u);
  EXPECT_EQ(l.etcd.elections(), 1u);
  for (const auto& load : l.of) {
    EXPECT_EQ(load->errors, 0u);
    EXPECT_LT(load->percentile(1), 50_ms);
  }
  // The one before is a follower now: its defragmentation blocks its own clients only.
  l.etcd.defragment(0);
  l.run(1900_ms);
  EXPECT_LE(l.of[0]->waits.size(), 1u);
  EXPECT_GT(l.of[1]->waits.size(), 100u);
  EtcdParams alone;
  alone.members = 1;
  Etcd single(l.world, alone, "single");
  EXPECT_FALSE(single.move_leader());
}

// ---- as an API server has it done ---------------------------------------------------------------
struct Plane {
  World world{1};
  ApiServer server;
  explicit Plane(ApiServerParams p = {}) : server(world, std::move(p), "api") {}
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  std::size_t count(const std::string& kind) const {
    std::size_t n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  }
};

ApiServerParams over_quota() {
  ApiServerParams p;
  p.etcd = with_file(1000, 0.5);
  p.etcd.quota = Bytes{i64{900} << 20};
  return p;
}

TEST(etcd_upkeep, each_step_alone_does_its_part_and_no_more) {
  for (const std::string steps : {"c", "d", "m", "q", "cd", "dm", "qm", "lm"}) {
    Plane plane(over_quota());
    plane.run(100_ms);
    plane.server.etcd().submit({.key = 1, .bytes = 256}, plane.world.now(), nullptr, 0);
    plane.run(1_s);
    ASSERT_TRUE(plane.server.etcd().alarm());
    for (const char step : steps) {
      if (step == 'c') plane.server.compact(kNoIncident);
      if (step == 'd') plane.server.defragment(EtcdMembers::kAll, kNoIncident);
      if (step == 'l') plane.server.defragment(EtcdMembers::kFollowers, kNoIncident);
      if (step == 'm') plane.server.disarm(kNoIncident);
      if (step == 'q') plane.server.raise_quota(2, kNoIncident);
    }
    plane.run(30_s);
    EXPECT_FALSE(plane.server.repairing());
    const bool cured = steps == "dm" || steps == "qm";
    EXPECT_EQ(plane.server.etcd().alarm(), !cured) << steps;
  }
}

TEST(etcd_upkeep, members_take_turns_and_the_leader_is_last) {
  Plane plane(over_quota());
  plane.server.defragment(EtcdMembers::kAll, kNoIncident);
  const DatabaseFile& file = plane.server.etcd().file();
  for (const u32 m : {1u, 2u, 0u}) {
    EXPECT_GT(file.free_bytes(m), 0);
    plane.run(2100_ms);
    EXPECT_EQ(file.free_bytes(m), 0);
  }
  EXPECT_FALSE(plane.server.repairing());
  EXPECT_EQ(plane.count("etcd_defragmented"), 1u);
}

TEST(etcd_upkeep, a_repair_of_a_healthy_store_blocks_it_and_elects_nobody) {
  ApiServerParams p;
  p.etcd = with_file(3910, 0.5);
  Plane plane(p);
  ClosedLoop load(plane.world, plane.server.etcd(), 3, 256, 10_ms);
  plane.run(5_s);
  plane.server.repair(kNoIncident);
  Duration idle{};
  for (int k = 0; k < 600; ++k) {
    load.reset();
    plane.run(100_ms);
    if (load.waits.empty()) idle += 100_ms;
  }
  // 1,955 MiB in use at 4 ms, once for the leader.
  EXPECT_NEAR(idle.seconds(), 7.8, 0.3);
  EXPECT_EQ(plane.server.etcd().elections(), 0u);
  EXPECT_EQ(plane.count("repair_started"), 1u);
}

TEST(etcd_upkeep, a_slow_disk_stays_with_its_member) {
  Plane plane;
  ClosedLoop load(plane.world, plane.server.etcd(), 3, 256, 1_ms);
  const auto wait = [&] {
    load.reset();
    plane.run(3_s);
    return load.percentile(0.5);
  };
  const Duration healthy = wait();
  const IncidentId follower = plane.server.slow_disks(50_ms, EtcdMembers::kOneFollower, 0);
  EXPECT_LT(wait(), healthy * 3) << "a quorum is there without it";
  plane.server.restore_disks(follower, kNoIncident);
  plane.server.slow_disks(50_ms, EtcdMembers::kLeader, kNoIncident);
  EXPECT_GT(wait(), 50_ms);
  ASSERT_TRUE(plane.server.move_leader(kNoIncident));
  plane.run(2_s);
  EXPECT_NE(plane.server.etcd().leader(), 0u);
  EXPECT_LT(wait(), healthy * 3) << "who leads now has a disk that is well";
}

}  // namespace test_etcd_upkeep
}  // namespace stampede
