// What verify() says of an engine: nothing while it is sound, and each fault that is planted in it.
#include <gtest/gtest.h>

#include "sim/check.h"
#include "tests/models/engine_times.h"
#include "tests/support/engine_fault.h"

namespace stampede {
namespace test_engine_conservation {

EngineParams small(bool prefix_caching) {
  EngineParams p;
  p.step_base = 1_ms;
  p.step_per_sequence = 100_us;
  p.step_per_prompt_token = 10_us;
  p.max_num_batched_tokens = 64;
  p.max_num_seqs = 4;
  p.kv_blocks = 60;
  p.prefix_caching = prefix_caching;
  return p;
}

// Some sequences run, one of them still computes its prompt, and some wait.
struct BusyEngine {
  explicit BusyEngine(bool prefix_caching = false)
      : profile(small(prefix_caching)), engine(profile) {
    const std::vector<TextRun> text(3, {7, 1});
    for (u32 i = 0; i < 8; ++i) engine.add(now(), {i, 60 + 20 * i, 0, 100}, text);
    advance(20_ms);
  }
  void advance(Duration span) { engine.advance(time += span, times); }
  Instant now() const { return time; }
  Instant time{};
  EngineProfile profile;
  Times times;
  Engine engine;
};

using Plant = void (*)(Engine&);

void expect_seen(Plant plant, const std::string& what, bool prefix_caching = false) {
  BusyEngine e(prefix_caching);
  ASSERT_GT(e.engine.running(), 1u);
  ASSERT_GT(e.engine.waiting(), 1u);
  e.engine.verify();
  plant(e.engine);
  try {
    e.engine.verify();
    FAIL() << "not seen: " << what;
  } catch (const InvariantError& error) {
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
  }
}

TEST(engine_conservation, each_planted_fault_is_seen) {
  expect_seen(EngineFault::leak_block, "KV blocks");
  expect_seen(EngineFault::lose_block, "KV blocks");
  expect_seen(EngineFault::generate_token, "generated tokens");
  expect_seen(EngineFault::forget_prompt_token, "prompt tokens");
  expect_seen(EngineFault::count_runner, "running sequences");
  expect_seen(EngineFault::forget_decode, "decoding sequences");
}

TEST(engine_conservation, faults_of_a_prefix_cache_are_seen) {
  expect_seen(EngineFault::leak_block, "KV blocks", true);
  expect_seen(EngineFault::share_block, "users of a KV block", true);
  expect_seen(EngineFault::lose_free_block, "free KV blocks", true);
  expect_seen([](Engine& e) { EngineFault::forget_text(e, 8); }, "prefix cache", true);
}

// One block in fifty sequences: nobody notices it in the figures of a run.
TEST(engine_conservation, a_block_leaked_once_is_seen_for_ever) {
  BusyEngine e;
  EngineFault::leak_block(e.engine);
  while (!e.engine.idle()) e.advance(1_s);
  EXPECT_EQ(e.times.last.size(), 8u);  // all are served
  EXPECT_THROW(e.engine.verify(), InvariantError);
}

TEST(engine_conservation, a_lost_place_in_line_is_one_attempt_fewer) {
  BusyEngine e;
  const u32 before = e.engine.live();
  EngineFault::lose_waiting(e.engine);
  EXPECT_EQ(e.engine.live(), before - 1);  // the region counts it still, and sees the difference
}

TEST(engine_conservation, cancelled_and_killed_leave_nothing) {
  for (const bool prefix_caching : {false, true}) {
    BusyEngine e(prefix_caching);
    for (const u32 ticket : {1u, 3u, 8u}) EXPECT_TRUE(e.engine.cancel(e.now(), ticket));
    EXPECT_EQ(e.engine.live(), 5u);
    e.engine.verify();
    e.advance(30_ms);
    e.engine.verify();
    e.engine.kill(e.now(), [](u32) {});
    EXPECT_EQ(e.engine.live(), 0u);
    e.engine.verify();
  }
}

// The newest first: prompts that were taken from the back no longer wait.
TEST(engine_conservation, the_queue_from_the_back_counts_its_tokens) {
  EngineParams p = small(false);
  p.lifo_after = 5_ms;
  const EngineProfile profile(p);
  Engine engine(profile);
  Times times;
  for (u32 i = 0; i < 40; ++i) engine.add(Instant{}, {i, 60, 0, 10});
  for (Instant now{}; !engine.idle(); now += 1_ms) {
    engine.advance(now, times);
    engine.verify();
    EXPECT_EQ(engine.queued_tokens(), 60u * engine.waiting());
  }
  EXPECT_EQ(times.last.size(), 40u);
}

}  // namespace test_engine_conservation
}  // namespace stampede
