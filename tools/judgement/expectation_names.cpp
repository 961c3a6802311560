#include "tools/judgement/expectation_names.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "models/ports/request.h"

namespace stampede {
namespace {

const nlohmann::json* value_at(const nlohmann::json& summary, const std::string& path) {
  const nlohmann::json* at = &summary;
  std::istringstream keys(path);
  for (std::string key; at != nullptr && std::getline(keys, key, '.');)
    at = at->is_object() && at->contains(key) ? &(*at)[key] : nullptr;
  return at;
}

bool is_outcome(const std::string& name) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(Outcome::kCount); ++k)
    if (name == name_of(static_cast<Outcome>(k))) return true;
  return false;
}

// Whether it is counted by its name from the first time on.
bool counted_by_name(const nlohmann::json& summary, const std::string& path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string::npos) return false;
  const std::string object = path.substr(0, dot), name = path.substr(dot + 1);
  if (object == "requests.failed_by" || object == "attempts.by_outcome") return is_outcome(name);
  return object == "surge.by_region" && value_at(summary, "outage.by_region." + name) != nullptr;
}

void numbers_below(const nlohmann::json& value, const std::string& path,
                   std::vector<std::string>& paths) {
  for (const auto& [key, below] : value.items()) {
    const std::string at = path.empty() ? key : path + "." + key;
    if (below.is_object())
      numbers_below(below, at, paths);
    else if (below.is_number() || below.is_null())
      paths.push_back(at);
  }
}

class NameCheck {
 public:
  NameCheck(const std::string& summary_json, const std::vector<StatInfo>& columns)
      : summary_(nlohmann::json::parse(summary_json)) {
    for (const StatInfo& column : columns) stats_[column.component].insert(column.name);
  }
  void of_expectation(const ExpectationSelection& e, const std::string& path) {
    if (e.type == nullptr) return;
    if (e.name == "value") number(text_at(*e.type, e.params.get(), "of"), path + ".of");
    series(*e.type, e.params.get(), path);
  }
  std::vector<Finding> found;

 private:
  static std::string text_at(const TypeInfo& type, void* object, const std::string& key) {
    for (const FieldInfo& f : type.fields)
      if (f.key == key && f.type->kind == ValueKind::kText) return f.type->print(f.member(object));
    return "";
  }
  void number(const std::string& name, const std::string& path) {
    const nlohmann::json* at = value_at(summary_, name);
    if (at != nullptr && (at->is_number() || at->is_null())) return;
    if (counted_by_name(summary_, name)) return;
    std::vector<std::string> known;
    numbers_below(summary_, "", known);
    found.push_back(
        {path, fmt::format("the summary has no number '{}'{}", name, suggestion(name, known))});
  }
  // Whatever names a component and a statistic of it.
  void series(const TypeInfo& type, void* object, const std::string& path) {
    const std::string component = text_at(type, object, "component");
    const std::string stat = text_at(type, object, "stat");
    if (!component.empty() && !stat.empty()) series(component, stat, path);
    for (const FieldInfo& f : type.fields) {
      void* value = f.member(object);
      if (f.type->kind == ValueKind::kStruct) series(*f.type, value, path + "." + f.key);
      if (f.type->kind == ValueKind::kOptional && f.type->size(value) == 1 &&
          f.type->element->kind == ValueKind::kStruct)
        series(*f.type->element, f.type->at(value, 0), path + "." + f.key);
    }
  }
  void series(const std::string& component, const std::string& stat, const std::string& path) {
    const auto of = stats_.find(component);
    if (of != stats_.end() && of->second.contains(stat)) return;
    std::vector<std::string> known;
    for (const auto& [name, stats] : stats_)
      if (of == stats_.end())
        known.push_back(name);
      else if (name == component)
        known.assign(stats.begin(), stats.end());
    found.push_back(
        of == stats_.end()
            ? Finding{path + ".component", fmt::format("no component is called '{}'{}", component,
                                                       suggestion(component, known))}
            : Finding{path + ".stat", fmt::format("'{}' has no series '{}'{}", component, stat,
                                                  suggestion(stat, known))});
  }

  nlohmann::json summary_;
  std::map<std::string, std::set<std::string>> stats_;
};

}  // namespace

std::optional<double> number_in(const nlohmann::json& summary, const std::string& path) {
  const nlohmann::json* at = value_at(summary, path);
  if (at != nullptr && at->is_number()) return at->get<double>();
  if (at == nullptr && counted_by_name(summary, path)) return 0;
  return std::nullopt;
}

std::vector<Finding> unknown_names(const std::vector<ExpectationSelection>& expect,
                                   const std::string& summary_json,
                                   const std::vector<StatInfo>& columns) {
  NameCheck check(summary_json, columns);
  for (std::size_t k = 0; k < expect.size(); ++k)
    check.of_expectation(expect[k], fmt::format("spec.expect[{}]", k));
  return std::move(check.found);
}

}  // namespace stampede
