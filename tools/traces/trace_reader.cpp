#include "tools/traces/trace_reader.h"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

#include "tools/traces/line_reader.h"
#include "tools/traces/row_format.h"

namespace stampede {
namespace {

constexpr std::size_t kMostFaultsShown = 10;

class TraceReader final : public TraceSource {
 public:
  explicit TraceReader(const TraceParams& params)
      : plays_unanswered_(params.unanswered == UnansweredRows::kPlay || params.output_tokens > 0),
        format_(make_row_format(params.format)),
        lines_(open(params.path)) {
    read_header();
  }

  bool next(TraceRow& row) override {
    std::optional<Diagnostic> fault;
    const bool more = read(row, fault);
    if (fault) throw InputError({*fault});
    return more;
  }
  void rewind() override {
    lines_.rewind();
    first_.reset();
    rows_ = 0;
    read_header();
  }

  // As next(), but hands over what is wrong with the row and can go on behind it.
  bool read(TraceRow& row, std::optional<Diagnostic>& fault) {
    while (next_line()) {
      if (line_.empty()) continue;
      row.has_text = false;
      row.number = rows_++;
      RowFault wrong = format_->read(line_, row);
      if (wrong.message.empty()) wrong = misplaced(row);
      if (!wrong.message.empty()) fault = diagnostic(wrong);
      return true;
    }
    return false;
  }
  std::string content() const { return lines_.content(); }

 private:
  static LineReader open(const std::string& path) try {
    return LineReader(path);
  } catch (const std::runtime_error& error) {
    throw InputError({{path, 0, 0, "", fmt::format("cannot be read: {}", error.what()), ""}});
  }
  bool next_line() try { return lines_.next(line_); } catch (const std::runtime_error& error) {
    throw InputError({{lines_.path(), lines_.line_number() + 1, 1, "", error.what(), ""}});
  }
  // Without the line: the file may not be the recording that it was taken for.
  Diagnostic diagnostic(const RowFault& fault) const {
    return {lines_.path(), lines_.line_number(), fault.column + 1, "", fault.message, ""};
  }
  void read_header() {
    if (!format_->has_header()) return;
    if (!next_line()) throw InputError({{lines_.path(), 0, 0, "", "the file is empty", ""}});
    if (line_.starts_with("\xef\xbb\xbf")) line_.remove_prefix(3);
    if (const RowFault fault = format_->header(line_); !fault.message.empty())
      throw InputError({diagnostic(fault)});
  }
  // Counts the time from the first row.
  RowFault misplaced(TraceRow& row) {
    if (row.prompt == 0 && (row.output > 0 || plays_unanswered_))
      return {"a prompt has at least one token"};
    if (!first_) first_ = last_ = row.at;
    if (row.at < last_) return {"earlier than the row before; sort the file by its times"};
    last_ = row.at;
    row.at = row.at - *first_;
    return {};
  }

  bool plays_unanswered_;
  std::unique_ptr<RowFormat> format_;
  LineReader lines_;
  std::string_view line_;
  std::optional<Duration> first_;
  Duration last_{};
  u64 rows_ = 0;
};

}  // namespace

std::unique_ptr<TraceSource> open_trace(const TraceParams& params) {
  return std::make_unique<TraceReader>(params);
}

void scan_trace(TraceParams& params) {
  TraceReader reader(params);
  std::vector<Diagnostic> faults;
  TraceRow row;
  std::optional<Diagnostic> fault;
  Duration first{}, last{};
  params.rows = 0;
  while (faults.size() < kMostFaultsShown && reader.read(row, fault)) {
    if (fault) {
      faults.push_back(*fault);
      fault.reset();
      continue;
    }
    const bool within = row.at >= params.from && (params.to.ns == 0 || row.at < params.to);
    const bool plays =
        row.output > 0 || params.output_tokens > 0 || params.unanswered == UnansweredRows::kPlay;
    if (!within || !plays) continue;
    if (params.rows++ == 0) first = row.at;
    last = row.at;
  }
  if (!faults.empty()) throw InputError(std::move(faults));
  if (params.rows == 0)
    throw InputError({{params.path, 0, 0, "", "no row of the recording would be played", ""}});
  const auto gaps = static_cast<i64>(params.rows) - 1;
  const Duration mean_gap = gaps > 0 ? Duration{(last - first).ns / gaps} : Duration{};
  params.length = params.to.ns > 0 ? params.to - params.from : last - params.from + mean_gap;
  params.content = reader.content();
}

}  // namespace stampede
