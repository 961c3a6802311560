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

// How long a call takes, beside its mean.
enum class ServiceTimes : u8 { kLognormal, kExponential };

// A line that does not empty tells its calls to wait less: CoDel as servers use it.
struct QueueDelayParams {
  Duration target = 5_ms, interval = 100_ms;
  static void describe(Schema<QueueDelayParams>& s);
};

struct ServiceParams {
  std::string name, region;
  bool in_each_region = false, anycast = false;
  std::vector<std::string> regions;
  u32 servers = 20, queue = 1000;
  Duration service_time = 5_ms;
  ServiceTimes distribution = ServiceTimes::kLognormal;
  double variation = 1;
  u32 instances = 1;
  Duration start_time = 30_s, cold_time{};
  double cold_factor = 1;
  u32 calls_per_instance = 0;
  Discipline discipline = Discipline::kFifo;
  double contention = 0;
  std::optional<QueueDelayParams> queue_delay;
  std::optional<Duration> deadline_margin;
  ServiceHealthParams health;
  static void describe(Schema<ServiceParams>& s);
};

}  // namespace stampede
