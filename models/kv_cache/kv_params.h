// Parameters of the distributed KV cache: data model, replication, clocks, corruption, capacity,
// flush.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

// What a region does with a write while it cannot see all other writers.
enum class Consistency : u8 {
  kApLww,     // accepts it; branches meet under last-write-wins by wall clock
  kApVv,      // accepts it; version vectors find the branches, the losing suffix is dropped
  kCpBlock,   // refuses it unless every region is reachable
  kHomeOwner  // refuses it unless the session's home region is reachable
};

// What a flush of the stored context does.
enum class Invalidation : u8 {
  kEager,  // removes and re-indexes it object by object before it ends
  kLazy    // a new epoch makes it unusable; space comes back as objects are met or evicted
};

enum class FlushStages : u8 { kParallel, kSerial };

struct KvCacheParams {
  Consistency consistency = Consistency::kApLww;
  bool fencing = false;
  bool checksums = false;

  u32 block_tokens = 64;
  Bytes token_bytes{70272};
  Bytes capacity{i64{16} * 14 << 40};

  i64 initial_sessions = 0;
  Bytes initial_bytes{0};
  std::vector<Share> region_shares;
  Duration initial_age = 3600_s;
  Duration bucket_span = 900_s;
  Duration return_time = 3600_s;

  Duration replication_lag = 500_ms;
  Duration anti_entropy = 60_s;
  i64 replication_buffer = 1'000'000;
  Duration clock_skew = 5_ms;
  i32 dead_ntp_region = -1;
  Duration dead_ntp_skew = 2_s;

  Share torn_head_share{0.5};
  Share page_reuse_probability{0.01};
  Duration abort_window = 60_s;
  Rate conflict_alarm{1.0};

  Bandwidth scrub_bandwidth{6.6 * 1024.0 * 1024.0 * 1024.0 * 1024.0};
  Rate delete_rate{1'430'000};
  Rate index_rate{60'000};
  Rate session_rate{1'000'000};
  Share foreground_share{0};
  Share leased_share{0};
  Duration lease = 10_s;
  FlushStages flush_stages = FlushStages::kParallel;
  Duration flush_batch = 1_s;
  Invalidation invalidation = Invalidation::kEager;
  Duration epoch_fanout_min = 1_s;
  Duration epoch_fanout_max = 10_s;

  static void describe(Schema<KvCacheParams>& s);
};

// What one region may have of its own: the size of its store, its clock, how fast its writes reach
// the others. Everything else is one store's. Absent: as in KvCacheParams.
struct KvRegionParams {
  std::optional<Bytes> capacity;
  std::optional<Duration> clock_error;
  std::optional<Duration> replication_lag;
  static void describe(Schema<KvRegionParams>& s);
};

}  // namespace stampede
