// Parameters of a named service.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/dependencies/station_params.h"
#include "sim/params.h"

namespace stampede {

struct ServiceHealthParams {
  std::string reach, api_server;
  bool own_api_server = false;
  std::vector<std::string> reach_one_of;
  std::optional<Share> prefixes;
  Duration period = 10_s;
  u32 fall = 3, rise = 3;
  static void describe(Schema<ServiceHealthParams>& s);
};

struct ServiceParams {
  std::string name, region;
  bool in_each_region = false, anycast = false;
  std::vector<std::string> regions;
  u32 servers = 20, queue = 1000;
  Duration service_time = 5_ms;
  double variation = 1;
  Discipline discipline = Discipline::kFifo;
  double contention = 0;
  ServiceHealthParams health;
  static void describe(Schema<ServiceParams>& s);
};

}  // namespace stampede
