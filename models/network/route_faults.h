// Links of regions' networks that fail, sessions that are reset, routes that leak or are hijacked:
// what makes BGP send traffic elsewhere.
// State: a link = well -> failed (one fault or several) -> well; a leak, a hijack = in force ->
// over. Source: RFC 4271 (hold timer); RFC 7908 (route leaks, type 1: what one provider or peer
// sent goes to another); RFC 7454 11.3 (hijacks). Limits: a network leaks everything or nothing;
// hijacked prefixes are as long as the own ones.
#pragma once
#include <vector>

#include "models/network/as_relation.h"
#include "models/ports/link_control_port.h"
#include "sim/random.h"
#include "sim/world.h"

namespace stampede {

class Network;
class Bgp;

class RouteFaults {
 public:
  RouteFaults(Network& network, StreamKey draws);

  // The links that had not failed before.
  std::vector<u32> fail(RegionId region, const std::vector<u32>& links, IncidentId incident);
  struct Repaired {
    RegionId region = kNoRegion;
    std::vector<u32> back;            // links that no other failure holds
    std::vector<IncidentId> brought;  // the failures that had held these since they were well
    Remains remains = Remains::kNothing;
  };
  // None: there is no such failure.
  std::optional<Repaired> repair(IncidentId incident);

  struct Leak {
    u32 id = kNoRoutes;
    AsIndex as = 0;
    RegionId region = kNoRegion;
    IncidentId incident = kNoIncident;
    u32 pipe = 0;  // of the network's capacity; 0: enough for everybody
  };
  // The network that leaks; none has two providers: empty.
  std::optional<AsIndex> leaker(const RouteLeak& leak);
  const std::vector<Leak>& leaks() const { return leaks_; }
  Leak& add_leak(AsIndex as, RegionId region, IncidentId incident);
  std::optional<Leak> take_leak(u32 id);
  bool leaking(AsIndex as) const;

  struct Hijack {
    u32 id = kNoRoutes;
    AsIndex as = 0;
    std::vector<PrefixIndex> prefixes;
  };
  std::optional<AsIndex> hijacker(const PrefixHijack& hijack);
  Hijack& add_hijack(AsIndex as, std::vector<PrefixIndex> prefixes);
  std::optional<Hijack> take_hijack(u32 id);
  bool hijacks(AsIndex as) const;

 private:
  template <class Fits>
  std::optional<AsIndex> drawn(u32 number, Fits fits) const;
  bool belongs_to_a_region(AsIndex as) const;

  Network& network_;
  StreamKey draws_;
  struct Failure {
    RegionId region;
    std::vector<u32> links;
    IncidentId incident;
  };
  std::vector<Failure> failures_;
  // [region][link] failures since it was well, those that were repaired too
  std::vector<std::vector<std::vector<IncidentId>>> failed_by_;
  std::vector<Leak> leaks_;
  std::vector<Hijack> hijacks_;
  u32 last_ = kNoRoutes;
};

}  // namespace stampede
