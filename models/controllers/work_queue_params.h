// Parameters of a controller that keeps leases, or other work that falls due again and again.
#pragma once
#include <string>

#include "sim/params.h"

namespace stampede {

// What happens to a node whose lease has expired.
enum class OnExpired : u8 { kNothing, kCordon, kIsolate, kCutOff };

struct WorkQueueParams {
  std::string name, region, service, after;
  i32 items = 0;
  Rate rate{100};
  Duration renew = 2_min, lease = 5_min, deadline = 30_s, service_timeout = 1_s;
  double lost_costs = 1;
  bool piles_up = false;
  OnExpired on_expired = OnExpired::kNothing;
  static void describe(Schema<WorkQueueParams>& s);
};

}  // namespace stampede
