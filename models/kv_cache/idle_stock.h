// The KV of idle sessions of one region as aggregates by age: no object per block or session.
// **State** buckets by time of writing and epoch, drained by returning sessions, eviction of the
// oldest, and flush. What is done often looks at the buckets that it can concern only, so that a
// long past costs nothing.
// **Source** Mooncake and 3FS: blocks live until capacity evicts the least recently used.
// **Limits** within a bucket all sessions are alike; a session's age at return is exponential, and
// sessions that went idle more than forty mean return times before the last one do not return.
#pragma once
#include <functional>
#include <vector>

#include "sim/journal.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

struct StockBucket {
  Instant written{};
  u8 epoch = 0;
  i64 blocks = 0, sessions = 0;
  i64 poisoned_blocks = 0, poisoned_sessions = 0;
  i64 total = 0;      // sessions that may return, whether or not still stored
  double weight = 0;  // of one such session to return now, against one of the newest bucket
  IncidentId poison_cause = kNoIncident;
  IncidentId lost_to = kNoIncident;  // the flush or loss that took its blocks
};

// What leaves or returns.
struct StockPart {
  i64 blocks = 0, sessions = 0, poisoned_blocks = 0, poisoned_sessions = 0;
  IncidentId cause = kNoIncident;
  u8 epoch = 0;
  bool present = false;
};

class IdleStock {
 public:
  // A session (or many) goes idle.
  void add(Instant now, Duration span, u8 epoch, const StockPart& part);
  // Mean time after which idle sessions return; it may change.
  void set_return_time(Duration mean);
  // A session returns with `blocks` of history; `pick` and `bad` are uniforms in (0,1). Without
  // stock nothing is present.
  StockPart take_session(double pick, double bad, i64 blocks);
  // Removes up to `blocks` of the oldest; returns what went.
  StockPart evict(i64 blocks);
  // Removes up to `blocks` of the first bucket of an epoch below `epoch` and written not before
  // `since`; the sessions it held miss because of `cause`. Empty when none is left.
  StockPart flush(i64 blocks, u8 epoch, Instant since, IncidentId cause);
  // Is anything left that flush() would remove?
  bool holds(u8 epoch, Instant since) { return first_to_flush(epoch, since) < buckets_.size(); }
  // All of an epoch below `epoch` becomes unusable at once, its space stays until evicted.
  void invalidate(u8 epoch, IncidentId cause);

  // Each block is wrong from now on with this chance, and with it what follows in its session.
  // Returns how many blocks that are.
  i64 corrupt(double chance, IncidentId cause);
  // What is stored of a share of the sessions is gone, because of `cause`. Returns the blocks.
  i64 lose(double share, IncidentId cause);

  // Gives every epoch another number, in the same order.
  void renumber(const std::function<u8(u8)>& renumbered);

  i64 blocks() const { return blocks_; }
  i64 sessions() const;
  const std::vector<StockBucket>& buckets() const { return buckets_; }
  // How many buckets all calls so far have looked at: what they cost.
  u64 looked_at() const { return looked_at_; }

 private:
  void weigh();
  std::size_t first_to_flush(u8 epoch, Instant since);
  StockPart remove(StockBucket& bucket, i64 blocks);
  std::vector<StockBucket> buckets_;  // in order of writing
  double return_seconds_ = 3600;
  bool weighed_ = false;
  std::size_t returning_ = 0;     // the first bucket whose sessions may return
  std::size_t first_blocks_ = 0;  // no bucket before it has blocks
  std::size_t first_stored_ = 0;  // no bucket before it has blocks or stored sessions
  u64 looked_at_ = 0;
  i64 blocks_ = 0;
  u8 valid_epoch_ = 0;
};

}  // namespace stampede
