// Cost of a request in the serving engine: one engine in the cache, and a fleet of them whose lines
// are cold at each event (with the driver's event heap), macro-steps against single steps. Loads of
// the reference outage: decode engines at 88 and 178 running sequences of 5,000 tokens with 2.8
// arrivals/s; prefill engines at 3.4 prompts/s of 1,200 uncached tokens.
#include <benchmark/benchmark.h>

#include <ctime>
#include <queue>
#include <random>
#include <vector>

#include "models/serving/engine.h"

namespace stampede {
namespace {

struct Counter : EngineSink {
  u64 first = 0, last = 0;
  void first_token(u32, Instant) override { ++first; }
  void finished(u32, Instant) override { ++last; }
  void preempted(u32, Instant) override {}
};

struct Load {
  EngineParams params;
  double rate;  // arrivals an engine [1/s]
  u32 prompt, cached, output;
};

Load load_of(const benchmark::State& state) {
  Load load;
  load.params.macro_steps = state.range(1) != 0;
  if (state.range(0) == 0) {
    load.params.role = EngineRole::kPrefill;
    load.params.step_base = 5_ms;
    load.params.step_per_sequence = {};
    load.rate = 3.4;
    load.prompt = 5000;
    load.cached = 3800;
    load.output = 600;
  } else {
    load.params.role = EngineRole::kDecode;
    load.rate = 2.8;
    load.prompt = 4700;
    load.cached = 0;
    load.output = state.range(0) == 88 ? 673 : 996;
  }
  return load;
}

struct Due {
  i64 ns;
  u32 engine;
  bool arrival;
  bool operator<(const Due& o) const { return ns > o.ns; }
};

// A fleet driven as a component would: an arrival event each, a wake-up only when it comes earlier
// than the one pending.
void fleet(benchmark::State& state) {
  const Load load = load_of(state);
  const EngineProfile profile(load.params);
  const auto engines = static_cast<u32>(state.range(2));
  std::vector<Engine> fleet;
  for (u32 e = 0; e < engines; ++e) fleet.emplace_back(profile);
  std::vector<i64> wake(engines, INT64_MAX);
  std::mt19937_64 bits(1);
  std::exponential_distribution<double> gap(load.rate);
  std::vector<i64> gaps(1 << 16);
  for (i64& g : gaps) g = from_seconds(gap(bits)).ns;
  std::vector<Due> storage;
  storage.reserve(8 * engines);
  std::priority_queue<Due> due({}, std::move(storage));
  for (u32 e = 0; e < engines; ++e) due.push({gaps[e], e, true});
  Counter counter;
  u64 arrivals = 0, events = 0;
  const auto run = [&](u64 until) {
    while (arrivals < until) {
      const Due d = due.top();
      due.pop();
      ++events;
      Engine& engine = fleet[d.engine];
      const Instant now{d.ns};
      engine.advance(now, counter);
      if (d.arrival) {
        ++arrivals;
        const u32 r = static_cast<u32>(gaps[arrivals & 0xffff] & 0xffff);
        const u32 uncached = load.prompt - load.cached;
        const u32 vary = uncached / 2 + uncached * r / 0xffff;
        engine.add(now, {static_cast<u32>(arrivals), load.cached + vary, load.cached,
                         load.output / 2 + load.output * (r ^ 0x5555) / 0xffff});
        due.push({d.ns + gaps[(arrivals * 7 + d.engine) & 0xffff], d.engine, true});
      } else if (wake[d.engine] == d.ns) {
        wake[d.engine] = INT64_MAX;
      }
      if (const i64 next = engine.next_event().ns; next < wake[d.engine]) {
        wake[d.engine] = next;
        due.push({next, d.engine, false});
      }
    }
  };
  run(u64{engines} * 300);  // warm: about a hundred seconds
  const u64 before = arrivals, events_before = events;
  u64 target = arrivals;
  const std::clock_t start = std::clock();  // processor time: the machine may be shared
  for (auto _ : state) run(target += 100'000);
  const double took = 1e9 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const auto requests = static_cast<double>(arrivals - before);
  state.counters["ns_per_request"] = took / requests;
  state.counters["events_per_request"] = static_cast<double>(events - events_before) / requests;
  double running = 0;
  for (const Engine& e : fleet) running += e.running();
  state.counters["running"] = running / engines;
}
BENCHMARK(fleet)
    ->ArgNames({"decode", "macro", "engines"})
    ->ArgsProduct({{0, 88, 178}, {1}, {1, 1112}})
    ->Args({0, 0, 1})
    ->Args({88, 0, 1})
    ->Args({178, 0, 1})
    ->Args({178, 0, 1112})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stampede

BENCHMARK_MAIN();
