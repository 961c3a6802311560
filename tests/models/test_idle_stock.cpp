// Idle sessions by age: who returns, and that a long past costs nothing.
#include <gtest/gtest.h>

#include "models/kv_cache/idle_stock.h"
#include "sim/math.h"

namespace stampede {
namespace test_idle_stock {

constexpr Duration kSpan = 900_s;

StockPart part(i64 sessions, i64 blocks) {
  StockPart p;
  p.sessions = sessions;
  p.blocks = blocks;
  return p;
}

// A day's ordinary work after `past` full buckets: a bucket each quarter of an hour, 20 returns to
// each, and what is too old for the store goes.
u64 cost_of_a_day(i64 past) {
  IdleStock stock;
  stock.set_return_time(1_h);
  Instant now{};
  const auto bucket = [&] {
    stock.add(now, kSpan, 0, part(100, 1000));
    for (int i = 0; i < 20; ++i) {
      stock.add(now, kSpan, 0, part(1, 10));
      stock.take_session((i + 0.5) / 20, 0.5, 10);
    }
    if (stock.blocks() > 50'000) stock.evict(stock.blocks() - 50'000);
    now += kSpan;
  };
  for (i64 i = 0; i < past; ++i) bucket();
  const u64 before = stock.looked_at();
  for (int i = 0; i < 96; ++i) bucket();
  return stock.looked_at() - before;
}

TEST(idle_stock, a_day_costs_the_same_after_a_week_and_after_a_year) {
  const u64 week = cost_of_a_day(7 * 96), year = cost_of_a_day(365 * 96);
  EXPECT_LE(year, week + week / 100);
  EXPECT_LE(week, 96 * (20 * 400 + 400));  // 161 buckets may return; each is met twice a draw
}

TEST(idle_stock, a_flush_costs_as_many_looks_as_there_are_pieces_and_buckets) {
  IdleStock stock;
  for (i64 i = 0; i < 5000; ++i) stock.add(Instant{} + kSpan * i, kSpan, 0, part(10, 1000));
  const u64 before = stock.looked_at();
  i64 removed = 0, pieces = 0;
  while (stock.holds(1, Instant{})) {
    removed += stock.flush(100, 1, Instant{}, 7).blocks;
    ++pieces;
  }
  EXPECT_EQ(removed, 5'000'000);
  EXPECT_EQ(stock.blocks(), 0);
  EXPECT_LE(stock.looked_at() - before, static_cast<u64>(2 * pieces + 2 * 5000));
}

TEST(idle_stock, chances_to_return_fall_with_age) {
  IdleStock stock;
  stock.set_return_time(1_h);
  for (int h = 0; h < 3; ++h)
    stock.add(Instant{} + 1_h * h, kSpan, static_cast<u8>(h), part(1'000'000, 1'000'000));
  i64 from[3] = {};
  for (int i = 0; i < 1000; ++i) ++from[stock.take_session((i + 0.5) / 1000, 0.5, 1).epoch];
  const double all = 1 + math::exp(-1.0) + math::exp(-2.0);
  for (int h = 0; h < 3; ++h)
    EXPECT_NEAR(static_cast<double>(from[h]) / 1000, math::exp(h - 2.0) / all, 0.002) << h;
}

TEST(idle_stock, the_old_return_when_nobody_newer_is_left) {
  IdleStock stock;
  stock.set_return_time(1_h);
  stock.add(Instant{}, kSpan, 3, part(2, 20));
  stock.add(Instant{} + 1000_h, kSpan, 4, part(1, 10));
  EXPECT_EQ(stock.take_session(0.000001, 0.5, 10).epoch, 4);  // a thousand hours younger
  for (int i = 0; i < 2; ++i) {
    const StockPart back = stock.take_session(0.5, 0.5, 10);
    EXPECT_TRUE(back.present);
    EXPECT_EQ(back.epoch, 3);
  }
  EXPECT_FALSE(stock.take_session(0.5, 0.5, 10).present);
  stock.add(Instant{} + 1000_h, kSpan, 4, part(1, 10));
  EXPECT_EQ(stock.take_session(0.5, 0.5, 10).epoch, 4);
}

TEST(idle_stock, a_bucket_that_fills_again_is_evicted_and_flushed_again) {
  IdleStock stock;
  stock.add(Instant{}, kSpan, 0, part(1, 10));
  EXPECT_EQ(stock.evict(10).blocks, 10);
  stock.add(Instant{} + 1_s, kSpan, 0, part(1, 10));
  EXPECT_EQ(stock.flush(10, 1, Instant{}, 7).blocks, 10);
  stock.add(Instant{} + 2_s, kSpan, 0, part(1, 10));
  EXPECT_TRUE(stock.holds(1, Instant{}));
  EXPECT_EQ(stock.evict(10).blocks, 10);
  EXPECT_EQ(stock.blocks(), 0);
}

}  // namespace test_idle_stock
}  // namespace stampede
