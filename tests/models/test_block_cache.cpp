// KV blocks by what they hold: what is shared, what is kept, what is taken first.
#include "models/serving/block_cache.h"

#include <gtest/gtest.h>

#include "models/serving/engine_params.h"

namespace stampede {
namespace test_block_cache {

const std::vector<u64> kText{11, 12, 13, 14};  // four blocks

TEST(block_cache, a_second_sequence_shares_all_but_the_last_token) {
  BlockCache cache(10);
  cache.arrive(1, kText);
  EXPECT_EQ(cache.find(1, 64).blocks, 0u);
  ASSERT_TRUE(cache.hold(1, 64));
  EXPECT_EQ(cache.free(), 6u);
  cache.arrive(2, kText);
  EXPECT_EQ(cache.find(2, 64).blocks, 3u) << "the last token has to be computed";
  EXPECT_EQ(cache.find(2, 65).blocks, 4u);
  EXPECT_EQ(cache.find(2, 65).idle, 0u);
  cache.share(2, 4);
  EXPECT_EQ(cache.free(), 6u) << "shared blocks cost nothing";
  cache.let_go(1, 64);
  EXPECT_EQ(cache.free(), 6u) << "the other still uses them";
}

TEST(block_cache, a_block_that_is_not_full_has_no_name) {
  BlockCache cache(10);
  cache.arrive(1, kText);
  ASSERT_TRUE(cache.hold(1, 31));
  cache.arrive(2, kText);
  EXPECT_EQ(cache.find(2, 64).blocks, 1u);
  cache.let_go(1, 32);
  EXPECT_EQ(cache.find(2, 64).blocks, 2u) << "named at the latest when it is let go";
}

TEST(block_cache, the_tail_is_taken_first_and_the_longest_unused) {
  BlockCache cache(4);
  cache.arrive(1, kText);
  ASSERT_TRUE(cache.hold(1, 64));
  cache.let_go(1, 64);
  EXPECT_EQ(cache.free(), 4u);
  cache.arrive(2, {21});
  ASSERT_TRUE(cache.hold(2, 17));  // takes two
  cache.arrive(3, kText);
  EXPECT_EQ(cache.find(3, 100).blocks, 2u) << "the beginning is kept longest";
  EXPECT_EQ(cache.find(3, 100).idle, 2u);
  EXPECT_FALSE(cache.hold(2, 80)) << "five blocks do not fit into four";
  EXPECT_EQ(cache.free(), 2u) << "and nothing was taken";
}

TEST(block_cache, twins_keep_a_name_until_the_last_is_taken) {
  BlockCache cache(3);
  cache.arrive(1, kText);
  cache.arrive(2, kText);
  ASSERT_TRUE(cache.hold(1, 16));
  ASSERT_TRUE(cache.hold(2, 16));  // computed at the same time
  cache.let_go(1, 16);
  cache.arrive(3, {31, 32});
  ASSERT_TRUE(cache.hold(3, 32));  // takes the one that is free, and the first twin
  cache.arrive(4, kText);
  EXPECT_EQ(cache.find(4, 64).blocks, 1u);
  cache.let_go(2, 16);
  ASSERT_TRUE(cache.hold(3, 48));
  EXPECT_EQ(cache.find(4, 64).blocks, 0u);
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
