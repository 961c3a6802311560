// Answers that a caller keeps: bounded, each good for a time, the one used longest ago gives way.
// **Limits** keys are small numbers, each with a place of its own.
#pragma once
#include <vector>

#include "sim/journal.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

class AnswerCache {
 public:
  explicit AnswerCache(u32 keys) : places_(keys) {}

  // When the answer ends or ended; kNever: there is none.
  Instant expires(u32 key) const { return places_[key].kept ? places_[key].expires : kNever; }
  void use(u32 key) {
    take_out(key);
    put_first(key);
  }
  void keep(u32 key, Instant expires, u32 size) {
    if (places_[key].kept) take_out(key);
    while (kept_ > 0 && kept_ >= size) take_out(last_);
    if (size == 0) return;
    places_[key].expires = expires;
    places_[key].lost_by = kNoIncident;
    put_first(key);
  }
  u32 kept() const { return kept_; }
  // Forgets those that `meant(key)` says.
  template <class F>
  void lose(IncidentId by, F meant) {
    for (u32 key = 0; key < places_.size(); ++key)
      if (places_[key].kept && meant(key)) {
        take_out(key);
        places_[key].lost_by = by;
      }
  }
  // What took the answer that was kept last; none: it ended, or gave way.
  IncidentId lost_by(u32 key) const { return places_[key].lost_by; }

 private:
  static constexpr u32 kNone = UINT32_MAX;
  struct Place {
    Instant expires{};
    u32 before = kNone, after = kNone;  // in order of use
    bool kept = false;
    IncidentId lost_by = kNoIncident;
  };
  void put_first(u32 key) {
    places_[key].before = kNone;
    places_[key].after = first_;
    (first_ == kNone ? last_ : places_[first_].before) = key;
    first_ = key;
    places_[key].kept = true;
    ++kept_;
  }
  void take_out(u32 key) {
    const Place p = places_[key];
    (p.before == kNone ? first_ : places_[p.before].after) = p.after;
    (p.after == kNone ? last_ : places_[p.after].before) = p.before;
    places_[key].kept = false;
    --kept_;
  }

  std::vector<Place> places_;
  u32 first_ = kNone, last_ = kNone, kept_ = 0;
};

}  // namespace stampede
