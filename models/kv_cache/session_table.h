// Live sessions as a flat array, one cache line a session: what each region knows of its manifest
// and holds of its blocks.
#pragma once
#include "models/ports/request.h"
#include "sim/huge_pages.h"

namespace stampede {

inline constexpr u32 kMaxKvRegions = 8;
// Clocks may run behind the start of the run.
inline constexpr i64 kStampOffset = 1'000'000;
inline constexpr u16 kNoPoison = UINT16_MAX;

// One region's view of a session.
struct SessionCopy {
  u32 stamp = 0;                // wall-clock time of the head version [ms, offset kStampOffset]
  u16 version = 0;              // head manifest version; unique within the session
  u16 blocks = 0;               // blocks stored here: a prefix of the context
  u16 poison_from = kNoPoison;  // first corrupted block
  u8 epoch = 0;                 // write epoch of the blocks
  u8 unsent = 0;                // regions that have not seen this region's last write
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

// Regions 3 to 7 continue in a second array, so that the usual three cost one line.
class SessionTable {
 public:
  explicit SessionTable(u32 regions) : extra_(regions > 3 ? regions - 3 : 0) {}
  void reserve(u32 slots) { grow(slots); }
  LiveSession& at(SessionSlot slot) {
    if (slot >= sessions_.size()) [[unlikely]]
      grow(slot + 1 + slot / 2);
    return sessions_[slot];
  }
  SessionCopy& copy(SessionSlot slot, RegionId r) {
    return r < 3 ? sessions_[slot].copies[r] : more_[slot * std::size_t{extra_} + r - 3u];
  }
  void prefetch(SessionSlot slot) const { __builtin_prefetch(sessions_.data() + slot, 1); }
  u32 size() const { return static_cast<u32>(sessions_.size()); }

 private:
  void grow(u32 slots) {
    if (slots <= sessions_.size()) return;
    sessions_.resize(slots);
    more_.resize(slots * std::size_t{extra_});
  }
  u32 extra_;
  LargeVector<LiveSession> sessions_;
  LargeVector<SessionCopy> more_;
};

}  // namespace stampede
