#include "models/clients/client_processes.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace stampede {
namespace {

// Of a process, where nobody says how many there are [1/s].
constexpr double kRateOfProcess = 10;

bool same_budget(const RetryParams& a, const RetryParams& b) {
  return a.budget == b.budget && a.budget_cap == b.budget_cap && a.budget_ratio == b.budget_ratio &&
         a.budget_window == b.budget_window && a.budget_least == b.budget_least;
}

std::string label_of(const ClientClassParams& p) {
  if (!p.application.empty()) return "application " + p.application;
  return p.processes > 0 ? "class " + p.name : "";
}

}  // namespace

ClientProcesses::ClientProcesses(World& world, Rate rate, std::vector<double> home_shares)
    : world_(world),
      places_(world.stream("clients", "processes")),
      rate_(rate.per_second),
      share_(std::move(home_shares)) {
  double sum = 0;
  for (const double share : share_) sum += share;
  double before = 0;
  for (double& share : share_) {
    share = sum > 0 ? share / sum : 0;
    before_.push_back(before);
    before += share;
  }
}

bool ClientProcesses::Shared::takes(const std::string& other, const ClientClassParams& p) const {
  return label == other && breaker == p.breaker && same_budget(retry, p.retry);
}

std::size_t ClientProcesses::join(const ClientClassParams& p) {
  const std::string label = label_of(p);
  std::size_t k = 0;
  while (k < pools_.size() && !pools_[k].takes(label, p)) ++k;
  if (k == pools_.size()) pools_.push_back({label, p.retry, p.breaker, 0, 0, 0, world_.now()});
  Shared& pool = pools_[k];
  pool.share += p.share.value;
  pool.stated += p.processes;
  return k;
}

// Who joins later finds what there is; classes that are changed together come together.
void ClientProcesses::furnish(Shared& pool) {
  if (pool.state != nullptr && pool.born != world_.now()) return;
  const auto by_rate = static_cast<u64>(pool.share * rate_ / kRateOfProcess + 0.5);
  const u64 wanted = pool.stated > 0 ? pool.stated : std::max<u64>(1, by_rate);
  pool.processes = static_cast<u32>(std::min<u64>(wanted, 10'000'000));
  pool.state = std::make_unique<Pool>(
      Pool{RetryBudgets(pool.retry, pool.processes), ClientBreakers(pool.breaker, pool.processes)});
  keep_state_ |= pool.state->keeps_state();
}

void ClientProcesses::settle(const std::vector<const ClientClassParams*>& classes) {
  for (const ClientClassParams* params : classes) by_class_.push_back(join(*params));
  for (Shared& pool : pools_) furnish(pool);
}

void ClientProcesses::changed(u16 class_id, const ClientClassParams& params) {
  Shared& left = pools_[by_class_[class_id]];
  left.share -= params.share.value;
  left.stated -= params.processes;
  furnish(left);
  by_class_[class_id] = join(params);
  furnish(pools_[by_class_[class_id]]);
}

std::vector<std::vector<CallsUnderWay>> ClientProcesses::calls() const {
  std::vector<std::vector<CallsUnderWay>> all;
  for (const Shared& pool : pools_) all.push_back(pool.state->budgets.calls_by_process());
  return all;
}

void ClientProcesses::forget_calls() {
  for (const Shared& pool : pools_)
    pool.state->budgets.recount(
        std::vector<CallsUnderWay>(pool.state->budgets.calls_by_process().size()));
}

u32 ClientProcesses::process_of(u16 class_id, RegionId home, u64 session_key) const {
  const Shared& pool = pools_[by_class_[class_id]];
  const double u = uniform(draw(places_, session_key));
  const double place = (before_[home] + share_[home] * u) * pool.processes;
  return std::min(static_cast<u32>(place), pool.processes - 1);
}

}  // namespace stampede
