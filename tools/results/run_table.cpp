#include "tools/results/run_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/files/printable.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

// 12345678 -> 12,345,678
std::string grouped(double value) {
  const std::string digits = fmt::format("{:.0f}", std::fabs(value));
  std::string out = value < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string in_words(double seconds) {
  const auto minutes = static_cast<i64>(std::llround(seconds / 60));
  return minutes < 60 ? fmt::format("{} min", minutes)
                      : fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string clock(UtcTime start, double seconds) {
  const UtcTime at{start.unix_seconds + static_cast<i64>(std::floor(seconds))};
  return print(at).substr(11, 8);
}

double number_at(const ordered_json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_number() ? it->get<double>() : 0;
}

ordered_json part(const ordered_json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() ? *it : ordered_json();
}

std::string row(const std::string& name, const std::string& value, const std::string& note = "") {
  std::string line = fmt::format("  {:<26}{:>18}", name, value);
  if (!note.empty()) line += "  " + note;
  return line + "\n";
}

std::string percent(double part_of, double whole) {
  return whole > 0 ? fmt::format("{:.2f} %", 100 * part_of / whole) : "";
}

std::string requests_table(const ordered_json& requests) {
  std::string text = "Requests\n";
  const double offered = number_at(requests, "offered");
  for (const char* key : {"offered", "succeeded", "failed", "served_elsewhere", "in_flight"})
    if (requests.contains(key))
      text += row(key, grouped(number_at(requests, key)),
                  std::string(key) == "offered" ? "" : percent(number_at(requests, key), offered));
  const ordered_json lost = part(requests, "failed_by");
  if (!lost.is_object() || lost.empty()) return text;
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [reason, count] : lost.items())
    if (count.is_number() && count.get<double>() > 0) sorted.emplace_back(count, reason);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (sorted.empty()) return text;
  text += "\nWhere requests were lost\n";
  for (const auto& [count, reason] : sorted)
    text += row(reason, grouped(count), percent(count, number_at(requests, "failed")));
  return text;
}

std::string outage_table(const ordered_json& outage, UtcTime start) {
  std::string text = "\nDowntime\n";
  const double down = number_at(outage, "downtime_seconds");
  std::string note;
  if (down > 0 && part(outage, "started_at_seconds").is_number())
    note = "from " + clock(start, number_at(outage, "started_at_seconds"));
  if (down > 0 && part(outage, "ended_at_seconds").is_number())
    note += " to " + clock(start, number_at(outage, "ended_at_seconds"));
  if (part(outage, "recovered") == false)
    note += note.empty() ? "not recovered" : ", not recovered";
  text += row("service", in_words(down), note);
  const ordered_json regions = part(outage, "by_region");
  if (regions.is_object())
    for (const auto& [region, seconds] : regions.items())
      if (seconds.is_number()) text += row(region, in_words(seconds.get<double>()));
  const ordered_json owners = part(outage, "seconds_by_owner");
  if (owners.is_object() && !owners.empty()) {
    text += "\nMinutes by owner\n";
    for (const auto& [owner, seconds] : owners.items())
      if (seconds.is_number())
        text += row(owner, fmt::format("{:.0f}", seconds.get<double>() / 60));
  }
  return text;
}

std::string phases_table(const ordered_json& phases, const RunResults& results, UtcTime start) {
  if (!phases.is_array() || phases.empty()) return "";
  std::map<std::string, const Incident*> first;
  for (const Incident& i : results.incidents) first.emplace(i.kind, &i);
  std::string text = "\nPhases (UTC, after the start, what led to it)\n";
  for (const ordered_json& phase : phases) {
    const std::string name = phase.value("name", "");
    const double at = number_at(phase, "at_seconds");
    std::vector<std::string> causes;
    if (const auto it = first.find(name); it != first.end())
      for (const IncidentId id : it->second->causes) {
        if (id == 0 || id > results.incidents.size()) continue;
        const std::string& kind = results.incidents[id - 1].kind;
        if (std::find(causes.begin(), causes.end(), kind) == causes.end()) causes.push_back(kind);
      }
    std::string line = fmt::format("  {}  {:>10}  {:<26}", clock(start, at),
                                   fmt::format("{:.1f} min", at / 60), name);
    if (causes.empty())
      line.erase(line.find_last_not_of(' ') + 1);
    else
      line += fmt::format("<- {}", fmt::join(causes, ", "));
    text += line + "\n";
  }
  return text;
}

void flatten(const ordered_json& json, const std::string& path,
             std::map<std::string, ordered_json>& out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items())
      flatten(value, path.empty() ? key : path + "." + key, out);
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) {
      // Phases are compared by name: one more of them must not shift all the others.
      const bool named = json[i].is_object() && json[i].contains("name");
      const std::string key = named ? json[i]["name"].get<std::string>() : std::to_string(i);
      flatten(json[i], path + "[" + key + "]", out);
    }
  } else {
    out[path] = json;
  }
}

}  // namespace

std::string run_table(const RunResults& results, UtcTime start) {
  const ordered_json summary = ordered_json::parse(results.summary_json);
  std::string text = fmt::format("{}  seed {}  digest {}\n\n", summary.value("scenario", ""),
                                 summary.value("seed", i64{0}), results.digest);
  text += requests_table(part(summary, "requests"));
  text += outage_table(part(summary, "outage"), start);
  text += phases_table(part(summary, "phases"), results, start);
  for (const std::string& report : results.reports) text += "\nExpected: " + report;
  if (!results.failed_expectations.empty()) text += "\nExpectations that did not hold\n";
  for (const std::string& e : results.failed_expectations) text += "  " + e + "\n";
  return text;
}

std::string diff_table(const std::string& summary_a, const std::string& summary_b) {
  std::map<std::string, ordered_json> a, b;
  flatten(ordered_json::parse(summary_a), "", a);
  flatten(ordered_json::parse(summary_b), "", b);
  std::map<std::string, std::string> lines;
  for (const auto& [path, value] : a) {
    const auto other = b.find(path);
    if (other == b.end()) {
      lines[path] = value.dump() + " -> (absent)";
    } else if (value != other->second) {
      lines[path] = value.dump() + " -> " + other->second.dump();
      if (value.is_number() && other->second.is_number() && value.get<double>() != 0)
        lines[path] += fmt::format(" ({:+.2f} %)",
                                   100 * (other->second.get<double>() / value.get<double>() - 1));
    }
  }
  for (const auto& [path, value] : b)
    if (!a.contains(path)) lines[path] = "(absent) -> " + value.dump();
  std::string text;
  for (const auto& [path, line] : lines) text += printable(path) + ": " + line + "\n";
  return text;
}

}  // namespace stampede
