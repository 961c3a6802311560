// Mooncake's recordings: JSON lines {timestamp [ms], input_length, output_length, hash_ids}.
#include <nlohmann/json.hpp>

#include "tools/traces/csv_formats.h"

namespace stampede {
namespace {

constexpr double kLatestMilliseconds = 4e12;

class MooncakeFormat final : public RowFormat {
 public:
  bool has_header() const override { return false; }
  RowFault header(std::string_view) override { return {}; }
  RowFault read(std::string_view line, TraceRow& row) const override {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return {"a JSON object is wanted in each line"};
    const auto number = [&](const char* key, double most, double& value) {
      const auto it = json.find(key);
      if (it == json.end() || !it->is_number()) return false;
      value = it->get<double>();
      return value >= 0 && value <= most;
    };
    double at = 0, prompt = 0, output = 0;
    if (!number("timestamp", kLatestMilliseconds, at))
      return {"`timestamp` is wanted: milliseconds"};
    if (!number("input_length", kMostTokens, prompt)) return {"`input_length` is wanted: tokens"};
    if (!number("output_length", kMostTokens, output)) return {"`output_length` is wanted: tokens"};
    row.at = Duration{static_cast<i64>(at * 1e6 + 0.5)};
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
};

}  // namespace

std::unique_ptr<RowFormat> make_row_format(TraceFormat format) {
  switch (format) {
    case TraceFormat::kAzure:
      return make_azure_format();
    case TraceFormat::kBurstgpt:
      return make_burstgpt_format();
    case TraceFormat::kMooncake:
      return std::make_unique<MooncakeFormat>();
    case TraceFormat::kRequests:
      break;
  }
  return make_requests_format();
}

}  // namespace stampede
