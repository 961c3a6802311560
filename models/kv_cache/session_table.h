// Live sessions as a flat array, one cache line a session: what each region knows of its manifest
// and holds of its blocks.
#pragma once
#include "models/ports/request.h"
#include "sim/huge_pages.h"

namespace stampede {

inline constexpr u32 kMaxKvRegions = 64;
inline constexpr u32 kNarrowRegions = 8;  // up to these a copy holds its mask of regions itself
// Clocks may run behind the start of the run.
inline constexpr i64 kStampOffset = 100'000'000;
inline constexpr u16 kNoPoison = UINT16_MAX;

// One region's view of a session.
struct SessionCopy {
  u32 stamp = 0;                // wall-clock time of the head version [ms, offset kStampOffset]
  u16 version = 0;              // head manifest version; unique within the session
  u16 blocks = 0;               // blocks stored here: a prefix of the context
  u16 poison_from = kNoPoison;  // first corrupted block
  u8 epoch = 0;                 // write epoch of the blocks
  u8 unsent = 0;                // SessionTable::unsent of up to eight regions
};

struct alignas(64) LiveSession {
  u64 key = 0;
  u32 touched = 0;                 // last lookup or write [ms, plus 1]; 0: none
  IncidentId cause = kNoIncident;  // of the poison, or of what it lost
  u16 next_version = 0;
  u16 turn = 0;         // of the head version
  u16 incarnation = 0;  // of the slot: tells writers of an earlier session apart
  u16 carried = 0;      // incident carried by the last write, if it fits; else 0
  RegionId home = 0;
  RegionId writer = 0;  // of the head version
  bool live = false;
  bool queued = false;  // in the flush's list of late or leased sessions
  SessionCopy copies[3];
};
static_assert(sizeof(LiveSession) == 64);

// Regions from 3 on continue in a second array, and where there are more than eight their masks in
// a third one, so that the usual three cost one line.
class SessionTable {
 public:
  explicit SessionTable(u32 regions)
      : regions_(regions), extra_(regions > 3 ? regions - 3 : 0), wide_(regions > kNarrowRegions) {}
  void reserve(u32 slots) { grow(slots); }
  LiveSession& at(SessionSlot slot) {
    if (slot >= sessions_.size()) [[unlikely]]
      grow(slot + 1 + slot / 2);
    return sessions_[slot];
  }
  SessionCopy& copy(SessionSlot slot, RegionId r) {
    return r < 3 ? sessions_[slot].copies[r] : more_[slot * std::size_t{extra_} + r - 3u];
  }
  // Regions, a bit each, that have not seen the last write of region `r`, whose copy is `c`.
  u64 unsent(SessionSlot slot, RegionId r, const SessionCopy& c) const {
    return wide_ ? masks_[slot * std::size_t{regions_} + r] : c.unsent;
  }
  void set_unsent(SessionSlot slot, RegionId r, SessionCopy& c, u64 mask) {
    if (wide_)
      masks_[slot * std::size_t{regions_} + r] = mask;
    else
      c.unsent = static_cast<u8>(mask);
  }
  void clear(SessionSlot slot, RegionId r) {
    SessionCopy& c = copy(slot, r);
    c = SessionCopy{};
    set_unsent(slot, r, c, 0);
  }
  void prefetch(SessionSlot slot) const { __builtin_prefetch(sessions_.data() + slot, 1); }
  u32 size() const { return static_cast<u32>(sessions_.size()); }

 private:
  void grow(u32 slots) {
    if (slots <= sessions_.size()) return;
    sessions_.resize(slots);
    more_.resize(slots * std::size_t{extra_});
    if (wide_) masks_.resize(slots * std::size_t{regions_});
  }
  u32 regions_, extra_;
  bool wide_;
  LargeVector<LiveSession> sessions_;
  LargeVector<SessionCopy> more_;
  LargeVector<u64> masks_;
};

}  // namespace stampede
