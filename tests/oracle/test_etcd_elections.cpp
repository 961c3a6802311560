// Elections against the measured ones (reference/etcd_elections.csv, etcd_measured 3): who stands,
// when, and what becomes of the writes that were caught.
#include <gtest/gtest.h>

#include "tests/oracle/etcd_load.h"

namespace stampede {
namespace test_etcd_elections {

using test::ClosedLoop;

struct Result {
  int runs_with_election = 0;
  u64 elections = 0;
  double mean = 0, earliest = 99, latest = 0;
};

// Forty runs with a stall of the leader's disk (or of all disks) under light load.
Result stall(Duration length, bool all) {
  Result r;
  for (u64 seed = 1; seed <= 40; ++seed) {
    World world(seed);
    Etcd etcd(world, {}, "etcd");
    ClosedLoop load(world, etcd, 15, 256, 150_ms);
    world.scheduler.run_until(Instant{} + 5_s);
    for (i32 m = 0; m < (all ? 3 : 1); ++m) etcd.stall(m, length);
    const Instant start = world.now();
    while (world.now() < start + length && etcd.elections() == 0)
      world.scheduler.run_until(world.now() + 5_ms);
    if (etcd.elections() > 0) {
      const double after = (world.now() - start).seconds();
      ++r.runs_with_election;
      r.mean += after;
      r.earliest = std::min(r.earliest, after);
      r.latest = std::max(r.latest, after);
    }
    world.scheduler.run_until(start + length + 10_s);
    r.elections += etcd.elections();
  }
  if (r.runs_with_election > 0) r.mean /= r.runs_with_election;
  return r;
}

// Twenty runs of 20 s with a constant delay; `slow` as in etcd_load.h.
Result steady(Duration delay, int slow) {
  Result r;
  for (u64 seed = 1; seed <= 20; ++seed) {
    World world(seed);
    Etcd etcd(world, {}, "etcd");
    ClosedLoop load(world, etcd, 15, 256, 150_ms);
    world.scheduler.run_until(Instant{} + 2_s);
    for (i32 m = 0; m < 3; ++m)
      if (slow == 3 || (slow == 2 && m == 0) || (slow == 1 && m == 1)) {
        etcd.set_fsync_delay(m, delay);
        etcd.set_database_delay(m, delay);
      }
    world.scheduler.run_until(world.now() + 20_s);
    r.runs_with_election += etcd.elections() > 0;
    r.elections += etcd.elections();
  }
  return r;
}

TEST(etcd_elections, a_stalled_leader_is_replaced_after_one_to_two_seconds) {
  EXPECT_EQ(stall(500_ms, false).runs_with_election, 0);  // measured 0 of 4
  EXPECT_EQ(stall(800_ms, false).runs_with_election, 0);  // 0 of 4
  const Result one = stall(1000_ms, false);               // 1 of 4
  EXPECT_GE(one.runs_with_election, 2);
  EXPECT_LE(one.runs_with_election, 20);
  EXPECT_GE(stall(1500_ms, false).runs_with_election, 28);  // 3 of 4
  const Result three = stall(3_s, false);                   // 4 of 4
  EXPECT_EQ(three.runs_with_election, 40);
  EXPECT_EQ(three.elections, 40u);  // one campaign, no repeats
  EXPECT_NEAR(three.mean, 1.21, 0.1);
  EXPECT_GE(three.earliest, 0.9);
  EXPECT_LE(three.latest, 1.9);
  EXPECT_EQ(stall(6_s, false).runs_with_election, 40);
}

TEST(etcd_elections, no_election_when_every_disk_is_slow_or_stalled) {
  for (const Duration length : {1500_ms, 3_s, 6_s}) EXPECT_EQ(stall(length, true).elections, 0u);
  for (const Duration delay : {500_ms, 1_s, 1500_ms, 3_s})
    EXPECT_EQ(steady(delay, 3).elections, 0u);
}

TEST(etcd_elections, a_steadily_slow_leader_is_replaced_once_and_a_slow_follower_never) {
  EXPECT_EQ(steady(500_ms, 2).elections, 0u);
  EXPECT_LE(steady(1_s, 2).runs_with_election, 6);  // measured none of 3
  const Result slow = steady(3_s, 2);
  EXPECT_EQ(slow.runs_with_election, 20);
  EXPECT_EQ(slow.elections, 20u);
  EXPECT_GE(steady(1500_ms, 2).runs_with_election, 14);
  for (const Duration delay : {1500_ms, 3_s}) EXPECT_EQ(steady(delay, 1).elections, 0u);
}

TEST(etcd_elections, caught_writes_fail_seven_seconds_after_their_own_start) {
  World world(3);
  Etcd etcd(world, {}, "etcd");
  ClosedLoop load(world, etcd, 30, 256, 50_ms);
  world.scheduler.run_until(Instant{} + 5_s);
  etcd.stall(0, 6_s);
  load.reset();
  world.scheduler.run_until(world.now() + 15_s);
  EXPECT_EQ(etcd.elections(), 1u);
  EXPECT_GE(load.timeouts.size(), 20u);
  for (const Duration d : load.timeouts) EXPECT_NEAR(d.seconds(), 7.0, 0.05);
}

}  // namespace test_etcd_elections
}  // namespace stampede
