#include "tools/experiments/tipping.h"

#include <algorithm>
#include <cmath>

#include "tools/experiments/evidence.h"
#include "tools/experiments/run_record.h"

namespace stampede {
namespace {

constexpr double kSame = 1e-9;

class Search {
 public:
  using Ask = std::function<std::optional<bool>(double, std::size_t)>;
  Search(const TippingPlan& plan, const Ask& outage) : plan_(plan), outage_(outage) {}

  Tipping find() {
    const Side low = tested(0), high = low == Side::kOpen ? Side::kOpen : tested(1);
    if (time_is_up_) return ended(TippingEnd::kBudget);
    if (low == Side::kOpen || high == Side::kOpen) return ended(TippingEnd::kOpenEnd);
    if (low == high) return ended(TippingEnd::kNoCrossing);
    found_.rises = low == Side::kBelow;
    while (found_.between.high - found_.between.low > plan_.within) {
      const Interval before = found_.between;
      for (const double share : {0.5, 0.25, 0.75}) {
        step(before.low + share * (before.high - before.low));
        if (time_is_up_) return ended(TippingEnd::kBudget);
        if (share == 0.5 && narrower(before)) break;
      }
      if (!narrower(before)) return ended(TippingEnd::kTooClose);
    }
    return ended(TippingEnd::kFound);
  }

 private:
  bool narrower(const Interval& before) const {
    return found_.between.low > before.low || found_.between.high < before.high;
  }
  Tipping ended(TippingEnd end) {
    found_.end = end;
    return found_;
  }
  void step(double at) {
    if (at <= found_.between.low || at >= found_.between.high) return;
    for (const TestedPoint& tested : found_.points)
      if (std::abs(tested.at - at) < kSame) return;  // it stayed open, and its runs are the same
    const Side side = tested(at);
    if (side == Side::kOpen) return;
    const bool crossed = (side == Side::kAbove) == found_.rises;
    (crossed ? found_.between.high : found_.between.low) = at;
  }
  // Runs at a point until its side is sure, its runs are used up or time is.
  Side tested(double at) {
    const double k = static_cast<double>(found_.points.size() + 1);
    const double error = (1 - plan_.confidence) * 6 / (M_PI * M_PI * k * k);
    TestedPoint point;
    point.at = at;
    while (point.side == Side::kOpen && point.runs < plan_.per_point && !time_is_up_) {
      const std::size_t batch =
          std::min<std::size_t>(static_cast<std::size_t>(plan_.jobs), plan_.per_point - point.runs);
      std::vector<std::optional<bool>> answers(batch);
      for_each_parallel(batch, plan_.jobs,
                        [&](std::size_t i) { answers[i] = outage_(at, point.runs + i); });
      for (const auto& answer : answers) {  // looked at one by one, whatever the number of jobs
        time_is_up_ = time_is_up_ || !answer;
        if (time_is_up_ || point.side != Side::kOpen) break;
        ++point.runs;
        point.outages += *answer;
        point.share = anytime_share(point.outages, point.runs, 1 - error);
        point.side = point.share.low > 0.5    ? Side::kAbove
                     : point.share.high < 0.5 ? Side::kBelow
                                              : Side::kOpen;
      }
    }
    found_.points.push_back(point);
    return point.side;
  }

  const TippingPlan& plan_;
  const Ask& outage_;
  Tipping found_;
  bool time_is_up_ = false;
};

}  // namespace

Tipping find_tipping(const TippingPlan& plan,
                     const std::function<std::optional<bool>(double, std::size_t)>& outage) {
  return Search(plan, outage).find();
}

}  // namespace stampede
