// The order of events: time, then rung, then first-in first-out; handles that survive their event.
#include <gtest/gtest.h>

#include <vector>

#include "sim/scheduler.h"

namespace stampede {
namespace test_scheduler {

struct Recorder : Component {
  std::vector<Event> seen;
  void handle(const Event& event) override { seen.push_back(event); }
};

TEST(scheduler, every_pair_of_rungs_is_ordered) {
  for (int a = 0; a < kPriorities; ++a)
    for (int b = 0; b < kPriorities; ++b) {
      Scheduler scheduler;
      Recorder recorder;
      const ComponentId id = scheduler.add(&recorder);
      scheduler.at(Instant{5}, static_cast<Priority>(a), id, 1);
      scheduler.at(Instant{5}, static_cast<Priority>(b), id, 2);
      scheduler.run_until(Instant{10});
      ASSERT_EQ(recorder.seen.size(), 2u);
      EXPECT_EQ(recorder.seen[0].kind, b < a ? 2 : 1) << a << " against " << b;
    }
}

// Looking ahead is a hint: early, twice at most, and only about events that are still to come.
TEST(scheduler, components_are_told_of_their_events_ahead) {
  struct Reader : Component {
    std::vector<u32> order;
    std::vector<int> early = std::vector<int>(1000), next = early;
    void handle(const Event& event) override { order.push_back(event.subject); }
    void prefetch(u8 kind, u32 subject, bool is_next) const override {
      EXPECT_EQ(kind, 3);
      EXPECT_GE(subject, order.size());
      ++(is_next ? counts->next : counts->early)[subject];
    }
    Reader* counts = this;
  } reader;
  Scheduler scheduler;
  const ComponentId id = scheduler.add(&reader);
  for (u32 i = 0; i < 1000; ++i)
    scheduler.at(Instant{1 + 1000 * i64{i}}, Priority::kArrival, id, 3, i);
  scheduler.run_until(Instant{2'000'000});
  ASSERT_EQ(reader.order.size(), 1000u);
  int early = 0, next = 0;
  for (u32 i = 0; i < 1000; ++i) {
    EXPECT_EQ(reader.order[i], i);
    EXPECT_LE(reader.early[i], 1);
    EXPECT_LE(reader.next[i], 1);
    early += reader.early[i];
    next += reader.next[i];
  }
  EXPECT_GT(early, 900);
  EXPECT_GT(next, 750);
}

TEST(scheduler, a_handle_can_be_asked_after_its_event) {
  Scheduler scheduler;
  Recorder recorder;
  const ComponentId id = scheduler.add(&recorder);
  const EventHandle first = scheduler.at(Instant{1}, Priority::kControl, id, 1);
  const EventHandle second = scheduler.at(Instant{2}, Priority::kControl, id, 2);
  EXPECT_TRUE(scheduler.cancel(second));
  EXPECT_FALSE(scheduler.cancel(second));
  scheduler.run_until(Instant{3});
  EXPECT_FALSE(scheduler.pending(first));
  EXPECT_FALSE(scheduler.cancel(first));
  EXPECT_EQ(recorder.seen.size(), 1u);
  EXPECT_EQ(scheduler.pending_count(), 0u);
}

TEST(scheduler, rungs_hold_for_events_pushed_while_the_instant_is_handled) {
  struct Pusher : Component {
    Scheduler scheduler;
    ComponentId id = scheduler.add(this);
    int a = 0, b = 0;
    std::vector<u8> seen;
    void handle(const Event& event) override {
      seen.push_back(event.kind);
      if (event.kind != 0) return;
      scheduler.at(event.at, static_cast<Priority>(b), id, 2);
      scheduler.at(event.at, static_cast<Priority>(a), id, 1);
    }
  };
  for (int a = 0; a < kPriorities; ++a)
    for (int b = 0; b < kPriorities; ++b) {
      Pusher pusher;
      pusher.a = a;
      pusher.b = b;
      pusher.scheduler.at(Instant{5}, Priority::kFault, pusher.id, 0);
      pusher.scheduler.at(Instant{5}, static_cast<Priority>(a), pusher.id, 3);
      pusher.scheduler.run_until(Instant{10});
      // 3 was first on its rung; among equals 2 was pushed before 1.
      const std::vector<u8> wanted =
          b < a ? std::vector<u8>{0, 2, 3, 1}
                : (a == b ? std::vector<u8>{0, 3, 2, 1} : std::vector<u8>{0, 3, 1, 2});
      EXPECT_EQ(pusher.seen, wanted) << a << " against " << b;
    }
}

TEST(scheduler, the_past_and_a_passed_rung_break_an_invariant) {
  struct Backward : Component {
    Scheduler scheduler;
    ComponentId id = scheduler.add(this);
    void handle(const Event& event) override {
      EXPECT_THROW(scheduler.at(event.at, Priority::kControl, id, 0), InvariantError);
      EXPECT_THROW(scheduler.at(Instant{event.at.ns - 1}, Priority::kSample, id, 0),
                   InvariantError);
    }
  } backward;
  backward.scheduler.at(Instant{5}, Priority::kArrival, backward.id, 1);
  backward.scheduler.run_until(Instant{10});
  EXPECT_EQ(backward.scheduler.handled(), 1u);
  EXPECT_THROW(backward.scheduler.run_until(Instant{9}), InvariantError);
}

TEST(scheduler, after_a_partial_run_earlier_events_are_still_accepted) {
  Scheduler scheduler;
  Recorder recorder;
  const ComponentId id = scheduler.add(&recorder);
  scheduler.at(Instant{1'000'000'000}, Priority::kControl, id, 1);
  scheduler.run_until(Instant{500});
  EXPECT_EQ(scheduler.now(), Instant{500});
  scheduler.at(Instant{600}, Priority::kControl, id, 2);
  scheduler.at(Instant{500}, Priority::kFault, id, 3);
  scheduler.run_until(Instant{2'000'000'000});
  ASSERT_EQ(recorder.seen.size(), 3u);
  EXPECT_EQ(recorder.seen[0].kind, 3);
  EXPECT_EQ(recorder.seen[1].kind, 2);
  EXPECT_EQ(recorder.seen[2].kind, 1);
}

TEST(scheduler, a_stopped_run_continues_where_it_was) {
  struct Stopper : Component {
    Scheduler scheduler;
    ComponentId id = scheduler.add(this);
    int seen = 0;
    void handle(const Event&) override {
      ++seen;
      scheduler.stop();
    }
  } stopper;
  for (int i = 0; i < 3; ++i) stopper.scheduler.at(Instant{5}, Priority::kControl, stopper.id, 0);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(stopper.scheduler.run_until(Instant{10}));
    EXPECT_EQ(stopper.seen, i);
    EXPECT_EQ(stopper.scheduler.now(), Instant{5});
  }
  EXPECT_TRUE(stopper.scheduler.run_until(Instant{10}));
}

TEST(scheduler, a_run_of_so_many_events_continues_where_it_was) {
  Scheduler scheduler;
  Recorder recorder;
  const ComponentId id = scheduler.add(&recorder);
  for (int i = 0; i < 5; ++i) scheduler.at(Instant{5}, Priority::kControl, id, 0);
  EXPECT_FALSE(scheduler.run_until(Instant{10}, 2));
  EXPECT_EQ(scheduler.handled(), 2u);
  EXPECT_EQ(scheduler.now(), Instant{5});
  EXPECT_TRUE(scheduler.run_until(Instant{10}, 4));
  EXPECT_EQ(scheduler.handled(), 5u);
  EXPECT_EQ(scheduler.now(), Instant{10});
}

TEST(scheduler, rescheduling_over_and_over_holds_bounded_memory) {
  Scheduler scheduler;
  Recorder recorder;
  const ComponentId id = scheduler.add(&recorder);
  std::vector<EventHandle> timers(100);
  for (i64 i = 0; i < 2'000'000; ++i) {  // hour-long timers, set anew each microsecond
    EventHandle& timer = timers[static_cast<std::size_t>(i % 100)];
    scheduler.cancel(timer);
    timer = scheduler.at(Instant{i * 1000 + 3'600'000'000'000}, Priority::kTimeout, id, 0);
    if (i % 1000 == 0) scheduler.run_until(Instant{i * 1000});
  }
  EXPECT_EQ(scheduler.pending_count(), 100u);
  EXPECT_LT(scheduler.bytes(), 1u << 20);
  scheduler.run_until(Instant{INT64_MAX / 2});
  EXPECT_EQ(recorder.seen.size(), 100u);
}

TEST(scheduler, more_live_events_than_24_bits_can_name) {
  struct Count : Component {
    u64 seen = 0, disorder = 0;
    i64 last = 0;
    void handle(const Event& event) override {
      disorder += event.at.ns < last || event.subject != static_cast<u32>(event.at.ns % 9973);
      last = event.at.ns;
      ++seen;
    }
  } count;
  Scheduler scheduler;
  const ComponentId id = scheduler.add(&count);
  constexpr u64 kMany = 17'000'000;
  EventHandle last;
  for (u64 i = 0; i < kMany; ++i) {
    const auto t = static_cast<i64>(i * 7919 % 1'000'003 * 4096);
    last = scheduler.at(Instant{t}, Priority::kControl, id, 0, static_cast<u32>(t % 9973));
  }
  EXPECT_EQ(scheduler.pending_count(), kMany);
  EXPECT_GT(last.slot, 1u << 24);
  EXPECT_TRUE(scheduler.cancel(last));
  scheduler.run_until(Instant{INT64_MAX / 2});
  EXPECT_EQ(count.seen, kMany - 1);
  EXPECT_EQ(count.disorder, 0u);
}

TEST(time, overflow_is_an_invariant_error) {
  EXPECT_THROW(static_cast<void>(kNever + Duration{1}), InvariantError);
  EXPECT_THROW(static_cast<void>(Duration{INT64_MIN} - Duration{1}), InvariantError);
  EXPECT_THROW(static_cast<void>(Duration{INT64_MAX / 2} * 3), InvariantError);
  EXPECT_EQ(from_seconds(1e-9).ns, 1);
  EXPECT_EQ(from_seconds(0.5e-9).ns, 1);
  EXPECT_EQ(from_seconds(-0.5e-9).ns, -1);
  EXPECT_EQ(from_seconds(0.49e-9).ns, 0);
  Scheduler scheduler;
  scheduler.run_until(Instant{1});
  EXPECT_THROW(scheduler.after(Duration{INT64_MAX}, Priority::kControl, 0, 0), InvariantError);
}

}  // namespace test_scheduler
}  // namespace stampede
