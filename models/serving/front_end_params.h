// Parameters of the process in front of an engine.
#pragma once
#include "sim/params.h"

namespace stampede {

struct FrontEndParams {
  double cores = 1;
  Duration cpu_per_request = 10_ms;
  Duration cpu_per_prompt_token{};
  u32 workers = 0;
  Duration cpu_per_output_token{};
  Duration cpu_per_waiting_second{};
  Duration slice = 33_ms;
  u32 max_requests = 0;
  u32 max_peers = 0;
  bool peers_need_restart = false;
  Duration probe_timeout = 1_s;
  Duration accept_timeout = 5_s;
  Share overload_above{0.85};
  Duration overload_for = 30_s;
  Duration relieved_after = 1_min;
  Duration response_latency{};
  Bytes memory_idle{8'589'934'592}, memory_per_request{4'194'304};
  static void describe(Schema<FrontEndParams>& s);
};

}  // namespace stampede
