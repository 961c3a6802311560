// Faults over paths, whatever routing says: ways that are cut, and ways on which packets are late
// or lost. State: a fault = in force -> restored. A way = sound | harmed by those in force. Source:
// none; what loss does to connections is in transport.h. Limits: capacity is shared by what is
// offered, looked at over ten seconds, not by flows that give way to each other.
#pragma once
#include <memory>
#include <vector>

#include "models/network/transport_params.h"
#include "models/ports/network_port.h"
#include "models/ports/path_control_port.h"
#include "sim/world.h"

namespace stampede {

class PathFaults {
 public:
  // `ways`: how many there are; `params` as they are then.
  PathFaults(World& world, const TransportParams& params, std::size_t ways);
  ~PathFaults();

  u32 cut(std::vector<u32> ways, IncidentId incident);
  u32 degrade(std::vector<u32> ways, const WayDamage& damage, IncidentId incident);
  // False if it is not in force.
  bool restore(u32 fault);
  // Whether a fault harms this way too.
  void set_member(u32 fault, u32 way, bool harmed);
  // What a way is like with them, where routing has made it `state`.
  void apply(u32 way, PathState& state) const;

 private:
  struct Pipe;
  struct Harm;
  struct Fault {
    u32 id = kNoWays;
    std::vector<u32> ways;
    bool cut = false;
    WayDamage damage;
    IncidentId incident = kNoIncident;
    std::unique_ptr<Pipe> pipe;  // none: enough for everybody
  };
  u32 add(Fault fault);
  void rebuild(const std::vector<u32>& ways);

  World& world_;
  const TransportParams& params_;
  std::vector<Fault> faults_;
  std::vector<std::unique_ptr<Harm>> harms_;  // [way]; null: never harmed
  u32 last_ = kNoWays;
};

}  // namespace stampede
