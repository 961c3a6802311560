#include "tools/world/scale.h"

#include <algorithm>

namespace stampede {
namespace {

template <class Integer>
void shrink(Integer& value, double s, Integer least) {
  if (value == 0) return;
  value = std::max(least, static_cast<Integer>(static_cast<double>(value) * s + 0.5));
}
void shrink(Bytes& b, double s) { shrink<i64>(b.value, s, 1); }
void shrink(Rate& r, double s) { r.per_second *= s; }
void shrink(Bandwidth& b, double s) { b.bytes_per_second *= s; }

// GPUs and pods together, so that what was full stays full: the last pool takes the rounding, the
// last node lacks what is too much.
void shrink_fleet(RegionParams& r, i32 gpus_per_node, double s) {
  i32 gpus = r.nodes * gpus_per_node - r.missing_gpus;
  i32 pods = 0, least = 0;
  for (const RegionPoolParams& p : r.pools) pods += p.replicas;
  shrink<i32>(gpus, s, 1);
  shrink<i32>(pods, s, static_cast<i32>(r.pools.size()));
  for (RegionPoolParams& p : r.pools) {
    shrink<i32>(p.replicas, s, 1);
    if (p.min_replicas) shrink<i32>(*p.min_replicas, s, 1);
    shrink<i32>(p.gpu_limit, s, 1);
    least += &p == &r.pools.back() ? 0 : p.replicas;
  }
  if (!r.pools.empty()) {
    RegionPoolParams& last = r.pools.back();
    const bool full = last.gpu_limit == last.replicas;
    last.replicas = std::max(1, pods - least);
    if (full) last.gpu_limit = last.replicas;
  }
  r.nodes = (gpus + gpus_per_node - 1) / gpus_per_node;
  r.missing_gpus = r.nodes * gpus_per_node - gpus;
}

}  // namespace

Spec scaled(const Spec& original) {
  Spec spec = original;
  const double s = spec.scale;
  if (s == 1) return spec;
  spec.scale = 1;

  shrink(spec.demand.rate, s);
  for (ClientClassParams& c : spec.clients) {
    shrink(c.fallback.capacity, s);
    if (c.trace) c.trace->rate_scale *= s;
  }
  for (RegionParams& r : spec.regions) {
    shrink_fleet(r, spec.cluster.gpus_per_node, s);
  }
  shrink<i64>(spec.gateway.rate_limit.requests, s, 1);
  shrink<i64>(spec.gateway.sessions.pool_size, s, 1);
  shrink<i64>(spec.gateway.sessions.database_limit, s, 1);

  ClusterParams& k = spec.cluster;
  shrink<i32>(k.zombie_minimum, s, 1);
  for (cluster::WorkloadParams& w : k.workloads)
    if (w.autoscaler) {
      shrink<i32>(w.autoscaler->min_replicas, s, 1);
      shrink<i32>(w.autoscaler->max_replicas, s, 1);
    }
  shrink(k.controllers.controller_limit, s);
  shrink<i32>(k.controllers.controller_burst, s, 1);
  shrink<i32>(k.controllers.create_burst, s, 1);
  shrink(k.controllers.scheduler_limit, s);
  shrink<i32>(k.controllers.scheduler_burst, s, 1);
  k.controllers.schedule_time = from_seconds(k.controllers.schedule_time.seconds() / s);
  shrink(k.start.registry_bandwidth, s);
  shrink(k.start.store_bandwidth, s);

  ApiServerParams& api = spec.control_plane;
  shrink<i32>(api.seats, s, 12);
  api.cpu_cores *= s;
  shrink(api.egress, s);
  shrink(api.compaction_speed, s);
  api.etcd.cpu_cores *= s;
  shrink(api.etcd.quota, s);
  shrink(api.etcd.initial_file, s);
  shrink<i32>(api.etcd.max_apply_gap, s, 16);
  // A disk's bandwidth is divided, the time of one fsync is not.
  for (Duration* growth :
       {&api.etcd.fsync_per_write, &api.etcd.fsync_per_kib, &api.etcd.backend_per_write,
        &api.etcd.backend_per_kib, &api.etcd.defragment_per_mib})
    *growth = from_seconds(growth->seconds() / s);
  shrink(api.etcd.max_batch, s);

  KvCacheParams& kv = spec.kv_cache;
  shrink<i64>(kv.initial_sessions, s, 1);
  shrink(kv.initial_bytes, s);
  shrink(kv.capacity, s);
  shrink<i64>(kv.replication_buffer, s, 1);
  shrink(kv.conflict_alarm, s);
  shrink(kv.scrub_bandwidth, s);
  shrink(kv.delete_rate, s);
  shrink(kv.index_rate, s);
  shrink(kv.session_rate, s);

  spec.safety.sample_rate.value = std::min(1.0, spec.safety.sample_rate.value / s);
  return spec;
}

}  // namespace stampede
