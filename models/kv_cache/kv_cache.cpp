#include "models/kv_cache/kv_cache.h"

#include <algorithm>

#include "sim/math.h"

namespace stampede {

namespace {
constexpr const char* kPath = "kv_cache";
constexpr Duration kTickPeriod = 1_s;
constexpr u16 kMaxBlocks = 65'000;

u16 to_blocks(u32 tokens, u32 block_tokens) {
  return static_cast<u16>(std::min<u32>(tokens / block_tokens, kMaxBlocks));
}
}  // namespace

KvCache::KvCache(World& world, const KvCacheParams& params, const NetworkPort& network, u32 regions,
                 u32 slots, const std::vector<KvRegionParams>& own)
    : world_(world),
      params_(params),
      network_(network),
      n_(regions),
      component_(world.scheduler.add(this)),
      block_bytes_(params.token_bytes.value * params.block_tokens),
      open_(world.stream(kPath, "open")),
      torn_(world.stream(kPath, "torn")),
      lag_(world.stream(kPath, "lag")),
      page_(world.stream(kPath, "page")),
      abort_(world.stream(kPath, "abort")),
      fanout_(world.stream(kPath, "fanout")),
      corrupt_(world.stream(kPath, "corrupt")),
      lose_(world.stream(kPath, "lose")),
      slots_(slots),
      table_(regions),
      regions_(regions),
      own_(own),
      links_(regions) {
  own_.resize(regions);
  STAMPEDE_CHECK(n_ > 0 && n_ <= kMaxKvRegions, "the KV cache has one to 64 regions");
  const StreamKey clock = world.stream(kPath, "clock");
  const i64 span = params_.bucket_span.ns;
  const i64 ages = std::max<i64>(1, (params_.initial_age.ns + span - 1) / span);
  for (u32 r = 0; r < n_; ++r) {
    Region& region = regions_[r];
    const double share =
        params_.region_shares.size() == n_ ? params_.region_shares[r].value : 1.0 / n_;
    const auto part = [&](i64 whole) {
      return static_cast<i64>(static_cast<double>(whole) * share + 0.5);
    };
    i64 error = static_cast<i64>(params_.clock_skew.seconds() * 1e3 *
                                 standard_normal(uniform(draw(clock, r))));
    if (params_.dead_ntp_region == static_cast<i32>(r))
      error = params_.dead_ntp_skew.ns / 1'000'000;
    if (own_[r].clock_error) error = own_[r].clock_error->ns / 1'000'000;
    region.clock.be_wrong_by(error);
    const i64 blocks = part(params_.initial_bytes.value / block_bytes_);
    const i64 sessions = part(params_.initial_sessions);
    for (i64 k = ages; k > 0; --k) {
      StockPart stock;
      stock.blocks = blocks * k / ages - blocks * (k - 1) / ages;
      stock.sessions = sessions * k / ages - sessions * (k - 1) / ages;
      region.stock.add(world.now() - params_.bucket_span * k, params_.bucket_span, 0, stock);
    }
    region.stock.set_return_time(params_.return_time);
    initial_blocks_ += region.stock.blocks();
  }
  divide();
  minute_ = world.now();
  links_.refresh(network_, world.now(), params_.replication_lag, params_.anti_entropy,
                 static_cast<u64>(params_.replication_buffer));
  world_.scheduler.after(kTickPeriod, Priority::kControl, component_, kTick);
  world_.checks.push_back([this] { check_conservation(); });
  register_stats();
}

void KvCache::register_stats() {
  StatsTable& t = world_.stats;
  t.counter(kPath, "prompt_tokens_total", "prompt tokens looked up", &stats_.prompt_tokens);
  t.counter(kPath, "hit_tokens_total", "prompt tokens found in the region's cache",
            &stats_.hit_tokens);
  t.counter(kPath, "conflicts_total", "writes on a stale base and merges of branches",
            &stats_.conflicts);
  t.counter(kPath, "fenced_writes_total", "stale writes rejected", &stats_.fenced_writes);
  t.counter(kPath, "page_reuses_total", "blocks hit by late transfers", &stats_.page_reuses).truth =
      true;
  t.counter(kPath, "poisoned_blocks_total", "blocks corrupted", &stats_.poisoned_blocks).truth =
      true;
  t.counter(kPath, "poisoned_lookups_total", "executions on corrupted context",
            &stats_.poisoned_lookups)
      .truth = true;
  t.gauge(kPath, "stored_bytes", "B", "stored KV, of live and idle sessions",
          [this] { return static_cast<double>(stored_bytes()); });
  t.gauge(kPath, "flushed_bytes", "B", "bytes removed by flushes",
          [this] { return static_cast<double>(flushed_bytes()); });
  t.explain(kPath,
            [this] { return std::vector<IncidentId>{flushing() ? flush_id_ : kNoIncident}; });
}

void KvCache::take_own(Region& region, const KvRegionParams& own) const {
  if (own.capacity) region.capacity_blocks = own.capacity->value / block_bytes_;
  if (own.replication_lag) region.replication_lag = *own.replication_lag;
}

// What each region has of the whole, or of its own.
void KvCache::divide() {
  for (u32 r = 0; r < n_; ++r) {
    regions_[r].replication_lag = params_.replication_lag;
    const double share =
        params_.region_shares.size() == n_ ? params_.region_shares[r].value : 1.0 / n_;
    regions_[r].capacity_blocks =
        static_cast<i64>(static_cast<double>(params_.capacity.value / block_bytes_) * share + 0.5);
    take_own(regions_[r], own_[r]);
  }
}

// A store that has become too small evicts with its next tick; a flush goes on at the new rates
// with its next batch.
void KvCache::retuned(const LiveChange&) {
  divide();
  for (Region& region : regions_) region.stock.set_return_time(params_.return_time);
  if (queue_) queue_->retune(flush_rates());
}

void KvCache::session_opened(SessionSlot slot, u64 key, RegionId home, u32 context_tokens) {
  LiveSession& s = table_.at(slot);
  STAMPEDE_CHECK(!s.live, "a session opened twice");
  const auto incarnation = static_cast<u16>(s.incarnation + 1);
  s = LiveSession{};
  s.key = key;
  s.home = home;
  s.writer = home;
  s.incarnation = incarnation;
  s.live = true;
  for (u32 r = 0; r < n_; ++r) table_.clear(slot, static_cast<RegionId>(r));
  ++stats_.opened;
  const u16 blocks = to_blocks(context_tokens, params_.block_tokens);
  if (blocks == 0) return;
  Region& region = regions_[home];
  const Words w = draw(open_, key);
  const StockPart part = region.stock.take_session(uniform(w), uniform2(w), blocks);
  s.cause = part.cause;
  if (part.blocks > 0 && !part.present) evicted_blocks_ += part.blocks;
  if (!part.present || part.blocks == 0) return;
  ++stats_.materialised;
  SessionCopy& c = table_.copy(slot, home);
  c.blocks = static_cast<u16>(part.blocks);
  c.epoch = part.epoch;
  region.live_blocks += part.blocks;
  if (part.poisoned_sessions > 0) {
    ++stats_.materialised_poisoned;
    c.poison_from = static_cast<u16>(part.blocks - part.poisoned_blocks);
  }
  if (in_flush(home) && c.epoch < region.write_epoch) queue_late(slot, s);
}

void KvCache::session_closed(SessionSlot slot) {
  LiveSession& s = table_.at(slot);
  STAMPEDE_CHECK(s.live, "a session closed that was not open");
  for (u32 r = 0; r < n_; ++r) {
    // Branches that never met are merged when the digests are next compared: the home's copy pays.
    const auto q = static_cast<RegionId>(r);
    if (q != s.home && unsent(slot, q, s.home) && unsent(slot, s.home, q))
      merge_branches(slot, s, q, s.home);
  }
  for (u32 r = 0; r < n_; ++r) {
    SessionCopy& c = table_.copy(slot, static_cast<RegionId>(r));
    Region& region = regions_[r];
    if (c.blocks > 0 && c.epoch < region.valid_epoch) drop(c, static_cast<RegionId>(r));
    if (c.blocks == 0) continue;
    StockPart part;
    part.blocks = c.blocks;
    part.sessions = r == s.home ? 1 : 0;
    if (r == s.home && c.poison_from < c.blocks) {
      part.poisoned_sessions = 1;
      part.poisoned_blocks = c.blocks - c.poison_from;
      part.cause = s.cause;
    }
    region.live_blocks -= c.blocks;
    region.stock.add(world_.now(), params_.bucket_span, c.epoch, part);
    table_.clear(slot, static_cast<RegionId>(r));
  }
  s.live = false;
}

KvLookup KvCache::lookup(SessionSlot slot, RegionId r, u32 /*turn*/, u32 context_tokens) {
  LiveSession& s = table_.at(slot);
  KvLookup out;
  stats_.prompt_tokens += context_tokens;
  if (!s.live) return out;
  pull(slot, s, r);
  s.touched = now_ms() + 1;
  SessionCopy& c = table_.copy(slot, r);
  Region& region = regions_[r];
  if (c.blocks > 0 && c.epoch < region.valid_epoch) {
    drop(c, r);
    s.cause = bump_id_;
  }
  out.base_version = static_cast<u32>(s.incarnation) << 16 | c.version;
  u16 hit = std::min(to_blocks(context_tokens, params_.block_tokens), c.blocks);
  if (hit > c.poison_from) {
    out.cause = s.cause;
    if (params_.checksums) {
      ++stats_.checksum_misses;
      hit = c.poison_from;
      resize(c, r, hit);
    } else {
      ++stats_.poisoned_lookups;
      out.poisoned = true;
    }
  } else if (hit == 0 && c.blocks == 0 && r == s.home) {
    out.cause = s.cause;
  }
  out.cached_tokens = std::min<u32>(context_tokens, hit * params_.block_tokens);
  stats_.hit_tokens += out.cached_tokens;
  return out;
}

KvWritten KvCache::write(const KvWrite& w) {
  ++stats_.writes;
  LiveSession& s = table_.at(w.session);
  if (!s.live || w.base_version >> 16 != s.incarnation) {
    ++stats_.orphan_writes;
    return {};
  }
  pull(w.session, s, w.region);
  SessionCopy& c = table_.copy(w.session, w.region);
  Region& region = regions_[w.region];
  s.touched = now_ms() + 1;
  // Blocks are chained to their parent's epoch: what continues old context is old.
  u8 epoch = region.write_epoch;
  const bool reset_since =
      c.blocks == 0 && in_flush(w.region) &&
      region.clock.when_ms(i64{c.stamp} - kStampOffset, world_.now()) > w.started.ns / 1'000'000;
  const bool survivor = w.started < region.epoch_since || reset_since;
  const bool gated =
      region.valid_epoch == region.write_epoch || in_flush(w.region) || params_.fencing;
  if (survivor && gated && epoch > 0) --epoch;
  if (c.blocks > 0 && c.epoch < region.valid_epoch) drop(c, w.region);
  if (c.blocks > 0) epoch = std::min(epoch, c.epoch);
  if (epoch < region.valid_epoch || (params_.fencing && survivor && gated)) {
    ++stats_.fenced_writes;
    return {};
  }
  if (!may_write(s, w.region)) {
    ++stats_.refused_writes;
    return {};
  }
  const u16 blocks = to_blocks(w.context_tokens, params_.block_tokens);
  const u16 before = c.blocks;
  KvWritten result;
  if (!settle_head(s, c, w, blocks, result)) return result;
  if (w.poisoned) poison(s, c, std::min({c.poison_from, before, c.blocks}), w.cause);
  c.epoch = epoch;
  region.allocated += static_cast<double>(w.context_tokens);
  if (c.blocks > 0 && region.tainted_pages > 0) meet_tainted_page(s, c, w, before);
  if (links_.any_down()) note_pending(s, w.region);
  if (in_flush(w.region) && epoch < region.write_epoch && c.blocks > 0) queue_late(w.session, s);
  return result;
}

void KvCache::resize(SessionCopy& c, RegionId r, u16 blocks) {
  const i64 delta = i64{blocks} - c.blocks;
  regions_[r].live_blocks += delta;
  if (delta > 0) {
    written_blocks_ += delta;
    if (c.poison_from < c.blocks) stats_.poisoned_blocks += static_cast<u64>(delta);
  } else {
    evicted_blocks_ -= delta;
    if (c.poison_from >= blocks) c.poison_from = kNoPoison;
  }
  c.blocks = blocks;
}

void KvCache::handle(const Event& event) {
  switch (event.kind) {
    case kTick:
      tick();
      break;
    case kFlushBatch:
      flush_batch();
      break;
    case kEpochBump:
      bump(static_cast<RegionId>(event.subject));
      break;
    case kMerge:
      merge_all();
      break;
    default:
      invariant_failed("unknown KV cache event");
  }
}

void KvCache::paths_changed(RegionId) {
  if (links_.refresh(network_, world_.now(), params_.replication_lag, params_.anti_entropy,
                     static_cast<u64>(params_.replication_buffer)))
    world_.scheduler.after(params_.anti_entropy, Priority::kControl, component_, kMerge);
}

void KvCache::tick() {
  paths_changed(0);
  report_partitions();
  if (world_.now() - minute_ >= 60_s) {
    minute_ = world_.now();
    unexplained_ = 0;
  }
  const double keep = math::exp(-kTickPeriod.seconds() / params_.abort_window.seconds());
  for (Region& region : regions_) {
    region.allocated_mean = keep * region.allocated_mean + (1 - keep) * region.allocated;
    region.abandoned_mean = keep * region.abandoned_mean + (1 - keep) * region.abandoned;
    region.allocated = region.abandoned = 0;
    const i64 over = region.stock.blocks() + region.live_blocks - region.capacity_blocks;
    if (over > 0) evicted_blocks_ += region.stock.evict(over).blocks;
  }
  world_.scheduler.after(kTickPeriod, Priority::kControl, component_, kTick);
}

i64 KvCache::stored_blocks(RegionId r) const {
  return regions_[r].stock.blocks() + regions_[r].live_blocks;
}

i64 KvCache::stored_bytes() const {
  i64 blocks = 0;
  for (u32 r = 0; r < n_; ++r) blocks += stored_blocks(static_cast<RegionId>(r));
  return blocks * block_bytes_;
}

double KvCache::flush_seconds() const {
  const i64 running = flush_mask_ != 0 ? (world_.now() - flush_started_).ns : 0;
  return Duration{stats_.flush_ns + running}.seconds();
}

void KvCache::check_conservation() const {
  i64 held = 0;
  for (u32 r = 0; r < n_; ++r)
    held += stored_blocks(static_cast<RegionId>(r)) + regions_[r].flushing_blocks;
  STAMPEDE_CHECK(initial_blocks_ + written_blocks_ == held + evicted_blocks_ + flushed_blocks_,
                 "KV blocks: written = present + evicted + flushed");
}

}  // namespace stampede
