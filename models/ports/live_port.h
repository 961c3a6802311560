// Parameters of a running world: who holds them, and what changes them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "models/ports/request.h"
#include "sim/journal.h"
#include "sim/params.h"

namespace stampede {

// A parameter has another value now.
struct LiveChange {
  std::string_view path;  // below `spec`, such as "control_plane.etcd.fsync"; elements by index
  IncidentId cause = kNoIncident;  // of the value that is in force; none: the scenario's own
  IncidentId by = kNoIncident;     // what changed it just now: a `set`, or its end
};

// Who made something of its parameters. At the first instant nothing of it has been used: what was
// armed when the component was built is armed anew, as if the scenario had said so.
struct Tunable {
  virtual ~Tunable() = default;
  virtual void retuned(const LiveChange& change) = 0;
};

// The parameters by which a component acts. They outlive the run.
struct LiveRoot {
  void* params = nullptr;
  const TypeInfo* type = nullptr;
  Tunable* owner = nullptr;  // null: reads them anew whenever it needs them
};

template <class Params>
LiveRoot live_root(Params& params, Tunable* owner = nullptr) {
  return {&params, &type_of<Params>(), owner};
}

// Values in layers: of each parameter the one that began last is in force, below all of them the
// scenario's own.
struct LivePort {
  virtual ~LivePort() = default;
  // Of these regions those that have the parameter at `path` for themselves; kNoRegion where the
  // service has it once.
  virtual std::vector<RegionId> places(const std::string& path,
                                       const std::vector<RegionId>& regions) const = 0;
  // A new layer over the parameter at `path` (a live one) in these regions, which has no value yet.
  // Where the service has the parameter only once, the regions say nothing.
  virtual u32 begin(const std::string& path, const std::vector<RegionId>& regions,
                    IncidentId cause) = 0;
  // The layer's value is now `part` of the way (0 to 1) from what was in force when it began to
  // `value`. False: it is what it was.
  virtual bool change(u32 layer, const std::string& value, double part) = 0;
  // `ended`: the incident that takes it away.
  virtual void end(u32 layer, IncidentId ended) = 0;
};

}  // namespace stampede
