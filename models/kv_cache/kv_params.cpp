#include "models/kv_cache/kv_params.h"

#include "sim/registry.h"

namespace stampede {

void KvCacheParams::describe(Schema<KvCacheParams>& s) {
  using P = KvCacheParams;
  s.name("kv_cache");
  s.field("consistency", &P::consistency)
      .live()
      .help(
          "consistency mode: what a region does with a write while it cannot see all other "
          "writers");
  s.field("fencing", &P::fencing)
      .live()
      .help(
          "whether stale writes of a manifest are rejected (compare-and-set on epoch, turn and "
          "version)");
  s.field("checksums", &P::checksums)
      .live()
      .help("whether blocks are verified when they are loaded, so that a corrupt block is a miss");
  s.field("block_tokens", &P::block_tokens)
      .fixed("what is stored was stored so")
      .range(1, 65536)
      .help("tokens in a block")
      .source("3FS: blocks of 64 tokens; Mooncake");
  s.field("token_bytes", &P::token_bytes)
      .fixed("what is stored was stored so")
      .at_least(1)
      .help("bytes stored for each token")
      .source("DeepSeek-V3: 576 x 61 layers x 2 B (MLA in BF16)");
  s.field("capacity", &P::capacity)
      .live()
      .at_least(0)
      .help(
          "size of the store in all regions, divided by region_shares; when it is full, the oldest "
          "idle blocks are evicted")
      .source("3FS: one storage node, 16 SSDs of 14 TiB")
      .scales();
  s.field("initial_sessions", &P::initial_sessions)
      .fixed("it is the state at the start")
      .at_least(0)
      .help("idle sessions with stored context at the start, all regions")
      .scales();
  s.field("initial_bytes", &P::initial_bytes)
      .fixed("it is the state at the start")
      .at_least(0)
      .help("idle KV stored at the start, all regions")
      .scales();
  s.field("region_shares", &P::region_shares)
      .fixed("it is the state at the start")
      .help(
          "share of the stored KV and of the capacity by region; equal shares if there is not one "
          "for each region");
  s.field("initial_age", &P::initial_age)
      .fixed("it is the state at the start")
      .range(0, 3.6e6)
      .help("age of the oldest stored KV at the start");
  s.field("bucket_span", &P::bucket_span)
      .fixed("what is stored was stored so")
      .at_least(1)
      .help("width of an age bucket of the stored KV");
  s.field("return_time", &P::return_time)
      .live()
      .at_least(1)
      .help("mean time after which an idle session returns, if it does (exponential)");
  s.field("replication_lag", &P::replication_lag)
      .live()
      .at_least(0)
      .help("mean delay of replicating a manifest between regions (exponential)");
  s.field("anti_entropy", &P::anti_entropy)
      .live()
      .at_least(1)
      .help("interval at which regions compare their manifests; a longer silence is a partition");
  s.field("replication_buffer", &P::replication_buffer)
      .live()
      .at_least(0)
      .help(
          "manifest writes that wait while a link is down; the rest is repaired only by "
          "anti_entropy")
      .scales();
  s.field("clock_skew", &P::clock_skew)
      .fixed("clocks are drawn at the start")
      .at_least(0)
      .help("standard deviation of a region's clock error");
  s.field("dead_ntp_region", &P::dead_ntp_region)
      .fixed("clocks are drawn at the start")
      .range(-1, 63)
      .help("index of a region whose clock is wrong by dead_ntp_skew; -1: none");
  s.field("dead_ntp_skew", &P::dead_ntp_skew)
      .fixed("clocks are drawn at the start")
      .help("clock error of that region (signed)");
  s.field("torn_head_share", &P::torn_head_share)
      .live()
      .range(0, 1)
      .help("share of conflicts that put the head of one branch before the suffix of the other");
  s.field("page_reuse_probability", &P::page_reuse_probability)
      .live()
      .range(0, 1)
      .help(
          "probability that a page freed by an abort is overwritten after its reuse; it is "
          "multiplied by the share of allocations that take such pages");
  s.field("abort_window", &P::abort_window)
      .live()
      .at_least(1)
      .help("time over which the share of aborted allocations is averaged");
  s.field("conflict_alarm", &P::conflict_alarm)
      .live()
      .at_least(0)
      .help("rate over a minute above which conflicts without a known cause become an incident")
      .scales();
  s.field("scrub_bandwidth", &P::scrub_bandwidth)
      .live()
      .at_least(1)
      .help("bytes that are read and verified in a second of a flush")
      .source("3FS: 6.6 TiB/s read on 180 nodes")
      .scales();
  s.field("delete_rate", &P::delete_rate)
      .live()
      .at_least(1e-9)
      .help("objects that are deleted in a second of a flush")
      .source("3FS: garbage collection, 1.43 M/s at the peak of the figure")
      .scales();
  s.field("index_rate", &P::index_rate)
      .live()
      .at_least(1e-9)
      .help("updates of the location index in a second of a flush (one index master)")
      .scales();
  s.field("session_rate", &P::session_rate)
      .live()
      .at_least(1e-9)
      .help("session manifests that are reset in a second of a flush")
      .scales();
  s.field("foreground_share", &P::foreground_share)
      .live()
      .range(0, 0.999)
      .help("share of every flush resource kept for foreground traffic");
  s.field("leased_share", &P::leased_share)
      .live()
      .range(0, 0.999)
      .help("share of removals of idle objects refused by a reader's lease and retried");
  s.field("lease", &P::lease)
      .live()
      .at_least(0)
      .help("time after its last use in which the objects of a live session cannot be removed")
      .source("Mooncake: object lease of 10 s");
  s.field("flush_stages", &P::flush_stages)
      .live()
      .help(
          "whether the stages of a flush (scrub, delete, index, sessions) run in parallel or one "
          "after another");
  s.field("flush_batch", &P::flush_batch)
      .live()
      .at_least(1e-3)
      .help("period at which a flush works off a batch");
  s.field("invalidation", &P::invalidation)
      .live()
      .help(
          "what a flush does: remove every object (eager), or raise the epoch so that they cannot "
          "be used (lazy)")
      .source("Chowdary 2026: eager, \"invalidated and re-indexed\" over hours");
  s.field("epoch_fanout_min", &P::epoch_fanout_min)
      .live()
      .at_least(0)
      .help("shortest time until a new epoch has reached a region");
  s.field("epoch_fanout_max", &P::epoch_fanout_max)
      .live()
      .at_least(0)
      .help("longest time until a new epoch has reached a region");
}

void KvRegionParams::describe(Schema<KvRegionParams>& s) {
  using P = KvRegionParams;
  s.field("capacity", &P::capacity)
      .live()
      .at_least(0)
      .help("size of the store in this region; absent: its part of spec.kv_cache.capacity")
      .scales();
  s.field("clock_error", &P::clock_error)
      .fixed("clocks are set at the start")
      .help("clock error of this region (signed); absent: drawn with spec.kv_cache.clock_skew");
  s.field("replication_lag", &P::replication_lag)
      .live()
      .at_least(0)
      .help(
          "mean delay until manifests that this region wrote reach the others (exponential); "
          "absent: spec.kv_cache.replication_lag");
  const TypeInfo& service = type_of<KvCacheParams>();
  for (const FieldInfo& field : service.fields)
    if (field.key != "capacity" && field.key != "replication_lag")
      s.refuse(field.key,
               "one store for all regions: set spec.kv_cache." + field.key +
                   "; a region has only capacity, clock_error and replication_lag of its own");
}

static const Register<KvCacheParams> registered{
    "model", "kv_cache", "session manifests, KV blocks, replication, conflicts, poison and flush",
    "Mooncake; 3FS: CRAQ; vLLM: prefix caching; KV reuse reports"};

}  // namespace stampede
