#include "models/clients/trace_arrivals.h"

#include <algorithm>
#include <utility>

#include "models/clients/trace_spread.h"

namespace stampede {
namespace {

constexpr double kBeyondAnyRun = 4e18;  // [ns]
constexpr u32 kMostCopies = 1001;       // rate_scale is bounded
constexpr u32 kCopyBits = 10, kRoundBits = 14;

}  // namespace

TraceArrivals::TraceArrivals(TraceParams params, std::shared_ptr<TraceSource> source,
                             StreamKey thinning)
    : params_(std::move(params)), source_(std::move(source)), thinning_(thinning) {
  if (params_.spread.ns > 0)
    source_ = std::make_shared<SpreadRows>(std::move(source_), params_.spread, thinning_);
  has_ahead_ = read(ahead_);
}

u32 TraceArrivals::copies_of(const TraceRow& row) const {
  const auto whole = static_cast<u32>(params_.rate_scale);
  const double rest = params_.rate_scale - whole;
  return whole + (rest > 0 && uniform(draw(thinning_, row.number)) < rest ? 1 : 0);
}

// The next row of the cut-out, the first again after the last one of a loop.
bool TraceArrivals::read(TraceRow& row) {
  bool began_again = false;
  while (true) {
    if (!source_->next(row) || (params_.to.ns > 0 && row.at >= params_.to)) {
      if (!params_.loop || began_again) return false;
      began_again = true;
      source_->rewind();
      ++ahead_round_;
      continue;
    }
    if (row.at < params_.from) continue;
    const bool told = params_.output_tokens > 0;
    if (row.output > 0)
      last_output_ = row.output;
    else if (!told && params_.unanswered == UnansweredRows::kSkip)
      continue;
    else if (params_.unanswered == UnansweredRows::kImpute)
      row.output = last_output_;
    if (told) row.output = static_cast<u32>(params_.output_tokens);
    if (row.output == 0) row.output = 1;
    if (params_.distinct_prompts > 0) {
      row.has_text = true;
      row.text = row.number % static_cast<u64>(params_.distinct_prompts);
      row.blocks.clear();
    }
    return true;
  }
}

bool TraceArrivals::advance() {
  if (!has_ahead_) return false;
  std::swap(current_, ahead_);
  round_ = ahead_round_;
  has_ahead_ = read(ahead_);
  copy_ = 0;
  copies_ = std::min(copies_of(current_), kMostCopies);
  return true;
}

bool TraceArrivals::next(TraceArrival& arrival) {
  while (copy_ == copies_)
    if (!advance()) return false;
  Duration at = current_.at - params_.from;
  if (copy_ > 0) {
    const Duration until = !has_ahead_              ? at
                           : ahead_round_ == round_ ? ahead_.at - params_.from
                                                    : params_.length;
    at += Duration{(until - at).ns / copies_ * copy_};
  }
  const double scaled = (static_cast<double>(at.ns) +
                         static_cast<double>(round_) * static_cast<double>(params_.length.ns)) *
                        params_.time_scale;
  if (scaled > kBeyondAnyRun) return false;
  const bool exact = params_.time_scale == 1;
  arrival.at = Instant{} + params_.start +
               (exact ? at + Duration{static_cast<i64>(round_) * params_.length.ns}
                      : Duration{static_cast<i64>(scaled + 0.5)});
  arrival.number = (current_.number << (kRoundBits + kCopyBits)) |
                   ((round_ & ((1u << kRoundBits) - 1)) << kCopyBits) | copy_;
  ++copy_;
  arrival.row = current_;
  return true;
}

void trace_text_runs(const TraceRow& row, u64 salt, u32 tokens, std::vector<TextRun>& runs) {
  runs.clear();
  const u32 full = tokens / kTextBlockTokens;
  if (row.blocks.empty() || row.has_text) {
    if (full > 0 && (row.has_text || row.has_session))
      runs.push_back({mix64(salt ^ mix64(row.has_text ? row.text : row.session)), full});
    return;
  }
  // A recorded block stands for all text up to its end: it names what ends within it.
  u32 done = 0;
  for (std::size_t i = 0; i < row.blocks.size() && done < full; ++i) {
    const u64 end = (u64{i} + 1) * row.block_tokens / kTextBlockTokens;
    const u32 fresh = static_cast<u32>(std::min<u64>(end, full)) - done;
    if (fresh > 0) runs.push_back({mix64(salt ^ mix64(row.blocks[i])), fresh});
    done += fresh;
  }
}

}  // namespace stampede
