#include "models/kv_cache/idle_stock.h"

#include <algorithm>

#include "sim/math.h"

namespace stampede {

void IdleStock::add(Instant now, Duration span, u8 epoch, const StockPart& part) {
  StockBucket* bucket = nullptr;
  for (auto b = buckets_.rbegin(); b != buckets_.rend() && !bucket; ++b) {
    if (now - b->written >= span) break;
    if (b->epoch == epoch) bucket = &*b;
  }
  if (!bucket) {
    bucket = &buckets_.emplace_back();
    bucket->written = now;
    bucket->epoch = epoch;
    bucket->weight = 1;
  }
  bucket->blocks += part.blocks;
  bucket->sessions += part.sessions;
  bucket->total += part.sessions;
  bucket->poisoned_blocks += part.poisoned_blocks;
  bucket->poisoned_sessions += part.poisoned_sessions;
  if (part.poisoned_sessions > 0 && bucket->poison_cause == kNoIncident)
    bucket->poison_cause = part.cause;
  blocks_ += part.blocks;
}

void IdleStock::age(Instant now, Duration return_time) {
  const double rate = 1.0 / return_time.seconds();
  for (StockBucket& b : buckets_) b.weight = math::exp(-(now - b.written).seconds() * rate);
}

StockPart IdleStock::take_session(double pick, double bad, i64 blocks) {
  StockPart part;
  double all = 0;
  for (const StockBucket& b : buckets_) all += b.weight * static_cast<double>(b.total);
  if (all <= 0) return part;
  double left = pick * all;
  StockBucket* chosen = nullptr;
  for (StockBucket& b : buckets_) {
    if (b.total == 0) continue;
    chosen = &b;
    left -= b.weight * static_cast<double>(b.total);
    if (left < 0) break;
  }
  StockBucket& b = *chosen;
  // The remainder of the pick, rescaled, says whether this session's blocks are among those left.
  const double within = 1.0 + left / (b.weight * static_cast<double>(b.total));
  const bool present = within * static_cast<double>(b.total) < static_cast<double>(b.sessions);
  --b.total;
  part.cause = b.lost_to;
  if (!present) return part;
  part.epoch = b.epoch;
  part.sessions = 1;
  part.blocks = std::min(blocks, b.blocks);
  const bool poisoned =
      bad * static_cast<double>(b.sessions) < static_cast<double>(b.poisoned_sessions);
  if (poisoned) {
    part.poisoned_sessions = 1;
    part.poisoned_blocks =
        std::min(part.blocks, std::max(i64{1}, b.poisoned_blocks / b.poisoned_sessions));
    b.poisoned_blocks -= std::min(b.poisoned_blocks, part.poisoned_blocks);
    --b.poisoned_sessions;
    part.cause = b.poison_cause;
  }
  --b.sessions;
  b.blocks -= part.blocks;
  blocks_ -= part.blocks;
  part.present = b.epoch >= valid_epoch_;
  if (!part.present) part.cause = b.lost_to;
  return part;
}

StockPart IdleStock::remove(StockBucket& b, i64 blocks) {
  StockPart part;
  part.blocks = std::min(blocks, b.blocks);
  const auto share = [&](i64 count) {
    return part.blocks == b.blocks
               ? count
               : static_cast<i64>(static_cast<double>(count) * static_cast<double>(part.blocks) /
                                  static_cast<double>(b.blocks));
  };
  part.sessions = share(b.sessions);
  part.poisoned_sessions = std::min(share(b.poisoned_sessions), part.sessions);
  part.poisoned_blocks = share(b.poisoned_blocks);
  b.sessions -= part.sessions;
  b.poisoned_sessions = std::min(b.poisoned_sessions - part.poisoned_sessions, b.sessions);
  b.poisoned_blocks -= part.poisoned_blocks;
  b.blocks -= part.blocks;
  blocks_ -= part.blocks;
  return part;
}

StockPart IdleStock::evict(i64 blocks) {
  StockPart all;
  for (StockBucket& b : buckets_) {
    if (all.blocks >= blocks) break;
    if (b.blocks == 0) continue;
    const StockPart part = remove(b, blocks - all.blocks);
    all.blocks += part.blocks;
    all.sessions += part.sessions;
    all.poisoned_blocks += part.poisoned_blocks;
    all.poisoned_sessions += part.poisoned_sessions;
  }
  return all;
}

StockPart IdleStock::flush(i64 blocks, u8 epoch, Instant since, IncidentId cause) {
  for (StockBucket& b : buckets_) {
    if (b.epoch >= epoch || b.written < since) continue;
    if (b.blocks == 0 && b.sessions == 0) continue;
    b.lost_to = cause;
    return remove(b, blocks);
  }
  return {};
}

void IdleStock::invalidate(u8 epoch, IncidentId cause) {
  valid_epoch_ = std::max(valid_epoch_, epoch);
  for (StockBucket& b : buckets_)
    if (b.epoch < epoch) b.lost_to = cause;
}

// Within a bucket all sessions are alike, of m blocks: 1 - (1 - p)^m of them have a wrong one, and
// what stands before the first is (1 - p) (1 - (1 - p)^m) / p blocks in the mean.
i64 IdleStock::corrupt(double chance, IncidentId cause) {
  i64 all = 0;
  for (StockBucket& b : buckets_) {
    const i64 sound = b.sessions - b.poisoned_sessions;
    if (sound <= 0 || b.blocks == 0) continue;
    const double mean = static_cast<double>(b.blocks) / static_cast<double>(b.sessions);
    const double whole = chance >= 1 ? 0 : math::exp(mean * math::log(1 - chance));
    const auto struck = static_cast<i64>(static_cast<double>(sound) * (1 - whole) + 0.5);
    if (struck == 0) continue;
    const double before = (1 - chance) * (1 - whole) / chance;
    const auto blocks =
        std::min(b.blocks - b.poisoned_blocks,
                 static_cast<i64>(static_cast<double>(sound) * (mean - before) + 0.5));
    if (b.poison_cause == kNoIncident || struck > b.poisoned_sessions) b.poison_cause = cause;
    b.poisoned_sessions += struck;
    b.poisoned_blocks += std::max<i64>(blocks, 0);
    all += std::max<i64>(blocks, 0);
  }
  return all;
}

i64 IdleStock::lose(double share, IncidentId cause) {
  i64 all = 0;
  for (StockBucket& b : buckets_) {
    const auto blocks = static_cast<i64>(share * static_cast<double>(b.blocks) + 0.5);
    if (blocks == 0) continue;
    const i64 gone_before = b.total - b.sessions;
    const StockPart part = remove(b, blocks);
    if (b.lost_to == kNoIncident || part.sessions > gone_before) b.lost_to = cause;
    all += part.blocks;
  }
  return all;
}

void IdleStock::renumber(const std::function<u8(u8)>& renumbered) {
  valid_epoch_ = renumbered(valid_epoch_);
  for (StockBucket& b : buckets_) b.epoch = renumbered(b.epoch);
}

i64 IdleStock::sessions() const {
  i64 sum = 0;
  for (const StockBucket& b : buckets_) sum += b.sessions;
  return sum;
}

}  // namespace stampede
