#include "models/kv_cache/kv_params.h"

#include "sim/registry.h"

namespace stampede {

void KvCacheParams::describe(Schema<KvCacheParams>& s) {
  using P = KvCacheParams;
  s.name("kv_cache");
  s.field("consistency", &P::consistency)
      .help("what a region does with a write while it cannot see all other writers");
  s.field("fencing", &P::fencing)
      .help("compare-and-set on (epoch, turn, version): stale manifest writes are rejected");
  s.field("checksums", &P::checksums).help("blocks are verified at load: corruption is a miss");
  s.field("block_tokens", &P::block_tokens)
      .range(1, 65536)
      .help("tokens a block")
      .source("Mooncake, 3FS: 64-token blocks");
  s.field("token_bytes", &P::token_bytes)
      .at_least(1)
      .help("stored bytes a token")
      .source("DeepSeek-V3 config: MLA 576 x 61 layers x 2 B (BF16)");
  s.field("capacity", &P::capacity)
      .at_least(0)
      .help("store over all regions, split by region_shares; the oldest idle blocks are evicted");
  s.field("initial_sessions", &P::initial_sessions)
      .at_least(0)
      .help("idle sessions with stored context at the start, all regions");
  s.field("initial_bytes", &P::initial_bytes)
      .at_least(0)
      .help("idle KV stored at the start, all regions")
      .source("published account of the reference outage: more than 4 PB flushed");
  s.field("region_shares", &P::region_shares)
      .help("share of stock and capacity by region; equal if not one a region");
  s.field("initial_age", &P::initial_age)
      .at_least(0)
      .help("age of the oldest stock at the start: 4 PB over the production of 353 GB/s")
      .source("derived from the published 608 G prompt tokens a day less hits, plus output");
  s.field("bucket_span", &P::bucket_span).at_least(1).help("width of an age bucket of the stock");
  s.field("return_time", &P::return_time)
      .at_least(1)
      .help("mean time after which an idle session that returns does so (exponential)");
  s.field("replication_lag", &P::replication_lag)
      .at_least(0)
      .help("mean of the exponential lag of manifest replication between regions");
  s.field("anti_entropy", &P::anti_entropy)
      .at_least(1)
      .help("interval of digest exchange between regions; longer silence is a partition");
  s.field("replication_buffer", &P::replication_buffer)
      .at_least(0)
      .help("manifest writes a link queues while down; beyond it only anti-entropy repairs");
  s.field("clock_skew", &P::clock_skew)
      .at_least(0)
      .help("standard deviation of a region's clock error")
      .source("NTP practice: 5 ms within, 100 ms across regions, 2 s with dead NTP");
  s.field("dead_ntp_region", &P::dead_ntp_region)
      .range(-1, 7)
      .help("index of a region whose clock is off by dead_ntp_skew; -1: none");
  s.field("dead_ntp_skew", &P::dead_ntp_skew).help("clock error of that region (signed)");
  s.field("torn_head_share", &P::torn_head_share)
      .range(0, 1)
      .help("share of conflicts that leave the head of one branch on the suffix of the other");
  s.field("page_reuse_probability", &P::page_reuse_probability)
      .range(0, 1)
      .help(
          "probability an abort's pages are overwritten after reuse, when every allocation takes "
          "pages freed by aborts; multiplied by that share of allocations");
  s.field("abort_window", &P::abort_window)
      .at_least(1)
      .help("averaging time of the aborted share of allocations");
  s.field("conflict_alarm", &P::conflict_alarm)
      .at_least(0)
      .help("conflicts without a known cause become an incident above this rate over a minute");
  s.field("scrub_bandwidth", &P::scrub_bandwidth)
      .at_least(1)
      .help("bytes read and verified during a flush")
      .source("3FS: 6.6 TiB/s read on 180 nodes");
  s.field("delete_rate", &P::delete_rate)
      .at_least(1e-9)
      .help("object deletions during a flush")
      .source("3FS garbage collection, peak of the published figure: 1.43 M/s");
  s.field("index_rate", &P::index_rate)
      .at_least(1e-9)
      .help("updates of the location index during a flush (one index master)");
  s.field("session_rate", &P::session_rate)
      .at_least(1e-9)
      .help("session manifests reset during a flush");
  s.field("foreground_share", &P::foreground_share)
      .range(0, 0.999)
      .help("share of every flush resource kept for foreground traffic");
  s.field("leased_share", &P::leased_share)
      .range(0, 0.999)
      .help("share of removals of idle objects refused by a reader's lease and retried");
  s.field("lease", &P::lease)
      .at_least(0)
      .help("time after a touch during which a live session's objects refuse removal")
      .source("Mooncake store: object lease 10 s");
  s.field("flush_stages", &P::flush_stages).help("scrub, delete, index, sessions: order");
  s.field("flush_batch", &P::flush_batch).at_least(1e-3).help("period of flush batches");
  s.field("invalidation", &P::invalidation)
      .help("what a flush does: remove every object, or let a new epoch make them unusable")
      .source("eager: published account, invalidated and re-indexed over hours");
  s.field("epoch_fanout_min", &P::epoch_fanout_min).at_least(0).help("fastest epoch fan-out");
  s.field("epoch_fanout_max", &P::epoch_fanout_max).at_least(0).help("slowest epoch fan-out");
}

static const Register<KvCacheParams> registered{
    "model", "kv_cache", "session manifests, KV blocks, replication, conflicts, poison and flush",
    "Mooncake, 3FS CRAQ, vLLM prefix caching; issue reports of corrupted KV reuse"};

}  // namespace stampede
