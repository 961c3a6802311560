#include "tools/traces/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tools/traces/columns_format.h"
#include "tools/traces/vllm_result.h"

namespace stampede {
namespace {

using Json = nlohmann::json;
using Rows = std::vector<DocumentRow>;

u32 count(const Json* value, std::string& fault, const char* name) {
  const bool fits = value != nullptr && value->is_number() && *value >= 0 && *value <= kMostTokens;
  if (!fits) fault = fmt::format("`{}` is wanted: tokens", name);
  return fits ? static_cast<u32>(value->get<double>()) : 0;
}

// Lists of the same length, one value a request.
Rows vllm_bench(const TraceParams& params, const std::string& text, double& duration) {
  const Json result = vllm_result(text, params.part, {"input_lens", "output_lens", "start_times"});
  duration = stated_duration(result);
  const Json &inputs = result["input_lens"], &outputs = result["output_lens"],
             &starts = result["start_times"];
  const Json* errors = at_path(result, "errors");
  const std::size_t n = starts.size();
  if (errors != nullptr && errors->is_array() && !errors->empty() && errors->size() != n)
    throw std::runtime_error(
        fmt::format("its lists do not have a value for each request: {} `errors`, {} `start_times`",
                    errors->size(), n));
  Rows rows(n);
  for (std::size_t i = 0; i < n; ++i) {
    DocumentRow& r = rows[i];
    i64 ns = 0;
    r.fault.message = read_time(starts[i], params.time_unit.value_or(TimeUnit::kS), ns, r.remarks);
    r.row.at = Duration{ns};
    r.row.prompt = count(&inputs[i], r.fault.message, "input_lens");
    r.row.output = count(&outputs[i], r.fault.message, "output_lens");
    r.remarks.failed = errors != nullptr && errors->is_array() && i < errors->size() &&
                       (*errors)[i].is_string() && (*errors)[i] != "";
  }
  return rows;
}

// Requests by how they ended; those that failed have no answer.
Rows guidellm_report(const TraceParams& params, const Json& report, double& duration) {
  const Json* benchmarks = at_path(report, "benchmarks");
  if (benchmarks == nullptr || !benchmarks->is_array())
    throw std::runtime_error("no report of GuideLLM: `benchmarks` is wanted");
  const Json& benchmark = (*benchmarks)[chosen_part(params.part, benchmarks->size(), "benchmark")];
  duration = stated_duration(benchmark);
  Rows rows;
  for (const char* group : {"successful", "errored", "incomplete"}) {
    const Json* requests = at_path(benchmark, std::string("requests.") + group);
    if (requests == nullptr || !requests->is_array()) continue;
    for (const Json& request : *requests) {
      DocumentRow& r = rows.emplace_back();
      const Json* start = at_path(request,
                                  "request_start_time|start_time|info.timings.request_start|"
                                  "scheduler_info.request_timings.request_start|"
                                  "scheduler_info.worker_start");
      i64 ns = 0;
      r.fault.message =
          start == nullptr
              ? "the request has no start time"
              : read_time(*start, params.time_unit.value_or(TimeUnit::kS), ns, r.remarks);
      r.row.at = Duration{ns};
      r.row.prompt = count(
          at_path(request, "prompt_tokens|input_metrics.text_tokens|input_metrics.total_tokens"),
          r.fault.message, "prompt_tokens");
      r.remarks.failed = std::string_view(group) != "successful";
      if (!r.remarks.failed)
        r.row.output =
            count(at_path(request,
                          "output_tokens|output_metrics.text_tokens|output_metrics.total_tokens"),
                  r.fault.message, "output_tokens");
      for (const char* part : {"input_metrics.image_count", "input_metrics.video_frames",
                               "input_metrics.audio_samples"})
        if (const Json* more = at_path(request, part);
            more != nullptr && more->is_number() && *more > 0)
          ++r.remarks.parts;
    }
  }
  return rows;
}

Rows by_columns(const TraceParams& params, const Json& document) {
  const TraceColumns& columns = *params.columns;
  const Json* list = columns.rows.empty() ? &document : at_path(document, columns.rows);
  if (list == nullptr || !list->is_array())
    throw std::runtime_error(
        columns.rows.empty()
            ? "a list of requests is wanted; say where it is with `columns: {rows: ...}`"
            : fmt::format("`columns.rows`: there is no list at '{}'", columns.rows));
  const auto reader = make_json_rows(columns, params.time_unit);
  Rows rows;
  for (const Json& element : *list) {
    const Json* each = columns.each.empty() ? nullptr : at_path(element, columns.each);
    if (columns.each.empty()) {
      DocumentRow& r = rows.emplace_back();
      r.fault = reader->read_json(element, r.row, r.remarks);
    } else if (each != nullptr && each->is_array()) {
      for (Json inner : *each) {
        if (inner.is_object())
          for (const auto& [key, value] : element.items())
            if (!inner.contains(key) && key != columns.each) inner[key] = value;
        DocumentRow& r = rows.emplace_back();
        r.fault = reader->read_json(inner, r.row, r.remarks);
      }
    }
  }
  return rows;
}

}  // namespace

bool is_document(const TraceParams& params, std::string_view beginning) {
  if (params.format == TraceFormat::kVllmBench) return true;
  const std::size_t first = beginning.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const char begins = first == std::string_view::npos ? '\0' : beginning[first];
  if (params.format == TraceFormat::kColumns)
    return begins == '[' || (params.columns && !params.columns->rows.empty());
  if (params.format != TraceFormat::kGuidellm || begins != '{') return false;
  // Lines of a replay are whole objects.
  const std::size_t end = beginning.find('\n', first);
  const std::string_view line =
      beginning.substr(first, end == std::string_view::npos ? end : end - first);
  return line.find("\"timestamp\"") == std::string_view::npos || !Json::accept(line);
}

Document read_document(const TraceParams& params, const std::string& text) {
  Document read;
  Rows& rows = read.rows;
  if (params.format == TraceFormat::kVllmBench) {
    rows = vllm_bench(params, text, read.duration);
  } else {
    const Json document = parse_python_json(text);
    if (document.is_discarded()) throw std::runtime_error("not JSON, or cut short");
    rows = params.format == TraceFormat::kColumns
               ? by_columns(params, document)
               : guidellm_report(params, document, read.duration);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const DocumentRow& a, const DocumentRow& b) { return a.row.at < b.row.at; });
  return read;
}

}  // namespace stampede
