// The boundary between whoever harms the servers of one region without ending them, and the region.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"

namespace stampede {

inline constexpr u32 kNoFault = 0;

struct ServerControlPort {
  virtual ~ServerControlPort() = default;
  // Processes live and get on no more, until they are healed or another is started in their pod
  // (incident pods_hung). Whether they answer probes is a matter of which part of them hangs.
  // Returns what heal() takes; kNoFault if none of the pods serves.
  virtual u32 hang(const std::vector<PodId>& pods, bool answers_probes, IncidentId cause) = 0;
  // Each step takes `factor` (>= 1) times as long, beside what other faults add, in whatever
  // process of the pod (incident pods_slowed).
  virtual u32 slow(const std::vector<PodId>& pods, double factor, IncidentId cause) = 0;
  // Every stream and connection to the pods ends at once, and what ran for them; setting up new
  // ones costs each pod's front end `handshake` of CPU time a stream (incident
  // connections_dropped). Returns how many streams there were.
  virtual u64 drop_connections(const std::vector<PodId>& pods, Duration handshake,
                               IncidentId cause) = 0;
  // Of what the engines' idle blocks hold, each text is lost with this chance (incident
  // cache_lost). Returns the incident; kNoIncident if nothing was there.
  virtual IncidentId lose_prefixes(Share share, IncidentId cause) = 0;
  virtual void heal(u32 fault, IncidentId healed) = 0;  // incident pods_healed
};

}  // namespace stampede
