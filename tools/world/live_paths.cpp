#include "tools/world/live_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "tools/language/diagnostics.h"
#include "tools/language/value_at.h"
#include "tools/language/yaml_loader.h"
#include "tools/world/consistency.h"
#include "tools/world/scale.h"

namespace stampede {
namespace {

std::string element(const TypeInfo& list, const void* value, std::size_t i,
                    const std::string& path) {
  if (list.element->kind == ValueKind::kStruct)
    for (const FieldInfo& f : list.element->fields)
      if (f.key == "name") {
        const std::string name = f.type->print(f.get(list.at(const_cast<void*>(value), i)));
        if (name.find_first_of(".[] ") == std::string::npos) return child_path(path, name);
      }
  return element_path(path, i);
}

void collect(const TypeInfo& type, const void* value, bool live, const std::string& path,
             std::vector<std::string>& out) {
  switch (type.kind) {
    case ValueKind::kStruct:
      for (const FieldInfo& f : type.fields)
        collect(*f.type, f.get(value), f.live, child_path(path, f.key), out);
      return;
    case ValueKind::kList:
      for (std::size_t i = 0; i < type.size(value); ++i)
        collect(*type.element, type.at(const_cast<void*>(value), i), live,
                element(type, value, i, path), out);
      return;
    case ValueKind::kOptional:
      if (type.element->kind == ValueKind::kStruct) {
        if (type.size(value) > 0)
          collect(*type.element, type.at(const_cast<void*>(value), 0), live, path, out);
        return;
      }
      [[fallthrough]];
    default:
      if (live) out.push_back(path);
  }
}

// A copy to try values on: nothing happens in it.
Scenario quiet(const Spec& spec) {
  Scenario copy;
  copy.spec = spec;
  copy.spec.timeline.clear();
  copy.spec.versions.clear();
  copy.spec.operations.steps.clear();
  copy.spec.expect.clear();
  return copy;
}

std::optional<ValueAt> place_in(const Scenario& scenario, const std::string& path) {
  return place_at(type_of<Scenario>(), &scenario, path);
}

// Writes the value as an option would; what is wrong with it, or nothing.
std::string write(Scenario& scenario, const std::string& path, const std::string& value) {
  YamlLoader loader(type_of<Scenario>(), &scenario, SourceText{});
  loader.inherit();
  loader.set({path, value, "value"});
  try {
    loader.finish();
  } catch (const InputError& error) {
    return error.diagnostics.front().message;
  }
  return "";
}

std::string last_key(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// The nearest live path; else those that end alike.
std::string advice(const Scenario& scenario, const std::string& path) {
  const std::vector<std::string> live = live_paths(scenario.spec);
  if (const std::string near = nearest_name(path, live); !near.empty())
    return "; did you mean '" + near + "'?";
  std::vector<std::string> alike;
  for (const std::string& candidate : live)
    if (last_key(candidate) == last_key(path)) alike.push_back("'" + candidate + "'");
  if (alike.empty()) return "; `stampede describe spec` shows which are live";
  alike.resize(std::min<std::size_t>(alike.size(), 3));
  return fmt::format("; did you mean {}?", fmt::join(alike, " or "));
}

std::string fault_of_path(const Scenario& scenario, const std::string& path) {
  if (!path.starts_with("spec."))
    return fmt::format("'{}': a path begins with `spec.`{}", path,
                       advice(scenario, "spec." + path));
  const auto place = place_in(scenario, path);
  if (!place || place->field == nullptr)
    return fmt::format("this scenario has no parameter '{}'{}", path, advice(scenario, path));
  if (!scalar_of(*place->type).print) {
    std::vector<std::string> within;
    for (const std::string& live : live_paths(scenario.spec))
      if (const auto at = place_in(scenario, live); at && at->path.starts_with(place->path))
        within.push_back(live);
    return fmt::format("'{}' is a group; name one value{}", path,
                       within.empty() ? ": but none of it is live" : ", such as " + within.front());
  }
  if (place->field->live) return "";
  if (!place->field->fixed.empty())
    return fmt::format("'{}' is fixed while a run goes on: {}", path, place->field->fixed);
  return fmt::format("'{}' cannot be changed while a run goes on{}", path, advice(scenario, path));
}

class SetCheck {
 public:
  SetCheck(const Spec& spec, const SetParams& set, const std::vector<SetValue>& before)
      : base_(quiet(spec)), set_(set), place_(live_place(set.path)) {
    for (const auto& [path, value] : before) write(base_, live_place(path).path, value);
    known_ = contradictions(base_.spec);
  }

  std::vector<SetFault> faults() {
    if (std::string wrong = fault_of_path(base_, place_.path); !wrong.empty())
      return {{"path", of_region(std::move(wrong))}};
    if (!place_.region.empty()) {
      region();
    } else if (!set_.target.region.empty() && !held_by_regions(set_.path))
      report("target.region", fmt::format("the service has '{}' once, for all regions: leave "
                                          "`target` out",
                                          set_.path));
    if (set_.stages.empty()) {
      if (set_.value.empty())
        report("path", "it needs a `value`, or `stages`");
      else
        value("value", set_.value);
      if (set_.over.ns > 0) steps();
    } else {
      stages();
    }
    return std::move(out_);
  }

 private:
  void report(std::string key, std::string message) {
    out_.push_back({std::move(key), std::move(message)});
  }
  // Paths that a message quotes, as those of the region that the change names.
  std::string of_region(std::string message) const {
    const std::string quoted = "'spec.";
    for (std::size_t at = message.find(quoted); !place_.region.empty() && at != std::string::npos;
         at = message.find(quoted, at + 1)) {
      const std::string path = message.substr(at + 1, message.find('\'', at + 1) - at - 1);
      if (held_by_regions(path))
        message.insert(at + quoted.size(), "regions." + place_.region + ".");
    }
    return message;
  }
  void region() {
    std::vector<std::string> names;
    for (std::size_t r = 0; r < base_.spec.regions.size(); ++r)
      if (place_.region == std::to_string(r)) return;
    for (const RegionParams& r : base_.spec.regions) names.push_back(r.name);
    if (std::find(names.begin(), names.end(), place_.region) == names.end())
      report("path", fmt::format("no region is called '{}'{}", place_.region,
                                 suggestion(place_.region, names)));
    if (!set_.target.region.empty() && set_.target.region != place_.region)
      report("target.region", "the path names another region");
  }
  void value(const std::string& key, const std::string& text) {
    Scenario tried = base_;
    for (const std::string& path : reached())
      if (std::string wrong = write(tried, path, text); !wrong.empty())
        return report(key, std::move(wrong));
    for (const Finding& f : contradictions(tried.spec))
      if (std::none_of(known_.begin(), known_.end(),
                       [&](const Finding& k) { return k.path == f.path; }))
        return report(
            key, fmt::format("'{}' would contradict the rest: {}: {}", text, f.path, f.message));
  }
  // The service's value, and that of regions which have their own.
  std::vector<std::string> reached() const {
    std::vector<std::string> paths;
    const std::string only = place_.region.empty() ? set_.target.region : place_.region;
    if (only.empty()) paths.push_back(place_.path);
    for (std::size_t r = 0; held_by_regions(place_.path) && r < base_.spec.regions.size(); ++r)
      if (only == base_.spec.regions[r].name || only == std::to_string(r) ||
          (only.empty() && own(r)))
        paths.push_back(element_path("spec.regions", r) + place_.path.substr(4));
    return paths;
  }
  bool own(std::size_t r) const {
    const auto group = place_.path.substr(0, place_.path.find('.', 5));
    const auto at = place_in(base_, element_path("spec.regions", r) + group.substr(4));
    return at && at->type->kind == ValueKind::kOptional && at->type->size(at->object) > 0;
  }
  void steps() {
    const auto place = place_in(base_, place_.path);
    const TypeInfo& type = scalar_of(*place->type);
    if (!type.scale) {
      report("over", "only a number goes there in steps; write `stages`");
    } else if (place->type->kind == ValueKind::kOptional && place->type->size(place->object) == 0) {
      report("over", fmt::format("'{}' has no value from which to go; write `stages`", set_.path));
    }
  }
  void stages() {
    if (!set_.value.empty()) report("value", "a value or `stages`, not both");
    if (set_.over.ns > 0) report("over", "`over` or `stages`, not both");
    for (std::size_t i = 0; i < set_.stages.size(); ++i) {
      const std::string at = fmt::format("stages[{}]", i);
      if (i > 0 && set_.stages[i].after <= set_.stages[i - 1].after)
        report(at + ".after",
               fmt::format("{} is not after the stage before, at {}: stages stand in order of time",
                           print(set_.stages[i].after), print(set_.stages[i - 1].after)));
      value(at + ".value", set_.stages[i].value);
    }
  }

  Scenario base_;
  const SetParams& set_;
  const LivePlace place_;
  std::vector<Finding> known_;
  std::vector<SetFault> out_;
};

std::string at_scale(const Scenario& plain, const std::string& set_path, const std::string& value) {
  const std::string path = live_place(set_path).path;
  Scenario tried = plain;
  write(tried, path, value);
  tried.spec = scaled(tried.spec);
  const auto place = value_at(type_of<Scenario>(), &tried, path);
  return place ? place->text() : value;
}

void scale_set(const Scenario& plain, SetParams& set) {
  if (!set.value.empty()) set.value = at_scale(plain, set.path, set.value);
  for (SetStageParams& stage : set.stages) stage.value = at_scale(plain, set.path, stage.value);
}

}  // namespace

std::vector<std::string> live_paths(const Spec& spec) {
  std::vector<std::string> out;
  collect(type_of<Spec>(), &spec, false, "spec", out);
  return out;
}

bool held_by_regions(const std::string& path) {
  return std::any_of(std::begin(kOfEachRegion), std::end(kOfEachRegion),
                     [&](const char* root) { return path.starts_with(std::string(root) + "."); });
}

LivePlace live_place(const std::string& path) {
  const std::string regions = "spec.regions";
  if (!path.starts_with(regions) || path.size() == regions.size()) return {path};
  const std::size_t begin = regions.size() + 1;
  const bool index = path[regions.size()] == '[';
  const std::size_t end = path.find(index ? "]." : ".", begin);
  if (end == std::string::npos) return {path};
  const std::string service = "spec." + path.substr(end + (index ? 2 : 1));
  if (!held_by_regions(service)) return {path};
  return {service, path.substr(begin, end - begin)};
}

std::vector<SetFault> faults_of_set(const Spec& spec, const SetParams& set,
                                    const std::vector<SetValue>& before) {
  return SetCheck(spec, set, before).faults();
}

void scale_sets(const Spec& original, Spec& scaled) {
  std::vector<SetParams*> sets;
  for (const TimelineParams& item : scaled.timeline) sets.push_back(set_params(item.action));
  for (const StepParams& step : scaled.operations.steps) sets.push_back(set_params(step.action));
  std::erase(sets, nullptr);
  if (sets.empty() && scaled.versions.empty()) return;
  const Scenario plain = quiet(original);
  for (SetParams* set : sets) scale_set(plain, *set);
  for (VersionParams& version : scaled.versions)
    for (VersionSetParams& set : version.set) set.value = at_scale(plain, set.path, set.value);
}

}  // namespace stampede
