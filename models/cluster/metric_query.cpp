#include "models/cluster/metric_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "models/cluster/cron_schedule.h"
#include "sim/value_text.h"

namespace stampede::cluster {
namespace {

using Kind = QueryNode::Kind;
using Part = QueryNode::Part;
using Type = QueryNode::Type;

const std::set<std::string, std::less<>> kAggregations{"sum", "avg",   "max",
                                                       "min", "count", "quantile"};
const std::set<std::string, std::less<>> kRangeFunctions{
    "rate",          "irate",         "increase",      "delta",          "avg_over_time",
    "max_over_time", "min_over_time", "sum_over_time", "last_over_time", "count_over_time"};
// Functions of one vector and perhaps numbers; they may change the values, not the pods.
const std::map<std::string, std::size_t, std::less<>> kNumbersBehind{
    {"abs", 0},   {"ceil", 0},      {"floor", 0},     {"round", 0}, {"scalar", 0},   {"vector", 0},
    {"clamp", 2}, {"clamp_min", 1}, {"clamp_max", 1}, {"sort", 0},  {"sort_desc", 0}};
// Labels that tell the pods of one workload apart.
const std::set<std::string, std::less<>> kPodLabels{"pod",
                                                    "pod_name",
                                                    "instance",
                                                    "exported_pod",
                                                    "kubernetes_pod_name",
                                                    "exported_instance",
                                                    "exported_pod_name",
                                                    "Hostname",
                                                    "UUID",
                                                    "gpu"};

bool is_range(Type type) { return type == Type::kRange || type == Type::kBucketRange; }
bool is_buckets(Type type) { return type == Type::kBuckets || type == Type::kBucketRange; }

struct Wrong {
  std::string why;
};

// What PromQL calls an identifier may hold colons.
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view text, const NameResolver& resolve) : text_(text), resolve_(resolve) {}

  QueryNode whole() {
    QueryNode node = binary(0);
    if (peek() != '\0') throw Wrong{fmt::format("'{}' is not understood here", rest())};
    return node;
  }

 private:
  // ---- text ------------------------------------------------------------------------------------
  char peek() {  // behind blanks and comments
    for (bool comment = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      comment = c == '#' || (comment && c != '\n');
      if (!comment && c != ' ' && c != '\n' && c != '\t' && c != '\r') break;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  std::string rest() const { return std::string(text_.substr(at_, 40)); }
  bool take(std::string_view what) {
    peek();
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  void want(std::string_view what) {
    if (!take(what))
      throw Wrong{
          fmt::format("'{}' is wanted before '{}'", what, at_ < text_.size() ? rest() : "the end")};
  }
  std::string name() {
    peek();
    const std::size_t from = at_;
    while (at_ < text_.size() && (begins_name(text_[at_]) || (at_ > from && digit(text_[at_]))))
      ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  // A word such as `by`, if it stands here.
  bool word(std::string_view what) {
    peek();
    const std::size_t before = at_;
    if (name() == what) return true;
    at_ = before;
    return false;
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '"' && quote != '\'' && quote != '`') throw Wrong{"a text in quotes is wanted"};
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && quote != '`') ++at_;
      if (at_ < text_.size()) out += text_[at_];
    }
    if (at_ >= text_.size()) throw Wrong{"a quote is not closed"};
    ++at_;
    return out;
  }

  // ---- operators -------------------------------------------------------------------------------
  std::optional<std::string> operator_at(int level) {
    static const std::vector<std::vector<std::string>> kLevels{
        {"or"}, {"and", "unless"}, {"==", "!=", "<=", "<", ">=", ">"}, {"+", "-"}, {"*", "/", "%"}};
    for (const std::string& op : kLevels[static_cast<std::size_t>(level)])
      if (begins_name(op[0]) ? word(op) : take(op)) return op;
    return std::nullopt;
  }
  QueryNode binary(int level) {
    if (level == 5) return unary();
    QueryNode left = binary(level + 1);
    while (const auto op = operator_at(level)) {
      if (*op == "unless" || (level == 2 && word("bool")))
        throw Wrong{fmt::format("`{}` is not modelled", *op == "unless" ? *op : "bool")};
      for (const char* match : {"on", "ignoring", "group_left", "group_right"})
        if (word(match) && peek() == '(') labels();
      QueryNode node;
      node.kind = Kind::kBinary;
      node.op = *op;
      node.children.push_back(std::move(left));
      node.children.push_back(binary(level + 1));
      for (const QueryNode& side : node.children) {
        if (is_range(side.type) || is_buckets(side.type))
          throw Wrong{fmt::format("`{}` wants numbers on both sides", *op)};
        if (side.type == Type::kVector) node.type = Type::kVector;
        node.by_pod = node.by_pod || side.by_pod;
      }
      left = std::move(node);
    }
    return left;
  }
  QueryNode unary() {
    if (take("-")) {
      QueryNode of = unary();
      if (of.kind == Kind::kNumber) return number_node(-of.number);
      QueryNode node;
      node.kind = Kind::kBinary;
      node.op = "*";
      node.children = {number_node(-1), std::move(of)};
      node.type = node.children[1].type;
      node.by_pod = node.children[1].by_pod;
      return node;
    }
    take("+");
    return primary();
  }
  static QueryNode number_node(double value) {
    QueryNode node;
    node.number = value;
    return node;
  }
  QueryNode primary() {
    if (++depth_ > 50) throw Wrong{"nested too deep"};
    QueryNode node = atom();
    --depth_;
    if (peek() == '[')
      throw Wrong{"a range stands behind the name of a metric; subqueries are not modelled"};
    if (word("offset") || take("@")) throw Wrong{"`offset` and `@` are not modelled"};
    return node;
  }
  QueryNode atom() {
    const char c = peek();
    if (c == '(') {
      want("(");
      QueryNode inner = binary(0);
      want(")");
      return inner;
    }
    if (digit(c) || c == '.') return number();
    if (c == '{') return series("");
    if (!begins_name(c))
      throw Wrong{at_ < text_.size() ? fmt::format("'{}' is not understood here", rest())
                                     : "the expression ends too soon"};
    const std::string called = name();
    if (kAggregations.contains(called) && (peek() == '(' || next_is_grouping()))
      return aggregate(called);
    if (peek() == '(') return call(called);
    return series(called);
  }
  QueryNode number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto parsed = std::from_chars(begin, text_.data() + text_.size(), value);
    if (parsed.ec != std::errc()) throw Wrong{fmt::format("'{}' is no number", rest())};
    at_ += static_cast<std::size_t>(parsed.ptr - begin);
    return number_node(value);
  }

  // ---- aggregations and functions --------------------------------------------------------------
  bool next_is_grouping() {
    const std::size_t before = at_;
    const bool found = word("by") || word("without");
    at_ = before;
    return found;
  }
  std::vector<std::string> labels() {
    std::vector<std::string> found;
    want("(");
    while (peek() != ')') {
      const std::string label = name();
      if (label.empty()) throw Wrong{"the name of a label is wanted"};
      found.push_back(label);
      if (!take(",")) break;
    }
    want(")");
    return found;
  }
  // Does the grouping, if there is one here, keep the pods apart?
  std::optional<bool> grouping() {
    const bool by = word("by");
    if (!by && !word("without")) return std::nullopt;
    const std::vector<std::string> named = labels();
    const bool names_pods = std::any_of(named.begin(), named.end(), [](const std::string& label) {
      return kPodLabels.contains(label);
    });
    return by == names_pods;
  }
  QueryNode aggregate(const std::string& op) {
    QueryNode node;
    node.kind = Kind::kAggregate;
    node.op = op;
    std::optional<bool> apart = grouping();
    want("(");
    if (op == "quantile") {
      const QueryNode share = binary(0);
      if (share.kind != Kind::kNumber) throw Wrong{"quantile wants a number first"};
      node.number = share.number;
      want(",");
    }
    QueryNode inner = binary(0);
    want(")");
    if (!apart) apart = grouping();
    if (is_range(inner.type) || inner.type == Type::kScalar)
      throw Wrong{
          fmt::format("{} wants a metric{}", op, is_range(inner.type) ? " without a range" : "")};
    if (inner.type == Type::kBuckets && op != "sum" && op != "avg")
      throw Wrong{fmt::format("{} of a histogram's buckets is not modelled", op)};
    node.by_pod = inner.by_pod && apart.value_or(false);
    node.type = inner.type;
    node.children.push_back(std::move(inner));
    return node;
  }
  QueryNode cron() {
    QueryNode node;
    node.kind = Kind::kCall;
    node.op = "cron";
    want("(");
    do node.texts.push_back(quoted());
    while (take(","));
    want(")");
    if (node.texts.size() != 3) throw Wrong{"cron wants a start, an end and a time zone"};
    if (const std::string wrong = CronWindow{node.texts[0], node.texts[1], node.texts[2]}.error();
        !wrong.empty())
      throw Wrong{wrong};
    return node;
  }
  QueryNode call(const std::string& function) {
    if (function == "cron") return cron();
    const bool quantile = function == "histogram_quantile";
    const auto numbers = kNumbersBehind.find(function);
    if (!quantile && numbers == kNumbersBehind.end() && !kRangeFunctions.contains(function))
      throw Wrong{fmt::format("the function `{}` is not modelled", function)};
    QueryNode node;
    node.kind = Kind::kCall;
    node.op = function;
    want("(");
    do node.children.push_back(binary(0));
    while (take(","));
    want(")");
    const QueryNode& of = quantile ? node.children.back() : node.children.front();
    const std::size_t wanted = quantile                          ? 2
                               : numbers == kNumbersBehind.end() ? 1
                                                                 : numbers->second + 1;
    if (node.children.size() != wanted && function != "round")
      throw Wrong{fmt::format("{} wants {} argument{}", function, wanted, wanted == 1 ? "" : "s")};
    if (kRangeFunctions.contains(function) != is_range(of.type))
      throw Wrong{fmt::format("{} wants a metric {} a range such as [1m]", function,
                              is_range(of.type) ? "without" : "with")};
    if (quantile != (of.type == Type::kBuckets) && !is_range(of.type))
      throw Wrong{quantile ? "histogram_quantile wants the buckets of a histogram: ..._bucket"
                           : fmt::format("{} of a histogram's buckets is not modelled", function)};
    node.by_pod = of.by_pod && function != "scalar";
    node.type = function == "scalar"               ? Type::kScalar
                : is_buckets(of.type) && !quantile ? Type::kBuckets
                                                   : Type::kVector;
    if (function == "vector") node.by_pod = false;
    return node;
  }

  // ---- series ----------------------------------------------------------------------------------
  LabelMatchers matchers() {
    LabelMatchers found;
    want("{");
    while (peek() != '}') {
      const std::string label = name();
      std::string how;
      for (const char* op : {"=~", "!~", "!=", "="})
        if (take(op)) {
          how = op;
          break;
        }
      if (label.empty() || how.empty()) throw Wrong{"a label with = and a value is wanted"};
      const std::string value = quoted();
      if (how == "=" || how == "=~") found[label] = value;
      if (!take(",")) break;
    }
    want("}");
    return found;
  }
  std::optional<Duration> range() {
    if (!take("[")) return std::nullopt;
    const std::size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) throw Wrong{"a range is not closed"};
    const std::string written(text_.substr(at_, end - at_));
    if (written.find(':') != std::string::npos) throw Wrong{"subqueries are not modelled"};
    Duration length{};
    if (!parse_duration(written, length).empty() || length.ns <= 0)
      throw Wrong{fmt::format("[{}]: a range such as [1m] is wanted", written)};
    at_ = end + 1;
    return length;
  }
  QueryNode series(std::string called) {
    const LabelMatchers labels = peek() == '{' ? matchers() : LabelMatchers{};
    if (called.empty()) {
      const auto named = labels.find("__name__");
      if (named == labels.end()) throw Wrong{"a metric has a name"};
      called = named->second;
    }
    const std::optional<Duration> length = range();
    if (std::optional<QueryNode> known = plain(called)) return with_range(*known, length);
    std::string why = fmt::format("'{}' is no metric of a pod", called.substr(0, 80));
    const std::string other = resolve_ ? resolve_(called, labels, why) : "";
    if (other.empty()) throw Wrong{why};
    if (std::optional<QueryNode> known = plain(other)) return with_range(*known, length);
    if (length) throw Wrong{fmt::format("'{}' takes no range here", called.substr(0, 80))};
    return Parser(other, nullptr).whole();
  }
  static std::optional<QueryNode> plain(const std::string& called) {
    const std::vector<SeriesName>& names = series_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string_view known = names[i].name;
      if (!std::string_view(called).starts_with(known)) continue;
      const std::string_view ending = std::string_view(called).substr(known.size());
      const bool histogram = kind_of(names[i].series) == SeriesKind::kHistogram;
      QueryNode node;
      node.kind = Kind::kSeries;
      node.name = i;
      node.by_pod = true;
      node.type = Type::kVector;
      if (histogram && ending == "_bucket") {
        node.part = Part::kBucket;
        node.type = Type::kBuckets;
      } else if (histogram && (ending == "_sum" || ending == "_count")) {
        node.part = ending == "_sum" ? Part::kSum : Part::kCount;
      } else if (histogram || !ending.empty()) {
        continue;
      }
      return node;
    }
    return std::nullopt;
  }
  static QueryNode with_range(QueryNode node, std::optional<Duration> length) {
    if (!length) return node;
    node.range = *length;
    node.type = node.type == Type::kBuckets ? Type::kBucketRange : Type::kRange;
    return node;
  }

  std::string_view text_;
  const NameResolver& resolve_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

const std::vector<SeriesName>& series_names() {
  static const std::vector<SeriesName> names{
      {"waiting_requests", Series::kWaiting, 1, "requests that wait for their first scheduling"},
      {"running_requests", Series::kRunning, 1, "requests in the batch"},
      {"kv_use", Series::kKvUse, 1, "share of the KV blocks in use"},
      {"kv_use_percent", Series::kKvUse, 100, "the same in percent"},
      {"gpu_use", Series::kGpuUse, 1, "share of the time since the last scrape spent in steps"},
      {"gpu_use_percent", Series::kGpuUse, 100, "the same in percent"},
      {"cpu_cores", Series::kCpu, 1, "CPU of the front end"},
      {"memory_bytes", Series::kMemory, 1, "memory of the process"},
      {"requests_total", Series::kRequests, 1, "requests answered (prefill pods: handed over)"},
      {"prompt_tokens_total", Series::kPromptTokens, 1, "prompt tokens computed"},
      {"output_tokens_total", Series::kOutputTokens, 1, "tokens generated"},
      {"ttft_seconds", Series::kTtft, 1, "time to the first token in the pod"},
      {"ttft_milliseconds", Series::kTtft, 1e3, "the same in milliseconds"},
      {"queue_time_seconds", Series::kQueueTime, 1, "time until the first scheduling"},
      {"queue_time_milliseconds", Series::kQueueTime, 1e3, "the same in milliseconds"},
      {"queue_time_microseconds", Series::kQueueTime, 1e6, "the same in microseconds"},
      {"request_seconds", Series::kRequestTime, 1, "time to the end of the answer in the pod"},
      {"request_milliseconds", Series::kRequestTime, 1e3, "the same in milliseconds"}};
  return names;
}

SeriesKind kind_of(Series series) {
  if (series >= Series::kTtft) return SeriesKind::kHistogram;
  return series >= Series::kRequests ? SeriesKind::kCounter : SeriesKind::kGauge;
}

MetricQuery parse_metric_query(std::string_view text, const NameResolver& resolve) {
  MetricQuery query;
  try {
    query.root = Parser(text, resolve).whole();
    if (is_range(query.root.type)) throw Wrong{"a range needs a function such as avg_over_time"};
    if (is_buckets(query.root.type)) throw Wrong{"a histogram needs histogram_quantile"};
  } catch (const Wrong& wrong) {
    query.error = wrong.why;
  }
  return query;
}

std::string print_metric_query(const QueryNode& node) {
  static const char* const kEndings[] = {"", "_bucket", "_sum", "_count"};
  const auto child = [&](std::size_t i) { return print_metric_query(node.children[i]); };
  std::string inside;
  for (std::size_t i = 0; i < node.children.size(); ++i) inside += (i > 0 ? ", " : "") + child(i);
  for (const std::string& text : node.texts)
    inside += fmt::format("{}\"{}\"", inside.empty() ? "" : ", ", text);
  switch (node.kind) {
    case Kind::kNumber:
      return print_number(node.number);
    case Kind::kSeries:
      return fmt::format("{}{}{}", series_names()[node.name].name,
                         kEndings[static_cast<std::size_t>(node.part)],
                         node.range.ns > 0 ? "[" + print(node.range) + "]" : "");
    case Kind::kCall:
      return node.op + "(" + inside + ")";
    case Kind::kAggregate:
      return fmt::format("{}{}({}{})", node.op, node.by_pod ? " by (pod) " : "",
                         node.op == "quantile" ? print_number(node.number) + ", " : "", inside);
    case Kind::kBinary:
      break;
  }
  const auto side = [&](std::size_t i) {
    return node.children[i].kind == Kind::kBinary ? "(" + child(i) + ")" : child(i);
  };
  return side(0) + " " + node.op + " " + side(1);
}

}  // namespace stampede::cluster
