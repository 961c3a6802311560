// The serving engine against worked examples and the published DeepSeek figures.
#include <gtest/gtest.h>

#include "tests/models/engine_times.h"

namespace stampede {
namespace test_engine {

void run(Engine& engine, Times& times, Instant until) {
  while (engine.next_event() <= until) engine.advance(engine.next_event(), times);
  engine.advance(until, times);
}

// open-infra-index day 6: 20-22 tokens/s a sequence at 88 a GPU; 22.3 k tokens/s a node at 178.
TEST(engine, deepseek_decode_steps) {
  for (const auto& [sequences, step_ns] :
       {std::pair{88u, i64{46'720'000}}, {178u, i64{63'820'000}}}) {
    EngineParams p;
    p.role = EngineRole::kDecode;
    const EngineProfile profile(p);
    Engine engine(profile);
    Times times;
    // The first starts alone; the others join at its step's end.
    for (u32 i = 0; i < sequences; ++i) engine.add(Instant{0}, {i, 4989, 0, 400});
    const Instant joined = Instant{0} + p.step_base + p.step_per_sequence;
    run(engine, times, joined + Duration{1});
    EXPECT_EQ(engine.running(), sequences);
    run(engine, times, joined + 100 * Duration{step_ns});
    EXPECT_EQ(engine.last_boundary(joined + 100 * Duration{step_ns}).ns, joined.ns + 100 * step_ns);
    EXPECT_EQ(engine.kv_blocks_used(joined), sequences * 312);
  }
}

TEST(engine, deepseek_prefill_time_is_per_uncached_token) {
  EngineParams p;
  p.role = EngineRole::kPrefill;
  p.step_base = 1_ns;
  p.step_per_sequence = {};
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  engine.add(Instant{0}, {7, 3000, 1800, 200});
  run(engine, times, Instant{0} + 10_s);
  EXPECT_EQ(times.first, (Pairs{{7, 1200 * 152'800 + 1}}));
  EXPECT_TRUE(times.last.empty());
  EXPECT_TRUE(engine.idle());
}

EngineParams small() {
  EngineParams p;
  p.step_base = 100_ns;
  p.step_per_sequence = 10_ns;
  p.step_per_prompt_token = 1_ns;
  p.max_num_batched_tokens = 64;
  p.max_num_seqs = 8;
  p.kv_blocks = 100;
  return p;
}

TEST(engine, chunks_a_long_prompt_and_mixes_it_with_decodes) {
  const EngineProfile profile(small());
  Engine engine(profile);
  Times times;
  engine.add(Instant{0}, {1, 20, 0, 10});  // prefill ends at 100 + 10 + 20
  run(engine, times, Instant{5});
  engine.add(Instant{5}, {2, 100, 0, 2});  // joins at 130: 63 tokens, then 37
  run(engine, times, Instant{100'000});
  const i64 chunk1 = 130 + 100 + 20 + 63, chunk2 = chunk1 + 100 + 20 + 37;
  EXPECT_EQ(times.first, (Pairs{{1, 130}, {2, chunk2}}));
  // One more step with both, then six alone.
  EXPECT_EQ(times.last, (Pairs{{2, chunk2 + 120}, {1, chunk2 + 120 + 6 * 110}}));
}

// The same two: the long prompt has two steps of its own, in which the first sequence gains
// nothing.
TEST(engine, without_mixed_steps_prompts_go_first_by_themselves) {
  EngineParams p = small();
  p.mixed_steps = false;
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  engine.add(Instant{0}, {1, 20, 0, 10});  // ends at 100 + 10 + 20
  run(engine, times, Instant{5});
  engine.add(Instant{5}, {2, 100, 0, 2});
  const i64 chunk1 = 130 + 100 + 10 + 64, chunk2 = chunk1 + 100 + 10 + 36;
  run(engine, times, Instant{chunk1});
  EXPECT_EQ(engine.tokens_emitted(1, Instant{chunk1}), 1u);
  EXPECT_EQ(engine.counters(Instant{chunk1}).generated_tokens, 1u);
  engine.verify();
  run(engine, times, Instant{100'000});
  EXPECT_EQ(times.first, (Pairs{{1, 130}, {2, chunk2}}));
  // One step with both, then eight alone.
  EXPECT_EQ(times.last, (Pairs{{2, chunk2 + 120}, {1, chunk2 + 120 + 8 * 110}}));
  EXPECT_EQ(engine.counters(Instant{100'000}).generated_tokens, 12u);
}

// A prompt that no memory is left for whole waits until a sequence ends.
TEST(engine, without_mixed_steps_a_prompt_is_begun_with_when_all_of_it_has_memory) {
  EngineParams p = small();
  p.mixed_steps = false;
  p.kv_blocks = 7;
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  engine.add(Instant{0}, {1, 20, 0, 4});
  engine.add(Instant{0}, {2, 96, 0, 1});  // six blocks, and two are taken
  run(engine, times, Instant{100'000});
  const i64 ends = 130 + 3 * 110;
  EXPECT_EQ(times.last, (Pairs{{1, ends}, {2, ends + 110 + 64 + 110 + 32}}));
  EXPECT_TRUE(times.preempt.empty());
}

TEST(engine, preempts_the_last_and_recomputes_it) {
  EngineParams p = small();
  p.kv_blocks = 4;
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  engine.add(Instant{0}, {1, 30, 0, 20});
  engine.add(Instant{0}, {2, 30, 0, 20});
  run(engine, times, Instant{100'000});
  // Both hold 2 blocks until sequence 1 needs a third for token 33.
  ASSERT_EQ(times.preempt.size(), 1u);
  EXPECT_EQ(times.preempt[0].first, 2u);
  EXPECT_EQ(times.last.size(), 2u);
  EXPECT_EQ(times.last[0].first, 1u);
  EXPECT_EQ(times.first.size(), 2u);
  EXPECT_EQ(engine.counters(Instant{100'000}).preemptions, 1u);
}

TEST(engine, cancelled_while_waiting_leaves_at_once_and_while_running_after_the_step) {
  EngineParams p = small();
  p.max_num_seqs = 1;
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  const u32 running = engine.add(Instant{0}, {1, 20, 0, 1000});
  const u32 waiting = engine.add(Instant{1}, {2, 20, 0, 1});
  engine.add(Instant{2}, {3, 20, 0, 1});
  run(engine, times, Instant{131});
  EXPECT_TRUE(engine.cancel(Instant{131}, waiting));
  EXPECT_FALSE(engine.cancel(Instant{131}, waiting));
  EXPECT_EQ(engine.waiting(), 1u);
  EXPECT_TRUE(engine.cancel(Instant{131}, running));
  EXPECT_EQ(engine.running(), 1u);
  run(engine, times, Instant{100'000});
  EXPECT_EQ(times.last, (Pairs{{3, 240 + 130}}));
}

TEST(engine, a_hundred_thousand_waiting_and_cancelled) {
  EngineParams p = small();
  p.role = EngineRole::kPrefill;
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  std::vector<u32> tickets;
  for (u32 i = 0; i < 100'000; ++i) tickets.push_back(engine.add(Instant{0}, {i, 64, 0, 5}));
  EXPECT_EQ(engine.waiting(), 99'999u);
  for (u32 i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(i % 10 == 0 || engine.cancel(Instant{0}, tickets[i]));
  }
  run(engine, times, Instant{0} + 1_s);
  ASSERT_EQ(times.first.size(), 10'000u);
  EXPECT_EQ(times.first.back(), (std::pair<u32, i64>{99'990, 10'000 * 174}));
}

TEST(engine, misuse_is_an_invariant_error) {
  const EngineProfile profile(small());
  Engine engine(profile);
  EXPECT_THROW(engine.add(Instant{0}, {1, 1600, 0, 2}), InvariantError);
  engine.add(Instant{0}, {1, 10, 0, 1});
  EXPECT_THROW(engine.add(Instant{1000}, {2, 10, 0, 1}), InvariantError);  // no advance() before
  EngineParams p = small();
  p.max_num_batched_tokens = 7;
  EXPECT_THROW(EngineProfile{p}, InvariantError);
}

}  // namespace test_engine
}  // namespace stampede
