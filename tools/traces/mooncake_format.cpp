// Mooncake's recordings: JSON lines {timestamp [ms], input_length, output_length, hash_ids}; and
// which format a file is read by.
#include <nlohmann/json.hpp>

#include "tools/traces/columns_format.h"
#include "tools/traces/csv_formats.h"

namespace stampede {
namespace {

class MooncakeFormat final : public RowFormat {
 public:
  explicit MooncakeFormat(std::optional<TimeUnit> unit) : unit_(unit.value_or(TimeUnit::kMs)) {}
  RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) override {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
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
      return make_burstgpt_format();
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
  return make_requests_format();
}

u32 block_tokens_of(TraceFormat format) { return format == TraceFormat::kBailian ? 16 : 512; }

}  // namespace stampede
