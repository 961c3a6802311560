#include "tools/traces/trace_checks.h"

#include <fmt/format.h>

#include "sim/value_text.h"

namespace stampede {
namespace {

constexpr double kFewFit = 0.9;        // of the rows, below which a block size is wrong
constexpr double kFastest = 1000;      // [1/s] requests of one recording, on average
constexpr double kSlowest = 1.0 / 60;  // [1/s]
constexpr u64 kEnough = 100;           // rows for an average

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
  if (!first_) first_ = row.at;
  last_ = row.at;
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
  const double seconds = (last_ - *first_).seconds();
  const double rate = static_cast<double>(rows_ - 1) / (seconds > 0 ? seconds : 1e-9);
  if (params_.format == TraceFormat::kMooncake) {
    if (fractional_ > 0)
      return fmt::format(
          "a time such as {:g} is no whole number of milliseconds, which the format has; if these "
          "are "
          "seconds say `time_unit: s`, else `time_unit: ms`",
          fraction_);
    if (rows_ >= kEnough && rate > kFastest)
      return fmt::format(
          "{} rows in {:g} s, {:.0f} a second, if its times are milliseconds as the format has "
          "them; "
          "if they are seconds say `time_unit: s`, else `time_unit: ms`",
          rows_, seconds, rate);
  }
  const bool seconds_form =
      params_.format == TraceFormat::kBailian || params_.format == TraceFormat::kGuidellm;
  if (seconds_form && fractional_ == 0 && rows_ >= 3 && rate < kSlowest)
    return fmt::format(
        "{} rows in {:g} s, one in {:.0f} s, if its times are seconds as the format has them; if "
        "they "
        "are milliseconds say `time_unit: ms`, else `time_unit: s`",
        rows_, seconds, 1 / rate);
  return "";
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
