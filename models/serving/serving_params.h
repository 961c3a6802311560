// Parameters of a region's data plane: gateway, pools of engines, hand-over.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/serving/connection_pool_params.h"
#include "models/serving/engine_params.h"
#include "models/serving/flow_control_params.h"
#include "models/serving/front_end_params.h"
#include "models/serving/kv_link_params.h"
#include "models/serving/rate_limit_params.h"
#include "sim/params.h"

namespace stampede {

struct PoolParams {
  std::string name = "replicas";
  std::string model;    // that it serves; empty: any
  std::string profile;  // resolved by the loader: what the file does not say itself comes from it
  EngineParams engine;
  FrontEndParams front_end;
  std::vector<std::string> classes;  // of clients that it takes; empty: all
  i64 max_prompt = 0;                // [tokens] longer ones it does not take; 0: no bound
  std::string hands_over_to;         // a prefill pool's decode pool; empty: that of its model
  std::optional<Rate> max_rate_per_endpoint;  // as the balancer is told
  static void describe(Schema<PoolParams>& s);
};

struct GatewayParams {
  RateLimitParams rate_limit;
  i64 max_queue = 0;
  Duration retry_after{};
  ConnectionPoolParams sessions;
  std::optional<FlowControlParams> flow_control;
  static void describe(Schema<GatewayParams>& s);
};

struct ServingParams {
  std::vector<PoolParams> pools;
  Duration handover = 20_ms;
  KvTransferParams kv_transfer;
  Duration termination_grace = 10_min;
  bool exact_steps = false;
  static void describe(Schema<ServingParams>& s);
};

}  // namespace stampede
