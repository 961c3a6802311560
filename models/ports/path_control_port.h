// The boundary between whoever harms the ways to regions and between them, and the network.
#pragma once
#include <optional>

#include "models/ports/request.h"
#include "sim/units.h"

namespace stampede {

enum class WayFrom : u8 { kAnywhere, kClients, kRegions, kOneRegion };

// Ways that have one end in a region, both directions.
struct Ways {
  RegionId region = kNoRegion;  // kNoRegion: each of them
  WayFrom from = WayFrom::kAnywhere;
  RegionId other = kNoRegion;    // of kOneRegion
  RegionId home = kNoRegion;     // of clients: only those at home there
  std::optional<Share> share{};  // of the client networks of each home
};

struct WayDamage {
  Duration latency{};                    // added in each direction
  Share loss{0};                         // of the segments, each by itself
  std::optional<Bandwidth> bandwidth{};  // of all these ways together; what exceeds it is lost
};

inline constexpr u32 kNoWays = 0;

struct PathControlPort {
  virtual ~PathControlPort() = default;
  // Nothing gets through, and nobody is told (incident paths_cut). Returns what restore_paths()
  // takes; kNoWays if there are none.
  virtual u32 cut_paths(const Ways& ways, IncidentId cause) = 0;
  // Beside what others do to them (incident paths_degraded). Likewise.
  virtual u32 degrade_paths(const Ways& ways, const WayDamage& damage, IncidentId cause) = 0;
  // A backbone's other members send what clients bring them to `site`, if it so prefers its routes
  // above those to their own servers (incident routes_preferred). Likewise.
  virtual u32 prefer_routes(RegionId site, i32 preference, IncidentId cause) = 0;
  virtual void restore_paths(u32 fault, IncidentId healed) = 0;  // incident paths_restored
};

}  // namespace stampede
