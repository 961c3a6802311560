#include "tools/experiments/compare_policies.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/check.h"
#include "tools/experiments/run_record.h"
#include "tools/results/build.h"
#include "tools/results/manifest.h"
#include "tools/results/output_directory.h"
#include "tools/results/series.h"
#include "tools/world/needs.h"
#include "tools/world/replaced.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kRecover = "time_to_recover_seconds";

bool plain(const std::string& name) {
  return !name.empty() && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '+' || c == '.';
         });
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

// Nothing for what is no file, is too large or nested too deep to be ours.
std::optional<std::string> content(const std::string& path) try {
  SourceText source = read_source(path);
  parse_yaml(source);
  return std::move(source.text);
} catch (const InputError&) {
  return std::nullopt;
}

std::string build_of(const ordered_json& manifest) {
  const auto it = manifest.find("build");
  return it != manifest.end() && it->is_string() ? it->get<std::string>() : kUnknownBuild;
}

std::vector<std::string> sorted_once(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string> kinds_of(const std::vector<Incident>& incidents) {
  std::vector<std::string> kinds;
  for (const Incident& incident : incidents) kinds.push_back(incident.kind);
  return sorted_once(std::move(kinds));
}

// Of incidents.jsonl; nothing if it is not ours.
std::optional<std::vector<std::string>> kept_kinds(const std::string& path) try {
  std::vector<std::string> kinds;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    kinds.push_back(ordered_json::parse(line).at("kind").get<std::string>());
  return sorted_once(std::move(kinds));
} catch (const ordered_json::exception&) {
  return std::nullopt;
}

// A finished run in a directory.
struct KeptRun {
  std::string build, id, inputs_id, summary;
};
std::optional<KeptRun> kept_run(const std::string& directory) {
  const auto manifest = content(directory + "/manifest.json");
  auto summary = content(directory + "/summary.json");
  if (!manifest || !summary) return std::nullopt;
  for (const char* name : {"/series.csv", "/incidents.jsonl"})
    if (::access((directory + name).c_str(), R_OK) != 0) return std::nullopt;
  try {
    const ordered_json m = ordered_json::parse(*manifest), s = ordered_json::parse(*summary);
    if (m.at("digest") != s.at("digest")) return std::nullopt;
    const std::string build = build_of(m);
    return KeptRun{build, run_id(build, m.at("scenario")),
                   inputs_id(m.at("scenario"), m.at("origins")), std::move(*summary)};
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<Policy> parse_policies(const std::vector<std::string>& texts) {
  std::vector<Policy> policies{{"baseline", {}}};
  std::vector<Diagnostic> faults;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    Policy policy;
    policy.mitigations = split(equals == std::string::npos ? text : text.substr(equals + 1));
    policy.name = equals == std::string::npos
                      ? fmt::format("{}", fmt::join(policy.mitigations, "+"))
                      : text.substr(0, equals);
    const auto fault = [&](const std::string& why) {
      faults.push_back({"--with " + text, 0, 0, "", why, ""});
    };
    const std::vector<std::string> once = sorted_once(policy.mitigations);
    for (const std::string& name : once)
      if (std::count(policy.mitigations.begin(), policy.mitigations.end(), name) > 1)
        fault("'" + name + "' is named twice");
    if (policy.mitigations.empty())
      fault("no mitigation is named; A, A,B or NAME=A,B is wanted");
    else if (!plain(policy.name))
      fault("the name of a candidate has letters, digits, '_', '-', '+' and '.' only");
    else if (std::any_of(policies.begin(), policies.end(),
                         [&](const Policy& p) { return p.name == policy.name; }))
      fault("there is a candidate named '" + policy.name +
            "' already; NAME=A,B gives another name");
    policies.push_back(std::move(policy));
  }
  if (!faults.empty()) throw InputError(std::move(faults));
  return policies;
}

void require_known(const std::vector<Policy>& policies) {
  const std::vector<std::string> known = registered_names("mitigation");
  for (const Policy& policy : policies)
    for (const std::string& name : policy.mitigations)
      if (std::find(known.begin(), known.end(), name) == known.end())
        throw InputError({{"--with " + policy.name, 0, 0, "",
                           fmt::format("no mitigation is named '{}'{}", name,
                                       registered_suggestion("mitigation", name)),
                           ""}});
}

std::vector<CompareMeasure> compare_measures(const Scenario& scenario) {
  std::vector<CompareMeasure> measures;
  const auto add = [&](const std::string& name, const std::string& path, const std::string& title,
                       Better better) {
    const std::string unit = unit_of(path);
    const double most = unit == "s"       ? scenario.spec.duration.seconds()
                        : unit == "ratio" ? 1.0
                                          : 0.0;
    measures.push_back({name, path, title, unit, better, unit == "s" ? 60.0 : 0.0, most});
  };
  add("downtime_seconds", "outage.downtime_seconds", "downtime", Better::kLower);
  for (const RegionParams& region : scenario.spec.regions)
    add("downtime_seconds." + region.name, "outage.by_region." + region.name,
        "downtime of " + region.name, Better::kLower);
  add("lost_request_minutes", "outage.lost_request_minutes", "lost request-minutes",
      Better::kLower);
  add("availability_ratio", "requests.availability_ratio", "availability", Better::kHigher);
  add("poisoned_served", "requests.poisoned_served", "poisoned answers", Better::kLower);
  add(kRecover, "outage.time_to_recover_seconds", "time to recover", Better::kLower);
  add("wasted_gpu_hours", "resources.wasted_gpu_hours", "wasted GPU time", Better::kLower);
  add("provisioned_gpu_hours", "resources.provisioned_gpu_hours", "provisioned GPU time",
      Better::kNeither);
  return measures;
}

ScenarioPolicies::ScenarioPolicies(PolicyBase base, std::vector<Policy> policies,
                                   std::string command, std::string directory,
                                   Duration collapse_after, bool keep_other_builds)
    : base_(std::move(base)),
      command_(std::move(command)),
      directory_(std::move(directory)),
      collapse_after_(collapse_after),
      keep_other_builds_(keep_other_builds) {
  require_known(policies);
  const Scenario baseline = tried(policies.front()).scenario;
  own_mitigations_ = baseline.spec.mitigations.size();
  measures_ = compare_measures(baseline);
  name_ = baseline.metadata.name;
  seed_ = baseline.spec.seed;
  duration_seconds_ = baseline.spec.duration.seconds();
  for (Policy& policy : policies) {
    if (policies_.empty()) {
      policies_.push_back(std::move(policy));
      continue;
    }
    if (auto reason = cannot_be_used(policy.mitigations, baseline.spec))
      left_out_.push_back({std::move(policy), std::move(*reason)});
    else
      add(std::move(policy));
  }
  if (policies_.size() > 1) return;
  std::vector<Diagnostic> faults;
  for (const LeftOut& out : left_out_)
    faults.push_back({"--with " + out.policy.name, 0, 0, "", "cannot be used: " + out.reason, ""});
  throw InputError(std::move(faults));
}

std::optional<std::size_t> ScenarioPolicies::add(Policy policy) {
  std::string fault = fault_of(policy);
  if (!fault.empty()) {
    // A search may come to the same set twice.
    if (std::none_of(left_out_.begin(), left_out_.end(),
                     [&](const LeftOut& out) { return out.policy.name == policy.name; }))
      left_out_.push_back({std::move(policy), std::move(fault)});
    return std::nullopt;
  }
  policies_.push_back(std::move(policy));
  return policies_.size() - 1;
}

void ScenarioPolicies::erase(std::size_t policy) {
  policies_.erase(policies_.begin() + static_cast<std::ptrdiff_t>(policy));
}

Loaded ScenarioPolicies::tried(const Policy& policy) const {
  Loaded loaded = load_scenario(base_.source, base_.sets, policy.mitigations, base_.surroundings);
  try {
    run_simulation(loaded.scenario, [](double) { return false; });
  } catch (const ScenarioError& error) {
    throw InputError({loaded.provenance.locate(error.path, error.what())});
  }
  return loaded;
}

std::string ScenarioPolicies::fault_of(const Policy& policy) const try {
  const Loaded loaded = tried(policy);
  return no_set(loaded.scenario.spec, own_mitigations_).value_or("");
} catch (const InputError& error) {
  const Diagnostic& first = error.diagnostics.front();
  return first.path.empty() ? first.message : first.path + ": " + first.message;
}

Loaded ScenarioPolicies::load(std::size_t policy, i64 seed) const {
  std::vector<Override> sets = base_.sets;
  sets.push_back({"spec.seed", std::to_string(seed), "--seed"});
  return load_scenario(base_.source, sets, policies_[policy].mitigations, base_.surroundings);
}

std::string ScenarioPolicies::place_of(std::size_t policy, i64 seed) const {
  return fmt::format("runs/{}/seed{}", policies_[policy].name, seed);
}

std::string ScenarioPolicies::command(std::size_t policy, i64 seed) const {
  std::string text = command_;
  for (const std::string& name : policies_[policy].mitigations) text += " --with " + name;
  return text + fmt::format(" --seed {}", seed);
}

std::optional<CompareRun> ScenarioPolicies::judged(const std::string& summary_json,
                                                   i64 seed) const {
  CompareRun run;
  run.seed = seed;
  run.digest = ordered_json::parse(summary_json).at("digest").get<std::string>();
  const std::vector<Scalar> scalars = scalars_of(summary_json);
  for (const CompareMeasure& measure : measures_) {
    std::optional<double> value = scalar(scalars, measure.path);
    if (!value && measure.name == kRecover) {
      // Not recovered at the end: at least until then.
      run.recovered = false;
      value = duration_seconds_ - scalar(scalars, "outage.region_down_from_seconds").value_or(0);
    }
    if (!value || *value < 0) return std::nullopt;
    run.values.push_back(*value);
  }
  if (run.values.front() > duration_seconds_) return std::nullopt;  // no run wrote that
  run.collapsed = run.values.front() >= collapse_after_.seconds();
  return run;
}

std::map<std::string, std::size_t> ScenarioPolicies::other_builds(std::size_t seeds) const {
  std::map<std::string, std::size_t> found;
  if (directory_.empty()) return found;
  for (std::size_t k = 0; k < policies_.size() * seeds; ++k) {
    const i64 seed = seed_ + static_cast<i64>(k / policies_.size());
    const auto manifest =
        content(directory_ + "/" + place_of(k % policies_.size(), seed) + "/manifest.json");
    const ordered_json json = ordered_json::parse(manifest.value_or(""), nullptr, false);
    if (json.is_object() && build_of(json) != stampede_build()) ++found[build_of(json)];
  }
  return found;
}

ScenarioPolicies::Played ScenarioPolicies::play(std::size_t policy, i64 seed,
                                                const std::function<bool(double)>& progress) const {
  const Loaded loaded = load(policy, seed);
  const ordered_json scenario = effective(loaded.scenario);
  const std::string id = run_id(stampede_build(), scenario);
  const std::string relative = place_of(policy, seed);
  const std::string path = directory_ + "/" + relative;
  const auto identified = [&](CompareRun run, const std::string& by, const std::string& named) {
    run.build = by;
    run.id = named;
    if (!directory_.empty()) run.directory = relative;
    return run;
  };
  const auto fits = [&](const KeptRun& kept) {
    return kept.id == id ||
           (keep_other_builds_ && kept.inputs_id == inputs_id(scenario, loaded.origins));
  };
  if (!directory_.empty())
    if (const auto kept = kept_run(path); kept && fits(*kept))
      if (auto run = judged(kept->summary, seed))
        if (auto kinds = kept_kinds(path + "/incidents.jsonl")) {
          run->kinds = std::move(*kinds);
          return {identified(std::move(*run), kept->build, kept->id), true};
        }
  const std::optional<RunRecord> record = execute(loaded, progress);
  if (!record) throw StoppedRun{};
  if (!record->error.empty()) throw FailedRun{record->error, command(policy, seed), seed};
  const RunResults& results = record->results;
  if (!directory_.empty()) {
    OutputDirectory out(path, files_of_run());
    out.add("summary.json", results.summary_json + "\n");
    out.add("series.csv", series_csv(results));
    out.add("incidents.jsonl", incidents_jsonl(results));
    out.add("manifest.json", manifest_json(loaded, results, command(policy, seed),
                                           {record->wall_clock_seconds, peak_memory_bytes()}));
    out.commit();
  }
  auto run = judged(results.summary_json, seed);
  STAMPEDE_CHECK(run.has_value(), "a summary without a measure");
  run->kinds = kinds_of(results.incidents);
  return {identified(std::move(*run), stampede_build(), id), false};
}

}  // namespace stampede
