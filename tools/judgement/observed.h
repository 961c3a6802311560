// What a run is judged by: the parts of the world whose figures measures and summary read. Filled
// by who wires the world; nothing here can be changed but the journal, into which measures write.
#pragma once
#include <vector>

#include "tools/world/scenario.h"

namespace stampede {

class ApiServer;
class Changes;
class Cluster;
class KvCache;
class Network;
class Population;
class RegionFiguresPort;
class Runbook;
class SafetyLayer;
class ServiceLevel;
struct World;

struct Observed {
  const Spec& spec;  // scaled
  World& world;
  const Network& network;
  const ServiceLevel& service;
  const KvCache& kv;
  const SafetyLayer& safety;
  const Population& clients;
  const Runbook& runbook;
  const Changes& changes;
  std::vector<const RegionFiguresPort*> regions;  // [region]
  std::vector<const ApiServer*> api_servers;      // [region]
  std::vector<const Cluster*> clusters;           // [region]
};

}  // namespace stampede
