// What a region's gateway can learn of its pods besides how attempts end: the gauges that a scrape
// reads, and events of what their prefix caches hold.
// Source: vLLM: v1/metrics, and KV events (BlockStored, BlockRemoved, AllBlocksCleared) of the
// block pool.
#pragma once
#include "models/ports/pods_port.h"

namespace stampede {

struct PodGauges {
  u32 waiting = 0, running = 0;           // requests
  u32 kv_blocks_used = 0, kv_blocks = 0;  // by requests, without what is only cached; in all
  u64 queued_tokens = 0;                  // of prompts whose computation has not begun
};

// Hears of the blocks of one pool. `at` never falls for one pod. Blocks of one name may be stored
// several times, and are there until they were removed as often.
struct KvEvents {
  virtual ~KvEvents() = default;
  virtual void stored(PodId pod, Instant at, u64 name, u32 from, u32 to) = 0;
  virtual void removed(PodId pod, Instant at, u64 name, u32 from, u32 to) = 0;
  virtual void cleared(PodId pod, Instant at) = 0;  // the process has ended
};

struct PodSignalsPort {
  virtual ~PodSignalsPort() = default;
  // As they are now; all zero without a process.
  virtual PodGauges gauges(PodId pod) = 0;
  // From now on `events` hears of the pool's pods, if they keep a prefix cache; asked for before
  // the first of them starts.
  virtual void listen(WorkloadId workload, KvEvents& events) = 0;
  // What happened in the pod up to now has been told after this.
  virtual void tell_events(PodId pod) = 0;
};

}  // namespace stampede
