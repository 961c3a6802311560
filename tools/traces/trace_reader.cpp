#include "tools/traces/trace_reader.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <stdexcept>

#include "tools/traces/byte_source.h"
#include "tools/traces/json_document.h"
#include "tools/traces/line_reader.h"
#include "tools/traces/row_format.h"
#include "tools/traces/trace_checks.h"

namespace stampede {
namespace {

constexpr std::size_t kMostFaultsShown = 10;
constexpr std::size_t kLargestDocument = std::size_t{1} << 30;  // [B] unpacked
constexpr std::size_t kBeginning = 64u << 10;                   // [B] that tell what a file is
constexpr std::size_t kLongestRecord = 16u << 20;  // [B] of a CSV record of several lines

// Rows as they stand in the file, good or bad.
struct RawRows {
  virtual ~RawRows() = default;
  virtual bool next(TraceRow& row, RowRemarks& remarks, RowFault& fault) = 0;
  virtual void rewind() = 0;
  virtual u32 line() const = 0;  // of the last row; 0: not known
  virtual std::string content() const = 0;
  virtual double duration() const { return 0; }  // [s] that the file states; 0: it does not
};

InputError unreadable(const std::string& path, const std::string& why) {
  return InputError({{path, 0, 0, "", why, ""}});
}

class LineRows final : public RawRows {
 public:
  explicit LineRows(const TraceParams& params) : params_(params), lines_(params.path) {
    read_header();
  }
  bool next(TraceRow& row, RowRemarks& remarks, RowFault& fault) override {
    if (begun_ && format_->more(row, remarks, fault)) return true;
    begun_ = false;
    while (next_line()) {
      if (line_.empty()) continue;
      begun_ = true;
      fault = format_->read(line_, row, remarks);
      return true;
    }
    return false;
  }
  void rewind() override {
    lines_.rewind();
    kept_.reset();
    read_header();
  }
  u32 line() const override { return lines_.line_number(); }
  std::string content() const override { return lines_.content(); }

 private:
  // A record, whose quotes may go over several lines.
  bool next_line() {
    if (kept_) {
      joined_ = std::move(*kept_);
      line_ = joined_;
      kept_.reset();
      return true;
    }
    if (!lines_.next(line_)) return false;
    if (!format_ || !format_->incomplete(line_)) return true;
    joined_ = line_;
    while (format_->incomplete(joined_) && joined_.size() < kLongestRecord && lines_.next(line_))
      joined_.append("\n").append(line_);
    line_ = joined_;
    return true;
  }
  void read_header() {
    std::string_view first;
    if (!lines_.next(first)) throw unreadable(lines_.path(), "the file is empty");
    format_ = make_row_format(params_, first);
    if (!format_->has_header()) {
      kept_ = std::string(first);
      return;
    }
    if (const RowFault fault = format_->header(first); !fault.message.empty())
      throw InputError(
          {{lines_.path(), lines_.line_number(), fault.column + 1, "", fault.message, ""}});
  }

  const TraceParams& params_;
  LineReader lines_;
  std::unique_ptr<RowFormat> format_;
  std::string_view line_;
  std::string joined_;
  std::optional<std::string> kept_;  // the first line, of a file without a header
  bool begun_ = false;
};

class DocumentRows final : public RawRows {
 public:
  DocumentRows(const TraceParams& params, ByteSource& bytes) {
    std::string text;
    for (std::size_t got = 1; got > 0;) {
      const std::size_t before = text.size();
      text.resize(before + (std::size_t{1} << 20));
      got = bytes.read(text.data() + before, text.size() - before);
      text.resize(before + got);
      if (text.size() > kLargestDocument)
        throw std::runtime_error("a JSON document larger than a gibibyte; write it as JSON lines");
    }
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    for (const char c : text) hash_.add(static_cast<unsigned char>(c));
    document_ = read_document(params, text);
  }
  bool next(TraceRow& row, RowRemarks& remarks, RowFault& fault) override {
    if (at_ == document_.rows.size()) return false;
    row = document_.rows[at_].row;
    remarks = document_.rows[at_].remarks;
    fault = document_.rows[at_++].fault;
    return true;
  }
  void rewind() override { at_ = 0; }
  u32 line() const override { return 0; }
  std::string content() const override { return hash_.hex(); }
  double duration() const override { return document_.duration; }

 private:
  Document document_;
  std::size_t at_ = 0;
  Digest hash_;
};

std::unique_ptr<RawRows> open_rows(const TraceParams& params) {
  std::string beginning;
  try {
    const auto bytes = open_bytes(params.path);
    beginning.resize(kBeginning);
    beginning.resize(bytes->read(beginning.data(), beginning.size()));
    if (is_document(params, beginning)) {
      bytes->rewind();
      return std::make_unique<DocumentRows>(params, *bytes);
    }
    return std::make_unique<LineRows>(params);
  } catch (const InputError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw unreadable(params.path, fmt::format("cannot be read: {}", error.what()));
  }
}

class TraceReader final : public TraceSource {
 public:
  explicit TraceReader(const TraceParams& params)
      : params_(params),
        plays_unanswered_(params.output_tokens > 0 || params.unanswered == UnansweredRows::kPlay ||
                          params.unanswered == UnansweredRows::kImpute),
        block_tokens_(params.block_tokens > 0 ? static_cast<u32>(params.block_tokens)
                                              : block_tokens_of(params.format)),
        rows_(open_rows(params_)) {}

  // Rows that cannot be read were counted when the file was scanned.
  bool next(TraceRow& row) override {
    std::optional<Diagnostic> fault;
    RowRemarks remarks;
    while (read(row, remarks, fault)) {
      if (!fault && !remarks.left_out) return true;
      if (fault && params_.bad_rows == BadRows::kRefuse) throw InputError({*fault});
      fault.reset();
    }
    return false;
  }
  void rewind() override {
    rows_->rewind();
    first_.reset();
    number_ = 0;
    prompts_.clear();
  }

  // The next row, good or bad.
  bool read(TraceRow& row, RowRemarks& remarks, std::optional<Diagnostic>& fault) {
    RowFault wrong;
    row.has_text = row.has_session = false;
    row.blocks.clear();
    remarks = {};
    try {
      if (!rows_->next(row, remarks, wrong)) return false;
    } catch (const std::runtime_error& error) {
      throw InputError({{params_.path, rows_->line() + 1, 1, "", error.what(), ""}});
    }
    row.number = number_++;
    row.block_tokens = block_tokens_;
    if (remarks.failed) row.output = 0;
    if (params_.unanswered == UnansweredRows::kImpute) impute_prompt(row);
    if (wrong.message.empty() && !remarks.left_out) wrong = misplaced(row);
    if (!wrong.message.empty())  // without the line: the file may not be the recording at all
      fault = Diagnostic{params_.path, rows_->line(), rows_->line() > 0 ? wrong.column + 1 : 0,
                         "",           wrong.message, ""};
    return true;
  }
  std::string content() const { return rows_->content(); }
  double duration() const { return rows_->duration(); }

 private:
  // What failed was often recorded without its prompt too: that of the last row of the same text,
  // or where texts are not told apart of the last row.
  void impute_prompt(TraceRow& row) {
    const u64 text =
        params_.distinct_prompts > 0 ? row.number % static_cast<u64>(params_.distinct_prompts) : 0;
    if (row.prompt > 0)
      prompts_[text] = row.prompt;
    else if (const auto known = prompts_.find(text); row.output == 0 && known != prompts_.end())
      row.prompt = known->second;
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

  TraceParams params_;
  bool plays_unanswered_;
  u32 block_tokens_;
  std::unique_ptr<RawRows> rows_;
  std::optional<Duration> first_;
  Duration last_{};
  u64 number_ = 0;
  std::map<u64, u32> prompts_;  // to impute: the last one by text
};

// `faults`: of the first bad rows.
void judge(const TraceParams& params, const std::vector<Diagnostic>& faults,
           const TraceChecks& checks) {
  const TraceCounts& scan = params.counts;
  const auto refuse = [&](const std::string& why) {
    throw InputError({{params.path, 0, 0, "", why, ""}});
  };
  if (scan.bad > 0 && (params.bad_rows == BadRows::kRefuse || scan.bad * 2 >= scan.rows)) {
    std::vector<Diagnostic> told = faults;
    if (scan.bad > told.size())
      told.push_back({params.path, 0, 0, "",
                      fmt::format("{} of {} rows cannot be read", scan.bad, scan.rows), ""});
    throw InputError(std::move(told));
  }
  if (const std::string wrong = checks.fault(); !wrong.empty()) refuse(wrong);
  if (params.unanswered == UnansweredRows::kRefuse && params.output_tokens == 0 &&
      scan.unanswered > 0)
    refuse(fmt::format("{} of {} rows have no answer; say `unanswered: skip`, play or impute",
                       scan.unanswered, scan.rows));
}

void tell(TraceParams& params, const std::vector<Diagnostic>& faults, const TraceChecks& checks) {
  const TraceCounts& scan = params.counts;
  const std::string file = params.file.empty() ? params.path : params.file;
  if (scan.bad > 0) {
    const Diagnostic& first = faults.front();
    params.notes.push_back(fmt::format(
        "{}: {} of {} rows cannot be read and are left out; the first{}: {}", file, scan.bad,
        scan.rows, first.line > 0 ? fmt::format(" in line {}", first.line) : "", first.message));
  }
  if (scan.unanswered > 0 && params.unanswered == UnansweredRows::kSkip &&
      params.output_tokens == 0)
    params.notes.push_back(fmt::format(
        "{}: {} of {} rows record a failure or no answer and are left out (`unanswered: skip`)",
        file, scan.unanswered, scan.rows));
  for (const std::string& note : checks.notes()) params.notes.push_back(file + ": " + note);
  if (scan.with_parts > 0)
    params.notes.push_back(
        fmt::format("{}: {} of {} rows have images or other parts besides text; the parts are left "
                    "out, only the tokens that are recorded count",
                    file, scan.with_parts, scan.rows));
  if (scan.warm_up > 0)
    params.notes.push_back(
        fmt::format("{}: {} rows of a warm-up are left out", file, scan.warm_up));
}

}  // namespace

std::unique_ptr<TraceSource> open_trace(const TraceParams& params) {
  return std::make_unique<TraceReader>(params);
}

void scan_trace(TraceParams& params) {
  if (params.format == TraceFormat::kColumns && !params.columns)
    throw unreadable(params.path,
                     "`format: columns` wants `columns:`, with `time`, `input`, `output`");
  TraceReader reader(params);
  TraceChecks checks(params);
  std::vector<Diagnostic> faults;
  params.counts = {};
  TraceCounts& scan = params.counts;
  TraceRow row;
  RowRemarks remarks;
  std::optional<Diagnostic> fault;
  Duration first{}, last{};
  params.rows = 0;
  params.notes.clear();
  while (reader.read(row, remarks, fault)) {
    ++scan.rows;
    if (fault) {
      ++scan.bad;
      if (faults.size() < kMostFaultsShown) faults.push_back(*fault);
      fault.reset();
      continue;
    }
    scan.warm_up += remarks.left_out;
    if (remarks.left_out) continue;
    checks.see(row, remarks);
    scan.unanswered += row.output == 0;
    scan.with_parts += remarks.parts > 0;
    const bool within = row.at >= params.from && (params.to.ns == 0 || row.at < params.to);
    const bool plays =
        row.output > 0 || params.output_tokens > 0 || params.unanswered != UnansweredRows::kSkip;
    if (!within || !plays) continue;
    if (params.rows++ == 0) first = row.at;
    last = row.at;
  }
  checks.state_duration(reader.duration());
  judge(params, faults, checks);
  if (params.rows == 0) throw unreadable(params.path, "no row of the recording would be played");
  tell(params, faults, checks);
  const auto gaps = static_cast<i64>(params.rows) - 1;
  const Duration mean_gap = gaps > 0 ? Duration{(last - first).ns / gaps} : Duration{};
  params.length = params.to.ns > 0 ? params.to - params.from : last - params.from + mean_gap;
  params.content = reader.content();
}

}  // namespace stampede
