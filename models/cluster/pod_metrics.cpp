#include "models/cluster/pod_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/cluster/cron_schedule.h"

namespace stampede::cluster {
namespace {

using Kind = QueryNode::Kind;
using Part = QueryNode::Part;

constexpr Duration kLookback = 300_s;  // Prometheus: how old the last sample of an instant may be
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

LatencyKind latency_of(Series series) {
  return series == Series::kTtft        ? LatencyKind::kTtft
         : series == Series::kQueueTime ? LatencyKind::kQueueTime
                                        : LatencyKind::kRequest;
}

const std::vector<double>& bounds_of(Series series) {
  static const std::vector<double> ttft(latency_bounds(LatencyKind::kTtft).begin(),
                                        latency_bounds(LatencyKind::kTtft).end());
  static const std::vector<double> request(latency_bounds(LatencyKind::kRequest).begin(),
                                           latency_bounds(LatencyKind::kRequest).end());
  return latency_of(series) == LatencyKind::kTtft ? ttft : request;
}

u32 width_of(Series series) {  // buckets and their sum
  return kind_of(series) != SeriesKind::kHistogram ? 1
                                                   : static_cast<u32>(bounds_of(series).size() + 2);
}

// The samples of one value that a range holds.
struct Range {
  std::vector<Instant> at;
  std::vector<double> v;
  Instant from{}, to{};
};

// extrapolatedRate of Prometheus, for rate, increase (counters) and delta.
double extrapolated(const Range& r, bool counter, bool per_second) {
  double result = r.v.back() - r.v.front();
  if (counter)
    for (std::size_t i = 1; i < r.v.size(); ++i)
      if (r.v[i] < r.v[i - 1]) result += r.v[i - 1];  // its process began anew
  double to_start = (r.at.front() - r.from).seconds(), to_end = (r.to - r.at.back()).seconds();
  const double sampled = (r.at.back() - r.at.front()).seconds();
  const double between = sampled / static_cast<double>(r.v.size() - 1);
  if (to_start >= between * 1.1) to_start = between / 2;
  if (counter && result > 0 && r.v.front() >= 0)
    to_start = std::min(to_start, sampled * (r.v.front() / result));
  if (to_end >= between * 1.1) to_end = between / 2;
  result *= (sampled + to_start + to_end) / sampled;
  return per_second ? result / (r.to - r.from).seconds() : result;
}

std::optional<double> function_of_range(const std::string& name, const Range& r) {
  const std::size_t n = r.v.size();
  const bool change = name == "rate" || name == "increase" || name == "delta" || name == "irate";
  if (n < (change ? 2u : 1u)) return std::nullopt;
  if (name == "irate") {
    const double step = r.v[n - 1] < r.v[n - 2] ? r.v[n - 1] : r.v[n - 1] - r.v[n - 2];
    return step / (r.at[n - 1] - r.at[n - 2]).seconds();
  }
  if (change) return extrapolated(r, name != "delta", name == "rate");
  const double sum = std::accumulate(r.v.begin(), r.v.end(), 0.0);
  if (name == "avg_over_time") return sum / static_cast<double>(n);
  if (name == "sum_over_time") return sum;
  if (name == "count_over_time") return static_cast<double>(n);
  if (name == "max_over_time") return *std::max_element(r.v.begin(), r.v.end());
  if (name == "min_over_time") return *std::min_element(r.v.begin(), r.v.end());
  return r.v.back();
}

double quantile_of(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  const double rank = std::clamp(q, 0.0, 1.0) * static_cast<double>(v.size() - 1);
  const auto low = static_cast<std::size_t>(rank);
  const double high = v[std::min(low + 1, v.size() - 1)];
  return v[low] + (high - v[low]) * (rank - static_cast<double>(low));
}

// Linear within a bucket, from 0 in the first; the last bound for what lies beyond it.
double histogram_quantile(const std::vector<double>& counts, const std::vector<double>& bounds,
                          double q) {
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  if (all <= 0) return kNotANumber;
  const double rank = q * all;
  double before = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (before + counts[i] >= rank) {
      const double low = i == 0 ? 0 : bounds[i - 1];
      return counts[i] <= 0 ? low : low + (bounds[i] - low) * ((rank - before) / counts[i]);
    }
    before += counts[i];
  }
  return bounds.back();
}

double combined(const std::string& op, const std::vector<double>& v, double q) {
  if (op == "max") return *std::max_element(v.begin(), v.end());
  if (op == "min") return *std::min_element(v.begin(), v.end());
  if (op == "count") return static_cast<double>(v.size());
  if (op == "quantile") return quantile_of(v, q);
  const double sum = std::accumulate(v.begin(), v.end(), 0.0);
  return op == "avg" ? sum / static_cast<double>(v.size()) : sum;
}

// All pods become one; an aggregation that keeps them apart changes nothing of one value each.
MetricValues aggregate(const QueryNode& node, MetricValues of) {
  if (of.elements.empty()) return of;
  if (node.by_pod) {
    if (node.op == "count")
      for (MetricValues::Element& e : of.elements) e.v = {1};
    return of;
  }
  MetricValues out = of;
  out.elements.assign(1, {});
  for (std::size_t i = 0; i < of.elements.front().v.size(); ++i) {
    std::vector<double> column;
    for (const MetricValues::Element& e : of.elements) column.push_back(e.v[i]);
    out.elements[0].v.push_back(combined(node.op, column, node.number));
  }
  return out;
}

// A comparison lets its left side through, or not.
std::optional<double> operate(const std::string& op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return a / b;
  if (op == "%") return std::fmod(a, b);
  const bool holds = op == "=="   ? a == b
                     : op == "!=" ? a != b
                     : op == "<"  ? a < b
                     : op == "<=" ? a <= b
                     : op == ">"  ? a > b
                                  : a >= b;
  return holds ? std::optional(a) : std::nullopt;
}

MetricValues binary(const QueryNode& node, MetricValues left, const MetricValues& right) {
  if (node.op == "or") return left.elements.empty() ? right : left;
  if (node.op == "and") return right.elements.empty() ? right : left;
  const bool left_number = node.children[0].type == QueryNode::Type::kScalar;
  const bool right_number = node.children[1].type == QueryNode::Type::kScalar;
  MetricValues out;
  const MetricValues& over = left_number ? right : left;
  for (const MetricValues::Element& e : over.elements) {
    const MetricValues& other = left_number ? left : right;
    const auto with = std::find_if(other.elements.begin(), other.elements.end(),
                                   [&](const MetricValues::Element& o) {
                                     return o.pod == e.pod || left_number || right_number;
                                   });
    if (with == other.elements.end()) continue;
    const double a = left_number ? with->v[0] : e.v[0], b = left_number ? e.v[0] : with->v[0];
    if (const auto value = operate(node.op, a, b)) out.elements.push_back({e.pod, {*value}});
  }
  return out;
}

double function_of_value(const std::string& name, double x, const std::vector<double>& numbers) {
  if (name == "abs") return x < 0 ? -x : x;
  if (name == "ceil") return std::ceil(x);
  if (name == "floor") return std::floor(x);
  if (name == "round") return std::floor(x + 0.5);
  if (name == "clamp_min") return std::max(x, numbers[0]);
  if (name == "clamp_max") return std::min(x, numbers[0]);
  if (name == "clamp") return std::min(std::max(x, numbers[0]), numbers[1]);
  return x;
}

}  // namespace

std::optional<double> MetricValues::of(PodId pod) const {
  for (const Element& e : elements)
    if (e.pod == pod && e.v[0] == e.v[0]) return e.v[0];
  return std::nullopt;
}

std::optional<double> MetricValues::sum() const {
  double total = 0;
  for (const Element& e : elements) total += e.v[0];
  if (elements.empty() || !(total == total)) return std::nullopt;
  return total;
}

PodMetrics::PodMetrics(const Context& context)
    : context_(context), watched_(context.state.workloads.size()) {}

void PodMetrics::watch(WorkloadId workload, const MetricQuery& query) {
  Watched& w = watched_[workload];
  w.on = true;
  for_each_series(query.root, [&](const QueryNode& node) {
    const Series series = series_names()[node.name].series;
    const auto s = static_cast<std::size_t>(series);
    w.longest = std::max(w.longest, node.range);
    if (series >= Series::kRequests) context_.runtime.keep_latencies();
    if (w.kept[s]) return;
    w.kept[s] = true;
    w.at[s] = w.width;
    w.width += width_of(series);
  });
}

void PodMetrics::scrape() {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    Watched& w = watched_[i];
    if (!w.on) continue;
    const Workload& workload = context_.state.workloads[i];
    for (const PodId id : workload.members) {
      const auto at = std::lower_bound(w.pods.begin(), w.pods.end(), id,
                                       [](const History& h, PodId pod) { return h.pod < pod; });
      if (at != w.pods.end() && at->pod == id) continue;
      History& made = *w.pods.emplace(at);
      made.pod = id;
    }
    const Instant oldest = context_.world.now() - std::max(w.longest, kLookback);
    for (History& h : w.pods) {
      scrape_pod(w, h, static_cast<WorkloadId>(i));
      while (!h.scrapes.empty() && h.scrapes.front().at < oldest) h.scrapes.pop_front();
    }
    std::erase_if(w.pods, [&](const History& h) {
      return h.scrapes.empty() && context_.state.pods[h.pod].gone;
    });
  }
}

void PodMetrics::scrape_pod(Watched& w, History& h, WorkloadId workload) {
  const Pod& pod = context_.state.pods[h.pod];
  PodExports e;
  h.stale =
      pod.container != Container::kServing || !context_.runtime.export_metrics(h.pod, workload, e);
  if (h.stale) return;
  const Instant now = context_.world.now();
  Scrape& scrape = h.scrapes.emplace_back();
  scrape.at = now;
  scrape.v.resize(w.width);
  const auto put = [&](Series series, double value) {
    const auto s = static_cast<std::size_t>(series);
    if (w.kept[s]) scrape.v[w.at[s]] = value;
  };
  const double span =
      h.busy_at.ns > 0 ? (now - h.busy_at).seconds() : context_.params.scrape_period.seconds();
  const double busy = e.busy_seconds < h.busy_before ? e.busy_seconds  // another process
                                                     : e.busy_seconds - h.busy_before;
  put(Series::kWaiting, e.waiting);
  put(Series::kRunning, e.running);
  put(Series::kKvUse, e.kv_use);
  put(Series::kGpuUse, std::min(1.0, busy / span));
  put(Series::kCpu, static_cast<double>(pod.sampled.cpu_milli) / 1000);
  put(Series::kMemory, static_cast<double>(pod.sampled.memory_bytes));
  put(Series::kRequests, static_cast<double>(e.requests));
  put(Series::kPromptTokens, static_cast<double>(e.prompt_tokens));
  put(Series::kOutputTokens, static_cast<double>(e.output_tokens));
  h.busy_at = now;
  h.busy_before = e.busy_seconds;
  for (const Series series : {Series::kTtft, Series::kQueueTime, Series::kRequestTime}) {
    const auto s = static_cast<std::size_t>(series);
    if (!w.kept[s] || e.latencies == nullptr) continue;
    const LatencyHistogram& from = (*e.latencies)[static_cast<std::size_t>(latency_of(series))];
    double* to = scrape.v.data() + w.at[s];
    std::copy(from.counts.begin(), from.counts.end(), to);
    to[width_of(series) - 1] = from.sum;
  }
}

std::vector<double> PodMetrics::part_of(const Watched& w, const QueryNode& node,
                                        const Scrape& scrape) {
  const SeriesName& name = series_names()[node.name];
  const double* from = scrape.v.data() + w.at[static_cast<std::size_t>(name.series)];
  const std::size_t buckets = width_of(name.series) - 1;
  switch (node.part) {
    case Part::kValue:
      return {*from * name.factor};
    case Part::kBucket:
      return {from, from + buckets};
    case Part::kSum:
      return {from[buckets] * name.factor};
    case Part::kCount:
      break;
  }
  return {std::accumulate(from, from + buckets, 0.0)};
}

MetricValues PodMetrics::evaluate(WorkloadId workload, const MetricQuery& query) const {
  return eval(watched_[workload], query.root);
}

MetricValues PodMetrics::eval(const Watched& w, const QueryNode& node) const {
  switch (node.kind) {
    case Kind::kNumber: {
      MetricValues number;
      number.elements.push_back({UINT32_MAX, {node.number}});
      return number;
    }
    case Kind::kSeries:
      return series(w, node);
    case Kind::kAggregate:
      return aggregate(node, eval(w, node.children[0]));
    case Kind::kBinary:
      return binary(node, eval(w, node.children[0]), eval(w, node.children[1]));
    case Kind::kCall:
      break;
  }
  if (node.op == "cron") {
    const CronWindow window{node.texts[0], node.texts[1], node.texts[2]};
    MetricValues of;
    of.elements.push_back({UINT32_MAX, {window.holds(utc()) ? 1.0 : 0.0}});
    return of;
  }
  if (node.children[0].range.ns > 0) return over_range(w, node);
  std::vector<double> numbers;
  for (std::size_t i = 1; i < node.children.size(); ++i)
    if (node.children[i].kind == Kind::kNumber) numbers.push_back(node.children[i].number);
  if (node.op == "histogram_quantile") {
    const MetricValues of = eval(w, node.children[1]);
    MetricValues out;
    for (const MetricValues::Element& e : of.elements)
      out.elements.push_back(
          {e.pod, {histogram_quantile(e.v, *of.bounds, node.children[0].number) * of.factor}});
    return out;
  }
  MetricValues of = eval(w, node.children[0]);
  if (node.op == "scalar" && of.elements.size() != 1)
    of.elements.assign(1, {UINT32_MAX, {kNotANumber}});
  for (MetricValues::Element& e : of.elements) {
    e.v[0] = function_of_value(node.op, e.v[0], numbers);
    if (node.op == "scalar") e.pod = UINT32_MAX;
  }
  return of;
}

MetricValues PodMetrics::series(const Watched& w, const QueryNode& node) const {
  MetricValues out;
  const SeriesName& name = series_names()[node.name];
  const Instant oldest = context_.world.now() - kLookback;
  for (const History& h : w.pods)
    if (!h.stale && !h.scrapes.empty() && h.scrapes.back().at > oldest)
      out.elements.push_back({h.pod, part_of(w, node, h.scrapes.back())});
  if (node.part == Part::kBucket) {
    out.bounds = &bounds_of(name.series);
    out.factor = name.factor;
  }
  return out;
}

MetricValues PodMetrics::over_range(const Watched& w, const QueryNode& call) const {
  MetricValues out;
  const QueryNode& node = call.children[0];
  const SeriesName& name = series_names()[node.name];
  const Instant now = context_.world.now();
  for (const History& h : w.pods) {
    std::vector<std::vector<double>> rows;
    Range range;
    range.from = now - node.range;
    range.to = now;
    for (const Scrape& s : h.scrapes) {
      if (s.at <= range.from) continue;
      range.at.push_back(s.at);
      rows.push_back(part_of(w, node, s));
    }
    if (rows.empty()) continue;
    MetricValues::Element element{h.pod, {}};
    for (std::size_t i = 0; i < rows[0].size(); ++i) {
      range.v.clear();
      for (const std::vector<double>& row : rows) range.v.push_back(row[i]);
      if (const auto value = function_of_range(call.op, range)) element.v.push_back(*value);
    }
    if (element.v.size() == rows[0].size()) out.elements.push_back(std::move(element));
  }
  if (node.part == Part::kBucket) {
    out.bounds = &bounds_of(name.series);
    out.factor = name.factor;
  }
  return out;
}

}  // namespace stampede::cluster
