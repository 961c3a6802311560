// What a serving process tells of itself when it is asked for its metrics, as a Prometheus endpoint
// does: gauges of this moment, counters and histograms since its start.
// Source: vLLM v1/metrics/loggers.py.
#pragma once
#include <array>

#include "sim/latency_histogram.h"

namespace stampede {

using PodLatencies = std::array<LatencyHistogram, kLatencyKinds>;

struct PodExports {
  double waiting = 0, running = 0;                         // requests
  double kv_use = 0;                                       // share of the KV blocks in use
  double busy_seconds = 0;                                 // in steps, since the process started
  u64 prompt_tokens = 0, output_tokens = 0, requests = 0;  // computed; generated; done with
  const PodLatencies* latencies = nullptr;                 // null: not kept
};

}  // namespace stampede
