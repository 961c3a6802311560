#include "tools/cli/chain_in_time.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace stampede {
namespace {

// Owned by both threads: whichever ends last.
struct Solution {
  Loop loop;
  ChainPlan plan;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<ChainAnswer> answer;  // so far
  std::exception_ptr error;
  bool ended = false, left_behind = false;
};

void solve(Solution& s) {
  std::optional<ChainAnswer> answer;
  std::exception_ptr error;
  try {
    answer = solve_chain(s.loop, s.plan, [&](const ChainAnswer& so_far) {
      const std::lock_guard lock(s.mutex);
      s.answer = so_far;
      return !s.left_behind;
    });
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(s.mutex);
  s.answer = std::move(answer);
  s.error = error;
  s.ended = true;
  s.changed.notify_one();
}

}  // namespace

std::optional<ChainAnswer> solve_in_time(const Loop& loop, const ChainPlan& plan,
                                         const std::function<bool()>& go_on) {
  const auto solution = std::make_shared<Solution>();
  solution->loop = loop;
  solution->plan = plan;
  std::thread([solution] { solve(*solution); }).detach();
  std::unique_lock lock(solution->mutex);
  while (!solution->ended && go_on())
    solution->changed.wait_for(lock, std::chrono::milliseconds(10));
  solution->left_behind = true;
  if (solution->error) std::rethrow_exception(solution->error);
  return solution->answer;
}

}  // namespace stampede
