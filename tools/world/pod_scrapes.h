// What single pods tell those who scrape them, sample by sample: kept where somebody asks for pods.
// Source: vLLM v1/metrics/loggers.py; kube-state-metrics' kube_pod_status_phase.
#pragma once
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede {

struct PodScrape {
  u32 sample = 0;  // its number in the run
  bool running = false, answers = false;
  double waiting = 0, running_requests = 0, kv_use = 0;  // while it answers; kv_use: share
  u64 prompt_tokens = 0, output_tokens = 0;              // since its process started
};

// From its creation until it is gone.
struct PodHistory {
  std::string region, pool, pod;
  std::vector<PodScrape> scrapes;
};

}  // namespace stampede
