// Members of etcd that end and come back, and clusters of five.
#include <gtest/gtest.h>

#include "tests/oracle/etcd_load.h"

namespace stampede {
namespace test_etcd_members {

using test::ClosedLoop;

EtcdParams of(i32 members) {
  EtcdParams p;
  p.members = members;
  return p;
}

// Light load on `members`, some of which end after 5 s for 20 s; counted from then on.
struct Seen {
  u64 elections, errors, timeouts, writes_while_away;
  double back;  // first answer to a write after it [s]
};
Seen stop(i32 members, const std::vector<i32>& from_leader, u64 seed = 1) {
  World world(seed);
  Etcd etcd(world, of(members), "etcd");
  ClosedLoop load(world, etcd, 15, 256, 150_ms);
  world.scheduler.run_until(Instant{} + 5_s);
  load.reset();
  const u32 leader = etcd.leader();
  for (const i32 k : from_leader)
    etcd.stop((leader + static_cast<u32>(k)) % static_cast<u32>(members), 20_s);
  double back = -1;
  while (world.now() < Instant{} + 25_s) {
    world.scheduler.run_until(world.now() + 10_ms);
    if (back < 0 && world.now() > Instant{} + 5100_ms && !load.waits.empty() &&
        load.waits.back() < 1_s)
      back = world.now().seconds() - 5;
    if (world.now() < Instant{} + 5100_ms) load.waits.clear();
  }
  Seen seen{etcd.elections(), load.errors, load.timeouts.size(), load.waits.size(), back};
  world.scheduler.run_until(Instant{} + 45_s);
  load.reset();
  world.scheduler.run_until(world.now() + 5_s);
  EXPECT_GT(load.waits.size(), 300u) << "it works again";
  EXPECT_EQ(load.errors, 0u);
  return seen;
}

TEST(etcd_members, a_follower_that_ends_costs_nothing) {
  for (const i32 members : {3, 5}) {
    const Seen seen = stop(members, {1});
    EXPECT_EQ(seen.elections, 0u);
    EXPECT_EQ(seen.timeouts, 0u);
    EXPECT_GT(seen.writes_while_away, 1500u);
  }
}

TEST(etcd_members, a_leader_that_ends_is_replaced_within_two_seconds) {
  for (const i32 members : {3, 5})
    for (u64 seed = 1; seed <= 5; ++seed) {
      const Seen seen = stop(members, {0}, seed);
      EXPECT_EQ(seen.elections, 1u);
      EXPECT_GT(seen.timeouts, 0u);  // what it had in hand
      EXPECT_GT(seen.back, 0.8);
      EXPECT_LT(seen.back, 9);  // clients that were caught hear of it after 7 s
      EXPECT_GT(seen.writes_while_away, 900u);
    }
}

TEST(etcd_members, five_stand_the_loss_of_two_and_three_do_not) {
  EXPECT_GT(stop(5, {1, 2}).writes_while_away, 1500u);
  EXPECT_GT(stop(5, {0, 1}).writes_while_away, 900u);
  EXPECT_EQ(stop(5, {0, 1}).elections, 1u);
  EXPECT_EQ(stop(3, {1, 2}).writes_while_away, 0u);
  EXPECT_EQ(stop(3, {0, 1}).writes_while_away, 0u);
  EXPECT_EQ(stop(3, {0, 1}).elections, 0u);  // nobody gets a majority
  EXPECT_EQ(stop(5, {0, 1, 2}).writes_while_away, 0u);
}

// Five members wait for the second of four followers, three for the first of two.
TEST(etcd_members, five_are_about_as_fast_as_three_with_healthy_disks_and_bear_two_slow_ones) {
  const auto rate = [](i32 members, std::vector<i32> slow) {
    World world(1);
    Etcd etcd(world, of(members), "etcd");
    for (const i32 m : slow) {
      etcd.set_fsync_delay(m, 25_ms);
      etcd.set_database_delay(m, 25_ms);
    }
    ClosedLoop load(world, etcd, 1, 256);
    world.scheduler.run_until(Instant{} + 2_s);
    load.reset();
    world.scheduler.run_until(world.now() + 5_s);
    return static_cast<double>(load.waits.size()) / 5;
  };
  EXPECT_NEAR(rate(5, {}) / rate(3, {}), 1, 0.05);
  EXPECT_NEAR(rate(5, {1, 2}) / rate(5, {}), 1, 0.1);
  EXPECT_LT(rate(3, {1, 2}), 0.2 * rate(3, {}));
  EXPECT_LT(rate(5, {1, 2, 3}), 0.2 * rate(5, {}));
}

}  // namespace test_etcd_members
}  // namespace stampede
