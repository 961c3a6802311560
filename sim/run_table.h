// From a 64-bit name to a small record, by open addressing with linear probing: what is looked up
// for each piece of each prompt.
// Limits: never iterated, so the order of its places decides nothing; it never shrinks.
#pragma once
#include <utility>
#include <vector>

#include "sim/units.h"

namespace stampede {

template <class Value>
class RunTable {
 public:
  // Null if it is not here. Valid until the next add() or erase().
  const Value* find(u64 name) const {
    if (size_ == 0) return nullptr;
    for (u32 at = home(name);; at = next(at)) {
      const Place& p = places_[at];
      if (!p.taken) return nullptr;
      if (p.name == name) return &p.value;
    }
  }
  Value* find(u64 name) { return const_cast<Value*>(std::as_const(*this).find(name)); }
  // The record of this name, and whether it is new: then it is `value`.
  std::pair<Value&, bool> try_add(u64 name, const Value& value) {
    if (2 * (size_ + 1) > places_.size()) grow();
    u32 at = home(name);
    for (; places_[at].taken; at = next(at))
      if (places_[at].name == name) return {places_[at].value, false};
    ++size_;
    places_[at] = {name, value, true};
    return {places_[at].value, true};
  }
  void erase(u64 name) {
    u32 hole = home(name);
    while (places_[hole].name != name || !places_[hole].taken) hole = next(hole);
    --size_;
    // Those behind it that could not stand nearer to their home move up.
    for (u32 at = next(hole); places_[at].taken; at = next(at)) {
      if (((at - home(places_[at].name)) & mask()) < ((at - hole) & mask())) continue;
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole].taken = false;
  }
  void clear() {
    places_.clear();
    size_ = 0;
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return places_.capacity() * sizeof(Place); }

 private:
  struct Place {
    u64 name = 0;
    Value value{};
    bool taken = false;
  };
  u32 mask() const { return static_cast<u32>(places_.size()) - 1; }
  u32 next(u32 at) const { return (at + 1) & mask(); }
  u32 home(u64 name) const { return static_cast<u32>((name * 0x9e37'79b9'7f4a'7c15) >> shift_); }
  void grow() {
    std::vector<Place> old(places_.empty() ? 16 : 2 * places_.size());
    old.swap(places_);
    shift_ = 64 - static_cast<u32>(__builtin_ctzll(places_.size()));
    size_ = 0;
    for (const Place& p : old)
      if (p.taken) try_add(p.name, p.value);
  }

  std::vector<Place> places_;
  std::size_t size_ = 0;
  u32 shift_ = 64;
};

}  // namespace stampede
