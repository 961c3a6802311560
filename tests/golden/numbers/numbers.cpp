// Prints one digest of the arithmetic that every run rests on: own functions, random draws, token
// lengths, parsed quantities, an engine's times. tools/check builds it with several compilers.
#include <cstdio>
#include <cstring>

#include "models/clients/lengths.h"
#include "models/serving/engine.h"
#include "sim/digest.h"
#include "sim/random.h"

using namespace stampede;

namespace {

Digest digest;

void add(double x) {
  u64 bits;
  std::memcpy(&bits, &x, sizeof bits);
  digest.add(bits);
}

struct Sink final : EngineSink {
  void first_token(u32 id, Instant at) override { digest.add(id ^ static_cast<u64>(at.ns)); }
  void finished(u32 id, Instant at) override { digest.add(~(id ^ static_cast<u64>(at.ns))); }
  void preempted(u32 id, Instant) override { digest.add(id); }
};

void run_engine(EngineRole role, StreamKey key) {
  EngineParams params;
  params.role = role;
  params.kv_blocks = 4000;  // so small that it preempts
  params.step_per_million_pairs = 3_ms;
  params.step_per_thousand_context_tokens = 7_us;
  const EngineProfile profile(params);
  Engine engine(profile);
  const LengthTable lengths({700, 1.3, 2, 8000});
  Sink sink;
  Instant now{};
  for (u32 i = 0; i < 3000; ++i) {
    const Words w = draw(key, i);
    now += from_seconds(0.25 * exponential(uniform(w)));
    engine.advance(now, sink);
    const u32 ticket = engine.add(now, {i, lengths.at(uniform2(w)), 0, 2 + w[1] % 400});
    if (w[0] % 7 == 0) engine.cancel(now, ticket);
  }
  engine.advance(now + 1_h, sink);
  const EngineCounters c = engine.counters(now + 1_h);
  digest.add(c.steps);
  digest.add(c.preemptions);
}

}  // namespace

int main() {
  const StreamKey key = stream_key(1, "numbers", "digest");
  for (u64 i = 0; i < 200'000; ++i) {
    const Words w = draw(key, i);
    const double u = uniform(w), v = uniform2(w);
    add(math::log(u));
    add(math::exp(40 * (u - v)));
    add(math::pow(u, 8 * v - 4));
    add(math::normal_cdf(8 * u - 4));
    add(standard_normal(u));
    add(lognormal(u, 900, 2 * v));
    digest.add(static_cast<u64>(from_seconds(1e5 * u * v).ns));
  }
  for (const EngineRole role : {EngineRole::kMixed, EngineRole::kPrefill, EngineRole::kDecode})
    run_engine(role, key);
  for (const char* text : {"1h30m", "0.1s", "152.8us", "2min30s"}) {
    Duration d;
    parse_duration(text, d);
    digest.add(static_cast<u64>(d.ns));
  }
  std::printf("%s\n", digest.hex().c_str());
}
