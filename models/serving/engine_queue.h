// Who waits for one engine: in one line, or in one for each priority. A line is taken from the
// front (first-in first-out) or from the back (the newest first), preempted sequences rejoin by
// their ticket, a cancelled entry stays as a tombstone until it reaches an end.
// Entries are always sorted by ticket. While nothing is taken from the back, whoever is preempted
// had the last ticket among the running and rejoins in front.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "sim/check.h"
#include "sim/units.h"

namespace stampede {

struct WaitingSequence {  // 24 bytes: an overloaded engine may hold over 100,000
  u32 ticket = 0, id = 0, prompt = 0, cached = 0;
  u32 output = 0;     // 0: cancelled
  u32 generated = 0;  // tokens produced before it came here or was preempted
};

class WaitingLine {
 public:
  explicit WaitingLine(i32 priority = 0) : priority_(priority) {}
  i32 priority() const { return priority_; }
  bool empty() const { return size_ == 0; }
  u32 live() const { return live_; }
  u64 tokens() const { return tokens_; }  // of the prompts of the live ones
  const WaitingSequence& front() const { return ring_[head_]; }
  const WaitingSequence& back() const { return ring_[(head_ + size_ - 1) & mask()]; }

  void push_back(const WaitingSequence& entry) {
    if (size_ == ring_.size()) resize(size_ == 0 ? 4 : 2 * size_);
    ring_[(head_ + size_) & mask()] = entry;
    ++size_, ++live_;
    tokens_ += entry.prompt;
  }
  // A preempted sequence, to its place by ticket. O(tickets before it).
  void rejoin(const WaitingSequence& entry) {
    if (size_ == ring_.size()) resize(size_ == 0 ? 4 : 2 * size_);
    const u32 place = position(entry.ticket);
    head_ = (head_ - 1) & mask();
    for (u32 i = 0; i < place; ++i) ring_[(head_ + i) & mask()] = ring_[(head_ + i + 1) & mask()];
    ring_[(head_ + place) & mask()] = entry;
    ++size_, ++live_;
    tokens_ += entry.prompt;
  }
  // Removes the front, which is live, and tombstones behind it.
  void pop_front() {
    --live_;
    tokens_ -= front().prompt;
    drop_front();
  }
  // Removes the back, which is live, and tombstones before it.
  void pop_back() {
    --live_;
    tokens_ -= back().prompt;
    drop_back();
  }
  // The live entry with this ticket; output 0 if there is none. O(log size).
  WaitingSequence find(u32 ticket) const;
  // Takes it out; its former content, or output 0 if there is none.
  WaitingSequence cancel(u32 ticket);
  template <class F>
  void for_each_live(F&& f) const {
    for (u32 i = 0; i < size_; ++i)
      if (const WaitingSequence& e = ring_[(head_ + i) & mask()]; e.output != 0) f(e);
  }
  // Calls f with the first live entry for which `fits` says so, if there is one.
  template <class Fits, class F>
  void with_first(Fits&& fits, F&& f) const {
    for (u32 i = 0; i < size_; ++i)
      if (const WaitingSequence& e = ring_[(head_ + i) & mask()]; e.output != 0 && fits(e))
        return f(e);
  }
  void clear() {
    head_ = size_ = live_ = 0;
    tokens_ = 0;
  }
  // Throws InvariantError unless the counts are those of the entries, in order of their tickets.
  void verify() const;

 private:
  u32 mask() const { return static_cast<u32>(ring_.size()) - 1; }
  void drop_front() {
    do {
      head_ = (head_ + 1) & mask();
      --size_;
    } while (size_ != 0 && ring_[head_].output == 0);
    give_room_back();
  }
  void drop_back() {
    do --size_;
    while (size_ != 0 && back().output == 0);
    give_room_back();
  }
  void give_room_back() {
    if (ring_.size() > 256 && size_ < ring_.size() / 8) resize(static_cast<u32>(ring_.size()) / 4);
  }
  u32 position(u32 ticket) const;  // of the first entry with this ticket or a later one
  void resize(u32 capacity);       // a power of two

  std::vector<WaitingSequence> ring_;
  u32 head_ = 0, size_ = 0, live_ = 0;
  i32 priority_ = 0;
  u64 tokens_ = 0;
};

// Without priorities there is one line; with them one for each that ever came, the lowest first.
class WaitingLines {
 public:
  explicit WaitingLines(bool by_priority) {
    if (by_priority) levels_ = std::make_unique<std::vector<WaitingLine>>();
  }
  bool empty() const { return levels_ ? live() == 0 : only_.empty(); }
  u32 live() const {
    u32 sum = 0;
    for_each_line([&](const WaitingLine& line) { sum += line.live(); });
    return sum;
  }
  u64 tokens() const {
    u64 sum = 0;
    for_each_line([&](const WaitingLine& line) { sum += line.tokens(); });
    return sum;
  }
  // The line of the next sequence to take, of those with tickets up to `last`; if there is none, of
  // the next of all. Not empty unless all are.
  WaitingLine& next(u32 last = UINT32_MAX) { return levels_ ? next_level(last) : only_; }
  // Where those of this priority wait.
  WaitingLine& of(i32 priority) { return levels_ ? level(priority) : only_; }
  // As those of a WaitingLine.
  WaitingSequence find(u32 ticket) const;
  WaitingSequence cancel(u32 ticket);
  template <class F>
  void for_each_live(F&& f) const {
    for_each_line([&](const WaitingLine& line) { line.for_each_live(f); });
  }
  // As that of a WaitingLine, in each.
  template <class Fits, class F>
  void with_first(Fits&& fits, F&& f) const {
    for_each_line([&](const WaitingLine& line) { line.with_first(fits, f); });
  }
  void clear() {
    only_.clear();
    if (levels_) levels_->clear();
  }
  void verify() const {
    for_each_line([](const WaitingLine& line) { line.verify(); });
  }

 private:
  template <class F>
  void for_each_line(F&& f) const {
    if (!levels_) return f(only_);
    for (const WaitingLine& line : *levels_) f(line);
  }
  WaitingLine& next_level(u32 last);
  WaitingLine& level(i32 priority);

  WaitingLine only_;
  std::unique_ptr<std::vector<WaitingLine>> levels_;  // by priority, in place of only_
};

inline u32 WaitingLine::position(u32 ticket) const {
  u32 low = 0, high = size_;
  while (low < high) {
    const u32 middle = (low + high) / 2;
    if (ring_[(head_ + middle) & mask()].ticket < ticket)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

inline WaitingSequence WaitingLine::find(u32 ticket) const {
  const u32 i = position(ticket);
  if (i == size_) return {};
  const WaitingSequence& entry = ring_[(head_ + i) & mask()];
  return entry.ticket == ticket && entry.output != 0 ? entry : WaitingSequence{};
}

inline WaitingSequence WaitingLine::cancel(u32 ticket) {
  const WaitingSequence found = find(ticket);
  if (found.output == 0) return found;
  const u32 i = position(ticket);
  ring_[(head_ + i) & mask()].output = 0;
  --live_;
  tokens_ -= found.prompt;
  if (i == 0)
    drop_front();
  else if (i + 1 == size_)
    drop_back();
  return found;
}

inline WaitingLine& WaitingLines::next_level(u32 last) {
  WaitingLine* first = nullptr;
  for (WaitingLine& line : *levels_) {
    if (line.empty()) continue;
    if (line.front().ticket <= last) return line;
    if (first == nullptr) first = &line;
  }
  return first == nullptr ? only_ : *first;
}

inline WaitingLine& WaitingLines::level(i32 priority) {
  const auto lower = [priority](const WaitingLine& line) { return line.priority() < priority; };
  const auto at = std::partition_point(levels_->begin(), levels_->end(), lower);
  if (at != levels_->end() && at->priority() == priority) return *at;
  return *levels_->emplace(at, priority);
}

inline WaitingSequence WaitingLines::find(u32 ticket) const {
  WaitingSequence found;
  for_each_line([&](const WaitingLine& line) {
    if (found.output == 0) found = line.find(ticket);
  });
  return found;
}

inline WaitingSequence WaitingLines::cancel(u32 ticket) {
  if (!levels_) return only_.cancel(ticket);
  for (WaitingLine& line : *levels_)
    if (const WaitingSequence gone = line.cancel(ticket); gone.output != 0) return gone;
  return {};
}

inline void WaitingLine::resize(u32 capacity) {
  std::vector<WaitingSequence> larger(capacity);
  for (u32 i = 0; i < size_; ++i) larger[i] = ring_[(head_ + i) & mask()];
  ring_.swap(larger);
  head_ = 0;
}

inline void WaitingLine::verify() const {
  u32 live = 0, last = 0;
  u64 tokens = 0;
  for (u32 i = 0; i < size_; ++i) {
    const WaitingSequence& e = ring_[(head_ + i) & mask()];
    STAMPEDE_CHECK(e.ticket > last, "engine: the line is out of order");
    last = e.ticket;
    if (e.output == 0) continue;
    ++live;
    tokens += e.prompt;
  }
  STAMPEDE_CHECK(live == live_, "engine: sequences in line are not conserved");
  STAMPEDE_CHECK(tokens == tokens_, "engine: prompt tokens in line are not conserved");
}

}  // namespace stampede
