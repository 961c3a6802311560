// A gateway's policy (quotas, who may do what) that a service hands out: refreshed again and again.
// **State** in force -> (a refresh fails and `on_failure` is `fail`) lost, every attempt is
// answered 503 -> (the next that succeeds) in force.
// **Source** none; a control that fails closed or open.
// **Limits** what the policy says does not matter, only whether the gateway has one.
#pragma once
#include <string>

#include "models/ports/gate_control_port.h"
#include "models/ports/live_port.h"
#include "models/ports/service_port.h"
#include "sim/world.h"

namespace stampede {

class PolicyRefresh final : public Component, public ServiceCaller {
 public:
  // `every` is read anew before each refresh.
  PolicyRefresh(World& world, std::string path, const Duration& every, ServicePort& service,
                GateControlPort& gate);
  void start();
  void handle(const Event& event) override;
  void service_replied(u32 tag, const ServiceReply& reply) override;

 private:
  World& world_;
  const std::string path_;
  const Duration& every_;
  ServicePort& service_;
  GateControlPort& gate_;
  const ComponentId component_;
  StreamKey phase_;
  IncidentId lost_ = kNoIncident;
  u32 rule_ = 0;  // by which the gateway turns everybody away, while it is lost
};

}  // namespace stampede
