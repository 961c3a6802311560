#include "tools/results/trace.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/random.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr u64 kTraceSalt = 0x7472616365ULL;
constexpr std::size_t kMostSamples = 1000;
constexpr int kService = 1;  // the process of all that is in no region
constexpr std::array<const char*, 12> kCounters{
    "admitted_ratio",         "requests_in_flight", "observed_success_ratio",
    "success_ratio",          "waiting_requests",   "gpus_serving",
    "write_wait_p99_seconds", "etcd_file_ratio",    "_waiting_requests",
    "_kv_use_ratio",          "_load_ratio",        "_pods_routable"};

double micros(Instant at) { return static_cast<double>(at.ns) / 1000; }

bool is_counter(const StatInfo& column) {
  return column.kind == StatKind::kGauge &&
         std::any_of(kCounters.begin(), kCounters.end(), [&](const std::string& name) {
           return name[0] == '_' ? column.name.ends_with(name) : column.name == name;
         });
}

class TraceText {
 public:
  explicit TraceText(const TraceNames& names) : names_(names) {
    if (names.regions.empty()) return;
    name_process(kService, "service");
    for (std::size_t r = 0; r < names.regions.size(); ++r)
      name_process(process(static_cast<u32>(r)), names.regions[r]);
  }

  void event(const ordered_json& e) {
    text_ += separator_;
    text_ += e.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    separator_ = ",\n";
  }
  int process(u32 region) const {
    return region < names_.regions.size() ? static_cast<int>(region) + 2 : kService;
  }
  // Of a component by the region at its beginning: `east/api`, `east.link`.
  int process_of(const std::string& component) const {
    const std::string head = component.substr(0, component.find_first_of("/."));
    const auto at = std::find(names_.regions.begin(), names_.regions.end(), head);
    return at == names_.regions.end() ? kService
                                      : process(static_cast<u32>(at - names_.regions.begin()));
  }
  int track_of(const std::string& component) {
    const auto [at, is_new] = tracks_.emplace(component, static_cast<int>(tracks_.size()) + 1);
    if (is_new)
      event({{"ph", "M"},
             {"name", "thread_name"},
             {"pid", process_of(component)},
             {"tid", at->second},
             {"args", {{"name", component}}}});
    return at->second;
  }
  // A slice among those of one identity, which may overlap others and hold those that it encloses.
  void slice(const char* category, const std::string& id, int pid, const std::string& name,
             Instant begin, Instant end, const ordered_json& args) {
    ordered_json e = {{"ph", "b"}, {"cat", category},     {"id", id},    {"pid", pid},
                      {"tid", 0},  {"ts", micros(begin)}, {"name", name}};
    if (!args.empty()) e["args"] = args;
    event(e);
    event({{"ph", "e"},
           {"cat", category},
           {"id", id},
           {"pid", pid},
           {"tid", 0},
           {"ts", micros(end)},
           {"name", name}});
  }
  std::string whole() const {
    return "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n" + text_ + "\n]}\n";
  }

 private:
  void name_process(int pid, const std::string& name) {
    event({{"ph", "M"}, {"name", "process_name"}, {"pid", pid}, {"args", {{"name", name}}}});
  }
  const TraceNames& names_;
  std::map<std::string, int> tracks_;
  std::string text_, separator_;
};

void add_incidents(TraceText& to, const RunResults& results) {
  for (const Incident& i : results.incidents) {
    const int track = to.track_of(i.component);
    // Arrows bind to slices, so an incident is a slice of a second.
    to.event({{"ph", "X"},
              {"name", i.kind},
              {"pid", to.process_of(i.component)},
              {"tid", track},
              {"ts", micros(i.at)},
              {"dur", 1e6},
              {"args", {{"id", i.id}, {"causes", i.causes}, {"text", i.text}}}});
    for (const IncidentId cause : i.causes) {
      if (cause == 0 || cause > results.incidents.size()) continue;
      const Incident& from = results.incidents[cause - 1];
      const u64 arrow = (static_cast<u64>(cause) << 32) | i.id;
      to.event({{"ph", "s"},
                {"name", "led to"},
                {"cat", "cause"},
                {"id", arrow},
                {"pid", to.process_of(from.component)},
                {"tid", to.track_of(from.component)},
                {"ts", micros(from.at)}});
      to.event({{"ph", "f"},
                {"bp", "e"},
                {"name", "led to"},
                {"cat", "cause"},
                {"id", arrow},
                {"pid", to.process_of(i.component)},
                {"tid", track},
                {"ts", micros(i.at)}});
    }
  }
}

// Until somebody acted, and what that set going.
void add_operators(TraceText& to, const RunResults& results) {
  const ordered_json summary = ordered_json::parse(results.summary_json, nullptr, false);
  if (!summary.is_object() || !summary.contains("operations")) return;
  std::size_t number = 0;
  for (const ordered_json& step : summary["operations"]) {
    const auto at = [&](const char* key) {
      const auto it = step.find(key);
      return it != step.end() && it->is_number() ? Instant{std::llround(it->get<double>() * 1e9)}
                                                 : Instant{-1};
    };
    const std::string name = step.value("step", ""), id = "step" + std::to_string(++number);
    const Instant due = at("due_at_seconds"), acted = at("acted_at_seconds"),
                  done = at("done_at_seconds");
    if (acted.ns < 0) continue;
    if (due.ns >= 0 && due < acted)
      to.slice("operators", id, kService, name + ": people", due, acted, {});
    if (done > acted) to.slice("operators", id, kService, name, acted, done, {});
  }
}

void add_counters(TraceText& to, const RunResults& results) {
  const std::size_t columns = results.series_columns.size(), samples = results.series_times.size();
  const std::size_t each = std::max<std::size_t>(1, (samples + kMostSamples - 1) / kMostSamples);
  for (std::size_t k = 0; k < columns; ++k) {
    const StatInfo& column = results.series_columns[k];
    if (!is_counter(column)) continue;
    const int pid = to.process_of(column.component);
    const std::string name = pid == kService ? column.component + " " + column.name : column.name;
    for (std::size_t i = 0; i < samples; i += each) {
      const double value = results.series_values[i * columns + k];
      if (std::isnan(value)) continue;
      to.event({{"ph", "C"},
                {"name", name},
                {"pid", pid},
                {"ts", results.series_times[i] * 1e6},
                {"args", {{"value", value}}}});
    }
  }
}

void add_requests(TraceText& to, const TraceNames& names,
                  const std::vector<RequestRecord>& requests, Instant end_of_run) {
  std::size_t number = 0;
  for (const RequestRecord& r : requests) {
    const std::string id = "request" + std::to_string(++number);
    const int pid = to.process(r.region == kNoRegion ? r.home : r.region);
    const Instant end = r.e2e.ns < 0 ? end_of_run : r.offered + r.e2e;
    const char* outcome = r.open ? "in_flight" : name_of(r.outcome);
    const std::string name =
        r.class_id < names.classes.size() ? names.classes[r.class_id] : std::string("request");
    to.slice("request", id, pid, name + ": " + outcome, r.offered, end,
             {{"attempts", r.attempts},
              {"prompt_tokens", r.prompt},
              {"output_tokens", r.output},
              {"cached_tokens", r.stages.cached_tokens},
              {"pod", r.replica == kNoSlot ? -1 : static_cast<i64>(r.replica)}});
    const StageTrail& s = r.stages;
    const auto part = [&](const char* what, Instant from, Instant until) {
      from = std::max(from, r.offered);
      until = std::min(until, end);
      if (from.ns >= 0 && until > from) to.slice("request", id, pid, what, from, until, {});
    };
    const auto between = [&](const char* what, Stage a, Stage b) {
      if (s.came_to(a)) part(what, s.of(a), s.came_to(b) ? s.of(b) : end);
    };
    part(r.attempts > 1 ? "earlier attempts, balancer" : "balancer, gateway", r.offered,
         s.came_to(Stage::kAdmitted) ? s.of(Stage::kAdmitted) : end);
    between("front end", Stage::kAdmitted, Stage::kQueued);
    between("queue", Stage::kQueued, Stage::kScheduled);
    between("prefill", Stage::kScheduled, Stage::kPrefilled);
    const bool split = s.came_to(Stage::kTakenUp);
    if (split) between("transfer", Stage::kPrefilled, Stage::kTakenUp);
    between("decode", split ? Stage::kTakenUp : Stage::kPrefilled, Stage::kEnded);
  }
}

}  // namespace

void RequestSample::ended(const RequestRecord& record) {
  if (most_ == 0) return;
  const u64 hash = mix64(record.key ^ kTraceSalt);
  if (kept_.size() == most_) {
    if (hash >= kept_.front().hash) return;
    std::pop_heap(kept_.begin(), kept_.end());
    kept_.pop_back();
  }
  kept_.push_back({hash, record});
  std::push_heap(kept_.begin(), kept_.end());
}

std::vector<RequestRecord> RequestSample::in_order() const {
  std::vector<RequestRecord> records;
  for (const Kept& kept : kept_) records.push_back(kept.record);
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return a.offered != b.offered ? a.offered < b.offered : a.key < b.key;
  });
  return records;
}

std::string chrome_trace(const RunResults& results, const TraceNames& names,
                         const std::vector<RequestRecord>& requests) {
  TraceText text(names);
  add_incidents(text, results);
  add_operators(text, results);
  add_counters(text, results);
  const double end = results.series_times.empty() ? 0 : results.series_times.back();
  add_requests(text, names, requests, Instant{std::llround(end * 1e9)});
  return text.whole();
}

}  // namespace stampede
