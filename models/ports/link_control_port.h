// The boundary between whoever harms the links and routes of regions' networks, and the network.
#pragma once
#include <optional>
#include <vector>

#include "models/ports/request.h"
#include "sim/units.h"

namespace stampede {

// Routes that go out where they should not.
struct RouteLeak {
  RegionId region = kNoRegion;           // in which the network is that leaks
  bool customer = false;                 // an access network of it instead of its own
  std::optional<Bandwidth> bandwidth{};  // of that network; what is drawn there beyond it is lost
};

struct PrefixHijack {
  RegionId region = kNoRegion;  // whose prefixes
  Share prefixes{1};            // how many of them
  RegionId by = kNoRegion;      // where the network is that announces them
};

inline constexpr u32 kNoRoutes = 0;

struct LinkControlPort {
  virtual ~LinkControlPort() = default;
  // From the region's own network to its providers.
  virtual u32 links(RegionId region) const = 0;
  // They carry nothing from now on and nobody is told: their sessions end with the hold time
  // (incident links_failed, which is returned). Failures of one link are all to be repaired
  // (links_repaired); its session comes back with the next attempt to connect.
  virtual IncidentId fail_links(RegionId region, const std::vector<u32>& links,
                                IncidentId cause) = 0;
  virtual void repair_links(IncidentId failed, IncidentId healed) = 0;
  // Their sessions end at once, on both sides (incident sessions_reset), and come back as above.
  virtual void reset_sessions(RegionId region, const std::vector<u32>& links, IncidentId cause) = 0;
  // A network passes every route on to every neighbour (incidents routes_leaked, leak_stopped).
  // Returns what stop_leak() takes; kNoRoutes if no network does that.
  virtual u32 leak_routes(const RouteLeak& leak, IncidentId cause) = 0;
  virtual void stop_leak(u32 leak, IncidentId healed) = 0;
  // A network announces prefixes that are not its own, and drops what it so gets (incidents
  // prefixes_hijacked, hijack_ended). Likewise.
  virtual u32 hijack_prefixes(const PrefixHijack& hijack, IncidentId cause) = 0;
  virtual void end_hijack(u32 hijack, IncidentId healed) = 0;
};

}  // namespace stampede
