// A controller's queue of leases: it keeps up, collapses when all is due at once, does not recover
// by itself, and does when it is throttled and started again.
#include <gtest/gtest.h>

#include "models/controllers/work_queue.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_work_queue {

// A thousand leases, of which 8.3 a second are due. All of them at once take longer than a
// deadline.
WorkQueueParams thousand() {
  WorkQueueParams p;
  p.name = "leases";
  p.items = 1000;
  p.rate = Rate{10};
  return p;
}

struct Desk {
  World world{1};
  WorkQueue queue;
  explicit Desk(const WorkQueueParams& p) : queue(world, p, {}) { queue.start(); }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  u64 count(const std::string& kind) const {
    u64 n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  }
  void stall(Duration d) {
    queue.stall(world.incident("fault", "test", {}, ""));
    run(d);
    queue.resume(world.incident("healed", "test", {}, ""));
  }
};

TEST(work_queue, keeps_up_and_says_nothing) {
  Desk d(thousand());
  d.run(10_h);
  EXPECT_EQ(d.queue.expired(), 0U);
  EXPECT_EQ(d.queue.wasted, 0U);
  EXPECT_NEAR(static_cast<double>(d.queue.done), 36000 / 120.0 * 1000, 3000);
  EXPECT_TRUE(d.world.journal.all().empty());
}

// Hosts that lose a lease at one controller get nothing done at the next, and are a backlog there
// when they have it again.
TEST(work_queue, a_controller_that_follows_another_waits_for_its_leases) {
  World world(1);
  WorkQueueParams leases = thousand(), network = thousand();
  leases.rate = Rate{100};
  leases.deadline = 1_min;
  network.rate = Rate{10};
  network.deadline = 1_h;
  WorkQueue leader(world, leases, {}), follower(world, network, {});
  follower.follow(leader);
  leader.start();
  follower.start();
  const auto run = [&](Duration d) { world.scheduler.run_until(world.now() + d); };
  run(10_min);
  EXPECT_EQ(follower.expired(), 0U);
  leader.stall(world.incident("fault", "test", {}, ""));
  run(20_min);
  EXPECT_EQ(leader.expired(), 1000U);
  EXPECT_EQ(follower.expired(), 1000U);
  EXPECT_EQ(follower.queued(), 0U);
  leader.resume(world.incident("healed", "test", {}, ""));
  run(30_s);
  EXPECT_EQ(leader.expired(), 0U);
  EXPECT_GT(follower.expired(), 500U);  // it comes out of its backlog at its own rate
  run(3_min);
  EXPECT_EQ(follower.expired(), 0U);
  EXPECT_EQ(follower.wasted, 0U);
}

// What piles up while nobody works is a backlog that is worked off beside what comes anew: after a
// stall of time T at utilisation u it is gone after T u / (1 - u).
TEST(work_queue, changes_that_pile_up_take_as_long_to_work_off_as_queueing_says) {
  for (const double u : {0.3, 0.5, 0.7}) {
    WorkQueueParams p = thousand();
    p.renew = 10_min;
    p.lease = 20_min;
    p.deadline = 100_h;
    p.rate = Rate{1000 / 600.0 / u};
    p.piles_up = true;
    Desk d(p);
    d.run(1_h);
    d.stall(5_h);
    const double away = 300;  // [min]
    EXPECT_EQ(d.queue.expired(), 1000U);
    double minutes = 0;
    for (; d.queue.queued() > 20 && minutes < 3000; ++minutes) d.run(1_min);
    EXPECT_NEAR(minutes, away * u / (1 - u), 0.1 * away * u / (1 - u)) << u;
    EXPECT_EQ(d.queue.wasted, 0U);
  }
}

TEST(work_queue, after_a_short_stall_it_catches_up) {
  Desk d(thousand());
  d.run(10_min);
  d.stall(20_s);
  d.run(30_min);
  EXPECT_EQ(d.queue.expired(), 0U);
  EXPECT_EQ(d.count("leases_expired"), 0U);
}

TEST(work_queue, after_a_long_one_all_its_work_is_late_and_it_does_not_recover_by_itself) {
  Desk d(thousand());
  d.run(10_min);
  d.stall(10_min);
  EXPECT_EQ(d.queue.expired(), 1000U);
  d.run(1_h);
  const u64 done = d.queue.done;
  d.run(5_h);
  EXPECT_EQ(d.queue.done, done);
  EXPECT_EQ(d.queue.expired(), 1000U);
  EXPECT_EQ(d.queue.queued(), 1000U);
  EXPECT_GT(d.queue.wasted, 150'000U);
  const auto& all = d.world.journal.all();
  for (const Incident& i : all)
    if (i.kind == "leases_expired" || i.kind == "work_wasted") {
      EXPECT_FALSE(i.causes.empty());
    }
}

TEST(work_queue, one_that_does_all_within_a_deadline_recovers) {
  WorkQueueParams fast = thousand();
  fast.rate = Rate{40};
  Desk d(fast);
  d.run(10_min);
  d.stall(10_min);
  EXPECT_EQ(d.queue.expired(), 1000U);
  d.run(5_min);
  EXPECT_EQ(d.queue.expired(), 0U);
  EXPECT_EQ(d.count("leases_valid"), 1U);
}

TEST(work_queue, a_restart_alone_does_not_end_it_and_with_a_throttle_does) {
  const auto expired = [](bool throttles, bool restarts) {
    Desk d(thousand());
    d.run(10_min);
    d.stall(10_min);
    d.run(1_h);
    const IncidentId acted = d.world.incident("acted", "test", {}, "");
    if (throttles) d.queue.throttle(Rate{9}, acted);
    if (restarts) d.queue.restart(acted);
    d.run(2_min);
    const std::size_t soon = d.queue.expired();
    d.run(2_h);
    return std::pair(soon, d.queue.expired());
  };
  EXPECT_EQ(expired(false, false).second, 1000U);
  EXPECT_GT(expired(false, true).second, 300U);
  EXPECT_EQ(expired(true, true).second, 0U);
  EXPECT_LT(expired(true, true).first, 100U);  // at once; the throttle alone waits for the queue
  EXPECT_EQ(expired(true, false).second, 0U);
  EXPECT_GT(expired(true, false).first, 500U);
}

// What was in the queue is due still, however short ago it fell due: none is forgotten.
TEST(work_queue, a_restart_looks_for_all_that_is_due) {
  WorkQueueParams p = thousand();
  p.rate = Rate{100};
  Desk d(p);
  d.run(10_min);
  d.stall(10_s);
  d.queue.restart(d.world.incident("acted", "test", {}, ""));
  d.run(20_min);
  EXPECT_EQ(d.queue.expired(), 0U);
  EXPECT_EQ(d.queue.queued(), 0U);
  EXPECT_EQ(d.count("leases_expired"), 0U);
}

TEST(work_queue, the_tightest_throttle_holds_and_what_waited_comes_when_it_is_gone) {
  Desk d(thousand());
  d.run(10_min);
  const IncidentId acted = d.world.incident("acted", "test", {}, "");
  const u32 loose = d.queue.throttle(Rate{9}, acted), tight = d.queue.throttle(Rate{1}, acted);
  const u64 before = d.queue.done;
  d.run(100_s);
  EXPECT_NEAR(static_cast<double>(d.queue.done - before), 100, 5);
  d.queue.unthrottle(tight, acted);
  d.run(30_min);
  EXPECT_EQ(d.queue.expired(), 0U);
  d.queue.unthrottle(loose, acted);
  d.run(30_min);
  EXPECT_EQ(d.queue.expired(), 0U);
}

TEST(work_queue, half_of_it_collapses_and_recovers_alike) {
  const auto done_after = [](i32 items, double rate) {
    WorkQueueParams p = thousand();
    p.items = items;
    p.rate = Rate{rate};
    Desk d(p);
    d.run(10_min);
    d.stall(10_min);
    d.run(1_h);
    EXPECT_EQ(d.queue.expired(), static_cast<std::size_t>(items));
    d.queue.throttle(Rate{0.9 * rate}, kNoIncident);
    d.queue.restart(kNoIncident);
    const Instant since = d.world.now();
    while (d.queue.expired() > 0) d.run(1_s);
    return (d.world.now() - since).seconds();
  };
  const double whole = done_after(1000, 10);
  EXPECT_NEAR(done_after(500, 5), whole, 0.1 * whole);
  EXPECT_NEAR(done_after(50, 0.5), whole, 0.1 * whole);
}

TEST(work_queue, nodes_without_a_lease_are_closed_until_they_have_one) {
  WorkQueueParams p = thousand();
  p.items = 0;
  p.rate = Rate{1};
  p.on_expired = OnExpired::kCordon;
  World world{1};
  HandScene hand;
  WorkQueue queue(world, p, {{&hand.nodes[0]}, {&hand.nodes[1]}});
  queue.start();
  EXPECT_EQ(queue.items(), 20U);
  world.scheduler.run_until(Instant{} + 10_min);
  EXPECT_TRUE(hand.acts.done.empty());
  queue.stall(world.incident("fault", "test", {}, ""));
  world.scheduler.run_until(Instant{} + 20_min);
  EXPECT_GT(hand.acts.done.size(), 1U);
  EXPECT_EQ(hand.acts.done[0].substr(0, 6), "cordon");
  queue.resume(world.incident("healed", "test", {}, ""));
  world.scheduler.run_until(Instant{} + 30_min);
  EXPECT_EQ(hand.acts.done.back().substr(0, 8), "uncordon");
  EXPECT_EQ(queue.expired(), 0U);
}

}  // namespace test_work_queue
}  // namespace stampede
