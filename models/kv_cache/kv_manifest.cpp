// Manifests: which write takes the head, when regions see each other's writes, and what a merge of
// two branches leaves behind.
#include <fmt/format.h>

#include <algorithm>

#include "models/kv_cache/kv_cache.h"

namespace stampede {
namespace {

const IncidentKind kClockSkewed{
    "clock_skewed", "a region's wall clock is wrong, and with it the time stamps of its writes"};
const IncidentKind kClockMended{"clock_mended", "a region's wall clock is right again"};

const IncidentKind kKvPartitioned{"kv_partitioned",
                                  "writes wait because replication between two regions is down"};
const IncidentKind kKvConflict{"kv_conflict",
                               "two executions wrote one session without seeing each other"};

}  // namespace

namespace {
constexpr std::size_t kMaxKnown = 16;  // distinct causes kept apart in the journal
}

Instant KvCache::written_at(const SessionCopy& c, RegionId r) const {
  return {regions_[r].clock.when_ms(i64{c.stamp} - kStampOffset, world_.now()) * 1'000'000};
}

bool KvCache::may_write(const LiveSession& s, RegionId r) {
  if (!links_.any_down()) return true;
  if (params_.consistency == Consistency::kHomeOwner) return links_.up(r, s.home);
  if (params_.consistency == Consistency::kCpBlock)
    for (u32 q = 0; q < n_; ++q)
      if (!links_.up(r, static_cast<RegionId>(q))) return false;
  return true;
}

bool KvCache::settle_head(LiveSession& s, SessionCopy& c, const KvWrite& w, u16 blocks,
                          KvWritten& result) {
  const bool stale = static_cast<u16>(w.base_version) != c.version;
  const bool lww = params_.consistency == Consistency::kApLww && !params_.fencing;
  const u32 stamp = static_cast<u32>(std::max<i64>(stamp_now(regions_[w.region]), 0));
  const bool behind = lww && stamp < c.stamp;
  IncidentId incident = kNoIncident;
  if (stale && params_.fencing) {
    ++stats_.fenced_writes;
    return false;
  }
  if (stale && (params_.consistency == Consistency::kCpBlock ||
                params_.consistency == Consistency::kHomeOwner)) {
    ++stats_.refused_writes;
    return false;
  }
  if (stale || behind) {
    incident = behind && !stale ? conflict(kNoIncident, wrong_clock(w.region, s.writer), w.region)
                                : conflict(w.cause, kNoIncident, w.region);
    if (!lww) return false;  // version vectors: the sibling is known and dropped
  }
  const u16 shorter = std::min(c.blocks, blocks);
  if (!behind) {
    // An execution on sound context computed everything after its hit itself.
    if (!w.poisoned) c.poison_from = kNoPoison;
    resize(c, w.region, blocks);
    c.stamp = stamp;
    c.version = ++s.next_version;
    table_.set_unsent(w.session, w.region, c, mask_of({}) & ~(u64{1} << w.region));
    s.turn = static_cast<u16>(w.turn);
    s.writer = w.region;
    s.carried = w.cause <= UINT16_MAX ? static_cast<u16>(w.cause) : u16{0};
  }
  if ((stale || behind) && torn(s, w.turn, w.attempt)) {
    ++stats_.torn;
    result = {true, incident != kNoIncident ? incident : w.cause};
    poison(s, c, shorter > 0 ? static_cast<u16>(shorter - 1) : u16{0}, result.cause);
  }
  return true;
}

void KvCache::note_pending(const LiveSession& s, RegionId r) {
  for (u32 x = 0; x < n_; ++x) {
    const auto q = static_cast<RegionId>(x);
    if (q == r) continue;
    if (r == s.home || q == s.home) {
      if (!links_.up(r, q)) ++links_.link(r, q).pending;
    } else if (!links_.up(r, s.home)) {
      continue;  // counted once, at the link to the home
    } else if (!links_.up(s.home, q)) {
      ++links_.link(s.home, q).pending;
    }
  }
}

bool KvCache::torn(const LiveSession& s, u32 turn, u32 index) const {
  return uniform(draw(torn_, s.key, turn, index)) < params_.torn_head_share.value;
}

void KvCache::pull(SessionSlot slot, LiveSession& s, RegionId to) {
  for (u32 x = 0; x < n_; ++x) {
    const auto from = static_cast<RegionId>(x);
    if (from == to || !unsent(slot, from, to)) continue;
    const SessionCopy& c = table_.copy(slot, from);
    const double lag = exponential(uniform(draw(lag_, s.key, c.version, from)));
    const Instant ready =
        written_at(c, from) + from_seconds(regions_[from].replication_lag.seconds() * lag);
    if (links_.delivered(from, to, s.home, ready) <= world_.now()) deliver(slot, s, from, to);
  }
}

void KvCache::deliver(SessionSlot slot, LiveSession& s, RegionId from, RegionId to) {
  SessionCopy& a = table_.copy(slot, from);
  SessionCopy& b = table_.copy(slot, to);
  mark_sent(slot, from, to);
  if (a.version == b.version) {
    mark_sent(slot, to, from);
  } else if (!unsent(slot, to, from)) {
    b.version = a.version;
    b.stamp = a.stamp;
  } else {
    merge_branches(slot, s, from, to);
  }
  // What `from` had seen of third regions, `to` has now seen as well.
  for (u32 x = 0; x < n_; ++x) {
    const auto third = static_cast<RegionId>(x);
    if (x != from && x != to && !unsent(slot, third, from)) mark_sent(slot, third, to);
  }
}

void KvCache::mark_sent(SessionSlot slot, RegionId from, RegionId to) {
  SessionCopy& c = table_.copy(slot, from);
  table_.set_unsent(slot, from, c, table_.unsent(slot, from, c) & ~(u64{1} << to));
}

void KvCache::merge_branches(SessionSlot slot, LiveSession& s, RegionId ra, RegionId rb) {
  SessionCopy& a = table_.copy(slot, ra);
  SessionCopy& b = table_.copy(slot, rb);
  const bool lww = params_.consistency == Consistency::kApLww && !params_.fencing;
  const bool a_wins = lww && a.stamp != b.stamp ? a.stamp > b.stamp : a.version > b.version;
  SessionCopy& winner = a_wins ? a : b;
  SessionCopy& loser = a_wins ? b : a;
  const RegionId lost_in = a_wins ? rb : ra;
  const u16 shorter = std::min(a.blocks, b.blocks);
  IncidentId incident = kNoIncident, parted = kNoIncident;
  if (params_.fencing) {
    ++stats_.fenced_writes;
  } else if (lww || params_.consistency == Consistency::kApVv) {
    for (const auto& [region, copy] : {std::pair{ra, &a}, std::pair{rb, &b}}) {
      const Instant at = written_at(*copy, region);
      if (parted == kNoIncident) parted = links_.outage_cause(ra, s.home, at);
      if (parted == kNoIncident) parted = links_.outage_cause(s.home, rb, at);
    }
    incident = conflict(s.carried, parted, lost_in);
  } else {
    ++stats_.refused_writes;
  }
  if (lww && loser.blocks > 0 && torn(s, s.turn, 256u + ra * std::max(n_, 8u) + rb)) {
    ++stats_.torn;
    poison(s, loser, shorter > 0 ? static_cast<u16>(shorter - 1) : u16{0},
           incident != kNoIncident ? incident : parted);
  } else {
    resize(loser, lost_in, std::min(shorter, loser.blocks));
  }
  loser.version = winner.version;
  loser.stamp = winner.stamp;
  mark_sent(slot, ra, rb);
  mark_sent(slot, rb, ra);
}

void KvCache::merge_all() {
  for (SessionSlot slot = 0; slot < table_.size(); ++slot) {
    LiveSession& s = table_.at(slot);
    if (!s.live) continue;
    u32 writers = 0;
    for (u32 x = 0; x < n_; ++x) {
      const auto r = static_cast<RegionId>(x);
      writers += table_.unsent(slot, r, table_.copy(slot, r)) != 0;
    }
    if (writers < 2) continue;
    for (u32 r = 0; r < n_; ++r) pull(slot, s, static_cast<RegionId>(r));
  }
}

IncidentId KvCache::known(std::vector<Known>& log, const IncidentKind& kind, IncidentId a,
                          IncidentId b, const std::string& text) {
  for (const Known& k : log)
    if (k.a == a && k.b == b) return k.id;
  if (log.size() >= kMaxKnown) return log.front().id;
  const IncidentId id = world_.incident(kind, "kv_cache", {a, b}, text);
  log.push_back({a, b, id});
  return id;
}

// Now and then a slow answer and its retry meet without anything being wrong: such conflicts are
// counted, and an incident only when they become frequent.
IncidentId KvCache::conflict(IncidentId carried, IncidentId partition, RegionId r) {
  ++stats_.conflicts;
  if (carried == kNoIncident && partition == kNoIncident) {
    ++unexplained_;
    if (static_cast<double>(unexplained_) <= 60 * params_.conflict_alarm.per_second)
      return kNoIncident;
  }
  return known(conflicts_, kKvConflict, carried, partition,
               "two executions wrote one session without seeing each other; seen in " +
                   world_.region_name(r));
}

void KvCache::report_partitions() {
  if (!links_.any_down()) return;
  for (u32 a = 0; a + 1 < n_; ++a)
    for (u32 b = a + 1; b < n_; ++b) {
      ReplicationLink& l = links_.link(static_cast<RegionId>(a), static_cast<RegionId>(b));
      if (l.up || l.reported || l.pending == 0) continue;
      if (world_.now() - l.changed <= params_.anti_entropy) continue;
      l.reported = true;
      l.partition = world_.incident(kKvPartitioned, "kv_cache", {l.cause},
                                    "replication between " + world_.region_name(a) + " and " +
                                        world_.region_name(b) + " is down with writes waiting");
    }
}

// ---- clocks, whose time stamps decide -----------------------------------------------------------
u32 KvCache::skew_clock(RegionId r, const ClockError& error, IncidentId cause) {
  Region& region = regions_[r];
  region.skewed = world_.incident(
      kClockSkewed, "kv_cache", {cause},
      fmt::format("{}: the clock is wrong by {} more and by {} in each hour", world_.region_name(r),
                  print(error.offset), print(error.drift_per_hour)));
  region.skewed_until = kNever;
  return region.clock.skew(world_.now(), error.offset.ns / 1'000'000,
                           error.drift_per_hour.seconds() / 3600);
}

// Time stamps from before decide until the right time has passed them.
void KvCache::mend_clock(RegionId r, u32 fault, IncidentId healed) {
  Region& region = regions_[r];
  const i64 wrong = region.clock.error_ms(world_.now());
  region.clock.mend(world_.now(), fault);
  const bool well = region.clock.well();
  world_.ease(kClockMended, "kv_cache", well ? region.skewed : kNoIncident, {healed},
              world_.region_name(r), well ? Remains::kNothing : Remains::kLess);
  const i64 jump = std::abs(wrong - region.clock.error_ms(world_.now()));
  if (well) region.skewed_until = world_.now() + Duration{jump * 1'000'000};
}

IncidentId KvCache::wrong_clock(RegionId a, RegionId b) const {
  for (const RegionId r : {a, b})
    if (regions_[r].skewed != kNoIncident && world_.now() < regions_[r].skewed_until)
      return regions_[r].skewed;
  return kNoIncident;
}

}  // namespace stampede
