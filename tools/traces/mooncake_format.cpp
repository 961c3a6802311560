// Mooncake's recordings: JSON lines {timestamp [ms], input_length, output_length, hash_ids}; and
// which format a file is read by.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/traces/columns_format.h"
#include "tools/traces/csv_formats.h"
#include "tools/traces/vllm_result.h"

namespace stampede {
namespace {

// A line as Mooncake publishes it: the four keys, each once, with plain integers. To read it takes
// a tenth of the time of making a document of it; every other line goes that way.
class PlainLine {
 public:
  // False if it is anything else, right or wrong; the row is then undefined.
  bool read(std::string_view line, TraceRow& row, u64& timestamp) {
    at_ = line.data();
    end_ = at_ + line.size();
    row.blocks.clear();
    u64 prompt = 0, output = 0;
    unsigned seen = 0;  // keys, a bit each
    if (!next('{')) return false;
    do {
      u64* const into[] = {&timestamp, &prompt, &output, nullptr};
      const unsigned key = read_key();
      if (key == 4 || (seen >> key & 1) != 0 || !next(':')) return false;
      seen |= 1u << key;
      if (into[key] != nullptr ? !number(*into[key]) : !list(row.blocks)) return false;
    } while (next(','));
    if (!next('}') || seen != 15 || static_cast<double>(std::max(prompt, output)) > kMostTokens)
      return false;
    skip_blanks();
    row.prompt = static_cast<u32>(prompt);
    row.output = static_cast<u32>(output);
    return at_ == end_;
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) ++at_;
  }
  bool next(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  unsigned read_key() {
    constexpr std::string_view kKeys[] = {"\"timestamp\"", "\"input_length\"", "\"output_length\"",
                                          "\"hash_ids\""};
    skip_blanks();
    const std::string_view left(at_, static_cast<std::size_t>(end_ - at_));
    for (unsigned key = 0; key < 4; ++key) {
      if (!left.starts_with(kKeys[key])) continue;
      at_ += kKeys[key].size();
      return key;
    }
    return 4;
  }
  bool number(u64& value) {
    skip_blanks();
    const char* const begin = at_;
    value = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_)
      value = 10 * value + static_cast<u64>(*at_ - '0');
    const auto digits = at_ - begin;
    return digits == 1 || (digits > 1 && digits < 19 && *begin != '0');
  }
  bool list(std::vector<u64>& values) {
    if (!next('[')) return false;
    if (next(']')) return true;
    do {
      if (!number(values.emplace_back())) return false;
    } while (next(','));
    return next(']');
  }

  const char* at_ = nullptr;
  const char* end_ = nullptr;
};

class MooncakeFormat final : public RowFormat {
 public:
  explicit MooncakeFormat(std::optional<TimeUnit> unit) : unit_(unit.value_or(TimeUnit::kMs)) {}
  RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) override {
    if (u64 ms = 0; PlainLine().read(line, row, ms)) return read_plain(ms, row, remarks);
    const nlohmann::json json = parse_python_json(line);
    if (!json.is_object()) return {"a JSON object is wanted in each line"};
    const auto number = [&](const char* key, double& value) {
      const auto it = json.find(key);
      if (it == json.end() || !it->is_number()) return false;
      value = it->get<double>();
      return value >= 0 && value <= kMostTokens;
    };
    double prompt = 0, output = 0;
    const auto at = json.find("timestamp");
    i64 ns = 0;
    if (at == json.end() || !at->is_number() || !read_time(*at, unit_, ns, remarks).empty())
      return {"`timestamp` is wanted: milliseconds"};
    if (!number("input_length", prompt)) return {"`input_length` is wanted: tokens"};
    if (!number("output_length", output)) return {"`output_length` is wanted: tokens"};
    row.at = Duration{ns};
    row.prompt = static_cast<u32>(prompt);
    row.output = static_cast<u32>(output);
    row.blocks.clear();
    const auto ids = json.find("hash_ids");
    if (ids == json.end() || !ids->is_array()) return {"`hash_ids` is wanted: a list of integers"};
    for (const nlohmann::json& id : *ids) {
      if (!id.is_number_integer()) return {"`hash_ids` holds what is no integer"};
      row.blocks.push_back(static_cast<u64>(id.get<i64>()));
    }
    return {};
  }

 private:
  RowFault read_plain(u64 timestamp, TraceRow& row, RowRemarks& remarks) const {
    i64 ns = 0;
    if (!read_time(timestamp, unit_, ns, remarks).empty())
      return {"`timestamp` is wanted: milliseconds"};
    row.at = Duration{ns};
    return {};
  }

  TimeUnit unit_;
};

}  // namespace

std::unique_ptr<RowFormat> make_row_format(const TraceParams& params, std::string_view first_line) {
  const std::size_t begin =
      std::min(first_line.find_first_not_of(" \t\xef\xbb\xbf"), first_line.size());
  const bool json = first_line.substr(begin).starts_with('{');
  switch (params.format) {
    case TraceFormat::kAzure:
      return make_azure_format();
    case TraceFormat::kBurstgpt:
      return make_burstgpt_format(params.time_unit);
    case TraceFormat::kMooncake:
      return std::make_unique<MooncakeFormat>(params.time_unit);
    case TraceFormat::kBailian:
      return make_columns_format(bailian_columns(), params.time_unit.value_or(TimeUnit::kS), true);
    case TraceFormat::kAiperf:
      return make_columns_format(aiperf_columns(), params.time_unit.value_or(TimeUnit::kNs), true);
    case TraceFormat::kGuidellm:
      return make_columns_format(guidellm_replay_columns(), params.time_unit.value_or(TimeUnit::kS),
                                 true);
    case TraceFormat::kColumns:
      return make_columns_format(*params.columns, params.time_unit, json);
    case TraceFormat::kVllmBench:  // a document
    case TraceFormat::kRequests:
      break;
  }
  return make_requests_format(params.time_unit);
}

u32 block_tokens_of(TraceFormat format) { return format == TraceFormat::kBailian ? 16 : 512; }

}  // namespace stampede
