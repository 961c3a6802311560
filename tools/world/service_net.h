// The named services of one scenario and who calls them: built from `spec.services` and
// `spec.uses`, a use for each region that has the caller.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/ports/scene.h"
#include "models/ports/service_port.h"
#include "tools/world/scenario.h"

namespace stampede {

struct CallerRetries;
class LiveValues;
class Service;
class Use;
class UseChain;
struct World;

class ServiceNet {
 public:
  ServiceNet(World& world, const Spec& spec, const NetworkPort& network);
  ~ServiceNet();

  // Of a region; null: it asks nobody.
  const GatewayServices* of_gateway(std::size_t region) const;
  ServicePort* at_start(std::size_t region) const { return callers_[region].start; }
  std::vector<NamedService> named() const;
  void expose(LiveValues& live) const;

 private:
  struct Placed {  // a service where it stands
    std::size_t service;
    RegionId region;  // whose own it is; none: there is one for all
    std::unique_ptr<Service> at;
  };
  struct Caller {  // a use of one region
    std::size_t use;
    std::unique_ptr<CallerRetries> retries;
    std::unique_ptr<Use> at;
  };
  struct Region {
    GatewayServices gateway;
    ServicePort* start = nullptr;
  };
  void build_services();
  void build_region(std::size_t region, const NetworkPort& network);
  Service& service_for(const std::string& name, std::size_t region) const;
  RegionId place_of(const std::string& service) const;
  ServicePort* in_turn(std::vector<ServicePort*> links);

  World& world_;
  const Spec& spec_;
  std::vector<Placed> services_;
  std::vector<Caller> uses_;
  std::vector<std::unique_ptr<UseChain>> chains_;
  std::vector<Region> callers_;  // [region]
};

}  // namespace stampede
