// Parameters of health checks that see servers, and what is done when these are not well.
#pragma once
#include <optional>

#include "sim/params.h"

namespace stampede {

// When a region withdraws its own prefixes.
enum class WithdrawWhen : u8 {
  kServers,  // too few of its servers are well (region_below)
  kBackbone  // it reaches no other region
};

struct HealthCheckParams {
  Duration interval = 10_s, timeout = 4_s, check_time = 5_ms;
  u32 rise = 3, fall = 3;
  i32 workers = 16;
  Share panic_below{0.5}, min_healthy{};
  std::optional<Share> zone_below, region_below;
  std::optional<WithdrawWhen> withdraw;
  static void describe(Schema<HealthCheckParams>& s);
};

}  // namespace stampede
