// The longest match if it is more than 0.3 of the prompt, else the idlest pod; and the idlest as
// soon as loads differ by more than 64 and by more than half (SGLang).
#include <gtest/gtest.h>

#include <numeric>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_cache_aware {

struct Routed {
  World world{3};
  ActiveCounts active;
  Mechanism<ReplicaChoice> choice;
  u64 attempts = 0;
  explicit Routed(std::vector<u32> loads)
      : choice(make_mechanism<ReplicaChoice>("cache_aware", {world, "x", active})) {
    active.by_pod = std::move(loads);
    std::vector<u32> pods(active.by_pod.size());
    std::iota(pods.begin(), pods.end(), 0U);
    choice->set_endpoints(pods);
  }
  // A prompt of the first `shared` blocks of text 1 and of others of its own, 1,000 tokens in all.
  u32 route(u32 shared, u64 own) {
    std::vector<TextRun> text;
    if (shared > 0) text.push_back({1, shared});
    text.push_back({own, 60});
    return choice->route({1, ++attempts, 1000, text});
  }
};

// 18 blocks of 16 tokens are 288 of 1,000, 19 are 304.
TEST(cache_aware, follows_a_match_of_more_than_three_tenths) {
  for (const u32 shared : {18U, 19U}) {
    Routed r({5, 0});
    EXPECT_EQ(r.route(60, 2), 1U);  // nobody knows it: the idlest
    r.active.by_pod = {0, 5};
    EXPECT_EQ(r.route(shared, 3), shared == 19 ? 1U : 0U) << shared;
  }
}

TEST(cache_aware, follows_load_alone_beyond_both_thresholds) {
  const auto routed = [](u32 busy, u32 idle) {
    Routed r({busy, 1000});
    EXPECT_EQ(r.route(60, 2), 0U);
    r.active.by_pod = {busy, idle};
    return r.route(60, 3);
  };
  EXPECT_EQ(routed(64, 0), 0U);  // not more than 64
  EXPECT_EQ(routed(65, 0), 1U);
  EXPECT_EQ(routed(300, 200), 0U);  // not more than half as much again
  EXPECT_EQ(routed(301, 200), 1U);
}

}  // namespace test_cache_aware
}  // namespace stampede::test
