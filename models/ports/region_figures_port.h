// What a region's data plane tells of itself since the start of the run: for whoever judges a run
// and needs nothing else of it.
#pragma once
#include "models/ports/pods_port.h"
#include "sim/units.h"

namespace stampede {

struct RegionCounts {
  u64 arrived = 0;  // attempts past the gateway's limits
  u64 refused_503 = 0, refused_429 = 0, refused_breaker = 0, auth_failed = 0;
  u64 prompt_tokens = 0, looked_up_tokens = 0, cached_tokens = 0;
  u64 first_tokens = 0, completed = 0, aborted = 0;
  u64 probes_failed = 0;
  u64 expired = 0;        // dropped at their deadline
  u64 flow_shed = 0;      // refused while their pool was saturated
  u64 flow_expired = 0;   // held too long
  u64 shed = 0;           // turned away by admission policies, at the door or out of line
  u64 leases_over = 0;    // prompts that nobody fetched in time
  u64 logins = 0;         // that held a connection while streaming
  i64 login_wait_ns = 0;  // theirs until they had it
};

// Time of all engines of a pool so far [s], and how much of it went into attempts whose client
// had left, whose answer failed or broke off, or that were cancelled; attempts under way not
// counted.
struct EngineTime {
  double busy = 0, wasted = 0;
  i64 busy_ns = 0;
};

// A pool's engines: now, and since the start with those of pods that are gone.
struct PoolState {
  u64 waiting = 0, running = 0;
  u64 kv_blocks_used = 0, kv_blocks = 0;
  u64 steps = 0, tokens = 0, preemptions = 0;   // tokens: computed in steps
  u64 looked_up_tokens = 0, cached_tokens = 0;  // of prompts, in caches; found there
  i64 busy_ns = 0;
  PoolState& operator+=(const PoolState& s);
  double kv_use() const { return share(kv_blocks_used, kv_blocks); }
  double hit_ratio() const { return share(cached_tokens, looked_up_tokens); }
  double tokens_per_step() const { return share(tokens, steps); }
  double step_seconds() const { return 1e-9 * share(static_cast<u64>(busy_ns), steps); }
  static double share(u64 part, u64 whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

class RegionFiguresPort {
 public:
  virtual ~RegionFiguresPort() = default;
  virtual const RegionCounts& counts() const = 0;
  virtual EngineTime engine_time(WorkloadId workload) const = 0;
  virtual PoolState pool_state(WorkloadId workload) const = 0;
  virtual std::size_t serving_pods(WorkloadId workload) const = 0;
  // Endpoints that attempts may be sent to: known here and left by the filters.
  virtual std::size_t known_endpoints(WorkloadId workload) const = 0;
};

}  // namespace stampede
