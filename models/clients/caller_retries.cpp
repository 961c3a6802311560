#include "models/clients/caller_retries.h"

#include <utility>

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
        calls_(processes),
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
  void moved(u64 key, CallPhase from, CallPhase to) override {
    calls_[process_of(key)].move(from, to);
    if (budgets_.counts_calls()) budgets_.moved(process_of(key), from, to);
  }
  CallsUnderWay under_way() const override {
    CallsUnderWay sum;
    for (const CallsUnderWay& c : calls_) sum += c;
    return sum;
  }

  LiveRoot live() override { return live_root(params_, this); }
  void spares(ServicePort* asked) override { asked_ = asked; }
  void retuned(const LiveChange& change) override {
    const u32 before = std::exchange(policy_, RetryPolicy(params_)).max_attempts();
    if (asked_ != nullptr && policy_.max_attempts() <= before)
      asked_->eased({change.by, change.path});
    if (change.path.find(".budget") == std::string_view::npos) return;
    budgets_ = {params_, processes_};
    if (budgets_.counts_calls()) budgets_.recount(calls_);
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
  ServicePort* asked_ = nullptr;
  RetryBudgets budgets_;
  std::vector<CallsUnderWay> calls_;  // counted under every budget: it may become one of them
  StreamKey delays_, chances_;
};

}  // namespace

std::unique_ptr<CallerRetries> make_caller_retries(World& world, std::string_view path,
                                                   const RetryParams& params, u32 processes) {
  return std::make_unique<PolicyAndBudget>(world, path, params, processes);
}

}  // namespace stampede
