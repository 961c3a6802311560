// The boundary between clients and the network: can this client network reach a region's prefix
// now, how late, and if not, does it learn so at once or only by waiting.
#pragma once
#include "models/ports/request.h"

namespace stampede {

using ClientNetwork = u16;  // index of an access network (an AS with clients) over all regions

enum class Reach : u8 {
  kReachable,
  kNoRoute,   // fails fast: the client sees an error after about one round trip
  kBlackHole  // loop or dead origin: the client sees nothing and times out
};

struct PathState {
  Reach reach = Reach::kReachable;
  Duration round_trip{};
  u32 changed = 0;                 // counts path changes: a stream sent under an older count died
  IncidentId cause = kNoIncident;  // of unreachability
};

struct NetworkPort {
  virtual ~NetworkPort() = default;
  virtual const PathState& path(ClientNetwork client, RegionId region) const = 0;
  // Between regions: replication, probes, KV copies.
  virtual const PathState& between(RegionId from, RegionId to) const = 0;
  virtual ClientNetwork client_networks() const = 0;
  // Home region of a client network and its share of that region's clients.
  virtual RegionId home(ClientNetwork client) const = 0;
  virtual double weight(ClientNetwork client) const = 0;
};

// Told when any path of a region changed.
struct PathListener {
  virtual ~PathListener() = default;
  virtual void paths_changed(RegionId region) = 0;
};

}  // namespace stampede
