// The scheduler against a 4-ary heap: the same random program of pushes, cancels and partial runs
// must deliver the same events in the same order.
#include <gtest/gtest.h>

#include <vector>

#include "sim/random.h"
#include "sim/scheduler.h"
#include "tests/sim/heap_scheduler.h"

namespace stampede {
namespace test_scheduler_property {

struct Program {
  u64 seed;
  u32 spread_bits;   // delays are below 2^random(0..spread_bits) ns
  u32 initial;       // events before the start
  u32 children;      // an event pushes 0..children more
  u32 same_instant;  // per mille of pushes at the current instant
  u32 cancels;       // per mille of events that cancel another
  u32 total;         // pushes in all
};

struct Delivery {
  i64 at;
  u32 subject;
  u8 priority;
  u64 pending;
  bool operator==(const Delivery&) const = default;
};

// Plays a program; every decision is a function of the seed and of the number of decisions so far,
// so that two schedulers differ in what they deliver only if they differ in order.
template <class S>
struct Player : Component {
  explicit Player(const Program& program) : p(program) { id = scheduler.add(this); }

  u64 next(u64 bound) {
    state = mix64(state ^ ++steps);
    return state % bound;
  }
  void push_one() {
    if (pushed >= p.total) return;
    Instant at = scheduler.now();
    auto priority = static_cast<Priority>(next(kPriorities));
    if (handling && next(1000) < p.same_instant) {
      if (priority < current) priority = current;
    } else {
      const u64 bits = next(p.spread_bits + 1);
      at.ns += 1 + static_cast<i64>(next(u64{1} << bits));
      if (next(4) == 0) at.ns = ((at.ns >> 6) + 1) << 6;  // ties
    }
    const u32 subject = pushed++;
    handles.push_back(scheduler.at(at, priority, id, static_cast<u8>(subject), subject));
  }
  void cancel_one() {
    if (handles.empty()) return;
    // Mostly recent ones, now and then any.
    const u64 n = handles.size();
    const u64 i = next(8) == 0 ? next(n) : n - 1 - next(n < 64 ? n : 64);
    const bool was = scheduler.pending(handles[i]);
    const bool did = scheduler.cancel(handles[i]);
    if (was != did || scheduler.pending(handles[i])) ++contradictions;
  }
  void handle(const Event& event) override {
    seen.push_back(
        {event.at.ns, event.subject, static_cast<u8>(event.priority), scheduler.pending_count()});
    if (event.at != scheduler.now() || scheduler.pending(handles[event.subject]) ||
        static_cast<u8>(event.subject) != event.kind)
      ++contradictions;
    handling = true;
    current = event.priority;
    for (u64 n = next(p.children + 1); n > 0; --n) push_one();
    if (next(1000) < p.cancels)
      for (u64 n = next(4); n > 0; --n) cancel_one();
    handling = false;
    if (next(200) == 0) scheduler.stop();
  }
  void play() {
    for (u32 i = 0; i < p.initial; ++i) push_one();
    while (scheduler.pending_count() > 0 || pushed < p.total) {
      Instant until = scheduler.now();
      until.ns += static_cast<i64>(next(u64{1} << next(p.spread_bits + 1)));
      while (!scheduler.run_until(until)) {
      }
      seen.push_back({scheduler.now().ns, UINT32_MAX, 0, scheduler.pending_count()});
      for (u64 n = next(3); n > 0; --n) push_one();
      if (next(16) == 0) cancel_one();
    }
  }

  Program p;
  S scheduler;
  ComponentId id;
  u64 state = p.seed, steps = 0;
  u32 pushed = 0;
  bool handling = false;
  Priority current = Priority::kFault;
  std::vector<EventHandle> handles;
  std::vector<Delivery> seen;
  u64 contradictions = 0;
};

void compare(const Program& program) {
  Player<Scheduler> one(program);
  Player<test::HeapScheduler> oracle(program);
  one.play();
  oracle.play();
  EXPECT_EQ(one.contradictions, 0u);
  ASSERT_EQ(one.seen.size(), oracle.seen.size()) << "seed " << program.seed;
  for (std::size_t i = 0; i < one.seen.size(); ++i)
    ASSERT_EQ(one.seen[i], oracle.seen[i])
        << "seed " << program.seed << " delivery " << i << ": " << one.seen[i].at << " subject "
        << one.seen[i].subject << " against " << oracle.seen[i].at << " subject "
        << oracle.seen[i].subject;
}

TEST(scheduler_property, random_programs_deliver_in_the_order_of_a_heap) {
  for (u64 seed = 1; seed <= 400; ++seed) {
    u64 s = seed;
    const auto pick = [&s](u64 bound) { return static_cast<u32>((s = mix64(s)) % bound); };
    Program program{};
    program.seed = mix64(seed);
    program.spread_bits = 1 + pick(40);
    program.initial = 1 + pick(300);
    program.children = 1 + pick(3);
    program.same_instant = pick(3) == 0 ? pick(800) : pick(100);
    program.cancels = pick(2) == 0 ? 0 : pick(900);
    program.total = 200 + pick(2500);
    compare(program);
    if (HasFatalFailure()) return;
  }
}

TEST(scheduler_property, crowds_on_one_nanosecond_keep_their_order) {
  for (u64 seed = 1; seed <= 20; ++seed) {
    Program program{};
    program.seed = seed;
    program.spread_bits = 2;
    program.initial = 3000;
    program.children = 2;
    program.same_instant = 300;
    program.cancels = 100;
    program.total = 8000;
    compare(program);
    if (HasFatalFailure()) return;
  }
}

TEST(scheduler_property, far_and_near_times_span_every_level) {
  for (u64 seed = 1; seed <= 20; ++seed) {
    Program program{};
    program.seed = seed;
    program.spread_bits = 57;
    program.initial = 2000;
    program.children = 1;
    program.same_instant = 10;
    program.cancels = 400;
    program.total = 4000;
    compare(program);
    if (HasFatalFailure()) return;
  }
}

}  // namespace test_scheduler_property
}  // namespace stampede
