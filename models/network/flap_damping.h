// Route flap damping: a penalty a route that grows with each flap and decays.
// State: usable -> suppressed (penalty above the limit) -> usable (decayed to the reuse limit).
// Source: RFC 2439, Cisco's defaults; RFC 7196 for safer ones.
// Limits: exact decay instead of the RFC's tables.
#pragma once
#include "models/network/bgp_params.h"
#include "sim/journal.h"

namespace stampede {

enum class Flap : u8 { kWithdrawn, kChanged };  // +1000, +500

class FlapDamping {
 public:
  // Adds the flap's penalty at `now`; true if the route is suppressed from now on or still.
  bool flap(Flap flap, Instant now, const BgpParams& params);
  double penalty(Instant now, const BgpParams& params) const;
  // When a suppressed route decays to the reuse limit.
  Instant reusable_at(const BgpParams& params) const;
  bool suppressed() const { return suppressed_; }
  void release() { suppressed_ = false; }
  // Why the route is what it will be when it may be used again.
  void changed_by(IncidentId cause) { cause_ = cause; }
  IncidentId last_cause() const { return cause_; }

 private:
  double penalty_ = 0;  // at `since_`
  Instant since_{};
  bool suppressed_ = false;
  IncidentId cause_ = kNoIncident;
};

}  // namespace stampede
