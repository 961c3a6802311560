// Which routing decision a session follows now, given that its resolver caches answers for a TTL:
// the decision in force at the start of its current TTL period, with no state by session.
// State: by home region a short ring of past decisions; a session's phase and TTL are keyed draws.
// Source: DNS drain 1 - t/TTL (uniform resolver phase); a share of resolvers keeps answers longer,
//   so that a fraction share * exp(-t/tail) is left (their periods are Gamma(2, tail): the
//   residual life of such a period with uniform phase is exponential).
// Limits: phases are by session, not by resolver; decisions beyond the ring are forgotten.
#pragma once
#include <array>
#include <vector>

#include "models/ports/request.h"
#include "sim/random.h"

namespace stampede {

inline constexpr std::size_t kMaxRegions = 64;

struct Answer {
  Instant from{};
  const u64* cumulative = nullptr;  // [region] share of regions 0..r x 2^32
  bool all_home = true;
  bool none = false;  // no region to send to
  IncidentId moved_by = kNoIncident;
};

class AnswerHistory {
 public:
  struct Settings {
    Duration ttl{};  // 0: every call follows the newest decision
    double violators = 0;
    Duration violator_tail{};
  };
  AnswerHistory(Settings settings, std::size_t regions, StreamKey key);
  AnswerHistory(const AnswerHistory&) = delete;  // answers point into it

  // From `now` on answers are kept by other settings; what a resolver has it keeps as long as it
  // was told. At the first instant nobody has anything yet.
  void retune(Instant now, Settings settings);

  // A new decision for `home` at `now`: shares [region], all 0 = nowhere. One that differs from the
  // newest by less than 1/256 replaces it in place.
  void publish(Instant now, RegionId home, const std::vector<double>& shares, IncidentId moved_by);
  // Never allocates; one comparison once the newest decision is older than every TTL.
  const Answer& in_force(RegionId home, Instant now, u64 session_key) const {
    const Ring& ring = rings_[home];
    return now.ns >= ring.settled ? ring.answers[ring.head] : cached(ring, now, session_key);
  }
  const Answer& newest(RegionId home) const;
  // The region of `answer` for a uniform 32-bit `point`; kNoRegion if there is none.
  RegionId pick(const Answer& answer, RegionId home, u32 point) const {
    if (answer.all_home) return home;
    if (answer.none) return kNoRegion;
    std::size_t r = 0;
    while (r + 1 < regions_ && point >= answer.cumulative[r]) ++r;
    return static_cast<RegionId>(r);
  }

 private:
  static constexpr std::size_t kRing = 64;
  struct Ring {
    i64 settled = INT64_MIN;          // from then on every session follows the newest [ns]
    std::size_t count = 1, head = 0;  // head: the newest
    std::array<Answer, kRing> answers{};
    std::vector<u64> cumulative;  // [answer] x [region]
  };
  void set(Ring& ring, Answer answer);
  // How long answers are kept, by session.
  struct Regime {
    Instant from{};  // since when
    Duration ttl{};
    u64 violator_below = 0;                  // of 2^32
    std::array<i64, 64> violator_periods{};  // equally likely [ns]
    i64 period(u64 hash) const {
      return (hash & 0xffffffffU) < violator_below ? violator_periods[hash >> 58] : ttl.ns;
    }
  };
  static Regime regime_of(const Settings& settings, Instant from, i64& longest);
  Instant asked_at(Instant now, u64 hash) const;
  const Answer& cached(const Ring& ring, Instant now, u64 session_key) const;
  const Answer& back(const Ring& ring, std::size_t age) const {
    return ring.answers[(ring.head + kRing - age) % kRing];
  }

  std::size_t regions_;
  u64 salt_;
  i64 longest_period_ = 0;
  Regime regime_;                // since the start, or since the first change
  std::vector<Regime> changes_;  // after it, in order of time
  std::vector<Ring> rings_;
  std::vector<u64> next_;  // [region] of the answer that is being published
};

}  // namespace stampede
