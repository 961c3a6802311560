#include "sim/pending_set.h"

#include <algorithm>

namespace stampede {
namespace {

constexpr std::size_t kBlocksPerChunk = 256;  // 64 KiB
constexpr std::size_t kKeptCapacity = 4096;   // of an instant's queue after a burst

bool not_after(const PendingEvent& a, const PendingEvent& b) {
  return a.time != b.time ? a.time < b.time : a.priority <= b.priority;
}

}  // namespace

PendingEvent* PendingSet::grow(u32 bucket) {
  if (free_blocks_ == nullptr) {
    chunks_.push_back(std::make_unique_for_overwrite<Block[]>(kBlocksPerChunk));
    for (std::size_t i = kBlocksPerChunk; i-- > 0;) {
      chunks_.back()[i].link = free_blocks_;
      free_blocks_ = &chunks_.back()[i];
    }
  }
  Block* const block = free_blocks_;
  free_blocks_ = block->link;
  PendingEvent* const cursor = cursors_[bucket];
  if (cursor == nullptr) {
    heads_[bucket] = block;
    const u32 level = bucket / kDigits, digit = bucket % kDigits;
    occupied_[level][digit / 64] |= u64{1} << (digit % 64);
    levels_ |= 1U << level;
  } else {
    last_block(cursor)->link = block;
  }
  return block->events;
}

void PendingSet::clear(u32 bucket) {
  const u32 level = bucket / kDigits, digit = bucket % kDigits;
  cursors_[bucket] = nullptr;
  auto& words = occupied_[level];
  words[digit / 64] &= ~(u64{1} << (digit % 64));
  if ((words[0] | words[1] | words[2] | words[3]) == 0) levels_ &= ~(1U << level);
}

void PendingSet::push_near(const PendingEvent& event) {
  if (event.time == now_) {
    push_instant(event);
    return;
  }
  if (front_size_ == kFrontCapacity) {
    spill();
    file(event);
    return;
  }
  u32 i = front_size_++;
  for (; i > 0 && not_after(front_[i - 1], event); --i) front_[i] = front_[i - 1];
  front_[i] = event;
}

// All events before front_end_ are in the front, so that base_ may move up to now_ and the front
// be filed anew at lower levels.
void PendingSet::spill() {
  base_ = now_;
  front_end_ = now_ + 1;
  while (front_size_ > 0) file(front_[--front_size_]);
}

// Brings the next bucket into the front (or, when it is one crowded nanosecond, into the instant's
// queues). False when nothing begins at or before `limit`: base_ never passes the limit, so that
// earlier pushes remain possible.
bool PendingSet::refill(u64 limit, const u32* touched) {
  for (;;) {
    const u64 start = first_start();
    if (start == kNoEnd || start > limit) {
      front_end_ = start;
      return false;
    }
    const u32 level = static_cast<u32>(__builtin_ctz(levels_));
    const u32 bucket = level * kDigits + static_cast<u32>((start >> (8 * level)) & 255);
    base_ = start;
    const u32 count = count_up_to_limit(bucket);
    if (count <= kSortLimit && level < kSortLevels) {
      sort_into_front(level, bucket, count);
    } else if (level == 0) {
      now_ = start;
      drain(bucket, [this](const PendingEvent& event) { push_instant(event); });
    } else {
      const bool soon = level <= 2;
      drain(bucket, [this, soon, touched](const PendingEvent& event) {
        if (soon) __builtin_prefetch(touched + event.slot, 1);
        file(event);
      });
      continue;
    }
    front_end_ = first_start();
    return true;
  }
}

// Sorts 64-bit keys (time since base_, rung, order of insertion) and gathers by them. Sparse
// buckets of one level are taken several at a time.
void PendingSet::sort_into_front(u32 level, u32 bucket, u32 count) {
  u64 keys[kSortLimit];
  PendingEvent events[kSortLimit];
  u32 n = 0;
  for (;;) {
    drain(bucket, [&](const PendingEvent& event) {
      events[n] = event;
      const u64 key = (event.time - base_) << 10 | static_cast<u64>(event.priority) << 7 | n;
      u32 i = n++;
      for (; i > 0 && keys[i - 1] > key; --i) keys[i] = keys[i - 1];
      keys[i] = key;
    });
    if (n >= kEnough || (levels_ >> level & 1) == 0) break;
    bucket = level * kDigits + first_digit(level);
    count = count_up_to_limit(bucket);
    if (n + count > kSortLimit) break;
  }
  for (u32 i = 0; i < n; ++i) front_[n - 1 - i] = events[keys[i] & 127];
  front_size_ = unseen_ = n;
}

u32 PendingSet::count_up_to_limit(u32 bucket) const {
  PendingEvent* const end = cursors_[bucket];
  const Block* const last = last_block(end);
  u32 count = 0;
  for (const Block* block = heads_[bucket]; block != last; block = block->link)
    if ((count += kBlockEvents) > kSortLimit) return count;
  return count + static_cast<u32>(end - last->events);
}

u32 PendingSet::first_digit(u32 level) const {
  const auto& words = occupied_[level];
  u32 i = 0;
  while (words[i] == 0) ++i;
  return 64 * i + static_cast<u32>(__builtin_ctzll(words[i]));
}

// Start of the first occupied bucket, kNoEnd without one.
u64 PendingSet::first_start() const {
  if (levels_ == 0) return kNoEnd;
  const u32 level = static_cast<u32>(__builtin_ctz(levels_)), shift = 8 * level;
  const u64 above = level + 1 == kLevels ? 0 : base_ >> (shift + 8) << (shift + 8);
  return above | static_cast<u64>(first_digit(level)) << shift;
}

// Several events share the next instant: all of them go to its queues before the first is handled,
// so that what is pushed meanwhile on a rung between two of them finds its place.
void PendingSet::open_instant() {
  while (front_size_ > 0 && front_[front_size_ - 1].time == now_)
    push_instant(front_[--front_size_]);
}

void PendingSet::push_instant(const PendingEvent& event) {
  const auto rung = static_cast<u32>(event.priority);
  instants_[rung].events.push_back(event);
  instant_rungs_ |= 1U << rung;
}

void PendingSet::close(Instants& queue) {
  queue.events.clear();
  if (queue.events.capacity() > kKeptCapacity) queue.events.shrink_to_fit();
  queue.head = 0;
  instant_rungs_ &= ~(1U << static_cast<u32>(&queue - instants_.data()));
}

void PendingSet::refresh_instant_rungs() {
  for (Instants& queue : instants_)
    if (queue.head == queue.events.size()) close(queue);
}

std::size_t PendingSet::bytes() const {
  std::size_t sum = sizeof *this + chunks_.size() * kBlocksPerChunk * kBlockBytes;
  for (const Instants& queue : instants_) sum += queue.events.capacity() * sizeof(PendingEvent);
  return sum;
}

}  // namespace stampede
