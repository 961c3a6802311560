// The named services of one scenario, who calls them, and the names that are resolved before: built
// from `spec.services`, `spec.uses` and `spec.dns`; a use for each region that has the caller.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/dependencies/use.h"
#include "models/ports/attempts_port.h"
#include "models/ports/scene.h"
#include "models/ports/service_port.h"
#include "tools/world/scenario.h"

namespace stampede {

struct CallerRetries;
class ClassFilter;
class DnsName;
class HealthCheck;
class LiveValues;
class PolicyRefresh;
class Resolvers;
class UseChain;
struct World;

class ServiceNet {
 public:
  ServiceNet(World& world, const Spec& spec, const NetworkPort& network,
             const AttemptPool& attempts);
  ~ServiceNet();
  // Of a region, whose policy may be handed out by a service.
  void connect(std::size_t region, GateControlPort& gate);
  // [region] what services may need, and how they withdraw themselves.
  void connect(const std::vector<const ControlPlanePort*>& planes, RoutingControlPort& routing);
  void start();

  // Of a region; null: it asks nobody.
  const GatewayServices* of_gateway(std::size_t region) const;
  const std::vector<ServicePort*>& at_start(std::size_t region) const {
    return callers_[region].start;
  }
  ServicePort* at_renewal(std::size_t region) const { return callers_[region].lease; }
  // Of a caller that stands in no region; null: it names no service.
  ServicePort* for_controller(const WorkQueueParams& controller);
  std::vector<NamedService> named() const;
  std::vector<NamedRecord> names() const;
  std::vector<NamedAnswerCache> answer_caches() const;
  void expose(LiveValues& live) const;

 private:
  struct Placed {  // a service where it stands
    std::size_t service;
    RegionId region;  // whose own it is; none: there is one for all
    std::unique_ptr<Service> at;
  };
  struct Caller {  // a use of one region, or of one service
    std::size_t use;
    RegionId region;
    std::unique_ptr<CallerRetries> retries;
    std::unique_ptr<Use> at;
    ServicePort* asked;  // the use, behind its name in DNS if it has one
  };
  struct Authority {  // of one set of resolvers
    std::unique_ptr<CallerRetries> retries;
    std::unique_ptr<Use> use;
  };
  struct Region {
    GatewayServices gateway;
    std::vector<ServicePort*> start;  // [pool]
    ServicePort* lease = nullptr;
  };
  void build_services();
  void build_region(std::size_t region);
  void build_calls();
  Caller& add_use(std::size_t use, const std::string& owner, RegionId region);
  ServicePort* behind_names(Use& use, const std::string& path, RegionId region);
  ServicePort* add_resolvers(std::size_t name, const std::string& owner, RegionId region);
  // Of the pods of one pool; without it of all.
  std::vector<ServicePort*> of_region(std::size_t region, UsePer per,
                                      std::optional<std::size_t> pool = {}) const;
  ServicePort* for_classes(ServicePort* asked, const UseForParams& whom);
  Service& service_for(const std::string& name, RegionId region) const;
  RegionId place_of(const std::string& service) const;
  Use::Wiring wiring_to(const std::string& service, RegionId from, RetryPort& retries) const;
  RegionId region_called(const std::string& name) const;
  std::vector<ClientNetwork> clients_at(RegionId home) const;
  ServicePort* in_turn(std::vector<ServicePort*> links);

  World& world_;
  const Spec& spec_;
  const NetworkPort& network_;
  const AttemptPool& attempts_;
  std::vector<std::unique_ptr<DnsName>> names_;  // [name]
  std::vector<std::unique_ptr<Resolvers>> resolvers_;
  std::vector<Authority> authorities_;
  std::vector<Placed> services_;
  std::vector<Caller> uses_, of_controllers_;
  std::vector<std::unique_ptr<UseChain>> chains_;
  std::vector<std::unique_ptr<ClassFilter>> class_filters_;
  std::vector<std::unique_ptr<PolicyRefresh>> policies_;
  std::vector<std::unique_ptr<HealthCheck>> checks_;
  std::vector<Region> callers_;  // [region]
};

}  // namespace stampede
