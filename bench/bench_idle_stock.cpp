// A day of the store of idle sessions after a past of so many days: the figures should be alike.
#include <benchmark/benchmark.h>

#include "models/kv_cache/idle_stock.h"

namespace stampede {
namespace {

constexpr Duration kSpan = 900_s;
constexpr int kReturns = 100;  // to each bucket

void pass(IdleStock& stock, Instant& now, i64 days) {
  for (i64 i = 0; i < days * 96; ++i, now += kSpan) {
    for (int k = 0; k < kReturns; ++k) {
      StockPart part;
      part.sessions = 1;
      part.blocks = 10;
      stock.add(now, kSpan, 0, part);
      stock.take_session((k + 0.5) / kReturns, 0.5, 8);
    }
    if (stock.blocks() > 50'000) stock.evict(stock.blocks() - 50'000);
  }
}

void day_after_days(benchmark::State& state) {
  IdleStock stock;
  stock.set_return_time(1_h);
  Instant now{};
  pass(stock, now, state.range(0));
  const u64 before = stock.looked_at();
  i64 days = 0;
  for (auto _ : state) {
    pass(stock, now, 1);
    ++days;
  }
  state.counters["looks_per_return"] =
      static_cast<double>(stock.looked_at() - before) / static_cast<double>(days * 96 * kReturns);
}
BENCHMARK(day_after_days)->Arg(1)->Arg(30)->Arg(365)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace stampede

BENCHMARK_MAIN();
