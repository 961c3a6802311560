// The ordered set of pending events: a monotone hierarchical bucket queue on 64-bit nanoseconds.
// Eight levels of 256 buckets; an event lies at the level of the highest byte in which its time
// differs from `base_`. A bucket of few events is sorted into a small front array when its turn
// comes, else spread one level down. Every step keeps the order of insertion among equal times, so
// (time, rung, first-in first-out) is exact without a sequence number. Events at the current
// instant have queues of their own, one a rung: a burst on one nanosecond costs no sorting. Source:
// radix heaps (Ahuja et al. 1990) and hashed hierarchical timing wheels (Varghese and Lauck).
#pragma once
#include <array>
#include <memory>
#include <vector>

#include "sim/event.h"

namespace stampede {

// What lies in the set: the event and the slot by which its handle finds it. 24 bytes.
struct PendingEvent {
  u64 time;  // [ns]
  u32 subject, argument;
  ComponentId target;
  u8 kind;
  Priority priority;
  u32 slot;
};
static_assert(sizeof(PendingEvent) == 24);

class PendingSet {
 public:
  PendingSet() = default;
  PendingSet(const PendingSet&) = delete;
  PendingSet& operator=(const PendingSet&) = delete;

  // `event.time` must not lie before the time of the last pop or advance.
  void push(const PendingEvent& event) {
    if (event.time >= front_end_)
      file(event);
    else
      push_near(event);
  }

  // Takes the first event if its time is <= limit. `touched` is the table that the caller will read
  // at [slot]; its lines are fetched ahead.
  bool pop(u64 limit, const u32* touched, PendingEvent& out) {
    if (instant_rungs_ == 0) {
      if (front_size_ == 0 && !refill(limit, touched)) return false;
      if (front_size_ != 0) {
        const PendingEvent& first = front_[front_size_ - 1];
        if (first.time > limit) return false;
        now_ = first.time;
        if (front_size_ == 1 || front_[front_size_ - 2].time != now_) {
          out = first;
          --front_size_;
          return true;
        }
        open_instant();
      }
    }
    pop_instant(out);
    return true;
  }

  // Calls visit(event, next) for events that were newly brought to the front since the last call,
  // then, with next = true, for the one that stands a few places behind the first.
  template <class Visit>
  void look_ahead(Visit visit) {
    for (u32 i = unseen_ < front_size_ ? unseen_ : front_size_; i > 0; --i)
      visit(front_[i - 1], false);
    unseen_ = 0;
    if (front_size_ > kNext) visit(front_[front_size_ - 1 - kNext], true);
  }

  // Moves the clock after a pop refused: nothing is pending at or before `time`.
  void advance(u64 time) { now_ = time; }

  // Drops every event for which dead(event) holds; the order of the others stays.
  template <class Dead>
  void remove_if(Dead dead) {
    u32 kept = 0;
    for (u32 i = 0; i < front_size_; ++i)
      if (!dead(front_[i])) front_[kept++] = front_[i];
    front_size_ = kept;
    for (Instants& queue : instants_) {
      std::size_t to = queue.head;
      for (std::size_t i = queue.head; i < queue.events.size(); ++i)
        if (!dead(queue.events[i])) queue.events[to++] = queue.events[i];
      queue.events.resize(to);
    }
    refresh_instant_rungs();
    for (u32 bucket = 0; bucket < kBuckets; ++bucket)
      if (cursors_[bucket] != nullptr)
        drain(bucket, [&](const PendingEvent& event) {
          if (!dead(event)) append(bucket, event);
        });
  }

  std::size_t bytes() const;  // memory held for events

 private:
  static constexpr u32 kLevels = 8, kDigits = 256, kBuckets = kLevels * kDigits;
  static constexpr u32 kSortLimit = 48;      // a larger bucket is spread
  static constexpr u32 kSortLevels = 6;      // sort keys hold a bucket's width below this level
  static constexpr u32 kEnough = 16;         // buckets are taken together up to this many events
  static constexpr u32 kFrontCapacity = 96;  // a fuller front goes back into buckets
  static constexpr u32 kNext = 2;            // events between the first and the one looked at
  static constexpr u32 kBlockEvents = 10;
  static constexpr std::size_t kBlockBytes = 256;
  static constexpr u64 kNoEnd = UINT64_MAX;

  struct alignas(kBlockBytes) Block {
    Block* link;  // the block filled after this one; in the pool, the next free one
    u64 padding;
    PendingEvent events[kBlockEvents];
  };
  static_assert(sizeof(Block) == kBlockBytes);
  struct Instants {
    std::vector<PendingEvent> events;
    std::size_t head = 0;
  };

  // Puts an event into the bucket of its time relative to base_.
  void file(const PendingEvent& event) {
    const u32 level = static_cast<u32>(63 - __builtin_clzll((event.time ^ base_) | 1)) >> 3;
    append(level * kDigits + static_cast<u32>((event.time >> (8 * level)) & 255), event);
  }
  // A cursor points behind the bucket's last event; on a block's boundary (or null) it needs a
  // block.
  void append(u32 bucket, const PendingEvent& event) {
    PendingEvent* cursor = cursors_[bucket];
    if ((reinterpret_cast<std::uintptr_t>(cursor) & (kBlockBytes - 1)) == 0) [[unlikely]]
      cursor = grow(bucket);
    *cursor = event;
    cursors_[bucket] = cursor + 1;
  }
  static Block* last_block(PendingEvent* cursor) {
    return reinterpret_cast<Block*>((reinterpret_cast<std::uintptr_t>(cursor) - 1) &
                                    ~static_cast<std::uintptr_t>(kBlockBytes - 1));
  }
  // Empties a bucket, oldest event first; `visit` may append to any bucket, this one included.
  template <class Visit>
  void drain(u32 bucket, Visit visit) {
    PendingEvent* const end = cursors_[bucket];
    Block* const last = last_block(end);
    Block* block = heads_[bucket];
    clear(bucket);
    for (;;) {
      Block* const next = block->link;
      if (block != last) prefetch(next);
      const auto n = block == last ? end - block->events : static_cast<long>(kBlockEvents);
      for (long i = 0; i < n; ++i) visit(block->events[i]);
      block->link = free_blocks_;
      free_blocks_ = block;
      if (block == last) break;
      block = next;
    }
  }
  static void prefetch(const Block* block) {
    for (std::size_t line = 0; line < kBlockBytes; line += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(block) + line);
  }

  PendingEvent* grow(u32 bucket);
  void clear(u32 bucket);
  void push_near(const PendingEvent& event);
  void spill();
  bool refill(u64 limit, const u32* touched);
  void sort_into_front(u32 level, u32 bucket, u32 count);
  u32 count_up_to_limit(u32 bucket) const;
  u32 first_digit(u32 level) const;
  u64 first_start() const;
  void open_instant();
  void push_instant(const PendingEvent& event);
  void pop_instant(PendingEvent& out) {
    Instants& queue = instants_[static_cast<u32>(__builtin_ctz(instant_rungs_))];
    out = queue.events[queue.head++];
    if (queue.head == queue.events.size()) close(queue);
  }
  void close(Instants& queue);
  void refresh_instant_rungs();

  u64 now_ = 0;
  u64 front_end_ = kNoEnd;  // > now_; every event before it is in the front or at this instant
  u64 base_ = 0;            // <= now_ when events are pushed; no bucket begins before it
  u32 front_size_ = 0;
  u32 unseen_ = 0;         // the last so many of the front (at its beginning) are new
  u32 instant_rungs_ = 0;  // bit set of rungs with events at now_
  u32 levels_ = 0;         // bit set of levels with events
  std::array<std::array<u64, 4>, kLevels> occupied_{};
  Block* free_blocks_ = nullptr;
  std::array<PendingEvent, kFrontCapacity> front_;  // latest first: the next event is the last one
  std::array<PendingEvent*, kBuckets> cursors_{};
  std::array<Block*, kBuckets> heads_;  // first block of each bucket whose cursor is set
  std::array<Instants, kPriorities> instants_;
  std::vector<std::unique_ptr<Block[]>> chunks_;
};

}  // namespace stampede
