#include "models/balancing/answer_history.h"

#include <algorithm>

#include "sim/math.h"

namespace stampede {
namespace {

// Quantile of Gamma(2, 1), whose survival function is (1 + x) exp(-x), by bisection.
double gamma2_quantile(double p) {
  double low = 0, high = 64;
  for (int i = 0; i < 64; ++i) {
    const double x = (low + high) / 2;
    (1 - (1 + x) * math::exp(-x) < p ? low : high) = x;
  }
  return low;
}

u64 high_product(u64 a, u64 b) {
  return static_cast<u64>((static_cast<unsigned __int128>(a) * b) >> 64);
}

}  // namespace

AnswerHistory::AnswerHistory(Settings settings, std::size_t regions, StreamKey key)
    : regions_(regions), salt_((u64{key.hi} << 32) | key.lo), rings_(regions) {
  STAMPEDE_CHECK(regions > 0 && regions <= kMaxRegions, "at most 64 regions");
  regime_ = regime_of(settings, kLongAgo, longest_period_);
  for (Ring& ring : rings_) {
    ring.cumulative.resize(kRing * regions_);
    for (std::size_t i = 0; i < kRing; ++i)
      ring.answers[i].cumulative = ring.cumulative.data() + i * regions_;
    ring.answers[0].from = kLongAgo;
  }
  next_.resize(regions_);
}

AnswerHistory::Regime AnswerHistory::regime_of(const Settings& settings, Instant from,
                                               i64& longest) {
  Regime regime;
  regime.from = from;
  regime.ttl = settings.ttl;
  longest = std::max(longest, settings.ttl.ns);
  if (settings.ttl.ns == 0 || settings.violators <= 0 || settings.violator_tail.ns == 0)
    return regime;
  regime.violator_below = static_cast<u64>(std::min(1.0, settings.violators) * 4294967296.0);
  for (std::size_t i = 0; i < regime.violator_periods.size(); ++i) {
    const double p = (static_cast<double>(i) + 0.5) / 64.0;
    const Duration period = from_seconds(gamma2_quantile(p) * settings.violator_tail.seconds());
    regime.violator_periods[i] = std::max<i64>(1, period.ns);
    longest = std::max(longest, regime.violator_periods[i]);
  }
  return regime;
}

void AnswerHistory::retune(Instant now, Settings settings) {
  if (now == Instant{}) {
    longest_period_ = 0;
    regime_ = regime_of(settings, kLongAgo, longest_period_);
    return;
  }
  changes_.push_back(regime_of(settings, now, longest_period_));
}

void AnswerHistory::publish(Instant now, RegionId home, const std::vector<double>& shares,
                            IncidentId moved_by) {
  STAMPEDE_CHECK(shares.size() == regions_, "one share a region");
  Answer next;
  next.from = now;
  std::vector<u64>& cumulative = next_;
  next.moved_by = moved_by;
  double sum = 0;
  for (std::size_t r = 0; r < regions_; ++r) {
    sum += shares[r];
    cumulative[r] = static_cast<u64>(std::clamp(sum, 0.0, 1.0) * 4294967296.0);
  }
  // Rounding must not leave a sliver for a region without a share.
  for (std::size_t r = regions_; r-- > 0 && sum > 0;) {
    cumulative[r] = u64{1} << 32;
    if (shares[r] > 0) break;
  }
  next.none = sum <= 0;
  next.all_home = shares[home] > 0 && shares[home] >= sum;
  Ring& ring = rings_[home];
  Answer& last = ring.answers[ring.head];
  bool close = last.all_home == next.all_home && last.none == next.none;
  if (!next.all_home)
    for (std::size_t r = 0; r < regions_ && close; ++r) {
      const u64 a = last.cumulative[r], b = cumulative[r];
      close = (a > b ? a - b : b - a) < (u64{1} << 24);
    }
  // What is decided as the run starts is what resolvers have held all along.
  if (close || last.from == now || now == Instant{}) {
    next.from = last.from;
    return set(ring, next);
  }
  ring.head = (ring.head + 1) % kRing;
  ring.count = std::min(ring.count + 1, kRing);
  set(ring, next);
  ring.settled = now.ns + longest_period_;
}

// The newest answer, with the shares in `next_`.
void AnswerHistory::set(Ring& ring, Answer answer) {
  const std::size_t row = ring.head * regions_;
  std::copy(next_.begin(), next_.end(), ring.cumulative.begin() + static_cast<std::ptrdiff_t>(row));
  answer.cumulative = ring.cumulative.data() + row;
  ring.answers[ring.head] = answer;
}

const Answer& AnswerHistory::newest(RegionId home) const { return back(rings_[home], 0); }

// When the session's resolver last asked, so that it holds that answer now.
Instant AnswerHistory::asked_at(Instant now, u64 h) const {
  i64 period = regime_.period(h);
  if (period == 0 && changes_.empty()) return now;
  const Instant first{changes_.empty() ? now : changes_.front().from};
  const u64 phase = high_product(mix64(h), static_cast<u64>(period));
  const i64 into = period == 0 ? 0 : (first.ns + static_cast<i64>(phase)) % period;
  Instant start{first.ns - into};
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    // What it held at the change it keeps to its end; then its periods have the new length.
    const Instant until = i + 1 < changes_.size() ? changes_[i + 1].from : now;
    const Instant asks{start.ns + period};
    if (asks > until) continue;
    start = asks;
    period = changes_[i].period(h);
    start = period == 0 ? until : Instant{until.ns - (until.ns - start.ns) % period};
  }
  return start;
}

const Answer& AnswerHistory::cached(const Ring& ring, Instant now, u64 session_key) const {
  const Instant start = asked_at(now, mix64(session_key ^ salt_));
  for (std::size_t age = 0; age < ring.count; ++age)
    if (back(ring, age).from <= start) return back(ring, age);
  return back(ring, ring.count - 1);
}

}  // namespace stampede
