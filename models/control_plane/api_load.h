// Agents that read from an API server: what a roll-out of an agent to every node adds to it.
// State: an agent = idle -> listing -> idle, each period again until its group is stopped; answered
// 429 it lists again after a second, as client-go does.
// Source: OpenAI 2024-12-11: telemetry agents whose API calls grew with the number of nodes; API
// priority and fairness: service accounts are served at `workload_low`.
// Limits: a list is answered from the watch cache; agents keep no watch.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/ports/api_load_port.h"
#include "models/ports/api_server_port.h"
#include "sim/world.h"

namespace stampede {

class ApiLoad final : public ApiLoadPort, public ApiCaller, Component {
 public:
  ApiLoad(World& world, std::string path, ApiServerPort& api, u32 nodes);
  u32 start(const ApiReaders& readers, IncidentId cause) override;
  void stop(u32 readers) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 lists = 0, refused = 0;

 private:
  struct Group {
    ApiReaders readers;
    IncidentId cause = kNoIncident;
    bool running = true;
  };
  void handle(const Event& event) override;

  World& world_;
  std::string path_;
  ApiServerPort& api_;
  u32 nodes_;
  std::optional<ComponentId> component_;  // once there are agents
  std::vector<Group> groups_;
};

}  // namespace stampede
