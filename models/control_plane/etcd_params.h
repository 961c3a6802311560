// Parameters of an etcd cluster: disk, CPU, group commit, quota, elections.
#pragma once
#include "sim/params.h"

namespace stampede {

struct EtcdParams {
  i32 members = 3;
  Duration fsync = 600_us;
  Duration fsync_per_write = from_seconds(1.5e-6);
  Duration fsync_per_kib = from_seconds(2.1e-6);
  Duration round_trip = 300_us;
  double cpu_cores = 1;
  Duration cpu_accept = 25_us;
  Duration cpu_loop = 2_us;
  Duration cpu_apply = 27_us;
  Duration cpu_per_kib = 8_us;
  Duration cpu_reject = 30_us;
  Duration cpu_cycle = 100_us;
  Duration cpu_wake = 130_us;
  Duration cpu_wait = 1200_us;
  Duration backend_interval = 100_ms;
  Duration backend_per_write = from_seconds(1.3e-6);
  Duration backend_per_kib = from_seconds(5.3e-6);
  Bytes max_batch{1 << 20};
  i32 max_apply_gap = 5000;
  Duration request_timeout = 7_s;
  Duration heartbeat = 100_ms;
  i32 election_ticks = 10;
  Bytes quota{i64{2} << 30};
  Bytes initial_file{0};
  Share initial_free{0};
  Duration defragment_per_mib = 4_ms;
  static void describe(Schema<EtcdParams>& s);
};

}  // namespace stampede
