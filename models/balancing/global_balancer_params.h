// Parameters of the global balancer: probes, answers, division, views of capacity.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/balancing/health_check_params.h"
#include "sim/params.h"

namespace stampede {

enum class BalancerMode : u8 {
  kDns,      // answers of the balancer, cached for a TTL
  kAnycast,  // the nearest region that routing reaches, at once; knows no capacity
  kHome      // the client's own region, whatever its state
};

enum class RoutingRule : u8 { kWaterfall, kProportional, kPriority };

enum class ViewExpiry : u8 {
  kFailOpen,   // go on with the last capacity known
  kFailClosed  // an expired region takes no traffic
};

struct GlobalBalancerParams {
  Duration probe_interval = 10_s;
  Duration probe_timeout = 4_s;  // <= interval
  u32 rise = 3, fall = 3;
  u32 vantages = 16;
  Share healthy_above{0.18};
  Duration slow_start = 60_s;
  BalancerMode mode = BalancerMode::kDns;
  Duration ttl = 60_s;
  Share ttl_violators{0.05};
  Duration ttl_violator_tail = 30_min;
  RoutingRule rule = RoutingRule::kProportional;
  std::optional<Rate> max_rate_per_endpoint;
  Share target_utilization{1.0};
  Share spill_cap{1.0};
  Duration spill_window = 1_s;
  Duration spill_retry_after{};
  bool sticky = true;
  Duration view_ttl{};
  ViewExpiry view_expiry = ViewExpiry::kFailOpen;
  Duration hold_down = 600_s;
  bool panic = true;
  std::optional<HealthCheckParams> health_checks;
  static void describe(Schema<GlobalBalancerParams>& s);
};

}  // namespace stampede
