// Recordings as arrivals: cut out, stretched, thinned, multiplied, repeated.
#include <gtest/gtest.h>

#include <set>

#include "models/clients/trace_arrivals.h"

#include "tests/support/text_blocks.h"

namespace stampede {
namespace test_trace_arrivals {

// Row n at n seconds, n + 1 prompt tokens.
struct Steps final : TraceSource {
  u64 rows, at = 0, rewinds = 0;
  u32 output = 5;
  explicit Steps(u64 n) : rows(n) {}
  bool next(TraceRow& row) override {
    if (at == rows) return false;
    row = {};
    row.number = at;
    row.at = from_seconds(static_cast<double>(at));
    row.prompt = static_cast<u32>(++at);
    row.output = output;
    return true;
  }
  void rewind() override {
    at = 0;
    ++rewinds;
  }
};

TraceParams params_for(u64 rows) {
  TraceParams p;
  p.rows = rows;
  p.length = from_seconds(static_cast<double>(rows));
  return p;
}

std::vector<TraceArrival> play(const TraceParams& p, u64 rows, std::size_t most = 1000) {
  TraceArrivals arrivals(p, std::make_unique<Steps>(rows), stream_key(1, "clients/a", "thinning"));
  std::vector<TraceArrival> all;
  for (TraceArrival a; all.size() < most && arrivals.next(a);) all.push_back(a);
  return all;
}

std::vector<u64> ids_of(const TraceRow& row, u64 salt, u32 tokens) {
  std::vector<TextRun> runs;
  trace_text_runs(row, salt, tokens, runs);
  return test::spelled_out(runs);
}

TEST(trace_arrivals, plays_rows_as_recorded) {
  const auto all = play(params_for(4), 4);
  ASSERT_EQ(all.size(), 4u);
  for (u32 n = 0; n < 4; ++n) {
    EXPECT_EQ(all[n].at, Instant{} + from_seconds(n));
    EXPECT_EQ(all[n].row.prompt, n + 1);
    EXPECT_EQ(all[n].row.output, 5u);
  }
}

TEST(trace_arrivals, cuts_out_moves_and_stretches) {
  TraceParams p = params_for(3);
  p.from = 2_s;
  p.to = 5_s;
  p.start = 10_s;
  p.time_scale = 0.5;
  const auto all = play(p, 9);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].row.prompt, 3u);
  EXPECT_EQ(all[0].at, Instant{} + 10_s);
  EXPECT_EQ(all[2].at, Instant{} + 11_s);
}

TEST(trace_arrivals, a_loop_begins_again_after_its_length) {
  TraceParams p = params_for(3);
  p.loop = true;
  const auto all = play(p, 3, 7);
  ASSERT_EQ(all.size(), 7u);
  std::set<u64> identities;
  for (u32 n = 0; n < 7; ++n) {
    EXPECT_EQ(all[n].at, Instant{} + from_seconds(n));
    EXPECT_EQ(all[n].row.prompt, n % 3 + 1);
    identities.insert(all[n].number);
  }
  EXPECT_EQ(identities.size(), 7u);
}

TEST(trace_arrivals, whole_multiples_are_spread_up_to_the_next_row) {
  TraceParams p = params_for(3);
  p.rate_scale = 4;
  const auto all = play(p, 3);
  ASSERT_EQ(all.size(), 12u);
  for (u32 n = 0; n < 8; ++n) EXPECT_EQ(all[n].at, Instant{} + from_seconds(n * 0.25));
  for (u32 n = 8; n < 12; ++n) EXPECT_EQ(all[n].at, Instant{} + 2_s);  // after it comes nothing
}

// What plays at a lower rate plays at a higher one too, and about as much of it as was asked.
TEST(trace_arrivals, thinning_keeps_a_subset) {
  std::set<u32> before;
  for (const double rate : {0.2, 0.5, 0.9}) {
    TraceParams p = params_for(10'000);
    p.rate_scale = rate;
    std::set<u32> kept;
    for (const TraceArrival& a : play(p, 10'000, 10'000)) kept.insert(a.row.prompt);
    EXPECT_NEAR(static_cast<double>(kept.size()), rate * 10'000, 4 * 50);  // 4 sigma at most
    for (const u32 row : before) EXPECT_TRUE(kept.contains(row));
    before = kept;
  }
  TraceParams none = params_for(100);
  none.rate_scale = 0;
  EXPECT_TRUE(play(none, 100).empty());
}

TEST(trace_arrivals, rows_without_an_answer_are_left_out_or_asked_for) {
  const auto with = [](UnansweredRows what, i64 tokens) {
    TraceParams p = params_for(3);
    p.unanswered = what;
    p.output_tokens = tokens;
    auto source = std::make_unique<Steps>(3);
    source->output = 0;
    TraceArrivals arrivals(p, std::move(source), {});
    std::vector<u32> outputs;
    for (TraceArrival a; arrivals.next(a);) outputs.push_back(a.row.output);
    return outputs;
  };
  EXPECT_TRUE(with(UnansweredRows::kSkip, 0).empty());
  EXPECT_EQ(with(UnansweredRows::kPlay, 0), (std::vector<u32>{1, 1, 1}));
  EXPECT_EQ(with(UnansweredRows::kSkip, 248), (std::vector<u32>{248, 248, 248}));
}

TEST(trace_texts, a_cycle_of_prompts_repeats_its_identities) {
  TraceParams p = params_for(6);
  p.distinct_prompts = 2;
  std::vector<std::vector<u64>> ids;
  for (const TraceArrival& a : play(p, 6)) ids.push_back(ids_of(a.row, 7, 100));
  ASSERT_EQ(ids[0].size(), 6u);  // 100 tokens: six full blocks
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_EQ(ids[1], ids[3]);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NE(ids[0][i], ids[1][i]);
}

TEST(trace_texts, block_identities_are_shared_as_far_as_they_are_equal) {
  TraceRow a, b;
  a.blocks = {1, 2};
  b.blocks = {1, 3};
  std::vector<u64> ia, ib, other;
  ia = ids_of(a, 7, 1000);
  ib = ids_of(b, 7, 1024);
  other = ids_of(a, 8, 1000);  // another recording
  ASSERT_EQ(ia.size(), 62u);
  ASSERT_EQ(ib.size(), 64u);
  for (std::size_t i = 0; i < 62; ++i) EXPECT_EQ(ia[i] == ib[i], i < 32) << i;
  EXPECT_EQ(std::set<u64>(ia.begin(), ia.end()).size(), ia.size());
  EXPECT_NE(ia[0], other[0]);
  TraceRow unknown;
  ia = ids_of(unknown, 7, 1000);
  EXPECT_TRUE(ia.empty());
}

}  // namespace test_trace_arrivals
}  // namespace stampede
