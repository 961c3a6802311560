// Parameters of a region's API servers and of the etcd behind them.
#pragma once
#include <string>
#include <vector>

#include "models/control_plane/etcd_params.h"
#include "sim/params.h"

namespace stampede {

enum class EventsEtcd : u8 { kShared, kSplit };

struct ApiServerParams {
  i32 servers = 3;
  i32 seats = 600;
  i32 queue_length = 50;
  double cpu_cores = 8;
  Duration cpu_per_call = 1_ms;
  Duration cpu_per_list_kib = 50_us;
  Bandwidth egress{1.25e9};
  Bytes memory{};
  double memory_per_list_byte = 4;
  Duration restart_time = 30_s;
  Bytes relist_size{64 * 1024};
  Duration relist_spread = 1_s;
  i32 node_watchers = 0;
  Duration watch_lag = 10_ms;
  Duration watch_history = 75_s;
  i32 watch_changes = 102'400;
  Duration queue_wait = 15_s;
  Duration default_deadline = 60_s;
  Duration compaction_interval = 5_min;
  Bandwidth compaction_speed{100e6};
  Duration event_ttl = 1_h;
  EventsEtcd events_etcd = EventsEtcd::kShared;
  Duration saturated_wait = 1_s;
  Duration frozen_after = 30_s;
  Duration clear_after = 1_min;
  EtcdParams etcd;
  static void describe(Schema<ApiServerParams>& s);
};

}  // namespace stampede
