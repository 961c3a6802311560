// AS paths and routes as BGP speakers hold them.
// Limits: IPv4 only; of the attributes only AS_PATH, local preference and Only-To-Customer.
#pragma once
#include <unordered_map>
#include <vector>

#include "models/network/prefix.h"
#include "sim/journal.h"
#include "sim/units.h"

namespace stampede {

using PathId = u32;
inline constexpr PathId kNoPath = UINT32_MAX;

// AS paths, stored once each: equal ids mean equal paths.
class PathTable {
 public:
  PathTable();
  static constexpr PathId kEmpty = 0;
  PathId prepend(u32 asn, PathId tail);
  PathId from_list(const std::vector<u32>& path);
  std::vector<u32> list(PathId path) const;
  u32 length(PathId path) const { return nodes_[path].length; }
  u32 origin(PathId path) const { return nodes_[path].origin; }  // last AS of the path
  bool contains(PathId path, u32 asn) const;

 private:
  struct Node {
    u32 asn, tail, length, origin;
  };
  std::vector<Node> nodes_;
  std::unordered_map<u64, PathId> index_;  // looked up only, never iterated
};

// An announcement on the wire, or none (a withdrawal).
struct Announcement {
  PathId path = kNoPath;
  u32 otc = 0;  // Only-To-Customer attribute (RFC 9234), 0 = absent
  bool present() const { return path != kNoPath; }
  bool operator==(const Announcement&) const = default;
};

// A neighbour's announcement after import.
struct Route {
  PathId path = kNoPath;  // as received
  u32 otc = 0;
  i32 local_pref = 0;
  bool stale = false;       // kept by graceful restart
  bool suppressed = false;  // by flap damping
  bool present() const { return path != kNoPath; }
  bool usable() const { return present() && !suppressed; }
};

}  // namespace stampede
