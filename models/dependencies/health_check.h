// A service that looks whether it has what it needs, and withdraws itself while it has not.
// **State** announced -> (`fall` checks in a row fail) withdrawn -> (`rise` succeed) announced.
// **Source** Facebook 2021: name servers that lose the backbone withdraw their own prefixes.
// **Limits** what is needed is asked of the network and of the control plane as they are; a check
// takes no time.
#pragma once
#include <string>
#include <vector>

#include "models/dependencies/service.h"

namespace stampede {

class HealthCheck final : public Component {
 public:
  struct Found {
    bool well = true;
    IncidentId cause = kNoIncident;  // why not
  };
  using Need = std::function<Found()>;

  HealthCheck(World& world, const std::string& path, Service& service, std::vector<Need> needs);
  void start();
  void handle(const Event& event) override;

 private:
  World& world_;
  Service& service_;
  std::vector<Need> needs_;
  const ComponentId component_;
  StreamKey phase_;
  u32 failed_ = 0, succeeded_ = 0;  // in a row
};

}  // namespace stampede
