#include "tools/results/series.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/params.h"
#include "tools/results/csv.h"
#include "tools/results/pod_metrics.h"

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

std::string labels_of(const ExportedSeries& exported) {
  std::string text;
  for (const auto& [name, value] : exported.labels)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, label_value(value));
  return text;
}

std::string type_of_family(ExportKind kind) {
  return kind == ExportKind::kCounter ? "counter"
         : kind == ExportKind::kGauge ? "gauge"
                                      : "histogram";
}

// What systems would export, family by family in the order in which they came first.
std::string exported_families(const RunResults& results, UtcTime start) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t k = 0; k < results.exports.size(); ++k) {
    std::vector<std::size_t>& members = families[results.exports[k].family];
    if (members.empty()) names.push_back(results.exports[k].family);
    members.push_back(k);
  }
  const std::size_t columns = results.exports.size();
  const auto value_at = [&](std::size_t sample, std::size_t k) {
    return results.export_values[sample * columns + k];
  };
  std::string text;
  for (const std::string& family : names) {
    if (told_by_pods(results, family)) continue;
    const ExportedSeries& first = results.exports[families[family].front()];
    text += fmt::format("# TYPE {} {}\n# HELP {} {}\n", family, type_of_family(first.kind), family,
                        label_value(first.help));
    for (const std::size_t k : families[family]) {
      const ExportedSeries& exported = results.exports[k];
      const std::size_t samples = results.series_times.size();
      if (exported.once_seen && (samples == 0 || value_at(samples - 1, k) == 0)) continue;
      const std::string name =
          fmt::format("{}{}{{{}}} ", family, exported.suffix, labels_of(exported));
      for (std::size_t i = 0; i < samples; ++i)
        if (!std::isnan(value_at(i, k)))  // else nobody answered
          add_sample(text, name, value_at(i, k), start, results.series_times[i]);
    }
  }
  return text;
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

std::string open_metrics(const RunResults& results, UtcTime start,
                         const std::vector<std::string>& regions) {
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
    if (told_by_pods(results, family)) continue;
    text += fmt::format("# TYPE {} {}\n", family, counter ? "counter" : "gauge");
    if (!first.help.empty()) text += fmt::format("# HELP {} {}\n", family, label_value(first.help));
    for (const std::size_t k : members) {
      const StatInfo& column = results.series_columns[k];
      const std::string pool =
          column.pool.empty() ? "" : fmt::format(",pool=\"{}\"", label_value(column.pool));
      const std::string region =
          column.region && *column.region < regions.size()
              ? fmt::format(",region=\"{}\"", label_value(regions[*column.region]))
              : "";
      const std::string series =
          fmt::format("{}{}{{component=\"{}\"{}{}}} ", family, counter ? "_total" : "",
                      label_value(column.component), pool, region);
      for (std::size_t i = 0; i < results.series_times.size(); ++i) {
        const double value = results.series_values[i * columns + k];
        if (!std::isnan(value)) add_sample(text, series, value, start, results.series_times[i]);
      }
    }
  }
  return text + exported_families(results, start) + pod_metrics(results, start) + "# EOF\n";
}

}  // namespace stampede
