// Where a packet ends that follows the forwarding tables from AS to AS.
// State: none; reads the tables of the speakers.
// Source: longest-prefix match at every hop (RFC 1812); loops, missing routes and dead ends told
// apart because they decide how fast a client notices.
// Limits: the way back is not walked; within an AS there is one router.
#pragma once
#include <vector>

#include "models/network/bgp.h"
#include "models/ports/network_port.h"

namespace stampede {

struct Walk {
  Reach reach = Reach::kNoRoute;
  AsIndex end = 0;     // the AS that delivered or dropped it
  Duration one_way{};  // sum of link delays, if delivered
  u32 hops = 0;
  IncidentId cause = kNoIncident;  // carried by the tables that misled it
  std::vector<AsIndex> through;    // the ASes that passed it on, if they are asked for
};

class Forwarding {
 public:
  explicit Forwarding(const Bgp& bgp);
  // A packet to an address in `prefix`; falls back to covering prefixes hop by hop. `alive`: by
  // AS, whether what it originates is really there.
  Walk walk(AsIndex from, PrefixIndex prefix, const std::vector<u8>& alive) const;
  // From now on walks say through which ASes they went.
  void note_ways() { notes_ways_ = true; }

 private:
  const Bgp& bgp_;
  bool notes_ways_ = false;
  std::vector<PrefixIndex> covering_;  // [prefix], itself if there is none
};

}  // namespace stampede
