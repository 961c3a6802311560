#include "tools/language/metric_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "models/cluster/metric_query.h"

namespace stampede {
namespace {

using cluster::kind_of;
using cluster::Series;
using cluster::series_names;
using cluster::SeriesKind;

constexpr const char* kRateWindow = "5m";      // of prometheus-adapter's default rules
constexpr const char* kQuantileWindow = "1m";  // of a name such as ttft_p95

std::string normal(std::string name) {
  for (char& c : name)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a')
        : c == ':' || c == '.' || c == '-' || c == '/' || c == ' ' ? '_'
                                                                   : c;
  return name;
}

// Google's names: prometheus.googleapis.com|NAME|gauge, and the same with slashes.
std::string without_google(std::string name, bool& counter) {
  for (char& c : name) c = c == '/' ? '|' : c;
  const std::size_t first = name.find('|');
  if (first == std::string::npos || name.find(".com") == std::string::npos)
    return name.starts_with("kubernetes.io|") ? name.substr(14) : name;
  name.erase(0, first + 1);
  for (const char* kind : {"|gauge", "|counter", "|summary", "|histogram", "|unknown", "|delta"})
    if (name.ends_with(kind)) {
      counter = std::string_view(kind) == "|counter";
      name.erase(name.size() - std::string_view(kind).size());
    }
  return name;
}

const KnownName* find_known(const std::string& normalised) {
  for (const KnownName& known : known_metric_names())
    if (normalised == known.name) return &known;
  return nullptr;
}

std::optional<Series> series_of(const std::string& ours) {
  for (const auto& known : series_names())
    if (ours == known.name) return known.series;
  return std::nullopt;
}

// A metric of Triton that its labels tell apart.
std::string labelled(const std::string& normalised, const cluster::LabelMatchers& labels) {
  const auto has = [&](const char* label, const char* value) {
    const auto found = labels.find(label);
    return found != labels.end() && found->second == value;
  };
  if (normalised == "nv_trt_llm_request_metrics") {
    if (has("request_type", "waiting")) return "waiting_requests";
    if (has("request_type", "active") || has("request_type", "scheduled"))
      return "running_requests";
  }
  if (normalised == "nv_trt_llm_kv_cache_block_metrics" && has("kv_cache_block_type", "fraction"))
    return "kv_use";
  return "";
}

// The name of ours for a series of PromQL; the endings of histograms stay.
std::string series_for(const std::string& name, const cluster::LabelMatchers& labels) {
  const std::string normalised = normal(name);
  if (const std::string told = labelled(normalised, labels); !told.empty()) return told;
  if (const KnownName* known = find_known(normalised)) return known->stands_for;
  for (const char* ending : {"_bucket", "_sum", "_count"}) {
    if (!normalised.ends_with(ending)) continue;
    const std::string base =
        normalised.substr(0, normalised.size() - std::string_view(ending).size());
    const KnownName* known = find_known(base);
    if (known == nullptr) continue;
    const auto series = series_of(known->stands_for);
    if (series && kind_of(*series) == SeriesKind::kHistogram)
      return known->stands_for + std::string(ending);
  }
  return "";
}

// A name such as vllm_ttft_p95_ms or queue_time_seconds_p90.
std::string latency_by_words(const std::string& n, bool by_pod) {
  const auto any = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return n.find(word) != std::string::npos; });
  };
  std::string series;
  if (any({"ttft", "time_to_first_token", "first_token_latency"}))
    series = "ttft";
  else if (any({"queue_time", "queue_duration", "queue_latency", "queueing_time", "time_in_queue",
                "time_queue", "wait_time"}))
    series = "queue_time";
  else if (any({"e2e", "request_latency", "request_duration", "end_to_end"}))
    series = "request";
  else
    return "";
  const bool micro = any({"_us", "micro"}) && series == "queue_time";
  series += micro ? "_microseconds" : any({"_ms", "milli"}) ? "_milliseconds" : "_seconds";
  const std::string apart = by_pod ? "sum by (pod) " : "sum";
  static constexpr std::array<std::pair<const char*, const char*>, 9> kQuantiles{{{"p999", "0.999"},
                                                                                  {"p99", "0.99"},
                                                                                  {"p95", "0.95"},
                                                                                  {"p90", "0.9"},
                                                                                  {"p80", "0.8"},
                                                                                  {"p75", "0.75"},
                                                                                  {"p50", "0.5"},
                                                                                  {"median", "0.5"},
                                                                                  {"90th", "0.9"}}};
  for (const auto& [word, q] : kQuantiles)
    if (any({word}))
      return fmt::format("histogram_quantile({}, {}(rate({}_bucket[{}])))", q, apart, series,
                         kQuantileWindow);
  if (!any({"avg", "mean", "average"})) return "";
  return fmt::format("{0}(rate({1}_sum[{2}])) / {0}(rate({1}_count[{2}]))", apart, series,
                     kQuantileWindow);
}

// KEDA's names for its triggers say of what kind they are, older ones what they measure too.
std::string without_keda(const std::string& name, bool& generated) {
  std::size_t digits = 1;
  while (digits < name.size() && name[digits] >= '0' && name[digits] <= '9') ++digits;
  if (name.empty() || name[0] != 's' || digits == 1 ||
      !name.substr(digits).starts_with("-prometheus"))
    return name;
  generated = name.size() == digits + 11;
  return generated ? name : name.substr(digits + 12);
}

DashboardQuery told(const cluster::MetricQuery& query) {
  return {query.error.empty() ? cluster::print_metric_query(query.root) : "", query.error,
          query.by_pod()};
}

}  // namespace

const std::vector<KnownName>& known_metric_names() {
  static const std::vector<KnownName> names{
      {"waiting_requests", "waiting_requests"},
      {"num_requests_waiting", "waiting_requests"},
      {"vllm_num_requests_waiting", "waiting_requests"},
      {"requests_waiting", "waiting_requests"},
      {"queue_size", "waiting_requests"},
      {"queue_depth", "waiting_requests"},
      {"num_queue_reqs", "waiting_requests"},
      {"sglang_num_queue_reqs", "waiting_requests"},
      {"tgi_queue_size", "waiting_requests"},
      {"te_queue_size", "waiting_requests"},
      {"nv_inference_pending_request_count", "waiting_requests"},
      {"jetstream_prefill_backlog_size", "waiting_requests"},
      {"inference_pool_average_queue_size", "avg(waiting_requests)"},
      {"inference_extension_flow_control_queue_size", "waiting_requests"},
      {"igw_queue_depth", "waiting_requests"},
      {"running_requests", "running_requests"},
      {"num_requests_running", "running_requests"},
      {"vllm_num_requests_running", "running_requests"},
      {"requests_running", "running_requests"},
      {"num_running_reqs", "running_requests"},
      {"sglang_num_running_reqs", "running_requests"},
      {"tgi_batch_current_size", "running_requests"},
      {"igw_running_requests", "running_requests"},
      {"inference_pool_average_running_requests", "avg(running_requests)"},
      {"inference_model_running_requests", "running_requests + waiting_requests"},
      {"inference_objective_running_requests", "running_requests + waiting_requests"},
      {"dynamo_frontend_inflight_requests", "running_requests + waiting_requests"},
      {"http_requests_in_progress", "running_requests + waiting_requests"},
      {"in_flight_requests", "running_requests + waiting_requests"},
      {"inflight_requests", "running_requests + waiting_requests"},
      {"kv_use", "kv_use"},
      {"gpu_cache_usage_perc", "kv_use"},
      {"kv_cache_usage_perc", "kv_use"},
      {"vllm_gpu_cache_usage_perc", "kv_use"},
      {"vllm_kv_cache_usage_perc", "kv_use"},
      {"kv_cache_usage", "kv_use"},
      {"kv_cache_utilization", "kv_use"},
      {"token_usage", "kv_use"},
      {"sglang_token_usage", "kv_use"},
      {"inference_pool_average_kv_cache_utilization", "avg(kv_use)"},
      {"kv_use_percent", "kv_use_percent"},
      {"kv_cache_usage_percent", "kv_use_percent"},
      {"gpu_use", "gpu_use"},
      {"nv_gpu_utilization", "gpu_use"},
      {"nvidia_smi_utilization_gpu_ratio", "gpu_use"},
      {"dcgm_fi_prof_gr_engine_active", "gpu_use"},
      {"gpu_use_percent", "gpu_use_percent"},
      {"gpu_utilization", "gpu_use_percent"},
      {"gpu_utilization_percent", "gpu_use_percent"},
      {"gpu_util", "gpu_use_percent"},
      {"gpu_duty_cycle", "gpu_use_percent"},
      {"dcgm_gpu_utilization", "gpu_use_percent"},
      {"dcgm_fi_dev_gpu_util", "gpu_use_percent"},
      {"nvidia_gpu_duty_cycle", "gpu_use_percent"},
      {"container_gpu_utilization", "gpu_use_percent"},
      {"container_accelerator_duty_cycle", "gpu_use_percent"},
      {"container|accelerator|duty_cycle", "gpu_use_percent"},
      {"requests_total", "requests_total"},
      {"http_requests", "requests_total"},
      {"http_requests_total", "requests_total"},
      {"http_server_requests_total", "requests_total"},
      {"requests", "requests_total"},
      {"request_rate", "requests_total"},
      {"request_success", "requests_total"},
      {"vllm_request_success_total", "requests_total"},
      {"vllm_request_success", "requests_total"},
      {"sglang_num_requests_total", "requests_total"},
      {"tgi_request_count", "requests_total"},
      {"tgi_request_success", "requests_total"},
      {"nv_inference_request_success", "requests_total"},
      {"nv_inference_count", "requests_total"},
      {"istio_requests_total", "requests_total"},
      {"istio_requests", "requests_total"},
      {"envoy_cluster_upstream_rq_total", "requests_total"},
      {"nginx_ingress_controller_requests", "requests_total"},
      {"inference_model_request_total", "requests_total"},
      {"inference_objective_request_total", "requests_total"},
      {"dynamo_frontend_requests_total", "requests_total"},
      {"prompt_tokens_total", "prompt_tokens_total"},
      {"vllm_prompt_tokens_total", "prompt_tokens_total"},
      {"vllm_prompt_tokens", "prompt_tokens_total"},
      {"sglang_prompt_tokens_total", "prompt_tokens_total"},
      {"output_tokens_total", "output_tokens_total"},
      {"vllm_generation_tokens_total", "output_tokens_total"},
      {"vllm_generation_tokens", "output_tokens_total"},
      {"sglang_generation_tokens_total", "output_tokens_total"},
      {"vllm_avg_prompt_throughput_toks_per_s", "rate(prompt_tokens_total[1m])"},
      {"vllm_avg_generation_throughput_toks_per_s", "rate(output_tokens_total[1m])"},
      {"sglang_gen_throughput", "rate(output_tokens_total[1m])"},
      {"vllm_num_requests_swapped", "0 * waiting_requests"},
      {"https|request_count", "requests_total"},
      {"triton_queue_compute_ratio",
       "rate(queue_time_seconds_sum[1m]) / (rate(request_seconds_sum[1m]) - "
       "rate(queue_time_seconds_sum[1m]))"},
      {"ttft_seconds", "ttft_seconds"},
      {"ttft_milliseconds", "ttft_milliseconds"},
      {"time_to_first_token_seconds", "ttft_seconds"},
      {"vllm_time_to_first_token_seconds", "ttft_seconds"},
      {"sglang_time_to_first_token_seconds", "ttft_seconds"},
      {"dynamo_frontend_time_to_first_token_seconds", "ttft_seconds"},
      {"nv_inference_first_response_histogram_ms", "ttft_milliseconds"},
      {"queue_time_seconds", "queue_time_seconds"},
      {"queue_time_milliseconds", "queue_time_milliseconds"},
      {"queue_time_microseconds", "queue_time_microseconds"},
      {"vllm_request_queue_time_seconds", "queue_time_seconds"},
      {"request_queue_time_seconds", "queue_time_seconds"},
      {"sglang_queue_time_seconds", "queue_time_seconds"},
      {"tgi_request_queue_duration", "queue_time_seconds"},
      {"nv_inference_queue_duration_us", "queue_time_microseconds_sum"},
      {"request_seconds", "request_seconds"},
      {"request_milliseconds", "request_milliseconds"},
      {"vllm_e2e_request_latency_seconds", "request_seconds"},
      {"e2e_request_latency_seconds", "request_seconds"},
      {"sglang_e2e_request_latency_seconds", "request_seconds"},
      {"tgi_request_duration", "request_seconds"},
      {"http_request_duration_seconds", "request_seconds"},
      {"istio_request_duration_milliseconds", "request_milliseconds"}};
  return names;
}

NamedMetric named_metric(const std::string& name, bool by_pod, const MetricNames& more) {
  if (const auto own = more.find(name); own != more.end()) return {own->second, ""};
  bool counter = false, generated = false;
  std::string short_name = without_keda(name, generated);
  if (generated)
    return {by_pod ? "" : "sum(waiting_requests)",
            fmt::format(
                "'{0}' is a name that KEDA makes, which does not say what is measured: taken as "
                "the requests that wait; `metric_names: {{{0}: ...}}` says otherwise",
                name)};
  short_name = normal(without_google(short_name, counter));
  bool per_second = false;
  for (const char* ending : {"_per_second", "_per_sec", "_rate", "_rps"})
    if (short_name.ends_with(ending) && find_known(short_name) == nullptr) {
      short_name.erase(short_name.size() - std::string_view(ending).size());
      per_second = true;
    }
  if (short_name == "rps" || short_name == "qps") short_name = "requests";
  if (short_name == "avg_time_queue_us")
    short_name = "queue_time_us_avg";  // of NVIDIA's charts for Triton
  const KnownName* known = find_known(short_name);
  if (known == nullptr && per_second) known = find_known(short_name + "_total");
  if (known == nullptr) {
    std::string query = latency_by_words(short_name, by_pod);
    if (query.empty()) return {};
    return {query, fmt::format("'{}' is taken as {}", name, query)};
  }
  const std::string ours = known->stands_for;
  const auto series = series_of(ours);
  if (!series)  // an expression
    return {by_pod && ours.starts_with("avg(")   ? ours.substr(4, ours.size() - 5)
            : by_pod || ours.starts_with("avg(") ? ours
                                                 : "sum(" + ours + ")",
            ""};
  if (kind_of(*series) == SeriesKind::kHistogram) return {};  // a quantile of which window?
  const bool counts = kind_of(*series) == SeriesKind::kCounter;
  if ((per_second || counter) && !counts) return {};
  if (!counts) return {by_pod ? ours : "sum(" + ours + ")", ""};
  const std::string rate = fmt::format("rate({}[{}])", ours, kRateWindow);
  return {by_pod ? rate : "sum(" + rate + ")",
          fmt::format("'{}' is taken as {}", name, by_pod ? rate : "sum(" + rate + ")")};
}

DashboardQuery dashboard_query(const std::string& text, const MetricNames& more) {
  return told(cluster::parse_metric_query(
      text, [&](const std::string& name, const cluster::LabelMatchers& labels, std::string& why) {
        if (const auto own = more.find(name); own != more.end() && own->second != "unreadable")
          return own->second;
        const std::string ours = series_for(name, labels);
        if (ours.empty())
          why = fmt::format("'{}' is not a metric that is simulated", name.substr(0, 80));
        return ours;
      }));
}

DashboardQuery formula_query(const std::string& text, const MetricNames& queries) {
  return told(cluster::parse_metric_query(
      text, [&](const std::string& name, const cluster::LabelMatchers&, std::string& why) {
        const auto found = queries.find(name);
        if (found != queries.end()) return found->second;
        why = fmt::format("'{}' is the name of no trigger", name.substr(0, 80));
        return std::string();
      }));
}

std::string way_out(const std::string& name) {
  return fmt::format(
      "say what it stands for beside `manifest:`, such as `metric_names: {{\"{0}\": "
      "waiting_requests}}`, or "
      "`metric_names: {{\"{0}\": unreadable}}` for a metric that nobody answers",
      name.substr(0, 80));
}

}  // namespace stampede
