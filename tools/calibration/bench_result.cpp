#include "tools/calibration/bench_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace stampede::calibration {
namespace {

using Json = nlohmann::json;

double number_or_zero(const Json& value) { return value.is_number() ? value.get<double>() : 0; }

// vLLM: one array a figure, in the order of the requests.
std::vector<RecordedRequest> from_vllm(const Json& result) {
  for (const char* name : {"start_times", "input_lens", "output_lens", "ttfts", "itls"})
    if (!result.contains(name) || !result[name].is_array())
      throw std::runtime_error(std::string("no \"") + name +
                               "\": run `vllm bench serve` with --save-result --save-detailed");
  const std::size_t n = result["start_times"].size();
  for (const char* name : {"input_lens", "output_lens", "ttfts", "itls"})
    if (result[name].size() != n)
      throw std::runtime_error(std::string(name) + ": not as long as start_times");
  std::vector<RecordedRequest> rows(n);
  for (std::size_t i = 0; i < n; ++i) {
    RecordedRequest& r = rows[i];
    r.at = result["start_times"][i].get<double>();
    r.prompt = result["input_lens"][i].get<u32>();
    r.output = result["output_lens"][i].get<u32>();
    r.failed = r.output == 0;
    r.ttft = r.e2e = result["ttfts"][i].get<double>();
    for (const Json& gap : result["itls"][i]) r.e2e += gap.get<double>();
  }
  return rows;
}

// GuideLLM: an object a request, by how it ended.
std::vector<RecordedRequest> from_guidellm(const Json& result, std::size_t benchmark) {
  const Json& benchmarks = result.at("benchmarks");
  if (benchmark >= benchmarks.size())
    throw std::runtime_error(
        fmt::format("it holds {} benchmarks, and {} was asked for", benchmarks.size(), benchmark));
  std::vector<RecordedRequest> rows;
  for (const char* ended : {"successful", "errored", "incomplete"}) {
    const Json& requests = benchmarks[benchmark].at("requests");
    if (!requests.contains(ended)) continue;
    for (const Json& q : requests[ended]) {
      RecordedRequest r;
      r.at = q.at("request_start_time").get<double>();
      r.prompt = static_cast<u32>(number_or_zero(q.at("prompt_tokens")));
      r.output = static_cast<u32>(number_or_zero(q.at("output_tokens")));
      r.failed = ended != std::string("successful");
      r.ttft = number_or_zero(q.at("time_to_first_token_ms")) / 1e3;
      r.e2e = number_or_zero(q.at("request_latency"));
      rows.push_back(r);
    }
  }
  return rows;
}

}  // namespace

std::vector<RecordedRequest> read_bench_result(const std::string& path, std::size_t benchmark) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  try {
    const Json result = Json::parse(file);
    std::vector<RecordedRequest> rows =
        result.contains("benchmarks") ? from_guidellm(result, benchmark) : from_vllm(result);
    if (rows.empty()) throw std::runtime_error("no requests");
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& x, const auto& y) { return x.at < y.at; });
    const double first = rows.front().at;
    for (RecordedRequest& r : rows) r.at -= first;
    return rows;
  } catch (const std::exception& e) {
    throw std::runtime_error(path + ": " + e.what());
  }
}

std::string recording_csv(const std::vector<RecordedRequest>& recording) {
  std::string text = "arrival_us,input_tokens,output_tokens,error,ttft_us,e2e_us\n";
  for (const RecordedRequest& r : recording)
    text += fmt::format("{:.0f},{},{},{},{:.0f},{:.0f}\n", r.at * 1e6, r.prompt, r.output,
                        r.failed ? 1 : 0, r.ttft * 1e6, r.e2e * 1e6);
  return text;
}

}  // namespace stampede::calibration
