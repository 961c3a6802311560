#include "models/clients/service_level.h"

namespace stampede {
namespace {
constexpr std::size_t kMostBlamed = 4;
}  // namespace

u64 RequestCounts::total_ended() const {
  u64 sum = 0;
  for (const u64 n : ended) sum += n;
  return sum;
}

ServiceLevel::ServiceLevel(World& world, const SloParams& params, std::size_t regions,
                           Duration horizon)
    : world_(world),
      params_(params),
      attempts_into_(regions),
      failures_of_(regions),
      observed_(regions),
      tallies_(regions) {
  const auto minutes = static_cast<std::size_t>(horizon / 1_min + 1);
  minutes_.assign(regions, std::vector<Minute>(minutes));
}

void ServiceLevel::offered(Instant at, RegionId home) {
  ++counts_.offered;
  ++minutes_[home][static_cast<std::size_t>(at.ns / (1_min).ns)].offered;
}

void ServiceLevel::ended(Instant offered, RegionId home, Outcome outcome, IncidentId blamed) {
  ++counts_.ended[static_cast<std::size_t>(outcome)];
  Minute& minute = minutes_[home][static_cast<std::size_t>(offered.ns / (1_min).ns)];
  if (outcome == Outcome::kSucceeded) {
    ++minute.succeeded;
    ++tallies_[home].good;
  } else if (outcome == Outcome::kServedElsewhere) {
    ++minute.elsewhere;
  } else {
    ++minute.failed;
    ++tallies_[home].bad;
    failures_.add(world_.now(), blamed, 1);
    failures_of_[home].add(world_.now(), blamed, 1);
  }
}

Alarm ServiceLevel::success_below(double share) const {
  if (observed_total_ >= share) return {};
  return {true, failing()};
}

std::vector<IncidentId> ServiceLevel::failing() const {
  return failures_.top(world_.now(), kMostBlamed);
}

std::vector<IncidentId> ServiceLevel::failing(RegionId home) const {
  return failures_of_[home].top(world_.now(), kMostBlamed);
}

void ServiceLevel::breaker_open_now() {
  const auto m = static_cast<std::size_t>(world_.now().ns / (1_min).ns);
  for (auto& region : minutes_)
    if (m < region.size()) region[m].breaker = true;
}

void ServiceLevel::sample() {
  const Instant now = world_.now();
  snapshots_.push_back({now, tallies_});
  std::size_t first = 0;
  while (first + 1 < snapshots_.size() && snapshots_[first + 1].at + params_.observed_over <= now)
    ++first;
  snapshots_.erase(snapshots_.begin(), snapshots_.begin() + static_cast<std::ptrdiff_t>(first));
  const Snapshot& old = snapshots_.front();
  u64 good = 0, all = 0;
  for (std::size_t r = 0; r < tallies_.size(); ++r) {
    const u64 g = tallies_[r].good - old.tallies[r].good;
    const u64 n = g + tallies_[r].bad - old.tallies[r].bad;
    if (n > 0)
      observed_[r].publish(now, static_cast<double>(g) / static_cast<double>(n));
    else
      observed_[r].withdraw();
    good += g;
    all += n;
  }
  if (all > 0) observed_total_ = static_cast<double>(good) / static_cast<double>(all);
}

bool ServiceLevel::region_down(RegionId region, std::size_t minute) const {
  const Minute& m = minutes_[region][minute];
  const u32 mine = m.succeeded + m.failed;
  return mine > 0 &&
         static_cast<double>(m.succeeded) < params_.down_below.value * static_cast<double>(mine);
}

bool ServiceLevel::service_down(std::size_t minute) const {
  if (minutes_[0][minute].breaker) return true;
  for (std::size_t r = 0; r < minutes_.size(); ++r) {
    const Minute& m = minutes_[r][minute];
    if (m.succeeded + m.failed == 0) continue;  // nothing ended: says nothing
    if (!region_down(static_cast<RegionId>(r), minute)) return false;
  }
  for (std::size_t r = 0; r < minutes_.size(); ++r)
    if (minutes_[r][minute].succeeded + minutes_[r][minute].failed > 0) return true;
  return false;
}

}  // namespace stampede
