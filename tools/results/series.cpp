#include "tools/results/series.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/params.h"
#include "tools/results/csv.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

std::string line_of(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string metric_name(const std::string& stat) {
  std::string out = "stampede_";
  for (const char c : stat) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += fits ? c : '_';
  }
  return out;
}

std::string family_of(const StatInfo& stat) {
  return stat.metric.empty() ? metric_name(stat.name) : stat.metric;
}

std::string label_value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string series_csv(const RunResults& results) {
  std::string text = "time_seconds,component,stat,value\n";
  const std::size_t columns = results.series_columns.size();
  std::vector<std::string> names;
  for (const StatInfo& c : results.series_columns)
    names.push_back(csv_field(c.component) + "," + csv_field(c.name) + ",");
  text.reserve(results.series_values.size() * 48);
  for (std::size_t i = 0; i < results.series_times.size(); ++i) {
    const std::string time = print_number(results.series_times[i]) + ",";
    for (std::size_t k = 0; k < columns; ++k) {
      const double value = results.series_values[i * columns + k];
      if (std::isnan(value)) continue;
      text += time;
      text += names[k];
      text += print_number(value);
      text += '\n';
    }
  }
  return text;
}

std::string incidents_jsonl(const RunResults& results) {
  std::string text;
  for (const Incident& i : results.incidents) {
    const ordered_json line = {{"id", i.id},         {"time_seconds", i.at.seconds()},
                               {"kind", i.kind},     {"component", i.component},
                               {"causes", i.causes}, {"text", i.text}};
    text += line_of(line);
    text += '\n';
  }
  return text;
}

std::string open_metrics(const RunResults& results, UtcTime start) {
  // The format wants all samples of a name together and each series in order of time.
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t k = 0; k < results.series_columns.size(); ++k)
    families[family_of(results.series_columns[k])].push_back(k);
  std::string text;
  const std::size_t columns = results.series_columns.size();
  for (const auto& [name, members] : families) {
    const StatInfo& first = results.series_columns[members.front()];
    std::string family = name;
    const bool counter = first.kind == StatKind::kCounter;
    if (counter && family.ends_with("_total")) family.resize(family.size() - 6);
    text += fmt::format("# TYPE {} {}\n", family, counter ? "counter" : "gauge");
    if (!first.help.empty()) text += fmt::format("# HELP {} {}\n", family, label_value(first.help));
    for (const std::size_t k : members) {
      const StatInfo& column = results.series_columns[k];
      const std::string pool =
          column.pool.empty() ? "" : fmt::format(",pool=\"{}\"", label_value(column.pool));
      const std::string series =
          fmt::format("{}{}{{component=\"{}\"{}}} ", family, counter ? "_total" : "",
                      label_value(column.component), pool);
      for (std::size_t i = 0; i < results.series_times.size(); ++i) {
        const double value = results.series_values[i * columns + k];
        if (std::isnan(value)) continue;
        fmt::format_to(std::back_inserter(text), "{}{} {:.3f}\n", series, print_number(value),
                       static_cast<double>(start.unix_seconds) + results.series_times[i]);
      }
    }
  }
  return text + "# EOF\n";
}

std::string chrome_trace(const RunResults& results) {
  std::map<std::string, int> tracks;
  for (const Incident& i : results.incidents)
    tracks.emplace(i.component, static_cast<int>(tracks.size()) + 1);
  std::string text = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
  std::string separator;
  const auto event = [&](const ordered_json& e) {
    text += separator + line_of(e);
    separator = ",\n";
  };
  for (const auto& [component, track] : tracks)
    event({{"ph", "M"},
           {"name", "thread_name"},
           {"pid", 1},
           {"tid", track},
           {"args", {{"name", component}}}});
  const auto micros = [](Instant at) { return static_cast<double>(at.ns) / 1000; };
  for (const Incident& i : results.incidents) {
    // Arrows bind to slices, so an incident is a slice of a second.
    event({{"ph", "X"},
           {"name", i.kind},
           {"pid", 1},
           {"tid", tracks[i.component]},
           {"ts", micros(i.at)},
           {"dur", 1e6},
           {"args", {{"id", i.id}, {"causes", i.causes}, {"text", i.text}}}});
    for (const IncidentId cause : i.causes) {
      if (cause == 0 || cause > results.incidents.size()) continue;
      const Incident& from = results.incidents[cause - 1];
      const u64 arrow = (static_cast<u64>(cause) << 32) | i.id;
      event({{"ph", "s"},
             {"name", "led to"},
             {"cat", "cause"},
             {"id", arrow},
             {"pid", 1},
             {"tid", tracks[from.component]},
             {"ts", micros(from.at)}});
      event({{"ph", "f"},
             {"bp", "e"},
             {"name", "led to"},
             {"cat", "cause"},
             {"id", arrow},
             {"pid", 1},
             {"tid", tracks[i.component]},
             {"ts", micros(i.at)}});
    }
  }
  return text + "\n]}\n";
}

}  // namespace stampede
