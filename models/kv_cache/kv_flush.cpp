// Flush in batches and epoch bump: what is condemned, fed to the queue, refused and retried.
#include <algorithm>

#include "models/kv_cache/kv_cache.h"

namespace stampede {
namespace {

const IncidentKind kFlushStarted{"flush_started", "the cache begins to drop stored context"};
const IncidentKind kFlushFinished{"flush_finished", "nothing is left of what was to be dropped"};

}  // namespace

namespace {
constexpr u32 kLiveChunk = 1024;  // sessions fed at a time
}

u64 KvCache::mask_of(const FlushScope& scope) const {
  return scope.region == kNoRegion ? ~u64{0} >> (64 - n_) : u64{1} << scope.region;
}

// A region's epoch after the one that it writes now.
u8 KvCache::next_epoch(RegionId r) {
  if (regions_[r].write_epoch == UINT8_MAX) renumber_epochs(r);
  return ++regions_[r].write_epoch;
}

// Only three kinds of epochs behave in different ways: unusable ones, those that a flush condemns,
// and the one that is written. When the numbers are used up each kind gets one of its own.
void KvCache::renumber_epochs(RegionId r) {
  Region& region = regions_[r];
  const u8 valid = region.valid_epoch, write = region.write_epoch;
  const auto renumbered = [=](u8 epoch) -> u8 {
    return epoch < valid ? 0 : epoch < write || valid == write ? 1 : 2;
  };
  for (SessionSlot slot = 0; slot < table_.size(); ++slot) {
    SessionCopy& c = table_.copy(slot, r);
    c.epoch = renumbered(c.epoch);
  }
  region.stock.renumber(renumbered);
  region.valid_epoch = renumbered(valid);
  region.write_epoch = renumbered(write);
}

FlushRates KvCache::flush_rates() const {
  FlushRates rates;
  rates.bytes = params_.scrub_bandwidth.bytes_per_second;
  rates.deletes = params_.delete_rate.per_second;
  rates.index = params_.index_rate.per_second;
  rates.sessions = params_.session_rate.per_second;
  rates.foreground = params_.foreground_share.value;
  rates.leased = params_.leased_share.value;
  rates.serial = params_.flush_stages == FlushStages::kSerial;
  return rates;
}

IncidentId KvCache::start_flush(IncidentId cause, FlushScope scope) {
  if (params_.invalidation == Invalidation::kLazy) return start_epoch_bump(cause, scope);
  const u64 added = mask_of(scope) & ~flush_mask_;
  if (flush_mask_ == 0) {
    flush_started_ = world_.now();
    flush_since_ = scope.written_since;
    flush_id_ = world_.incident(kFlushStarted, "kv_cache", {cause},
                                "invalidating and re-indexing stored context");
    const FlushRates rates = flush_rates();
    queue_ = std::make_unique<FlushQueue>(rates);
    const double admitted =
        rates.serial ? rates.bytes / static_cast<double>(block_bytes_) : rates.deletes;
    const double batch = admitted * (1 - rates.foreground) * params_.flush_batch.seconds();
    piece_ = std::max<i64>(1, static_cast<i64>(batch / 4));
    world_.scheduler.after(params_.flush_batch, Priority::kControl, component_, kFlushBatch);
  }
  flush_since_ = std::min(flush_since_, scope.written_since);
  flush_mask_ |= added;
  for (u32 r = 0; r < n_; ++r)
    if ((added >> r & 1u) != 0) {
      next_epoch(static_cast<RegionId>(r));
      regions_[r].epoch_since = world_.now();
    }
  if (added != 0) live_cursor_ = 0;
  return flush_id_;
}

// Live sessions go first, being in use; then the stock, oldest first; then what refused or was
// written meanwhile by executions older than the flush.
void KvCache::flush_batch() {
  late_done_ = false;
  while (queue_->hungry(params_.flush_batch) && feed()) {
  }
  const FlushWork done = queue_->step(params_.flush_batch, !more_to_feed());
  flushed_blocks_ += done.objects;
  i64 left = done.objects;
  for (Region& region : regions_) {
    const i64 of = std::min(left, region.flushing_blocks);
    region.flushing_blocks -= of;
    left -= of;
  }
  if (queue_->empty() && !more_to_feed()) {
    finish_flush();
  } else {
    world_.scheduler.after(params_.flush_batch, Priority::kControl, component_, kFlushBatch);
  }
}

bool KvCache::feed() {
  if (live_cursor_ < table_.size()) return feed_live(kLiveChunk);
  return feed_stock() || feed_late();
}

bool KvCache::feed_live(u32 slots) {
  FlushWork work;
  const u32 end = std::min(table_.size(), live_cursor_ + slots);
  for (; live_cursor_ < end; ++live_cursor_)
    if (table_.at(live_cursor_).live) flush_session(live_cursor_, work);
  if (work.objects > 0) queue_->push(work);
  return true;
}

bool KvCache::feed_stock() {
  for (u32 r = 0; r < n_; ++r) {
    if (!in_flush(static_cast<RegionId>(r))) continue;
    Region& region = regions_[r];
    const StockPart part = region.stock.flush(piece_, region.write_epoch, flush_since_, flush_id_);
    if (part.blocks == 0 && part.sessions == 0) continue;
    region.flushing_blocks += part.blocks;
    queue_->push({part.blocks * block_bytes_, part.blocks, part.sessions});
    return true;
  }
  return false;
}

bool KvCache::feed_late() {
  if (late_done_ || late_.empty()) return false;
  late_done_ = true;
  std::vector<SessionSlot> slots;
  slots.swap(late_);
  FlushWork work;
  for (const SessionSlot slot : slots) {
    LiveSession& s = table_.at(slot);
    s.queued = false;
    if (s.live) flush_session(slot, work);
  }
  if (work.objects > 0) queue_->push(work);
  return work.objects > 0;
}

bool KvCache::more_to_feed() {
  if (live_cursor_ < table_.size() || !late_.empty()) return true;
  for (u32 r = 0; r < n_; ++r)
    if (in_flush(static_cast<RegionId>(r)) &&
        regions_[r].stock.holds(regions_[r].write_epoch, flush_since_))
      return true;
  return false;
}

u32 KvCache::flush_session(SessionSlot slot, FlushWork& work) {
  LiveSession& s = table_.at(slot);
  u32 copies = 0;
  for (u32 x = 0; x < n_; ++x) {
    const auto r = static_cast<RegionId>(x);
    SessionCopy& c = table_.copy(slot, r);
    Region& region = regions_[r];
    if (!in_flush(r) || c.blocks == 0 || c.epoch >= region.write_epoch) continue;
    if (i64{now_ms()} - s.touched < params_.lease.ns / 1'000'000 && s.touched > 0) {
      ++stats_.flush_refusals;
      queue_late(slot, s);
      return copies;
    }
    work.objects += c.blocks;
    work.bytes += c.blocks * block_bytes_;
    region.flushing_blocks += c.blocks;
    region.live_blocks -= c.blocks;
    c.blocks = 0;
    c.poison_from = kNoPoison;
    c.epoch = region.write_epoch;
    c.stamp = static_cast<u32>(std::max<i64>(0, stamp_now(region)));
    ++copies;
  }
  if (copies > 0) {
    ++work.sessions;
    s.cause = flush_id_;
  }
  return copies;
}

void KvCache::queue_late(SessionSlot slot, LiveSession& s) {
  if (s.queued) return;
  s.queued = true;
  late_.push_back(slot);
}

void KvCache::finish_flush() {
  stats_.flush_ns += (world_.now() - flush_started_).ns;
  flush_mask_ = 0;
  queue_.reset();
  flushed_ = world_.incident(kFlushFinished, "kv_cache", {flush_id_},
                             "nothing of the condemned epoch is left");
}

IncidentId KvCache::start_epoch_bump(IncidentId cause, FlushScope scope) {
  const u64 mask = mask_of(scope);
  bump_id_ = world_.incident(kFlushStarted, "kv_cache", {cause},
                             "epoch bump: stored context becomes unusable, space returns later");
  ++bump_number_;
  for (u32 r = 0; r < n_; ++r) {
    if ((mask >> r & 1u) == 0) continue;
    ++bumps_;
    const double u = uniform(draw(fanout_, bump_number_, r));
    const Duration span = params_.epoch_fanout_max - params_.epoch_fanout_min;
    world_.scheduler.after(params_.epoch_fanout_min + from_seconds(span.seconds() * u),
                           Priority::kControl, component_, kEpochBump, r);
  }
  return bump_id_;
}

void KvCache::bump(RegionId r) {
  Region& region = regions_[r];
  region.valid_epoch = next_epoch(r);
  region.epoch_since = world_.now();
  region.stock.invalidate(region.valid_epoch, bump_id_);
  if (--bumps_ > 0) return;
  flushed_ = world_.incident(kFlushFinished, "kv_cache", {bump_id_},
                             "the new epoch has reached every region");
}

}  // namespace stampede
