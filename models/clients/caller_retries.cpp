#include "models/clients/caller_retries.h"

#include "models/clients/retry_budget.h"
#include "models/clients/retry_policy.h"

namespace stampede {
namespace {

class PolicyAndBudget final : public CallerRetries, public Tunable {
 public:
  PolicyAndBudget(World& world, std::string_view path, const RetryParams& params, u32 processes)
      : params_(params),
        processes_(processes),
        policy_(params),
        budgets_(params, processes),
        delays_(world.stream(path, "retry")),
        chances_(world.stream(path, "retry_budget")) {}

  bool may_send(u64 key, Instant now) override {
    return budgets_.attempt(process_of(key), now, false, RetryCause::kFinal, chance(key, 0));
  }
  std::optional<Duration> again(u64 key, u32 k, RetryCause cause, Instant now) override {
    budgets_.failure(process_of(key), now);
    const auto delay = policy_.next(delays_, key, k, cause);
    if (!delay || !budgets_.attempt(process_of(key), now, true, cause, chance(key, k)))
      return std::nullopt;
    return delay;
  }
  void succeeded(u64 key, u32 tries, RetryCause last, Instant now) override {
    budgets_.success(process_of(key), now, tries > 1, last);
  }

  LiveRoot live() override { return live_root(params_, this); }
  void retuned(const LiveChange& change) override {
    policy_ = RetryPolicy(params_);
    if (change.path.find(".budget") != std::string_view::npos) budgets_ = {params_, processes_};
  }

 private:
  double chance(u64 key, u32 k) const {
    return budgets_.draws() ? uniform(draw(chances_, key, k)) : 0;
  }
  u32 process_of(u64 key) const {
    return static_cast<u32>(((mix64(key) >> 32) * processes_) >> 32);
  }

  RetryParams params_;
  u32 processes_;
  RetryPolicy policy_;
  RetryBudgets budgets_;
  StreamKey delays_, chances_;
};

}  // namespace

std::unique_ptr<CallerRetries> make_caller_retries(World& world, std::string_view path,
                                                   const RetryParams& params, u32 processes) {
  return std::make_unique<PolicyAndBudget>(world, path, params, processes);
}

}  // namespace stampede
