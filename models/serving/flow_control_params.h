// Parameters of a gateway that holds requests back from saturated pools.
#pragma once
#include "sim/params.h"

namespace stampede {

enum class WhenSaturated : u8 {
  kHold,  // in lines at the gateway
  kShed   // of low priority: 429 at once; the others go on
};
enum class FlowOrder : u8 { kRoundRobin, kFcfs };

struct FlowControlParams {
  WhenSaturated when_saturated = WhenSaturated::kHold;
  double queue_depth = 5;
  Share kv_use{0.8};
  Duration scrape_period = 50_ms;
  bool count_sent = true;
  FlowOrder order = FlowOrder::kRoundRobin;
  i64 max_held = 0;
  Duration hold_timeout = 60_s;
  i64 shed_from = 1;
  static void describe(Schema<FlowControlParams>& s);
};

}  // namespace stampede
