// One etcd member's disk and backend, advanced lazily: no events of its own.
// State: log disk idle | one fsync running | one more queued; backend open | locked by a commit.
// Source: etcd raft.go (one fsync at a time, whatever is queued goes with the next one), backend.go
// (commit 100 ms after the end of the last one if anything is pending); etcd_measured 1 and 2.
// Limits: constant fsync times; a batch that joins a queued fsync is not bounded to 1 MiB.
#pragma once
#include <algorithm>

#include "sim/histogram.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

class EtcdMember {
 public:
  Duration fsync{};  // healthy + injected delay of the write-ahead log
  Duration database_fsync{};
  Duration log_delay{}, database_delay{};         // what faults add to the two
  Duration growth_per_write{}, growth_per_kib{};  // of a log fsync
  Duration commit_per_write{}, commit_per_kib{};  // of a backend commit
  Duration commit_interval = 100_ms;
  Instant cpu_free{};
  Instant contact{};                  // when the leader was last heard
  Histogram* commits_told = nullptr;  // hears how long they take; null: nobody asks

  // An fsync that starts at `start` ends at the result; a stall holds it back.
  Instant fsync_end(Instant start, i64 writes, i64 bytes) const {
    return held(start, start + fsync + growth_per_write * writes + growth_per_kib * (bytes / 1024));
  }
  Instant held(Instant start, Instant end) const {
    return start < stalled_until_ ? std::max(end, stalled_until_) : end;
  }
  Instant stalled_until() const { return stalled_until_; }
  // Its process is gone: as a stall, and nobody hears of it or votes for it meanwhile.
  void stop(Instant now, Instant until) {
    stall(now, until);
    if (!stopped(now)) stopped_from_ = now;
    stopped_until_ = std::max(stopped_until_, until);
  }
  Instant stopped_from() const { return stopped_from_; }  // the last time
  Instant stopped_until() const { return stopped_until_; }
  bool stopped(Instant at) const { return at < stopped_until_; }
  void stall(Instant now, Instant until) {
    stalled_until_ = std::max(stalled_until_, until);
    if (last_end_ > now) last_end_ = std::max(last_end_, until);
    if (previous_end_ > now) last_start_ = previous_end_ = std::max(previous_end_, until);
    if (lock_end_ > now) {
      lock_end_ = std::max(lock_end_, until);
      next_tick_ = lock_end_ + commit_interval;
    }
  }

  // As a follower: entries arrive at `at`; returns when they are on disk. They come as a stream of
  // messages, so an idle loop takes the first alone and the rest with the next fsync.
  Instant append(Instant at, i64 writes, i64 bytes) {
    if (at >= last_end_) {
      previous_end_ = last_end_;
      last_start_ = at;
      last_end_ = fsync_end(at, 1, bytes / writes);
      if (writes == 1) return last_end_;
    }
    if (at >= last_start_) {
      previous_end_ = last_start_ = last_end_;
      last_end_ = fsync_end(last_start_, writes, bytes);
    }
    return last_end_;  // with the fsync that has not started
  }
  // When the raft loop can next take something that arrives at `at`.
  Instant loop_free(Instant at) const {
    if (at >= last_end_) return at;
    return at >= last_start_ ? last_end_ : std::max(at, previous_end_);
  }
  Instant busy_until() const { return last_end_; }
  bool busy(Instant at) const { return loop_free(at) > at; }
  void set_busy(Instant from, Instant until) {
    previous_end_ = last_start_ = from;
    last_end_ = until;
  }

  // Backend. `settle` plays the commit timer up to `now`; what was applied is locked out meanwhile.
  void settle(Instant now) {
    while (next_tick_ <= now) {
      if (pending_writes_ > 0) {
        lock_start_ = next_tick_;
        lock_end_ = held(lock_start_, lock_start_ + database_fsync * 2 +
                                          commit_per_write * pending_writes_ +
                                          commit_per_kib * (pending_bytes_ / 1024));
        pending_writes_ = pending_bytes_ = 0;
        ++commits_;
        if (commits_told) commits_told->add((lock_end_ - lock_start_).seconds());
        next_tick_ = lock_end_ + commit_interval;
      } else {
        next_tick_ += commit_interval * ((now - next_tick_) / commit_interval + 1);
      }
    }
  }
  // First instant from `now` on at which something can be applied.
  Instant unlocked_at(Instant now) {
    settle(now);
    return now >= lock_start_ && now < lock_end_ ? lock_end_ : now;
  }
  void applied(i64 writes, i64 bytes) {
    pending_writes_ += writes;
    pending_bytes_ += bytes;
  }
  void lock(Instant from, Instant until) {  // defragmentation
    defragmented_ = std::max(defragmented_, until);
    lock_start_ = from;
    lock_end_ = std::max(lock_end_, until);
    next_tick_ = std::max(next_tick_, lock_end_ + commit_interval);
  }
  Instant defragmented() const { return defragmented_; }  // when the last one ends
  u64 commits() const { return commits_; }

 private:
  Instant stalled_until_{}, stopped_from_{}, stopped_until_{}, defragmented_{};
  Instant previous_end_{};             // of the fsync before the last one
  Instant last_start_{}, last_end_{};  // of the last fsync scheduled; start may be ahead
  Instant lock_start_{}, lock_end_{};
  Instant next_tick_{};
  i64 pending_writes_ = 0, pending_bytes_ = 0;
  u64 commits_ = 0;
};

}  // namespace stampede
