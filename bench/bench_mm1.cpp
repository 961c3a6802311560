// M/M/1 at load 0.9 through the public interface: customers a second, beside the hold rate of
// std::priority_queue at 1e5; and nanoseconds per sample of the samplers.
#include <benchmark/benchmark.h>

#include <deque>

#include "bench/hold.h"
#include "sim/quantiles.h"
#include "sim/scheduler.h"

namespace stampede {
namespace {

template <bool kTabulated>  // delays from a table: the kernel without the samplers
struct Queue : Component {
  enum Kind : u8 { kArrival, kDeparture };
  Scheduler scheduler;
  ComponentId id = scheduler.add(this);
  StreamKey key = stream_key(1, "bench/mm1", "times");
  u64 customer = 0, in_system = 0, served = 0, left = 0;
  bench::Delays delays;

  void next_arrival() {
    if constexpr (kTabulated) {
      scheduler.after({static_cast<i64>(delays.next() / 10 * 10)}, Priority::kArrival, id,
                      kArrival);
      return;
    }
    // One draw a customer: its interarrival time and its service time.
    const Words w = draw(key, customer++);
    scheduler.after({static_cast<i64>(exponential(uniform(w)) * 1e6) + 1}, Priority::kArrival, id,
                    kArrival, w[2], w[3]);
  }
  void serve(u32 a, u32 b) {
    const i64 time = kTabulated ? static_cast<i64>(delays.next() / 10 * 9)
                                : static_cast<i64>(exponential(uniform(a, b)) * 0.9e6) + 1;
    scheduler.after({time}, Priority::kCompletion, id, kDeparture);
  }
  void handle(const Event& event) override {
    if (event.kind == kArrival) {
      next_arrival();
      if (in_system++ == 0)
        serve(event.subject, event.argument);
      else
        waiting.push_back({event.subject, event.argument});
    } else {
      ++served;
      if (--in_system > 0) {
        const auto [a, b] = waiting.front();
        waiting.pop_front();
        serve(a, b);
      }
      if (--left == 0) scheduler.stop();
    }
  }
  std::deque<std::pair<u32, u32>> waiting;
};

template <bool kTabulated>
void customers(benchmark::State& state) {
  Queue<kTabulated> queue;
  queue.next_arrival();
  while (state.KeepRunningBatch(1000)) {
    queue.left = 1000;
    queue.scheduler.run_until({INT64_MAX / 2});
  }
  state.SetItemsProcessed(state.iterations());
}
void mm1(benchmark::State& state) { customers<false>(state); }
void mm1_tabulated_delays(benchmark::State& state) { customers<true>(state); }
BENCHMARK(mm1);
BENCHMARK(mm1_tabulated_delays);

void hold_priority_queue_1e5(benchmark::State& state) {
  bench::Delays delays;
  bench::Yardstick queue;
  u64 order = 0;
  for (int i = 0; i < 100'000; ++i) queue.push({delays.next(), order++});
  for (auto _ : state) {
    const auto top = queue.top();
    queue.pop();
    queue.push({top.time + delays.next(), order++});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hold_priority_queue_1e5);

template <class F>
void sample(benchmark::State& state, F f) {
  u64 i = 0;
  double sum = 0;
  for (auto _ : state) sum += f(++i);
  benchmark::DoNotOptimize(sum);
}
void sample_draw(benchmark::State& s) {
  sample(s, [](u64 i) { return static_cast<double>(draw({1, 2}, i)[0]); });
}
void sample_uniform(benchmark::State& s) {
  sample(s, [](u64 i) { return uniform(draw({1, 2}, i)); });
}
void sample_exponential(benchmark::State& s) {
  sample(s, [](u64 i) { return exponential(uniform(draw({1, 2}, i))); });
}
void sample_lognormal(benchmark::State& s) {
  sample(s, [](u64 i) { return lognormal(uniform(draw({1, 2}, i)), 100.0, 1.5); });
}
void math_log(benchmark::State& s) {
  sample(s, [](u64 i) { return math::log(static_cast<double>(i)); });
}
void math_exp(benchmark::State& s) {
  sample(s, [](u64 i) { return math::exp(-static_cast<double>(i & 1023) * 0.01); });
}
void quantiles_add(benchmark::State& state) {
  Quantiles q;
  u64 i = 0;
  for (auto _ : state) q.add((++i * 0x9e3779b97f4a7c15ULL) >> 30);
  benchmark::DoNotOptimize(q.count());
}
BENCHMARK(sample_draw);
BENCHMARK(sample_uniform);
BENCHMARK(sample_exponential);
BENCHMARK(sample_lognormal);
BENCHMARK(math_log);
BENCHMARK(math_exp);
BENCHMARK(quantiles_add);

}  // namespace
}  // namespace stampede

BENCHMARK_MAIN();
