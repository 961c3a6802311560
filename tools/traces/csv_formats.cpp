// Recordings as CSV: Azure, BurstGPT and per-request logs. Columns are found by the header's names.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "sim/random.h"
#include "tools/language/diagnostics.h"
#include "tools/traces/columns_format.h"
#include "tools/traces/csv_formats.h"
#include "tools/traces/csv_line.h"

namespace stampede {
namespace {

// Columns by the names of the header.
class CsvFormat : public RowFormat {
 public:
  bool has_header() const override { return true; }
  bool incomplete(std::string_view line) const override { return CsvLine::incomplete(line); }

 protected:
  struct Column {
    std::string name;
    std::size_t index = 0;
  };
  // The first of `names` that the header has.
  std::optional<Column> find(std::string_view line, const std::vector<std::string>& names) {
    csv_.choose_delimiter(line);
    const std::vector<CsvField>& fields = csv_.split(line);
    for (const std::string& name : names)
      for (std::size_t i = 0; i < fields.size(); ++i)
        if (fields[i].text == name) return Column{name, i};
    return std::nullopt;
  }
  // Of what the header has only a name that is near is told: the file may be no recording at all.
  RowFault lacks(std::string_view line, const std::string& column) {
    std::vector<std::string> present;
    for (const CsvField& field : csv_.split(line)) present.push_back(field.text.substr(0, 100));
    const std::string near = nearest_name(column, present);
    return {fmt::format("the header has no column '{}'{}", column,
                        near.empty() ? "" : "; did you mean '" + near + "'?")};
  }
  void take(std::string_view line) { fields_ = &csv_.split(line); }
  const CsvField* field(const Column& column) const {
    return column.index < fields_->size() ? &(*fields_)[column.index] : nullptr;
  }
  RowFault tokens(const Column& column, u32& tokens) const {
    const CsvField* at = field(column);
    if (at == nullptr) return {fmt::format("the line ends before '{}'", column.name)};
    double value = 0;
    if (!number_of(at->text, value))
      return {fmt::format("'{}': a number of tokens is wanted", at->text.substr(0, 40)),
              at->column};
    if (value < 0 || value > kMostTokens || value != static_cast<double>(static_cast<u32>(value)))
      return {fmt::format("{} is no number of tokens from 0 to {}", at->text.substr(0, 40),
                          kMostTokens),
              at->column};
    tokens = static_cast<u32>(value);
    return {};
  }
  RowFault time(const Column& column, TimeUnit unit, Duration& at, RowRemarks& remarks) const {
    const CsvField* found = field(column);
    if (found == nullptr) return {fmt::format("the line ends before '{}'", column.name)};
    double value = 0;
    if (!number_of(found->text, value) || !read_time(value, unit, at.ns, remarks).empty())
      return {fmt::format("'{}': a time is wanted", found->text.substr(0, 40)), found->column};
    return {};
  }
  // Equal texts have equal identities.
  static u64 identity(const std::string& text) {
    u64 key = 0;
    for (const char c : text) key = mix64(key ^ static_cast<unsigned char>(c));
    return key;
  }

 private:
  CsvLine csv_;
  const std::vector<CsvField>* fields_ = nullptr;
};

// TIMESTAMP,ContextTokens,GeneratedTokens
class AzureFormat final : public CsvFormat {
 public:
  RowFault header(std::string_view line) override {
    for (const auto& [name, column] : {std::pair{"TIMESTAMP", &at_},
                                       {"ContextTokens", &prompt_},
                                       {"GeneratedTokens", &output_}}) {
      const auto found = find(line, {name});
      if (!found) return lacks(line, name);
      *column = *found;
    }
    return {};
  }
  RowFault read(std::string_view line, TraceRow& row, RowRemarks&) override {
    take(line);
    const CsvField* found = field(at_);
    if (found == nullptr) return {"the line ends before 'TIMESTAMP'"};
    if (!read_timestamp(found->text, row.at))
      return {fmt::format("'{}': a time such as 2023-11-16 18:17:03.9799600 is wanted",
                          found->text.substr(0, 40)),
              found->column};
    if (RowFault fault = tokens(prompt_, row.prompt); !fault.message.empty()) return fault;
    return tokens(output_, row.output);
  }

 private:
  Column at_, prompt_, output_;
};

// Timestamp[,Session ID,Elapsed time],Model,Request tokens,Response tokens,Total tokens,Log Type
class BurstgptFormat final : public CsvFormat {
 public:
  explicit BurstgptFormat(std::optional<TimeUnit> unit) : unit_(unit.value_or(TimeUnit::kS)) {}
  RowFault header(std::string_view line) override {
    for (const auto& [name, column] : {std::pair{"Timestamp", &at_},
                                       {"Request tokens", &prompt_},
                                       {"Response tokens", &output_}}) {
      const auto found = find(line, {name});
      if (!found) return lacks(line, name);
      *column = *found;
    }
    session_ = find(line, {"Session ID"});
    total_ = find(line, {"Total tokens"});
    return {};
  }
  RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) override {
    take(line);
    const CsvField* session = session_ ? field(*session_) : nullptr;
    row.has_session = session != nullptr && !session->text.empty();
    if (row.has_session) row.session = identity(session->text);
    if (RowFault fault = time(at_, unit_, row.at, remarks); !fault.message.empty()) return fault;
    if (RowFault fault = tokens(prompt_, row.prompt); !fault.message.empty()) return fault;
    if (RowFault fault = tokens(output_, row.output); !fault.message.empty()) return fault;
    u32 total = 0;
    remarks.other_total =
        total_ && tokens(*total_, total).message.empty() && total != row.prompt + row.output;
    return {};
  }

 private:
  Column at_, prompt_, output_;
  std::optional<Column> session_, total_;
  TimeUnit unit_;
};

// arrival_us (or _ms, _seconds), input_tokens, output_tokens, perhaps prompt_id; others are passed
// over.
class RequestsFormat final : public CsvFormat {
 public:
  explicit RequestsFormat(std::optional<TimeUnit> unit) : said_(unit) {}
  RowFault header(std::string_view line) override {
    const auto at = find(line, {"arrival_us", "arrival_ms", "arrival_seconds"});
    if (!at) return lacks(line, "arrival_us");
    at_ = *at;
    unit_ = said_                      ? *said_
            : at->name == "arrival_us" ? TimeUnit::kUs
            : at->name == "arrival_ms" ? TimeUnit::kMs
                                       : TimeUnit::kS;
    const auto prompt = find(line, {"input_tokens", "prompt_tokens"});
    if (!prompt) return lacks(line, "input_tokens");
    prompt_ = *prompt;
    const auto output = find(line, {"output_tokens"});
    if (!output) return lacks(line, "output_tokens");
    output_ = *output;
    text_ = find(line, {"prompt_id"});
    // Measured times beside it say the unit once more, as `calibrate recording` writes them: many
    // at once are then a benchmark that sends all its requests together.
    sure_ = at->name == "arrival_us" && find(line, {"e2e_us"});
    return {};
  }
  RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) override {
    take(line);
    if (RowFault fault = time(at_, unit_, row.at, remarks); !fault.message.empty()) return fault;
    remarks.sure_unit |= sure_;
    if (RowFault fault = tokens(prompt_, row.prompt); !fault.message.empty()) return fault;
    if (text_) {
      const CsvField* found = field(*text_);
      if (found == nullptr) return {"the line ends before 'prompt_id'"};
      row.has_text = true;
      row.text = identity(found->text);
    }
    return tokens(output_, row.output);
  }

 private:
  Column at_, prompt_, output_;
  std::optional<Column> text_;
  std::optional<TimeUnit> said_;
  TimeUnit unit_ = TimeUnit::kUs;
  bool sure_ = false;
};

}  // namespace

bool read_timestamp(std::string_view text, Duration& since_1970) {
  const auto part = [&](std::size_t from, std::size_t digits, char before, i64& value) {
    if (text.size() < from + digits || (before && text[from - 1] != before)) return false;
    const char* end = text.data() + from + digits;
    const auto [stopped, error] = std::from_chars(text.data() + from, end, value);
    return error == std::errc() && stopped == end && value >= 0;
  };
  i64 year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const char between = text.size() > 10 && text[10] == 'T' ? 'T' : ' ';
  if (!part(0, 4, 0, year) || !part(5, 2, '-', month) || !part(8, 2, '-', day) ||
      !part(11, 2, between, hour) || !part(14, 2, ':', minute) || !part(17, 2, ':', second))
    return false;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
    return false;
  std::size_t i = 19;
  i64 fraction = 0, unit = 1'000'000'000;
  if (i < text.size() && text[i] == '.')
    for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      unit /= 10;
      fraction += (text[i] - '0') * unit;
    }
  i64 offset_minutes = 0;  // such as +00:00
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
    i64 hours = 0, minutes = 0;
    if (!part(i + 1, 2, 0, hours) || !part(i + 4, 2, ':', minutes)) return false;
    offset_minutes = (text[i] == '-' ? -1 : 1) * (hours * 60 + minutes);
    i += 6;
  } else if (i < text.size() && text[i] == 'Z') {
    ++i;
  }
  if (i != text.size()) return false;
  // Days since 1970-01-01 of the proleptic Gregorian calendar (Hinnant).
  const i64 y = year - (month <= 2 ? 1 : 0), era = y / 400, yoe = y - era * 400;
  const i64 doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const i64 days = era * 146'097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719'468;
  const i64 seconds = ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
  since_1970 = Duration{seconds * 1'000'000'000 + fraction};
  return year >= 1970 && year < 2200;
}

std::unique_ptr<RowFormat> make_azure_format() { return std::make_unique<AzureFormat>(); }
std::unique_ptr<RowFormat> make_burstgpt_format(std::optional<TimeUnit> unit) {
  return std::make_unique<BurstgptFormat>(unit);
}
std::unique_ptr<RowFormat> make_requests_format(std::optional<TimeUnit> unit) {
  return std::make_unique<RequestsFormat>(unit);
}

}  // namespace stampede
