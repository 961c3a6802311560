#include "tools/experiments/run_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/results/build.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kRunSchema = "stampede.run/2";
constexpr const char* kRunSchemaWithoutBuild = "stampede.run/1";
constexpr const char* kFailed = ".failed";

// Samples of one statistic together: the names once, not with every sample.
ordered_json series_json(const std::vector<SeriesSample>& samples) {
  std::map<std::pair<std::string, std::string>, ordered_json> columns;
  for (const SeriesSample& s : samples) {
    ordered_json& column = columns[{s.component, s.stat}];
    column["times"].push_back(s.time_seconds);
    column["values"].push_back(s.value);
  }
  ordered_json out = ordered_json::array();
  for (auto& [name, column] : columns) {
    column["component"] = name.first;
    column["stat"] = name.second;
    out.push_back(std::move(column));
  }
  return out;
}

StoredRun from_json(const ordered_json& json) {
  StoredRun run;
  run.id = json.at("id");
  run.sweep = json.at("sweep");
  run.plan_index = json.at("plan_index");
  run.point = json.at("point");
  run.seed = json.at("seed");
  run.scenario = json.at("scenario");
  run.digest = json.at("digest");
  run.error = json.at("error");
  run.replay = json.at("replay");
  run.wall_clock_seconds = json.at("wall_clock_seconds");
  run.version = json.at("version");
  run.build = json.value("build", kUnknownBuild);
  run.git_commit = json.value("git_commit", kUnknownBuild);
  run.inputs_id = json.value("inputs_id", "");
  for (const ordered_json& p : json.at("params")) {
    StoredParam param{p.at("path"), p.at("value"), std::nullopt, p.at("unit"), p.at("axis")};
    if (p.at("number").is_number()) param.number = p.at("number").get<double>();
    run.params.push_back(std::move(param));
  }
  for (const auto& [name, value] : json.at("scalars").items()) run.scalars.push_back({name, value});
  for (const ordered_json& column : json.at("series"))
    for (std::size_t i = 0; i < column.at("times").size(); ++i)
      run.series.push_back({column.at("times")[i], column.at("component"), column.at("stat"),
                            column.at("values").at(i)});
  for (const ordered_json& i : json.at("incidents"))
    run.incidents.push_back({i.at("id"), Instant{i.at("at_ns")}, i.at("kind"), i.at("component"),
                             i.at("causes"), i.at("text")});
  for (const auto& [name, unit] : json.at("units").items()) run.units[name] = unit;
  return run;
}

}  // namespace

std::string run_file_json(const StoredRun& run) {
  ordered_json params = ordered_json::array(), incidents = ordered_json::array();
  for (const StoredParam& p : run.params)
    params.push_back({{"path", p.path},
                      {"value", p.value},
                      {"number", p.number ? ordered_json(*p.number) : ordered_json()},
                      {"unit", p.unit},
                      {"axis", p.axis}});
  ordered_json scalars = ordered_json::object();
  for (const Scalar& s : run.scalars) scalars[s.name] = s.value;
  for (const Incident& i : run.incidents)
    incidents.push_back({{"id", i.id},
                         {"at_ns", i.at.ns},
                         {"kind", i.kind},
                         {"component", i.component},
                         {"causes", i.causes},
                         {"text", i.text}});
  const ordered_json out = {{"schema", kRunSchema},
                            {"id", run.id},
                            {"sweep", run.sweep},
                            {"plan_index", run.plan_index},
                            {"point", run.point},
                            {"seed", run.seed},
                            {"scenario", run.scenario},
                            {"digest", run.digest},
                            {"error", run.error},
                            {"replay", run.replay},
                            {"wall_clock_seconds", run.wall_clock_seconds},
                            {"version", run.version},
                            {"build", run.build},
                            {"git_commit", run.git_commit},
                            {"inputs_id", run.inputs_id},
                            {"params", params},
                            {"scalars", scalars},
                            {"series", series_json(run.series)},
                            {"incidents", incidents},
                            {"units", run.units}};
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

StoredRun read_run_file(const SourceText& source) {
  const ordered_json json = ordered_json::parse(source.text, nullptr, false);
  try {
    if (json.is_object() &&
        (json.at("schema") == kRunSchema || json["schema"] == kRunSchemaWithoutBuild))
      return from_json(json);
  } catch (const ordered_json::exception&) {
    // told below
  }
  throw InputError({{source.name, 0, 0, "", "not the result of a run of a sweep", ""}});
}

std::string RunFiles::name_of(const std::string& id, bool failed) const {
  return directory_ + "/" + id + (failed ? kFailed : "") + ".json";
}

void RunFiles::add(const StoredRun& run) {
  if (status(run.id) == RunStatus::kDone) return;
  if (::mkdir(directory_.c_str(), 0777) != 0 && errno != EEXIST)
    throw FileError(fmt::format("{}: cannot be made: {}", directory_, std::strerror(errno)));
  const bool failed = !run.error.empty();
  write_file(name_of(run.id, failed), run_file_json(run),
             fmt::format("{{\"schema\":\"{}\"", kRunSchema));
  if (!failed) ::unlink(name_of(run.id, true).c_str());
}

RunStatus RunFiles::status(const std::string& id) {
  if (::access(name_of(id, false).c_str(), F_OK) == 0) return RunStatus::kDone;
  if (::access(name_of(id, true).c_str(), F_OK) == 0) return RunStatus::kFailed;
  return RunStatus::kMissing;
}

std::map<std::string, RunStatus> RunFiles::statuses() {
  std::map<std::string, RunStatus> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, none)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".json")) continue;
    name.resize(name.size() - 5);
    const bool failed = name.ends_with(kFailed);
    if (failed) name.resize(name.size() - std::strlen(kFailed));
    if (failed)
      found.emplace(name, RunStatus::kFailed);
    else
      found[name] = RunStatus::kDone;
  }
  return found;
}

std::size_t RunFiles::merge(RunSink& store) {
  const std::map<std::string, RunStatus> there = store.statuses();
  std::size_t merged = 0;
  for (const auto& [id, status] : statuses()) {
    const auto it = there.find(id);
    if (it != there.end() && (it->second == RunStatus::kDone || status == RunStatus::kFailed))
      continue;
    store.add(read_run_file(read_source(name_of(id, status == RunStatus::kFailed))));
    ++merged;
  }
  return merged;
}

}  // namespace stampede
