// KV blocks by what they hold: what is shared, what is kept, what is taken first.
#include "models/serving/block_cache.h"

#include <gtest/gtest.h>

#include "models/serving/engine_params.h"

namespace stampede {
namespace test_block_cache {

using Text = std::vector<TextRun>;
const Text kText{{11, 1}, {12, 2}, {13, 1}};  // four blocks

// Memory of a sequence that goes from `before` to `tokens` tokens.
bool hold(BlockCache& cache, u32 ticket, u32 before, u32 tokens) {
  if (!cache.take((tokens + 15) / 16 - (before + 15) / 16)) return false;
  cache.name(ticket, tokens);
  return true;
}

TEST(block_cache, a_second_sequence_shares_all_but_the_last_token) {
  BlockCache cache(10);
  cache.arrive(1, kText);
  EXPECT_EQ(cache.find(1, 64).blocks, 0u);
  ASSERT_TRUE(hold(cache, 1, 0, 64));
  EXPECT_EQ(cache.free(), 6u);
  cache.arrive(2, kText);
  EXPECT_EQ(cache.find(2, 64).blocks, 3u) << "the last token has to be computed";
  EXPECT_EQ(cache.find(2, 65).blocks, 4u);
  EXPECT_EQ(cache.find(2, 65).idle, 0u);
  cache.share(2, 4);
  EXPECT_EQ(cache.free(), 6u) << "shared blocks cost nothing";
  cache.let_go(1, 64, false);
  EXPECT_EQ(cache.free(), 6u) << "the other still uses them";
}

TEST(block_cache, a_block_that_is_not_full_has_no_name) {
  BlockCache cache(10);
  cache.arrive(1, kText);
  ASSERT_TRUE(hold(cache, 1, 0, 31));
  cache.arrive(2, kText);
  EXPECT_EQ(cache.find(2, 64).blocks, 1u);
  cache.let_go(1, 32, false);
  EXPECT_EQ(cache.find(2, 64).blocks, 2u) << "named at the latest when it is let go";
}

TEST(block_cache, the_tail_is_taken_first_and_the_longest_unused) {
  BlockCache cache(4);
  cache.arrive(1, kText);
  ASSERT_TRUE(hold(cache, 1, 0, 64));
  cache.let_go(1, 64, false);
  EXPECT_EQ(cache.free(), 4u);
  cache.arrive(2, Text{{21, 1}});
  ASSERT_TRUE(hold(cache, 2, 0, 17));  // takes two
  cache.arrive(3, kText);
  EXPECT_EQ(cache.find(3, 100).blocks, 2u) << "the beginning is kept longest";
  EXPECT_EQ(cache.find(3, 100).idle, 2u);
  EXPECT_FALSE(hold(cache, 2, 17, 80)) << "three blocks are not free";
  EXPECT_EQ(cache.free(), 2u) << "and nothing was taken";
}

TEST(block_cache, twins_keep_a_name_until_the_last_is_taken) {
  BlockCache cache(3);
  cache.arrive(1, kText);
  cache.arrive(2, kText);
  ASSERT_TRUE(hold(cache, 1, 0, 16));
  ASSERT_TRUE(hold(cache, 2, 0, 16));  // computed at the same time
  cache.let_go(1, 16, false);
  cache.arrive(3, Text{{31, 2}});
  ASSERT_TRUE(hold(cache, 3, 0, 32));  // takes the one that is free, and the first twin
  cache.arrive(4, kText);
  EXPECT_EQ(cache.find(4, 64).blocks, 1u);
  cache.let_go(2, 16, false);
  ASSERT_TRUE(hold(cache, 3, 32, 48));
  EXPECT_EQ(cache.find(4, 64).blocks, 0u);
}

// A run may end in the middle of another's, and be taken in part while somebody uses the whole.
TEST(block_cache, a_shorter_run_is_the_beginning_of_a_longer) {
  BlockCache cache(12);
  cache.arrive(1, Text{{5, 8}});
  ASSERT_TRUE(hold(cache, 1, 0, 128));
  cache.arrive(2, Text{{5, 3}});
  ASSERT_EQ(cache.find(2, 50).blocks, 3u);
  cache.share(2, 3);
  cache.let_go(1, 128, false);
  EXPECT_EQ(cache.free(), 9u) << "three are used still";
  cache.verify({{1, 0}, {2, 3}});
  cache.arrive(3, Text{{5, 8}});
  EXPECT_EQ(cache.find(3, 200).blocks, 8u);
  EXPECT_EQ(cache.find(3, 200).idle, 5u);
  ASSERT_TRUE(cache.take(6));  // the four that were free, and the last two
  EXPECT_EQ(cache.find(3, 200).blocks, 6u);
  cache.let_go(2, 48, false);
  EXPECT_EQ(cache.find(3, 200).idle, 6u);
}

// What one sequence computed alone is no record of the table until it is preempted.
TEST(block_cache, its_own_text_is_found_by_who_returns) {
  BlockCache cache(10);
  cache.arrive(1, Text{{5, 2}});
  ASSERT_TRUE(hold(cache, 1, 0, 100));
  EXPECT_EQ(cache.stretches(), 2u) << "two blocks of a name, and those in line";
  cache.let_go(1, 100, true);
  EXPECT_EQ(cache.find(1, 100).blocks, 6u) << "not the seventh, which was not full";
  cache.share(1, 6);
  EXPECT_EQ(cache.free(), 4u);
  ASSERT_TRUE(hold(cache, 1, 96, 100));
  cache.let_go(1, 100, false);
  EXPECT_EQ(cache.free(), 10u);
}

// num_gpu_blocks in the logs of vLLM 0.15 on H100 of 80 GB.
TEST(kv_memory, blocks_from_model_and_gpu) {
  struct Row {
    i64 gpus;
    double weights_gb, overhead_gib;
    i64 token_bytes, measured;
  };
  for (const Row& row : {Row{1, 13.48, 0.15, 524'288, 7'462}, Row{4, 137.96, 0.6, 327'680, 31'356},
                         Row{2, 93.4, 0.6, 131'072, 27'510}, Row{2, 67.48, 0.6, 196'608, 26'602}}) {
    KvMemoryParams p;
    p.gpu_memory = {static_cast<i64>(79.1 * 1024 * 1024 * 1024)};
    p.gpus = row.gpus;
    p.weights = {static_cast<i64>(row.weights_gb * 1e9)};
    p.overhead = {static_cast<i64>(row.overhead_gib * 1024 * 1024 * 1024)};
    p.token_bytes = {row.token_bytes};
    EXPECT_NEAR(static_cast<double>(p.blocks()) / static_cast<double>(row.measured), 1, 0.01);
  }
  KvMemoryParams small;
  small.gpu_memory = {1'000'000};
  small.weights = {2'000'000};
  small.token_bytes = {100};
  EXPECT_LT(small.blocks(), 0);
}

}  // namespace test_block_cache
}  // namespace stampede
