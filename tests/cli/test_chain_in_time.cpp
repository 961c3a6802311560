// A chain within a time: the same answer if there is enough, and no waiting for it if there is not.
#include <gtest/gtest.h>

#include <chrono>

#include "tools/cli/chain_in_time.h"

namespace stampede {
namespace test_chain_in_time {

// Asked at 80 % of its capacity by clients who try `retries` times more.
Loop loop_with(double servers, int retries) {
  Loop loop;
  loop.servers = servers;
  loop.service = 1;
  loop.rate = 0.8 * servers;
  loop.places = 20 * servers;
  loop.clients.push_back({1, 4, 1, 0, std::vector<double>(static_cast<std::size_t>(retries), 5)});
  return loop;
}

TEST(chain_in_time, has_the_whole_answer_in_enough_time) {
  const Loop loop = loop_with(2, 1);
  const auto whole = solve_chain(loop, {1});
  const auto in_time = solve_in_time(loop, {1}, [] { return true; });
  ASSERT_TRUE(whole && in_time && whole->stationary && in_time->stationary);
  EXPECT_EQ(in_time->states, whole->states);
  EXPECT_EQ(in_time->to_collapse, whole->to_collapse);
  EXPECT_EQ(in_time->stationary->relaxation, whole->stationary->relaxation);
}

TEST(chain_in_time, a_solution_that_is_late_is_left) {
  const Loop loop = loop_with(40, 3);
  ASSERT_GT(chain_states(loop, 4), 100'000u);  // seconds
  const auto begun = std::chrono::steady_clock::now();
  int asked = 0;
  const auto answer = solve_in_time(loop, {4, 10'000'000, 10'000'000}, [&] { return ++asked < 5; });
  EXPECT_EQ(answer, std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

TEST(chain_in_time, more_states_than_planned_are_no_answer) {
  EXPECT_EQ(solve_in_time(loop_with(2, 1), {1, 1}, [] { return true; }), std::nullopt);
}

}  // namespace test_chain_in_time
}  // namespace stampede
