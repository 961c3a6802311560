#include "tools/traces/trace_checks.h"

#include <fmt/format.h>

#include <numeric>

#include "sim/value_text.h"
#include "tools/traces/time_unit_check.h"

namespace stampede {
namespace {

constexpr double kFewFit = 0.9;         // of the rows, below which a block size is wrong
constexpr u64 kEnough = 10;             // rows that tell how finely times are recorded
constexpr i64 kCoarse = 1'000'000'000;  // [ns]
constexpr double kMany = 0.1;           // of the rows

// A count of whole blocks, or with the last one begun.
bool fits(u32 tokens, std::size_t blocks, u32 size) {
  return blocks == tokens / size || blocks == (tokens + size - 1) / size;
}

}  // namespace

TraceChecks::TraceChecks(const TraceParams& params)
    : params_(params),
      block_tokens_(params.block_tokens > 0 ? static_cast<u32>(params.block_tokens)
                                            : block_tokens_of(params.format)) {}

void TraceChecks::see(const TraceRow& row, const RowRemarks& remarks) {
  ++rows_;
  if (!first_)
    first_ = row.at;
  else
    ties_ += row.at == last_;
  last_ = row.at;
  step_ = std::gcd(step_, (row.at - *first_).ns);
  other_total_ += remarks.other_total;
  if (remarks.numeric_time) unit_ = remarks.unit;
  sure_ += remarks.sure_unit;
  numeric_ += remarks.numeric_time;
  if (remarks.fractional) fraction_ = remarks.raw_time;
  fractional_ += remarks.fractional;
  if (params_.spread.ns > 0) off_step_ += (row.at - *first_).ns % params_.spread.ns != 0;
  if (row.blocks.empty()) return;
  ++with_blocks_;
  fitting_ += fits(row.prompt, row.blocks.size(), block_tokens_);
  for (std::size_t i = 0; i < kSizes.size(); ++i)
    fitting_size_[i] += fits(row.prompt, row.blocks.size(), kSizes[i]);
}

std::string TraceChecks::fault() const {
  if (off_step_ > 0)
    return fmt::format(
        "{} of {} rows lie between the steps of `spread: {}`: their times are finer; "
        "leave `spread` out",
        off_step_, rows_, print(params_.spread));
  const std::string times = fault_of_times();
  return times.empty() ? fault_of_blocks() : times;
}

std::string TraceChecks::fault_of_times() const {
  if (params_.time_unit || rows_ < 2 || numeric_ == 0) return "";
  if (params_.format == TraceFormat::kMooncake && fractional_ > 0)
    return fmt::format(
        "a time such as {:g} is no whole number of milliseconds, which the format has; if these "
        "are seconds say `time_unit: s`, else `time_unit: ms`",
        fraction_);
  RecordedTimes times;
  times.unit = unit_;
  if (params_.format == TraceFormat::kRequests || params_.format == TraceFormat::kColumns)
    times.by = "the name of their column says";
  times.rows = rows_;
  times.seconds = (last_ - *first_).seconds();
  times.duration = duration_;
  times.certain = sure_ == rows_;
  const auto doubt = doubt_of(times);
  return doubt ? doubt->question("`time_unit: ", "`") : "";
}

std::vector<std::string> TraceChecks::notes() const {
  std::vector<std::string> all;
  if (params_.spread.ns == 0 && rows_ >= kEnough && step_ >= kCoarse && ties_ > 0)
    all.push_back(fmt::format(
        "all times are multiples of {0}, and {1} of {2} rows come at the same time as the row "
        "before; if they were recorded no finer say `spread: {0}`",
        print(Duration{step_}), ties_, rows_));
  if (static_cast<double>(other_total_) > kMany * static_cast<double>(rows_))
    all.push_back(fmt::format(
        "in {} of {} rows `Total tokens` is not the sum of `Request tokens` and `Response tokens`; "
        "are the columns in this order?",
        other_total_, rows_));
  return all;
}

std::string TraceChecks::fault_of_blocks() const {
  const double all = static_cast<double>(with_blocks_);
  if (params_.block_tokens > 0 || with_blocks_ == 0 ||
      static_cast<double>(fitting_) >= kFewFit * all)
    return "";
  std::string other = "no usual size fits them; say which with `block_tokens`";
  for (std::size_t i = 0; i < kSizes.size(); ++i)
    if (static_cast<double>(fitting_size_[i]) >= kFewFit * all)
      other = fmt::format(
          "they are as many as for blocks of {0}: say `block_tokens: {0}`, or another "
          "`format`",
          kSizes[i]);
  return fmt::format(
      "the number of block identities fits blocks of {} tokens in {} of {} rows only; {}",
      block_tokens_, fitting_, with_blocks_, other);
}

}  // namespace stampede
