// A service that looks whether it has what it needs, and withdraws itself while it has not.
// **State** announced -> (`fall` checks in a row fail) withdrawn -> (`rise` succeed) announced.
// One that is announced by prefixes withdraws them; how fast others hear of it is BGP's matter.
// **Source** Facebook 2021: name servers that lose the backbone withdraw their own prefixes.
// **Limits** what is needed is asked of the network and of the control plane as they are; a check
// takes no time.
#pragma once
#include <string>
#include <vector>

#include "models/dependencies/service.h"
#include "models/ports/routing_control_port.h"

namespace stampede {

class HealthCheck final : public Component {
 public:
  struct Found {
    bool well = true;
    IncidentId cause = kNoIncident;  // why not
  };
  using Need = std::function<Found()>;

  // `routing`: of the region whose prefixes it is announced by.
  HealthCheck(World& world, const std::string& path, Service& service, std::vector<Need> needs,
              RoutingControlPort* routing = nullptr, RegionId region = kNoRegion);
  void start();
  void handle(const Event& event) override;

 private:
  void withdraw(IncidentId cause);
  void announce();

  World& world_;
  Service& service_;
  std::vector<Need> needs_;
  const ComponentId component_;
  StreamKey phase_;
  RoutingControlPort* routing_;
  RegionId region_;
  IncidentId pushed_ = kNoIncident;  // the policy that withdraws its prefixes
  u32 failed_ = 0, succeeded_ = 0;   // in a row
};

}  // namespace stampede
