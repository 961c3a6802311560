// Requests that a region refuses for want of room: told once, for as long as it lasts.
// **State** taken -> refused -> taken. Refused: of the attempts of 30 s one in ten met a bound;
// taken again: for 30 s, or what is longer than the rate limit's window, fewer than one in a
// hundred did, and some got in.
// **Incidents** requests_refused names why the bound was met (who set it, what leaves the pods more
// to do, what holds their places, what ails the service) and what brought the attempts;
// requests_accepted names what was done meanwhile, else what ended of that.
// **Source** clients see 429 and 503 whatever is behind them; the shares are those of named
// services (models/dependencies/service.h).
// **Limits** looked at with the load of pods, every five seconds; causes count that brought a tenth
// of the refusals, and without any nothing is told: a fleet that is built too small refuses from
// the start. Breakers, shedding, versions that refuse and pools without endpoints have incidents of
// their own and do not count; a balancer's spill cap has none.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "sim/cause_tally.h"
#include "sim/world.h"

namespace stampede {

enum class Bound : u8 {
  kRateLimit,   // unread, before it counts as having arrived
  kConnection,  // to log in with
  kService,     // gave no answer
  kSaturation,  // of the pool, as flow control sees it
  kBacklog,     // of a front end
  kLine,        // of an engine
  kPlace,       // of a pod
  kPeers,
  kPolicy,  // of admission
  kCount
};

class Refusals {
 public:
  // `why` the bound was met, and what brought the attempt, as far as incidents are known.
  void add(Instant now, Bound bound, IncidentId why, IncidentId brought_by) {
    ++met_[static_cast<std::size_t>(bound)];
    if (refused_ != kNoIncident) return;
    causes_.add(now, why);
    if (brought_by != why) causes_.add(now, brought_by);
  }
  // Done meanwhile: more pods, another parameter, traffic that is turned away.
  void eased(IncidentId by);
  // `arrived`: attempts past the rate limit since the start of the run. `refills`: how often the
  // limit lets in what it may, and then nothing.
  void look(World& world, const std::string& region, u64 arrived, Duration refills);

 private:
  using Met = std::array<u64, static_cast<std::size_t>(Bound::kCount)>;  // refusals by bound
  struct Seen {
    Instant at{};
    u64 arrived = 0;
    Met met{};
    u64 refused() const;
    u64 all() const { return arrived + met[static_cast<std::size_t>(Bound::kRateLimit)]; }
  };
  std::string told(const Seen& before, const Seen& now) const;

  Met met_{};
  std::vector<Seen> seen_{Seen{}};  // the first is as old as the window
  CauseTally<10, 4, 8> causes_;
  IncidentId refused_ = kNoIncident;
  std::vector<IncidentId> eased_by_;  // since then
  Seen last_{};                       // when more than a few were refused
};

}  // namespace stampede
