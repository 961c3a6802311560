#include "models/clients/caller_retries.h"

#include "models/clients/retry_budget.h"
#include "models/clients/retry_policy.h"

namespace stampede {
namespace {

class PolicyAndBudget final : public CallerRetries, public Tunable {
 public:
  PolicyAndBudget(World& world, std::string_view path, const RetryParams& params)
      : params_(params),
        policy_(params),
        budget_(params),
        delays_(world.stream(path, "retry")),
        chances_(world.stream(path, "retry_budget")) {}

  bool may_send(u64 key, Instant now) override {
    return budget_.attempt(now, false, RetryCause::kFinal, chance(key, 0));
  }
  std::optional<Duration> again(u64 key, u32 k, RetryCause cause, Instant now) override {
    budget_.failure();
    const auto delay = policy_.next(delays_, key, k, cause);
    if (!delay || !budget_.attempt(now, true, cause, chance(key, k))) return std::nullopt;
    return delay;
  }
  void succeeded(u32 tries, RetryCause last, Instant now) override {
    budget_.success(now, tries > 1, last);
  }

  LiveRoot live() override { return live_root(params_, this); }
  void retuned(const LiveChange& change) override {
    policy_ = RetryPolicy(params_);
    if (change.path.find(".budget") != std::string_view::npos) budget_ = RetryBudget(params_);
  }

 private:
  double chance(u64 key, u32 k) const {
    return budget_.draws() ? uniform(draw(chances_, key, k)) : 0;
  }

  RetryParams params_;
  RetryPolicy policy_;
  RetryBudget budget_;
  StreamKey delays_, chances_;
};

}  // namespace

std::unique_ptr<CallerRetries> make_caller_retries(World& world, std::string_view path,
                                                   const RetryParams& params) {
  return std::make_unique<PolicyAndBudget>(world, path, params);
}

}  // namespace stampede
