// Everything that an action may touch and an operator may see, one small port a subsystem. Put
// together by whoever wires the world.
#pragma once
#include <string>
#include <vector>

#include "models/ports/answer_cache_port.h"
#include "models/ports/api_load_port.h"
#include "models/ports/autoscaler_control_port.h"
#include "models/ports/breaker_control_port.h"
#include "models/ports/cache_control_port.h"
#include "models/ports/clock_control_port.h"
#include "models/ports/control_plane_port.h"
#include "models/ports/controller_port.h"
#include "models/ports/demand_control_port.h"
#include "models/ports/gate_control_port.h"
#include "models/ports/link_control_port.h"
#include "models/ports/live_port.h"
#include "models/ports/name_control_port.h"
#include "models/ports/network_port.h"
#include "models/ports/node_control_port.h"
#include "models/ports/path_control_port.h"
#include "models/ports/pod_control_port.h"
#include "models/ports/routing_control_port.h"
#include "models/ports/server_control_port.h"
#include "models/ports/service_alarm_port.h"
#include "models/ports/service_control_port.h"
#include "models/ports/traffic_control_port.h"
#include "models/ports/version_port.h"
#include "sim/random.h"

namespace stampede {

struct Scene {
  std::vector<std::string> regions;  // their names, in order of RegionId
  RoutingControlPort* routing = nullptr;
  std::vector<AutoscalerControlPort*> autoscalers;  // [region]
  std::vector<ControlPlanePort*> control_planes;    // [region]
  CacheControlPort* cache = nullptr;
  BreakerControlPort* breakers = nullptr;
  const ServiceAlarmPort* service = nullptr;
  DemandControlPort* demand = nullptr;
  std::vector<std::string> client_classes;  // their names
  std::vector<PodControlPort*> pods;        // [region]
  std::vector<ServerControlPort*> servers;  // [region]
  std::vector<NodeControlPort*> nodes;      // [region]
  TrafficControlPort* traffic = nullptr;
  std::vector<GateControlPort*> gates;   // [region]
  std::vector<std::string> all_classes;  // [class] their names, recordings included
  std::vector<ApiLoadPort*> api_loads;   // [region]
  std::vector<std::string> pools;        // [workload] their names
  StreamKey draws{};                     // who is met by a share or count
  LivePort* live = nullptr;
  const NetworkPort* network = nullptr;  // the ways that operators and their tools take
  std::vector<std::string> sites{};      // [region] the place that it shares; empty: none
  ClockControlPort* clocks = nullptr;
  std::vector<NamedService> services{};
  std::vector<VersionPort*> versions{};        // [region]
  std::vector<NamedRecord> names{};            // in DNS
  std::vector<ControllerPort*> controllers{};  // with queues of work
  std::vector<std::string> controller_names{};
  PathControlPort* paths = nullptr;
  LinkControlPort* links = nullptr;
  std::vector<NamedAnswerCache> answer_caches{};
};

}  // namespace stampede
