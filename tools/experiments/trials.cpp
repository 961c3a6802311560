#include "tools/experiments/trials.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/experiments/run_record.h"
#include "tools/results/build.h"
#include "tools/results/shell.h"
#include "tools/world/needs.h"
#include "tools/world/replaced.h"

namespace stampede {
namespace {

constexpr const char* kDowntime = "outage.downtime_seconds";
constexpr const char* kAvailability = "requests.availability_ratio";
constexpr const char* kOfRegion = "outage.by_region.";  // and its name

StoredRun stored(const std::string& question, const std::string& id, const Variation& change,
                 const Loaded& loaded, const std::string& replay, const RunRecord& record) {
  StoredRun run;
  run.id = id;
  run.sweep = question;
  run.plan_index = -1;
  run.point = -1;
  run.seed = loaded.scenario.spec.seed;
  run.scenario = loaded.scenario.metadata.name;
  run.digest = record.results.digest;
  run.replay = replay;
  run.wall_clock_seconds = record.wall_clock_seconds;
  run.version = stampede_version();
  run.build = stampede_build();
  run.git_commit = stampede_commit();
  run.inputs_id = inputs_id(effective(loaded.scenario), loaded.origins);
  for (const Override& set : change.sets) {
    std::erase_if(run.params, [&](const StoredParam& p) { return p.path == set.path; });
    run.params.push_back({set.path, set.value, std::nullopt, "", true});
  }
  run.scalars = record.scalars;
  for (const Scalar& s : run.scalars) {
    const std::string unit = unit_of(s.name);
    run.units[s.name] = s.truth ? kTruth : unit.empty() ? "1" : unit;
  }
  run.incidents = record.results.incidents;
  return run;
}

}  // namespace

Trials::Trials(PolicyBase base, std::string question, std::string store, std::string command,
               Duration outage_after)
    : base_(std::move(base)),
      question_(std::move(question)),
      command_(std::move(command)),
      store_path_(std::move(store)),
      outage_after_(outage_after) {
  const Loaded loaded = load_scenario(base_.source, base_.sets, {}, base_.surroundings);
  try {
    run_simulation(loaded.scenario, [](double) { return false; });
  } catch (const ScenarioError& error) {
    throw InputError({loaded.provenance.locate(error.path, error.what())});
  }
  scenario_ = loaded.scenario;
}

void Trials::open_store() {
  if (store_ || store_path_.empty()) return;
  store_ = std::make_unique<Store>(store_path_);
  std::map<std::string, std::map<std::string, double>> kept;  // by name, then by run
  for (const char* name : {kDowntime, kAvailability}) kept[name] = store_->scalar(name);
  for (const RegionParams& r : scenario_.spec.regions)
    kept[kOfRegion + r.name] = store_->scalar(kOfRegion + r.name);
  for (const auto& [id, availability] : kept[kAvailability])
    if (kept[kDowntime].count(id) > 0)
      known_[id] = judged([&](const std::string& name) -> std::optional<double> {
        const auto& values = kept[name];
        const auto it = values.find(id);
        return it == values.end() ? std::nullopt : std::optional(it->second);
      });
}

Loaded Trials::load(const Variation& change, i64 seed) const {
  std::vector<Override> sets = base_.sets;
  sets.insert(sets.end(), change.sets.begin(), change.sets.end());
  sets.push_back({"spec.seed", std::to_string(seed), "--seed"});
  return load_scenario(base_.source, sets, change.mitigations, base_.surroundings);
}

std::optional<ValueAt> Trials::value(const std::string& path) const {
  return value_at(type_of<Scenario>(), &scenario_, path);
}

std::optional<InputError> Trials::fault(const Variation& change) const try {
  const auto not_usable = [&](const std::string& reason) {
    return InputError({{fmt::format("--with {}", fmt::join(change.mitigations, ",")), 0, 0, "",
                        "cannot be used: " + reason, ""}});
  };
  if (const auto reason = cannot_be_used(change.mitigations, scenario_.spec))
    return not_usable(*reason);
  const Loaded loaded = load(change, seed());
  if (const auto reason = no_set(loaded.scenario.spec, scenario_.spec.mitigations.size()))
    return not_usable(*reason);
  run_simulation(loaded.scenario, [](double) { return false; });
  return std::nullopt;
} catch (const InputError& error) {
  return error;
} catch (const ScenarioError& error) {
  return InputError({{error.path, 0, 0, "", error.what(), ""}});
}

AxisMember Trials::range(const std::string& path, const std::string& from, const std::string& to,
                         bool log, const std::string& option) const {
  AxisMember m{path, option, {}, from, to};
  m.log = log;
  const auto number = [&](const std::string& text) {
    const Loaded loaded = load({{{path, text, option}}, {}}, seed());
    const auto at = value_at(type_of<Scenario>(), &loaded.scenario, path);
    if (at) m.kind = at->type->kind;
    return at && m.kind != ValueKind::kBoolean ? at->number() : std::nullopt;
  };
  const auto low = number(from), high = number(to);
  const auto wrong = [&](const std::string& why) -> InputError {
    return InputError({{option, 0, 0, "", why, ""}});
  };
  if (!low || !high) throw wrong(path + " is no number and has no range");
  if (*low == *high) throw wrong("the two ends are the same");
  if (log && (*low <= 0 || *high <= 0)) throw wrong("a logarithmic range is above zero");
  m.low = *low;
  m.high = *high;
  return m;
}

std::string Trials::command_of(const Variation& change, i64 seed) const {
  std::string text = command_;
  for (const Override& set : change.sets)
    text += " --set " + shell_quoted(set.path + "=" + set.value);
  for (const std::string& name : change.mitigations) text += " --with " + name;
  return text + fmt::format(" --seed {}", seed);
}

Trial Trials::judged(
    const std::function<std::optional<double>(const std::string&)>& scalar_named) const {
  Trial trial;
  trial.downtime_seconds = scalar_named(kDowntime).value_or(0);
  trial.outage = trial.downtime_seconds >= outage_after_.seconds();
  trial.availability = scalar_named(kAvailability).value_or(0);
  for (const RegionParams& r : scenario_.spec.regions)
    trial.region_downtime.push_back(scalar_named(kOfRegion + r.name).value_or(0));
  return trial;
}

std::optional<Trial> Trials::play(const Variation& change, i64 seed,
                                  const std::function<bool(double)>& go_on) {
  const Loaded loaded = load(change, seed);
  const std::string id = run_id(stampede_build(), effective(loaded.scenario));
  {
    const std::lock_guard lock(mutex_);
    open_store();
    if (const auto it = known_.find(id); it != known_.end()) {
      ++reused_;
      return it->second;
    }
  }
  const auto record = execute(loaded, go_on);
  if (!record) return std::nullopt;
  if (!record->error.empty()) throw FailedRun{record->error, command_of(change, seed), seed};
  const Trial trial =
      judged([&](const std::string& name) { return scalar(record->scalars, name); });
  const std::lock_guard lock(mutex_);
  ++played_;
  known_[id] = trial;
  if (store_) store_->add(stored(question_, id, change, loaded, command_of(change, seed), *record));
  return trial;
}

}  // namespace stampede
