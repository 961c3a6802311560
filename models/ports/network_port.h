// The boundary between clients and the network: can this client network reach a region's prefix
// now, how late, and if not, does it learn so at once or only by waiting.
#pragma once
#include "models/ports/relief.h"
#include "models/ports/request.h"

namespace stampede {

using ClientNetwork = u16;  // index of an access network (an AS with clients) over all regions

enum class Reach : u8 {
  kReachable,
  kNoRoute,   // fails fast: the client sees an error after about one round trip
  kBlackHole  // loop or dead origin: the client sees nothing and times out
};

// What a path on which segments are lost does to what is sent over it, by uniforms of the sender's.
struct PathHarm {
  virtual ~PathHarm() = default;
  // How much later than over a sound path a request arrives, the first token of an answer, and the
  // last one of a stream that took `streamed` to be made.
  virtual Duration request_delay(double u, u32 prompt_tokens, Duration round_trip) const = 0;
  virtual Duration answer_delay(double u, Duration round_trip) const = 0;
  virtual Duration end_delay(double u, u32 tokens, Duration streamed,
                             Duration round_trip) const = 0;
  // So much was given to it, because of `cause`.
  virtual void carry(u32 prompt_tokens, u32 answer_tokens, IncidentId cause) const = 0;
  // A message of so many bytes is given to it; returns how much later it arrives.
  virtual Duration deliver(double u, double bytes, Duration round_trip, IncidentId cause) const = 0;
  // What is wrong with it; none: it has a capacity, which is enough.
  virtual IncidentId cause() const = 0;
  // Those who send over it will send less.
  virtual void eased(const Relief& relief) const = 0;
};

struct PathState {
  Reach reach = Reach::kReachable;
  Duration round_trip{};
  u32 changed = 0;                 // counts path changes: a stream sent under an older count died
  IncidentId cause = kNoIncident;  // of unreachability
  IncidentId mended_by = kNoIncident;  // why it was reachable, or sound, again; else none
  const PathHarm* harm = nullptr;  // null: nothing is ever lost; until a path of the region changes
  Duration routed{};  // of the round trip, what routers know of: not what faults of the way add
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
