#include "models/serving/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace stampede {
namespace {

const IncidentKind kRequestsRefused{
    "requests_refused",
    "a region refuses requests for want of room: by a limit, a full line or pod, or as a service "
    "gives no answer"};
const IncidentKind kRequestsAccepted{"requests_accepted", "a region takes requests again"};

constexpr u64 kFewest = 5;  // attempts, refused or taken, that say anything
constexpr u64 kTenth = 10, kHundredth = 100;
constexpr Duration kWindow = 30_s;
constexpr Duration kQuiet = 30_s;  // of few refusals, until it is over

const char* words_of(std::size_t bound) {
  static const char* const kWords[] = {"above the rate limit",
                                       "no connection to log in with",
                                       "a service gives no answer",
                                       "the pool is saturated",
                                       "the backlog of front ends is full",
                                       "the lines of pods are full",
                                       "all places of pods are taken",
                                       "servers have too many peers",
                                       "an admission policy turns them away"};
  return kWords[bound];
}

}  // namespace

u64 Refusals::Seen::refused() const { return std::accumulate(met.begin(), met.end(), u64{0}); }

void Refusals::eased(IncidentId by) {
  if (refused_ == kNoIncident || by <= refused_) return;
  if (std::find(eased_by_.begin(), eased_by_.end(), by) == eased_by_.end()) eased_by_.push_back(by);
}

std::string Refusals::told(const Seen& before, const Seen& now) const {
  std::size_t most = 0;
  for (std::size_t b = 1; b < now.met.size(); ++b)
    if (now.met[b] - before.met[b] > now.met[most] - before.met[most]) most = b;
  return fmt::format("{} of {} attempts of {:g} s, most of them as {}",
                     now.refused() - before.refused(), now.all() - before.all(),
                     (now.at - before.at).seconds(), words_of(most));
}

void Refusals::look(World& world, const std::string& region, u64 arrived, Duration refills) {
  const Seen now{world.now(), arrived, met_};
  while (seen_.size() > 1 && now.at - seen_[1].at >= kWindow) seen_.erase(seen_.begin());
  const Seen before = seen_.front();
  seen_.push_back(now);
  const u64 refused = now.refused() - before.refused(), all = now.all() - before.all();
  if (refused > 0 && refused * kHundredth >= all) last_ = now;
  if (refused_ == kNoIncident) {
    if (now.at - before.at < kWindow || refused < kFewest || refused * kTenth < all) return;
    std::vector<IncidentId> causes;
    causes_.collect(now.at, kTenth, causes, static_cast<i64>(refused));
    if (causes.empty()) return;  // a line that is full at times, as it was built
    refused_ = world.incident(kRequestsRefused, region, causes, told(before, now));
    return;
  }
  const u64 taken = now.all() - last_.all() - (now.refused() - last_.refused());
  if (now.at - last_.at < std::max(kQuiet, refills + kWindow) || taken < kFewest) return;
  world.end(kRequestsAccepted, region, std::exchange(refused_, kNoIncident),
            std::exchange(eased_by_, {}), "");
}

}  // namespace stampede
