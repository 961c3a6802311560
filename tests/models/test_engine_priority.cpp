// vLLM's priority policy in one engine, worked out by hand: steps of 100 ns, one block for each of
// the prompts.
#include <gtest/gtest.h>

#include "sim/check.h"
#include "tests/models/engine_times.h"

namespace stampede {
namespace test_engine_priority {

struct Arrival {
  i64 at;
  SequenceInput input;
};

EngineParams steps_of_100(SchedulingPolicy policy) {
  EngineParams p;
  p.scheduling_policy = policy;
  p.step_base = 100_ns;
  p.step_per_sequence = p.step_per_prompt_token = {};
  p.max_num_seqs = 8;
  return p;
}

Times play(const EngineParams& params, const std::vector<Arrival>& arrivals) {
  const EngineProfile profile(params);
  Engine engine(profile);
  Times times;
  for (const Arrival& a : arrivals) {
    engine.advance({a.at}, times);
    engine.add({a.at}, a.input);
  }
  engine.advance({100'000}, times);
  EXPECT_TRUE(engine.idle());
  return times;
}

i64 when(const Pairs& seen, u32 id) {
  for (const auto& [whose, at] : seen)
    if (whose == id) return at;
  return -1;
}

TEST(engine_priority, the_line_is_in_order_of_priority_and_arrival) {
  const std::vector<Arrival> arrivals = {{0, {0, 1, 0, 1, 0}},
                                         {1, {1, 1, 0, 1, 2}},
                                         {2, {2, 1, 0, 1, 1}},
                                         {3, {3, 1, 0, 1, 2}},
                                         {4, {4, 1, 0, 1, -3}}};
  EngineParams p = steps_of_100(SchedulingPolicy::kPriority);
  p.max_num_seqs = 1;
  EXPECT_EQ(play(p, arrivals).first, (Pairs{{0, 100}, {4, 200}, {2, 300}, {1, 400}, {3, 500}}));
  p.scheduling_policy = SchedulingPolicy::kFcfs;
  EXPECT_EQ(play(p, arrivals).first, (Pairs{{0, 100}, {1, 200}, {2, 300}, {3, 400}, {4, 500}}));
}

// A newcomer does not push out who runs: only a failed allocation does.
TEST(engine_priority, the_worst_gives_way_and_comes_back_at_its_place) {
  const std::vector<Arrival> arrivals = {{0, {0, 15, 0, 4, 0}},    // its second block at 200
                                         {1, {1, 15, 0, 4, 1}},    // the worst
                                         {2, {2, 15, 0, 4, 0}},    // the newest
                                         {150, {3, 15, 0, 1, 2}},  // waits behind it
                                         {160, {4, 15, 0, 1, 0}}};
  EngineParams p = steps_of_100(SchedulingPolicy::kPriority);
  p.kv_blocks = 3;
  const Times priority = play(p, arrivals);
  EXPECT_EQ(priority.preempt, (Pairs{{1, 200}, {2, 300}}));
  p.scheduling_policy = SchedulingPolicy::kFcfs;
  EXPECT_EQ(play(p, arrivals).preempt.front(), (std::pair<u32, i64>{2, 200}));
  // 4 goes before 1, which came first, and 3 is last.
  const i64 again = when(priority.last, 1);
  EXPECT_LT(when(priority.first, 4), again);
  EXPECT_LT(when(priority.last, 2), again);
  EXPECT_GE(when(priority.first, 3), when(priority.first, 4));
}

// The one that lacks a block is itself the worst: whoever was admitted after it misses the step.
TEST(engine_priority, those_behind_one_that_gives_way_itself_go_without_a_token) {
  const std::vector<Arrival> arrivals = {{0, {0, 1, 0, 8, 0}},
                                         {1, {1, 15, 0, 9, 1}},   // its second block at 300
                                         {101, {2, 1, 0, 3, 0}},  // tokens at 300, 500, 600
                                         {102, {3, 1, 0, 8, 0}}};
  EngineParams p = steps_of_100(SchedulingPolicy::kPriority);
  p.kv_blocks = 4;
  const Times priority = play(p, arrivals);
  EXPECT_EQ(priority.preempt.front(), (std::pair<u32, i64>{1, 300}));
  EXPECT_EQ(priority.last.front(), (std::pair<u32, i64>{2, 600}));
  p.scheduling_policy = SchedulingPolicy::kFcfs;
  EXPECT_EQ(play(p, arrivals).last.front(), (std::pair<u32, i64>{2, 500}));
}

TEST(engine_priority, is_not_mixed_with_adaptive_lifo) {
  EngineParams p = steps_of_100(SchedulingPolicy::kPriority);
  p.lifo_after = 1_s;
  EXPECT_THROW(EngineProfile{p}, InvariantError);
}

}  // namespace test_engine_priority
}  // namespace stampede
