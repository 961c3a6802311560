// Who is told what BGP speakers do.
#pragma once
#include "models/network/as_relation.h"
#include "sim/journal.h"

namespace stampede {

using PrefixIndex = u32;

struct BgpObserver {
  virtual ~BgpObserver() = default;
  // The forwarding entry of an AS changed.
  virtual void fib_changed(AsIndex as, PrefixIndex prefix) = 0;
  // An AS that originates the prefix is about to send its first update of it to a neighbour.
  // Returns the cause that the update carries.
  virtual IncidentId origin_sends(AsIndex as, PrefixIndex prefix, bool withdrawal,
                                  IncidentId cause) = 0;
  // An AS shuts the session with a customer down that announces too much. Returns what follows from
  // it names as its cause.
  virtual IncidentId over_limit(AsIndex /*as*/, AsIndex /*customer*/, IncidentId cause) {
    return cause;
  }
};

}  // namespace stampede
