// Rows whose times are recorded to a whole step, such as a second, spread over it.
// Source: uniform order statistics: what a Poisson process of that rate would do within a step.
// State: the rows of one time, and the first of the next: memory holds a step's rows.
#pragma once
#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "models/ports/trace_source_port.h"
#include "sim/random.h"

namespace stampede {

class SpreadRows final : public TraceSource {
 public:
  // Draws are keyed by the number of a row.
  SpreadRows(std::shared_ptr<TraceSource> source, Duration step, StreamKey draws)
      : source_(std::move(source)), step_(step), draws_(draws) {}

  bool next(TraceRow& row) override {
    if (group_.empty() && !fill()) return false;
    row = std::move(group_.front());
    group_.pop_front();
    return true;
  }
  void rewind() override {
    source_->rewind();
    group_.clear();
    has_ahead_ = false;
  }

 private:
  bool fill() {
    if (!has_ahead_ && !source_->next(ahead_)) return false;
    do group_.push_back(std::move(ahead_));
    while ((has_ahead_ = source_->next(ahead_)) && ahead_.at == group_.front().at);
    std::vector<i64> offsets;
    for (const TraceRow& row : group_)
      offsets.push_back(
          static_cast<i64>(uniform(draw(draws_, row.number, 1)) * static_cast<double>(step_.ns)));
    std::sort(offsets.begin(), offsets.end());
    for (std::size_t i = 0; i < group_.size(); ++i) group_[i].at += Duration{offsets[i]};
    return true;
  }

  std::shared_ptr<TraceSource> source_;
  Duration step_;
  StreamKey draws_;
  std::deque<TraceRow> group_;
  TraceRow ahead_;
  bool has_ahead_ = false;
};

}  // namespace stampede
