// Rows recorded to the second, spread over it; failed rows with an imputed answer; conversations.
#include <gtest/gtest.h>

#include "models/clients/trace_arrivals.h"

#include "tests/support/text_blocks.h"

namespace stampede {
namespace test_trace_spread {

struct Recorded : TraceSource {
  explicit Recorded(std::vector<TraceRow> of) : rows(std::move(of)) {}
  bool next(TraceRow& row) override {
    if (at == rows.size()) return false;
    row = rows[at++];
    return true;
  }
  void rewind() override { at = 0; }
  std::vector<TraceRow> rows;
  std::size_t at = 0;
};

// Twenty rows a second for ten minutes.
std::shared_ptr<Recorded> whole_seconds() {
  std::vector<TraceRow> rows;
  for (u64 n = 0; n < 12'000; ++n) {
    TraceRow& row = rows.emplace_back();
    row.number = n;
    row.at = Duration{static_cast<i64>(n / 20) * 1'000'000'000};
    row.prompt = 10;
    row.output = n % 20 == 7 ? 0 : static_cast<u32>(n % 20 + 1);
  }
  return std::make_shared<Recorded>(std::move(rows));
}

std::vector<TraceArrival> play(const TraceParams& params, u32 seed) {
  TraceArrivals arrivals(params, whole_seconds(), StreamKey{seed, seed});
  std::vector<TraceArrival> all;
  for (TraceArrival a; arrivals.next(a);) all.push_back(a);
  return all;
}

std::vector<u64> ids_of(const TraceRow& row, u64 salt, u32 tokens) {
  std::vector<TextRun> runs;
  trace_text_runs(row, salt, tokens, runs);
  return test::spelled_out(runs);
}

TEST(trace_spread, keeps_seconds_and_order_and_is_uniform_within) {
  TraceParams p;
  p.unanswered = UnansweredRows::kPlay;
  p.spread = 1_s;
  const std::vector<TraceArrival> a = play(p, 1), b = play(p, 1), other = play(p, 2);
  ASSERT_EQ(a.size(), 12'000u);
  double sum = 0, square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].row.number, i);
    EXPECT_EQ(a[i].at.ns / 1'000'000'000, static_cast<i64>(i / 20));
    if (i > 0) {
      EXPECT_GE(a[i].at, a[i - 1].at);
    }
    EXPECT_EQ(a[i].at, b[i].at);
    const double within = static_cast<double>(a[i].at.ns % 1'000'000'000) * 1e-9;
    sum += within;
    square += within * within;
  }
  EXPECT_NEAR(sum / 12'000, 0.5, 0.01);
  EXPECT_NEAR(square / 12'000, 1.0 / 3, 0.01);
  EXPECT_NE(a[5].at, other[5].at);
}

TEST(trace_spread, a_loop_spreads_each_round) {
  TraceParams p;
  p.unanswered = UnansweredRows::kPlay;
  p.spread = 1_s;
  p.loop = true;
  p.length = 600_s;
  TraceArrivals arrivals(p, whole_seconds(), StreamKey{1, 1});
  Instant last{};
  TraceArrival a;
  for (int i = 0; i < 30'000; ++i) {
    ASSERT_TRUE(arrivals.next(a));
    EXPECT_GE(a.at, last);
    last = a.at;
  }
  EXPECT_EQ(last.ns / 1'000'000'000, 30'000 / 20 - 1);
}

TEST(trace_rows, an_imputed_answer_is_that_of_the_row_before) {
  TraceParams p;
  p.unanswered = UnansweredRows::kImpute;
  const std::vector<TraceArrival> a = play(p, 1);
  ASSERT_EQ(a.size(), 12'000u);
  EXPECT_EQ(a[6].row.output, 7u);
  EXPECT_EQ(a[7].row.output, 7u);
  EXPECT_EQ(a[27].row.output, 7u);
  EXPECT_EQ(a[8].row.output, 9u);
}

TEST(trace_texts, small_blocks_and_conversations) {
  TraceRow a, b;
  a.block_tokens = b.block_tokens = 16;
  a.blocks = {1, 2, 3};
  b.blocks = {1, 2, 9, 10};
  std::vector<u64> ia, ib;
  ia = ids_of(a, 7, 48);
  ib = ids_of(b, 7, 64);
  ASSERT_EQ(ia.size(), 3u);
  ASSERT_EQ(ib.size(), 4u);
  EXPECT_EQ(ia[0], ib[0]);
  EXPECT_EQ(ia[1], ib[1]);
  EXPECT_NE(ia[2], ib[2]);
  // Smaller than a block of the engine: its text is known by the recorded block that ends it.
  a.block_tokens = 8;
  a.blocks = {1, 2, 3, 4};
  b = a;
  b.blocks[2] = 30;
  b.blocks[3] = 40;
  ia = ids_of(a, 7, 32);
  ib = ids_of(b, 7, 32);
  ASSERT_EQ(ia.size(), 2u);
  EXPECT_EQ(ia[0], ib[0]);
  EXPECT_NE(ia[1], ib[1]);
  // Conversations without blocks begin with what was said before.
  TraceRow first, second, stranger;
  first.has_session = second.has_session = stranger.has_session = true;
  first.session = second.session = 5;
  stranger.session = 6;
  ia = ids_of(first, 7, 160);
  ib = ids_of(second, 7, 320);
  ASSERT_EQ(ib.size(), 20u);
  EXPECT_TRUE(std::equal(ia.begin(), ia.end(), ib.begin()));
  ib = ids_of(stranger, 7, 160);
  EXPECT_NE(ia[0], ib[0]);
}

}  // namespace test_trace_spread
}  // namespace stampede
