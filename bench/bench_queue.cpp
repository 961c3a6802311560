// Hold model, requests with timeouts, replicas that reschedule, and bytes per pending event: each
// figure beside the same work on std::priority_queue of 16-byte entries, in one run.
#include <benchmark/benchmark.h>

#include "bench/hold.h"
#include "sim/scheduler.h"
#include "sim/timeouts.h"

namespace stampede {
namespace {

using bench::Delays;
using bench::Yardstick;

void hold_priority_queue(benchmark::State& state) {
  Delays delays;
  Yardstick queue;
  u64 order = 0;
  for (i64 i = 0; i < state.range(0); ++i) queue.push({delays.next(), order++});
  const auto step = [&] {
    const auto top = queue.top();
    queue.pop();
    queue.push({top.time + delays.next(), order++});
  };
  for (i64 i = 0; i < 3 * state.range(0); ++i) step();
  for (auto _ : state) step();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hold_priority_queue)->Arg(100)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

struct Holder : Component {
  Scheduler scheduler;
  Delays delays;
  u64 left = 0;
  ComponentId id = scheduler.add(this);
  void handle(const Event& event) override {
    scheduler.at(Instant{event.at.ns + static_cast<i64>(delays.next())}, Priority::kControl, id, 0,
                 event.subject);
    if (--left == 0) scheduler.stop();
  }
  void step(u64 n) {
    left = n;
    scheduler.run_until(Instant{INT64_MAX / 2});
  }
};

// Through the public interface: slots, generations and the virtual call included.
void hold_scheduler(benchmark::State& state) {
  Holder holder;
  const std::size_t empty = holder.scheduler.bytes();
  const auto n = static_cast<u64>(state.range(0));
  for (u64 i = 0; i < n; ++i)
    holder.scheduler.at(Instant{static_cast<i64>(holder.delays.next())}, Priority::kControl,
                        holder.id, 0);
  holder.step(3 * n);
  while (state.KeepRunningBatch(1000)) holder.step(1000);
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_per_event"] =
      static_cast<double>(holder.scheduler.bytes() - empty) / static_cast<double>(n);
}
BENCHMARK(hold_scheduler)->Arg(100)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

// M requests in flight; each schedules its completion (mean 1 s) and its timeout (3 s, so that 95 %
// are cancelled).
constexpr i64 kTimeoutNs = 3'000'000'000;

void request_priority_queue(benchmark::State& state) {
  const auto m = static_cast<u32>(state.range(0));
  Delays delays;
  Yardstick queue;
  std::vector<u32> generations(m);
  u64 served = 0;
  // order = request:32 | generation:31 | is timeout:1
  const auto start = [&](u64 now, u32 i) {
    const u64 tag = static_cast<u64>(i) << 32 | static_cast<u64>(++generations[i]) << 1;
    queue.push({now + delays.next(), tag});
    queue.push({now + kTimeoutNs, tag | 1});
  };
  const auto step = [&] {
    for (;;) {
      const auto top = queue.top();
      queue.pop();
      const auto i = static_cast<u32>(top.order >> 32);
      if (static_cast<u32>(top.order) >> 1 != generations[i]) continue;  // dead
      ++served;
      start(top.time, i);
      return;
    }
  };
  for (u32 i = 0; i < m; ++i) start(0, i);
  for (u32 i = 0; i < 5 * m; ++i) step();
  for (auto _ : state) step();
  benchmark::DoNotOptimize(served);
}
BENCHMARK(request_priority_queue)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// A ring for the timeouts; a completion that comes after its request timed out is known by its
// generation, as in the yardstick.
struct RingRequests : Component {
  enum Kind : u8 { kDone, kTimeout };
  Scheduler scheduler;
  Delays delays;
  ComponentId id = scheduler.add(this);
  TimeoutRing ring{scheduler, id, Priority::kTimeout, kTimeout};
  std::vector<u32> generations;
  u64 left = 0;

  void start(u32 i) {
    const Instant now = scheduler.now();
    const u32 generation = ++generations[i];
    scheduler.at({now.ns + static_cast<i64>(delays.next())}, Priority::kCompletion, id, kDone, i,
                 generation);
    ring.push({now.ns + kTimeoutNs}, i, generation);
    if (--left == 0) scheduler.stop();
  }
  void handle(const Event& event) override {
    if (event.kind == kTimeout)
      ring.expire([this](u32 i, u32 generation) { return generations[i] == generation; },
                  [this](u32 i, u32) { start(i); });
    else if (generations[event.subject] == event.argument)
      start(event.subject);
  }
};

// Both events in the scheduler and cancelled by their handles.
struct LazyRequests : Component {
  enum Kind : u8 { kDone, kTimeout };
  struct Handles {
    EventHandle done, timeout;
  };
  Scheduler scheduler;
  Delays delays;
  ComponentId id = scheduler.add(this);
  std::vector<Handles> generations;
  u64 left = 0;

  void start(u32 i) {
    const Instant now = scheduler.now();
    generations[i].done = scheduler.at({now.ns + static_cast<i64>(delays.next())},
                                       Priority::kCompletion, id, kDone, i);
    generations[i].timeout =
        scheduler.at({now.ns + kTimeoutNs}, Priority::kTimeout, id, kTimeout, i);
    if (--left == 0) scheduler.stop();
  }
  void handle(const Event& event) override {
    const Handles& h = generations[event.subject];
    scheduler.cancel(event.kind == kDone ? h.timeout : h.done);
    start(event.subject);
  }
};

template <class World>
void request(benchmark::State& state) {
  World world;
  const auto m = static_cast<u32>(state.range(0));
  world.generations.resize(m);
  const auto step = [&](u64 n) {
    world.left = n;
    world.scheduler.run_until(Instant{INT64_MAX / 2});
  };
  for (u32 i = 0; i < m; ++i) world.start(i);
  step(5 * m);
  while (state.KeepRunningBatch(1000)) step(1000);
}
void request_ring(benchmark::State& state) { request<RingRequests>(state); }
void request_handles(benchmark::State& state) { request<LazyRequests>(state); }
BENCHMARK(request_ring)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(request_handles)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// 2,200 replicas, each with one event 40 ms ahead; three of four are cancelled half way and set
// anew; 400,000 far timers lie behind them.
struct Replicas : Component {
  enum Kind : u8 { kStep, kArrival, kFar };
  static constexpr u32 kCount = 2200;
  Scheduler scheduler;
  ComponentId id = scheduler.add(this);
  std::vector<EventHandle> steps = std::vector<EventHandle>(kCount);
  u64 state = 1, left = 0;

  void set(u32 i) {
    steps[i] = scheduler.at({scheduler.now().ns + 40'000'000}, Priority::kCompletion, id, kStep, i);
  }
  void handle(const Event& event) override {
    if (event.kind == kArrival) {
      state = mix64(state);
      const auto i = static_cast<u32>(state % kCount);
      scheduler.cancel(steps[i]);
      set(i);
      scheduler.at({event.at.ns + 1 + static_cast<i64>((state >> 32) % 12'000)}, Priority::kArrival,
                   id, kArrival);
    } else if (event.kind == kStep) {
      set(event.subject);
    }
    if (--left == 0) scheduler.stop();
  }
  void step(u64 n) {
    left = n;
    scheduler.run_until(Instant{INT64_MAX / 2});
  }
};

void replicas_reschedule(benchmark::State& state) {
  Replicas world;
  for (u32 i = 0; i < Replicas::kCount; ++i)
    world.steps[i] = world.scheduler.at({static_cast<i64>(i) * 18'000}, Priority::kCompletion,
                                        world.id, Replicas::kStep, i);
  for (i64 i = 0; i < 400'000; ++i)
    world.scheduler.at({3'600'000'000'000 + i * 9'000'000}, Priority::kControl, world.id,
                       Replicas::kFar);
  world.scheduler.at({0}, Priority::kArrival, world.id, Replicas::kArrival);
  world.step(100'000);
  while (state.KeepRunningBatch(1000)) world.step(1000);
}
BENCHMARK(replicas_reschedule);

void empty_world_to_first_event(benchmark::State& state) {
  struct Nothing : Component {
    void handle(const Event&) override {}
  } nothing;
  for (auto _ : state) {
    auto scheduler = std::make_unique<Scheduler>();
    scheduler->at({5}, Priority::kControl, scheduler->add(&nothing), 0);
    scheduler->run_until({10});
    benchmark::DoNotOptimize(scheduler->handled());
  }
}
BENCHMARK(empty_world_to_first_event);

}  // namespace
}  // namespace stampede

BENCHMARK_MAIN();
