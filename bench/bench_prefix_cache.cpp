// Cost of a request in an engine with a prefix cache: prompts of the Mooncake conversation trace
// (12,000 tokens told apart in blocks of 512, some of them seen before, memory for 951 such blocks)
// and of Azure's (1,155 tokens that nobody else has). `caching` 0 is the same without the cache.
#include <benchmark/benchmark.h>

#include <ctime>
#include <random>
#include <vector>

#include "models/serving/engine.h"

namespace stampede {
namespace {

struct Silent : EngineSink {
  void first_token(u32, Instant) override {}
  void finished(u32, Instant) override {}
  void preempted(u32, Instant) override {}
};

// A conversation goes on from where one of the last 64 stood, or begins.
class Conversations {
 public:
  const std::vector<TextRun>& next() {
    std::vector<TextRun>& text = last_[bits_() % last_.size()];
    if (bits_() % 4 == 0 || text.size() > 40) text.clear();
    const u64 fresh = text.empty() ? 18 : 4;
    for (u64 i = 0; i < fresh; ++i) text.push_back({bits_(), 32});
    return text;
  }

 private:
  std::mt19937_64 bits_{1};
  std::vector<std::vector<TextRun>> last_ = std::vector<std::vector<TextRun>>(64);
};

void engine(benchmark::State& state, bool conversations) {
  EngineParams params;
  params.prefix_caching = state.range(0) != 0;
  params.step_base = 15_ms;
  params.step_per_sequence = 50_us;
  params.step_per_prompt_token = 20_us;
  params.kv_blocks = 30'425;
  const EngineProfile profile(params);
  Engine engine(profile);
  Silent sink;
  Conversations talk;
  const std::vector<TextRun> nothing;
  Instant now{};
  u32 id = 0;
  const auto one = [&] {
    now += conversations ? 400_ms : 180_ms;
    engine.advance(now, sink);
    const std::vector<TextRun>& text = conversations ? talk.next() : nothing;
    const u32 prompt = conversations ? static_cast<u32>(text.size()) * 512 + 100 : 1155;
    engine.add(now, {id++, prompt, 0, conversations ? 343u : 211u}, text);
  };
  for (u32 i = 0; i < 2000; ++i) one();
  const std::clock_t start = std::clock();  // processor time: the machine may be shared
  for (auto _ : state) one();
  state.counters["ns_per_request"] = 1e9 * static_cast<double>(std::clock() - start) /
                                     CLOCKS_PER_SEC / static_cast<double>(state.iterations());
}
BENCHMARK_CAPTURE(engine, mooncake, true)->ArgName("caching")->Arg(0)->Arg(1);
BENCHMARK_CAPTURE(engine, azure, false)->ArgName("caching")->Arg(0)->Arg(1);

}  // namespace
}  // namespace stampede

BENCHMARK_MAIN();
