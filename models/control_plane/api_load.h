// Agents that read from an API server: what a roll-out of an agent to every node adds to it.
// State: an agent = idle -> listing -> idle, each period again until its group is stopped; answered
// 429 it lists again after a second, and not answered after a back-off, as client-go does. On a
// host that is dead or cut off it is idle.
// Source: client-go reflector.go: from 0.8 s, doubled up to 30 s, each up to twice as long; OpenAI
// 2024-12-11: telemetry agents whose API calls grew with the number of nodes; API priority and
// fairness: service accounts are served at `workload_low`. Limits: a list is answered from the
// watch cache; agents keep no watch.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/ports/api_load_port.h"
#include "models/ports/api_server_port.h"
#include "models/ports/node_control_port.h"
#include "sim/world.h"

namespace stampede {

class ApiLoad final : public ApiLoadPort, public ApiCaller, Component {
 public:
  // `hosts`: whose agents they are.
  ApiLoad(World& world, std::string path, ApiServerPort& api, const NodeControlPort& hosts);
  u32 start(const ApiReaders& readers, IncidentId cause) override;
  void stop(u32 readers, IncidentId ended) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 lists = 0, refused = 0;

 private:
  struct Group {
    ApiReaders readers;
    IncidentId cause = kNoIncident;
    bool running = true;
    std::vector<u8> failed{};  // [agent] lists in a row that were not answered
  };
  void handle(const Event& event) override;
  Duration pause(u32 agent, u32 group, ApiStatus status);

  World& world_;
  std::string path_;
  ApiServerPort& api_;
  const NodeControlPort& hosts_;
  std::optional<ComponentId> component_;  // once there are agents
  std::vector<Group> groups_;
};

}  // namespace stampede
