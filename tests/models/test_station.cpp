// The queueing station by hand-worked examples: disciplines, patience, refusal, persistence.
#include <gtest/gtest.h>

#include <vector>

#include "models/dependencies/station_customers.h"

namespace stampede {
namespace test_station {

struct Left : StationUser {
  std::vector<std::pair<u32, i64>> served, lost;
  void left(u32, const StationJob& job) override {
    (job.served ? served : lost).emplace_back(job.customer, job.left.ns);
  }
};
using Pairs = std::vector<std::pair<u32, i64>>;

struct Case {
  World world{1};
  Left left;
  Station station;
  explicit Case(const StationParams& params) : station(world, params, left) {}
  void run() { world.scheduler.run_until(Instant{} + 1_s); }
};

TEST(station, fifo_and_lifo) {
  for (const bool lifo : {false, true}) {
    StationParams p;
    p.discipline = lifo ? Discipline::kLifo : Discipline::kFifo;
    Case c(p);
    for (u32 i = 0; i < 3; ++i) c.station.offer(i, 10_ns);
    c.run();
    EXPECT_EQ(c.left.served,
              lifo ? (Pairs{{0, 10}, {2, 20}, {1, 30}}) : (Pairs{{0, 10}, {1, 20}, {2, 30}}));
  }
}

TEST(station, preemptive_priority_resumes_what_it_interrupted) {
  StationParams p;
  p.discipline = Discipline::kPreemptivePriority;
  Case c(p);
  c.station.offer(1, 10_ns, {}, 1);
  c.station.offer(2, 10_ns, {}, 1);
  c.world.scheduler.run_until(Instant{4});
  c.station.offer(0, 5_ns, {}, 0);
  c.run();
  EXPECT_EQ(c.left.served, (Pairs{{0, 9}, {1, 15}, {2, 25}}));
}

TEST(station, processor_sharing_divides_the_server) {
  StationParams p;
  p.discipline = Discipline::kProcessorSharing;
  Case c(p);
  c.station.offer(0, 1000_ns);
  c.station.offer(1, 3000_ns);
  c.run();
  ASSERT_EQ(c.left.served.size(), 2u);
  EXPECT_NEAR(static_cast<double>(c.left.served[0].second), 2000, 2);
  EXPECT_NEAR(static_cast<double>(c.left.served[1].second), 4000, 4);
}

TEST(station, refuses_when_full_and_loses_the_impatient) {
  StationParams p;
  p.servers = 2;
  p.places = 3;
  Case c(p);
  EXPECT_TRUE(c.station.offer(0, 100_ns));
  EXPECT_TRUE(c.station.offer(1, 100_ns));
  EXPECT_TRUE(c.station.offer(2, 100_ns, 30_ns));
  EXPECT_FALSE(c.station.offer(3, 100_ns));
  c.run();
  EXPECT_EQ(c.left.lost, (Pairs{{2, 30}}));
  EXPECT_EQ(c.left.served, (Pairs{{0, 100}, {1, 100}}));
  EXPECT_EQ(c.station.areas().present, u128{230});
  EXPECT_EQ(c.station.present(), 0u);
}

struct Count : CustomersObserver {
  u64 served = 0, lost = 0;
  void passed(const StationJob&) override {}
  void gone(Duration, bool ok) override { ok ? ++served : ++lost; }
};

// Who was taken on is served or still there; only those without persistence are lost.
TEST(station, customers_are_conserved_and_persistence_loses_some) {
  u64 lost[2] = {};
  for (const int impatient : {0, 1}) {
    World world(7);
    Count count;
    CustomersParams p;
    p.arrival_rate = {0.8};
    p.retrial_rate = {1};
    p.persistence = {impatient ? 0.5 : 1.0};
    p.station.places = 1;
    Customers customers(world, "test", p, count);
    world.scheduler.run_until(Instant{} + 10'000_s);
    const auto& a = customers.station(0).areas();
    EXPECT_EQ(a.offered - a.refused, count.served + customers.station(0).present());
    lost[impatient] = count.lost;
  }
  EXPECT_EQ(lost[0], 0u);
  EXPECT_GT(lost[1], 1000u);
}

// Calls at a steady rate; each waits a second and is sent twice more if nothing came in time.
struct Callers final : Component, StationUser {
  static constexpr Duration kWork = 10_ms, kTimeout = 1_s;
  enum Kind : u8 { kCall, kGaveUp };
  struct Try {
    u32 sent_before;
    bool answered;
  };
  World world{1};
  Station station;
  ComponentId component = world.scheduler.add(this);
  Duration patience;  // of a place in the line; zero: the work is done for callers who left
  double rate = 60;   // [1/s], of the 100 that can be served
  std::vector<Try> tries;
  u64 answered = 0;
  Callers(const StationParams& p, Duration patience_)
      : station(world, p, *this), patience(patience_) {
    call();
  }
  void call() {
    world.scheduler.after(from_seconds(1 / rate), Priority::kArrival, component, kCall);
  }
  void send(u32 sent_before) {
    const auto number = static_cast<u32>(tries.size());
    tries.push_back({sent_before, false});
    station.offer(number, kWork, patience);
    world.scheduler.after(kTimeout, Priority::kTimeout, component, kGaveUp, number);
  }
  void handle(const Event& event) override {
    if (event.kind == kCall) {
      send(0);
      call();
    } else if (const Try t = tries[event.subject]; !t.answered && t.sent_before < 2) {
      send(t.sent_before + 1);
    }
  }
  void left(u32, const StationJob& job) override {
    if (!job.served || job.customer >= tries.size() || job.left - job.arrived > kTimeout) return;
    tries[job.customer].answered = true;
    ++answered;
  }
  // Answers in time per second, over the `span` that follows.
  double goodput(Duration span) {
    const u64 before = answered;
    world.scheduler.run_until(world.now() + span);
    return static_cast<double>(answered - before) / span.seconds();
  }
  void stand_still(Duration span) { station.offer(UINT32_MAX, span); }
};

StationParams bounded() {
  StationParams p;
  p.places = 1000;
  return p;
}

// The cause is gone, the collapse stays: all that is done is done for callers who left. Two thirds
// of the calls are, with what is sent again, still more than can be served; a third is less.
TEST(station, work_for_those_who_left_ends_when_callers_are_throttled_and_not_before) {
  Callers c(bounded(), {});
  EXPECT_NEAR(c.goodput(10_s), 60, 1);
  c.stand_still(10_s);
  c.goodput(60_s);
  EXPECT_EQ(c.goodput(120_s), 0);
  c.rate = 40;
  c.goodput(60_s);
  EXPECT_EQ(c.goodput(120_s), 0);
  c.rate = 20;
  c.goodput(60_s);
  EXPECT_NEAR(c.goodput(60_s), 20, 1);
  c.rate = 60;
  c.goodput(10_s);
  EXPECT_NEAR(c.goodput(60_s), 60, 1);
}

// The same stall without it: who can no longer be answered in time leaves the line.
TEST(station, recovers_by_itself_when_no_work_is_done_for_those_who_left) {
  Callers c(bounded(), Callers::kTimeout - Callers::kWork);
  EXPECT_NEAR(c.goodput(10_s), 60, 1);
  c.stand_still(10_s);
  c.goodput(60_s);
  EXPECT_NEAR(c.goodput(120_s), 60, 1);
}

}  // namespace test_station
}  // namespace stampede
