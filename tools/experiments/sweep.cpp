#include "tools/experiments/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "sim/random.h"
#include "tools/language/value_at.h"
#include "tools/results/shell.h"

namespace stampede {
namespace {

void note(std::vector<Diagnostic>& faults, const InputError& error) {
  for (const Diagnostic& d : error.diagnostics) {
    const bool known = std::any_of(faults.begin(), faults.end(),
                                   [&](const Diagnostic& f) { return to_text(f) == to_text(d); });
    if (!known) faults.push_back(d);
  }
}

}  // namespace

Sweep::Sweep(const std::string& path, std::vector<std::string> allow, std::string build)
    : path_(path), build_(std::move(build)), allow_(std::move(allow)) {
  SourceText source = read_source(path);
  check_envelope(source, "Sweep");
  YamlLoader loader(type_of<SweepFile>(), &file_, std::move(source));
  loader.read_source();
  provenance_ = loader.finish();
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  base_path_ = (directory / spec().base).lexically_normal().string();
  AllowedPaths allowed(allow_);
  allowed.add(directory.string());
  allowed.add(".");
  if (!allowed.contain(base_path_)) throw fault("spec.base", outside(base_path_));
  try {
    base_ = read_source(base_path_);
  } catch (const InputError& error) {
    throw fault("spec.base", error.diagnostics.front().message);
  }
  scenario({}, spec().seed);  // throws if the base is at fault
  std::vector<Diagnostic> faults;
  read_axes(faults);
  check_refine(faults);
  if (!faults.empty()) throw InputError(std::move(faults));
}

void Sweep::read_axes(std::vector<Diagnostic>& faults) {
  const Loaded base = scenario({}, spec().seed);
  const auto wrong = [&](const std::string& place, const std::string& message) {
    note(faults, fault(place, message));
  };
  std::map<std::string, std::string> varied{{"spec.seed", "spec.repeat"}};
  for (std::size_t i = 0; i < spec().axes.size(); ++i) {
    const AxisParams& params = spec().axes[i];
    const std::string place = element_path("spec.axes", i);
    const bool zip = !params.zip.empty();
    if (zip != params.path.empty()) {
      wrong(place, "an axis has either a `path` or a `zip`");
      continue;
    }
    Axis axis;
    if (!zip) axis.members.push_back(member(params, place, faults));
    for (std::size_t k = 0; k < params.zip.size(); ++k)
      axis.members.push_back(member(params.zip[k], element_path(place + ".zip", k), faults));
    axis.levels = static_cast<std::size_t>(params.steps);
    for (const AxisMember& m : axis.members) {
      const auto at = value_at(type_of<Scenario>(), &base.scenario, m.path);
      const auto [first, fresh] = varied.emplace(at ? at->path : m.path, m.place);
      if (!fresh) wrong(m.place, fmt::format("{} is already varied by {}", m.path, first->second));
      if (m.values.empty()) continue;
      if (axis.levels != 0 && axis.levels != m.values.size())
        wrong(m.place, fmt::format("{} values; the axis has {}", m.values.size(), axis.levels));
      axis.levels = m.values.size();
    }
    if (params.steps == 1) wrong(place + ".steps", "a range has at least two steps, its ends");
    if (axis.levels == 0 && !spec().sample)
      wrong(place, "a range wants `steps`, or a `spec.sample` that fills it");
    axes_.push_back(std::move(axis));
  }
  if (spec().sample &&
      std::none_of(axes_.begin(), axes_.end(), [](const Axis& a) { return a.levels == 0; }))
    wrong("spec.sample", "no range is left to it: it fills those without `steps`");
  for (std::size_t i = 0; i < spec().where.size(); ++i) try {
      conditions_.emplace_back(spec().where[i]);
      conditions_.back().holds(base.scenario);
    } catch (const ConditionError& error) {
      wrong(element_path("spec.where", i), error.what());
    }
}

AxisMember Sweep::member(const ValuesParams& values, const std::string& place,
                         std::vector<Diagnostic>& faults) const {
  AxisMember m{values.path, place, values.values, values.from, values.to};
  m.log = values.scale == AxisScale::kLog;
  const auto wrong = [&](const std::string& at, const std::string& message) {
    note(faults, fault(at, message));
  };
  const bool range = !values.from.empty() || !values.to.empty();
  if (range != values.values.empty())
    wrong(place, "either `values`, or `from` and `to`");
  else if (range && (values.from.empty() || values.to.empty()))
    wrong(place, values.from.empty() ? "`from` is missing" : "`to` is missing");
  // Every value is tried in the scenario, so that all faults are told at once.
  const auto tried = [&](const std::string& value, const std::string& key) {
    try {
      const Loaded loaded = scenario({{}, {{values.path, value, place + key}}}, spec().seed);
      const auto at = value_at(type_of<Scenario>(), &loaded.scenario, values.path);
      if (at) m.kind = at->type->kind;
      return at ? at->number() : std::nullopt;
    } catch (const InputError& error) {
      note(faults, error);
    }
    return std::optional<double>(std::nullopt);
  };
  for (std::size_t i = 0; i < values.values.size(); ++i)
    tried(values.values[i], fmt::format(".values[{}]", i));
  if (!range || values.from.empty() || values.to.empty()) return m;
  const std::size_t before = faults.size();
  const auto low = tried(values.from, ".from"), high = tried(values.to, ".to");
  if (faults.size() > before) return m;
  if (!low || !high || m.kind == ValueKind::kBoolean) {
    wrong(place, values.path + " is no number and has no range; list its `values`");
    return m;
  }
  m.low = *low;
  m.high = *high;
  if (m.low == m.high) wrong(place, "`from` and `to` are the same");
  if (m.log && (m.low <= 0 || m.high <= 0))
    wrong(place + ".scale", "a logarithmic range is above zero");
  return m;
}

void Sweep::check_refine(std::vector<Diagnostic>& faults) const {
  const auto wrong = [&](const std::string& place, const std::string& message) {
    note(faults, fault(place, message));
  };
  if (spec().stop && spec().repeat < 5)
    wrong("spec.stop", "fewer than five repeats do not show how much a point varies; `repeat: 5`");
  if (!spec().refine) return;
  std::vector<std::string> names;
  for (const AxisParams& a : spec().axes) names.push_back(a.zip.empty() ? a.path : a.zip[0].path);
  const std::size_t axis = refined_axis();
  if (axis == spec().axes.size())
    wrong("spec.refine.axis", "no axis has this path" + suggestion(spec().refine->axis, names));
  else if (axis < axes_.size() && (!axes_[axis].continuous() || axes_[axis].levels == 0))
    wrong("spec.refine.axis", "only a range with `steps` can be bisected, or a zip of them");
}

std::size_t Sweep::refined_axis() const {
  std::size_t i = 0;
  for (; i < spec().axes.size(); ++i) {
    const AxisParams& a = spec().axes[i];
    if ((a.zip.empty() ? a.path : a.zip[0].path) == spec().refine->axis) break;
  }
  return i;
}

SweepPoint Sweep::point(std::vector<double> at) const {
  SweepPoint p;
  for (std::size_t a = 0; a < axes_.size(); ++a)
    for (Setting& s : settings_at(axes_[a], at[a])) p.settings.push_back(std::move(s));
  p.coordinates = std::move(at);
  return p;
}

Loaded Sweep::scenario(const SweepPoint& point, i64 seed) const {
  std::vector<Override> changes;
  for (std::size_t i = 0; i < spec().set.size(); ++i) try {
      Override change = parse_set(spec().set[i]);
      change.option = element_path("spec.set", i);
      changes.push_back(std::move(change));
    } catch (const InputError& error) {
      throw fault(element_path("spec.set", i), error.diagnostics.front().message);
    }
  for (const Setting& s : point.settings) changes.push_back({s.path, s.value, s.place});
  changes.push_back({"spec.seed", std::to_string(seed), "spec.seed"});
  try {
    return load_scenario(base_, changes, spec().with, around(base_path_, allow_));
  } catch (const InputError& error) {
    throw placed(error);
  }
}

bool Sweep::admits(const Loaded& loaded) const {
  for (std::size_t i = 0; i < conditions_.size(); ++i) try {
      if (!conditions_[i].holds(loaded.scenario)) return false;
    } catch (const ConditionError& error) {
      throw fault(element_path("spec.where", i), error.what());
    }
  return true;
}

i64 Sweep::seed(const SweepPoint& point, i64 repeat) const {
  if (spec().seeds == SeedRule::kCommon) return spec().seed + repeat;
  // Of the point's own values, so that no other point of the design moves it.
  std::string values;
  for (const Setting& s : point.settings) values += s.path + "=" + s.value + "\n";
  const StreamKey key = stream_key(static_cast<u64>(spec().seed), "sweep", values);
  return draw(key, static_cast<u64>(repeat))[0];
}

std::string Sweep::replay(const SweepPoint& point, i64 seed) const {
  std::string command = "stampede run " + shell_quoted(base_path_);
  for (const std::string& set : spec().set) command += " --set " + shell_quoted(set);
  for (const Setting& s : point.settings)
    command += " --set " + shell_quoted(s.path + "=" + s.value);
  for (const std::string& name : spec().with) command += " --with " + shell_quoted(name);
  for (const std::string& directory : allow_) command += " --allow-path " + shell_quoted(directory);
  return command + fmt::format(" --seed {}", seed);
}

InputError Sweep::placed(const InputError& error) const {
  const std::vector<std::string>& mitigations = spec().with;
  std::vector<Diagnostic> found;
  for (const Diagnostic& d : error.diagnostics) {
    std::string place = d.file.substr(0, d.file.find(' '));
    if (place == "--with") {
      const auto with = std::find(mitigations.begin(), mitigations.end(), d.file.substr(7));
      place = element_path("spec.with", static_cast<std::size_t>(with - mitigations.begin()));
    }
    if (d.line > 0 || !place.starts_with("spec.")) {
      found.push_back(d);
      continue;
    }
    const std::string about = d.path.empty() ? "" : d.path + ": ";
    found.push_back(provenance_.locate(place, about + d.message));
  }
  return InputError(std::move(found));
}

InputError Sweep::fault(const std::string& place, const std::string& message) const {
  return InputError({provenance_.locate(place, message)});
}

}  // namespace stampede
