#include "tools/calibration/bench_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tools/traces/row_format.h"
#include "tools/traces/time_unit_check.h"
#include "tools/traces/vllm_result.h"

namespace stampede::calibration {
namespace {

using Json = nlohmann::json;

constexpr double kSince1970 = 1e9;  // [s], from which on a time can only be one since 1970

double number_or_zero(const Json& value) { return value.is_number() ? value.get<double>() : 0; }

// vLLM: one array a figure, in the order of the requests.
std::vector<RecordedRequest> from_vllm(const Json& result) {
  const std::size_t n = result["start_times"].size();
  std::vector<RecordedRequest> rows(n);
  for (std::size_t i = 0; i < n; ++i) {
    RecordedRequest& r = rows[i];
    r.at = result["start_times"][i].get<double>();
    r.prompt = result["input_lens"][i].get<u32>();
    r.output = result["output_lens"][i].get<u32>();
    r.failed = r.output == 0 || !result["ttfts"][i].is_number();  // NaN: no first token
    r.ttft = r.e2e = number_or_zero(result["ttfts"][i]);
    for (const Json& gap : result["itls"][i]) r.e2e += number_or_zero(gap);
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

// Throws where the times can hardly be in `unit`, unless it was asked for.
void check_unit(const std::vector<RecordedRequest>& rows, double duration) {
  RecordedTimes times;
  times.rows = rows.size();
  times.seconds = rows.back().at - rows.front().at;
  times.duration = duration;
  times.certain = rows.front().at >= kSince1970 && rows.front().at < kLatestSeconds;
  if (const auto doubt = doubt_of(times))
    throw std::runtime_error(doubt->question("--time-unit ", ""));
}

std::string whole_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<RecordedRequest> read_bench_result(const std::string& path, std::size_t benchmark,
                                               std::optional<TimeUnit> unit) {
  try {
    const std::string text = whole_file(path);
    Json result = parse_python_json(text);
    const bool guidellm = result.is_object() && result.contains("benchmarks");
    if (!guidellm)
      result = vllm_result(text, static_cast<i64>(benchmark),
                           {"start_times", "input_lens", "output_lens", "ttfts", "itls"});
    std::vector<RecordedRequest> rows =
        guidellm ? from_guidellm(result, benchmark) : from_vllm(result);
    if (rows.empty()) throw std::runtime_error("no requests");
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& x, const auto& y) { return x.at < y.at; });
    if (!unit)
      check_unit(rows, stated_duration(guidellm ? result["benchmarks"][benchmark] : result));
    const double first = rows.front().at;
    for (RecordedRequest& r : rows) r.at = (r.at - first) * seconds_of(unit.value_or(TimeUnit::kS));
    return rows;
  } catch (const Json::exception& e) {
    throw std::runtime_error(path + ": " + e.what());
  } catch (const std::runtime_error& e) {
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
