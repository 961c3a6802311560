// What befalls paths, whatever routing says: ways that are cut, ways on which packets are late or
// lost, ways that always carry so much and no more, and ways that lead through another place.
// State: a fault = in force -> restored. A way = sound | harmed by those in force. A capacity =
// enough -> saturated (more than 1 % lost for 10 s) -> enough (not so for 30 s). Source: none; what
// loss does to connections is in transport.h. Limits: capacity is shared by what is offered, looked
// at over ten seconds, not by flows that give way to each other.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/network/network_params.h"
#include "models/ports/network_port.h"
#include "models/ports/path_control_port.h"
#include "sim/live_causes.h"
#include "sim/world.h"

namespace stampede {

class PathFaults {
 public:
  // `ways`: how many there are; `params` as they are then, and who changed them of late.
  PathFaults(World& world, const NetworkParams& params, const LiveCauses& tuned, std::string path,
             std::size_t ways);
  ~PathFaults();

  u32 cut(std::vector<u32> ways, IncidentId incident);
  u32 degrade(std::vector<u32> ways, const WayDamage& damage, IncidentId incident);
  // What these ways always carry at most.
  void limit(std::vector<u32> ways, const WayCapacity& capacity);
  // Ways that lead through a place as long as `preference` is above the local preference of a
  // member's own servers: later by so much in each direction, and within the capacity of the ways
  // to that place. In order of `way`.
  struct Detour {
    u32 way, along;
    Duration latency;
  };
  u32 detour(const std::vector<Detour>& detours, i32 preference, IncidentId incident);
  // After a change of parameters.
  void rebuild_all();
  // A capacity may be another one.
  void eased(const Relief& relief);
  struct Gone {
    IncidentId incident = kNoIncident;
    Remains remains = Remains::kNothing;
  };
  // None: it is not in force.
  std::optional<Gone> restore(u32 fault);
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
    std::unique_ptr<Pipe> pipe;     // none: enough for everybody
    std::vector<Detour> detours{};  // [way]; empty: they lead where they do
    i32 preference = 0;
  };
  struct Standing {
    std::vector<u32> ways;
    std::unique_ptr<Pipe> pipe;
  };
  bool in_force(const Fault& fault) const {
    return fault.detours.empty() || fault.preference > params_.ibgp.server_preference;
  }
  Remains remains_of(const Fault& gone) const;
  void share_capacity(Harm& harm, u32 way) const;
  void look_at(Pipe& pipe);
  u32 add(Fault fault);
  void rebuild(const std::vector<u32>& ways);

  World& world_;
  const NetworkParams& params_;
  const LiveCauses& tuned_;
  const std::string path_;
  std::vector<Standing> standing_;
  std::vector<std::unique_ptr<Fault>> faults_;
  std::vector<std::unique_ptr<Harm>> harms_;  // [way]; null: never harmed
  u32 last_ = kNoWays;
};

}  // namespace stampede
