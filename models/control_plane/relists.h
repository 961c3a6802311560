// Watchers of an API server that lost their place, because their server ended or because they were
// too far behind: each lists anew. State of one: waits -> lists -> (not answered: waits for a
// back-off, lists) -> back. Source: client-go reflector.go (reflector.h). Limits: all lists are as
// long as `relist_size`.
#pragma once
#include <functional>
#include <string>

#include "models/control_plane/api_server_params.h"
#include "models/ports/api_server_port.h"
#include "sim/slot_pool.h"
#include "sim/world.h"

namespace stampede {

class Relists final : public ApiCaller, Component {
 public:
  // `back` is told a watcher's name when its list has been answered.
  Relists(World& world, const std::string& path, ApiServerPort& api, const ApiServerParams& params,
          std::function<void(u32 watcher)> back);
  void start(u32 watcher, Duration after, IncidentId cause);
  void api_replied(u64 slot, const ApiCall& call, ApiStatus status, IncidentId incident) override;

 private:
  struct Relist {
    u32 watcher = 0;
    u32 failed = 0;  // lists in a row that were not answered
    IncidentId cause = kNoIncident;
  };
  void handle(const Event& event) override;
  void list_later(u32 slot, Duration after);

  World& world_;
  ApiServerPort& api_;
  const ApiServerParams& params_;
  std::function<void(u32)> back_;
  ComponentId component_;
  StreamKey backoff_;
  SlotPool<Relist> relists_;
  u32 lists_ = 0;
};

}  // namespace stampede
