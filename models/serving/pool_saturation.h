// A pool whose engines have more to do than they manage: told once, for as long as it lasts.
// **State** in time -> saturated -> in time. Saturated: for 30 s at one in ten of its serving pods,
// and one at least, a request has waited in the engine's line for more than half of the time that
// its client gives it; in time again: for 30 s at fewer than one in a hundred for more than a
// quarter.
// **Incidents** pool_saturated names what brought a twentieth of the pool's requests of two
// minutes, what ails those pods (slow ones), what leaves the pool fewer pods, and what was changed
// of its engines; none if nothing is known, for a fleet that is built too small is saturated too.
// pool_relieved names what was done meanwhile, else what ended of that.
// **Source** vLLM tells the same as `vllm:request_queue_time_seconds`; the shares and times are
// those of refusals (models/serving/refusals.h).
// **Limits** looked at every five seconds; of each line only who came first. Without a time-out a
// client is taken to give a minute. Engines that stand still (a hang, a host that is cut off) have
// incidents of their own and do not count; what is slow with all requests under way, none in line,
// is not seen.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/ports/attempts_port.h"
#include "sim/cause_tally.h"
#include "sim/world.h"

namespace stampede {

class PoolSaturation {
 public:
  enum class Wait : u8 { kShort, kNoticed, kLong };
  struct Lines {  // of its serving pods
    std::size_t pods = 0, noticed = 0, late = 0;
    std::vector<IncidentId> causes;  // of the late ones, as far as incidents are known
  };

  // A request is led to one of its pods, because of an incident if one is known.
  void add(Instant now, IncidentId brought_by) {
    ++led_;
    if (brought_by != kNoIncident && saturated_ == kNoIncident) brought_by_.add(now, brought_by);
  }
  // Of one in line.
  static Wait judge(Instant now, const Attempt& attempt, const Deadlines& due);
  void eased(IncidentId by);
  void look(World& world, const std::string& region, const std::string& pool, Lines lines);
  IncidentId incident() const { return saturated_; }
  bool unexplained() const { return saturated_ != kNoIncident && unexplained_; }

 private:
  void tell(World& world, const std::string& where, Lines lines);

  u64 led_ = 0;
  std::vector<std::pair<Instant, u64>> seen_;  // led, by look; of the time that causes are kept
  CauseTally<30, 4, 8> brought_by_;
  Instant late_since_ = kNever, quiet_since_ = kNever;
  IncidentId saturated_ = kNoIncident;
  bool unexplained_ = false;
  std::vector<IncidentId> eased_by_;  // since then
};

}  // namespace stampede
