#include "models/kv_cache/idle_stock.h"

#include <algorithm>

#include "sim/math.h"

namespace stampede {

namespace {
// With this many mean return times between them, a session is less likely to return than a newer
// one by more than a double can tell.
constexpr double kOldestReturn = 40;
}  // namespace

void IdleStock::add(Instant now, Duration span, u8 epoch, const StockPart& part) {
  std::size_t at = buckets_.size();
  for (std::size_t i = at; i-- > 0 && at == buckets_.size();) {
    ++looked_at_;
    if (now - buckets_[i].written >= span) break;
    if (buckets_[i].epoch == epoch) at = i;
  }
  if (at == buckets_.size()) {
    buckets_.emplace_back().written = now;
    buckets_.back().epoch = epoch;
  }
  StockBucket& bucket = buckets_[at];
  if (bucket.total == 0) weighed_ = false;
  first_blocks_ = std::min(first_blocks_, at);
  first_stored_ = std::min(first_stored_, at);
  bucket.blocks += part.blocks;
  bucket.sessions += part.sessions;
  bucket.total += part.sessions;
  bucket.poisoned_blocks += part.poisoned_blocks;
  bucket.poisoned_sessions += part.poisoned_sessions;
  if (part.poisoned_sessions > 0 && bucket.poison_cause == kNoIncident)
    bucket.poison_cause = part.cause;
  blocks_ += part.blocks;
}

void IdleStock::set_return_time(Duration mean) {
  return_seconds_ = mean.seconds();
  weighed_ = false;
}

// Ages differ by the same at any time, and so the ratios of the chances to return stay.
void IdleStock::weigh() {
  weighed_ = true;
  std::size_t newest = buckets_.size();
  while (newest > 0 && buckets_[newest - 1].total == 0) --newest;
  looked_at_ += buckets_.size() - newest;
  returning_ = newest;
  while (returning_ > 0) {
    StockBucket& b = buckets_[returning_ - 1];
    const double older = (buckets_[newest - 1].written - b.written).seconds() / return_seconds_;
    if (older > kOldestReturn) break;
    ++looked_at_;
    b.weight = math::exp(-older);
    --returning_;
  }
}

StockPart IdleStock::take_session(double pick, double bad, i64 blocks) {
  StockPart part;
  if (!weighed_) weigh();
  looked_at_ += 2 * (buckets_.size() - returning_);
  double all = 0;
  for (std::size_t i = returning_; i < buckets_.size(); ++i)
    all += buckets_[i].weight * static_cast<double>(buckets_[i].total);
  if (all <= 0) return part;
  double left = pick * all;
  StockBucket* chosen = nullptr;
  for (std::size_t i = returning_; i < buckets_.size(); ++i) {
    StockBucket& b = buckets_[i];
    if (b.total == 0) continue;
    chosen = &b;
    left -= b.weight * static_cast<double>(b.total);
    if (left < 0) break;
  }
  StockBucket& b = *chosen;
  // The remainder of the pick, rescaled, says whether this session's blocks are among those left.
  const double within = 1.0 + left / (b.weight * static_cast<double>(b.total));
  const bool present = within * static_cast<double>(b.total) < static_cast<double>(b.sessions);
  if (--b.total == 0) weighed_ = false;
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
  for (std::size_t i = first_blocks_; i < buckets_.size() && all.blocks < blocks; ++i) {
    ++looked_at_;
    StockBucket& b = buckets_[i];
    if (b.blocks > 0) {
      const StockPart part = remove(b, blocks - all.blocks);
      all.blocks += part.blocks;
      all.sessions += part.sessions;
      all.poisoned_blocks += part.poisoned_blocks;
      all.poisoned_sessions += part.poisoned_sessions;
    }
    if (b.blocks == 0 && i == first_blocks_) ++first_blocks_;
  }
  return all;
}

std::size_t IdleStock::first_to_flush(u8 epoch, Instant since) {
  const auto is_empty = [](const StockBucket& b) { return b.blocks == 0 && b.sessions == 0; };
  while (first_stored_ < buckets_.size() && is_empty(buckets_[first_stored_])) {
    ++looked_at_;
    ++first_stored_;
  }
  const auto written =
      std::lower_bound(buckets_.begin(), buckets_.end(), since,
                       [](const StockBucket& b, Instant at) { return b.written < at; });
  auto i = std::max(first_stored_, static_cast<std::size_t>(written - buckets_.begin()));
  for (; i < buckets_.size(); ++i) {
    ++looked_at_;
    if (buckets_[i].epoch < epoch && !is_empty(buckets_[i])) break;
  }
  return i;
}

StockPart IdleStock::flush(i64 blocks, u8 epoch, Instant since, IncidentId cause) {
  const std::size_t first = first_to_flush(epoch, since);
  if (first == buckets_.size()) return {};
  buckets_[first].lost_to = cause;
  return remove(buckets_[first], blocks);
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
