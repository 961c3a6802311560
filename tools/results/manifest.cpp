#include "tools/results/manifest.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/language/value_at.h"
#include "tools/results/build.h"
#include "tools/world/named_files.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kManifestSchema = "stampede.manifest/1";

// Paths of the values that are defaults for which nobody can be named.
std::vector<std::string> assumed_values(const Loaded& loaded) {
  std::vector<std::string> paths;
  for (const auto& [path, origin] : loaded.origins) {
    if (origin != "default") continue;
    const auto found = value_at(type_of<Scenario>(), &loaded.scenario, path);
    if (found && found->field && found->field->source.empty() && !found->text().empty())
      paths.push_back(path);
  }
  return paths;
}

}  // namespace

i64 peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<i64>(usage.ru_maxrss) * 1024;
}

std::string manifest_json(const Loaded& loaded, const RunResults& results,
                          const std::string& command, const Measured& measured) {
  const double wall = measured.wall_clock_seconds;
  ordered_json out = {
      {"schema", kManifestSchema},
      {"version", stampede_version()},
      {"build", stampede_build()},
      {"commit", stampede_commit()},
      {"compiler", stampede_compiler()},
      {"name", loaded.scenario.metadata.name},
      {"seed", loaded.scenario.spec.seed},
      {"digest", results.digest},
      {"results_digest", results.results_digest},
      {"command", command},
      {"directory", loaded.directory},
      {"replay", "stampede replay manifest.json"},
      {"wall_clock_seconds", wall},
      {"events", results.events},
      {"events_per_second", wall > 0 ? std::round(static_cast<double>(results.events) / wall) : 0},
      {"peak_memory_bytes", measured.peak_memory_bytes},
      {"scenario", effective(loaded.scenario)},
      {"origins", loaded.origins},
      {"assumed", assumed_values(loaded)},
      {"expectations", {{"failed", results.failed_expectations}, {"shown", results.reports}}}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

ManifestRun read_manifest(const SourceText& source, const std::vector<std::string>& allow) {
  const auto fail = [&](const std::string& why) {
    return InputError({{source.name, 0, 0, "", why, ""}});
  };
  ordered_json json;
  try {
    parse_yaml(source);  // bounds on size and nesting, and faults with their place
    json = ordered_json::parse(source.text);
  } catch (const ordered_json::exception&) {
    throw fail("not JSON; a manifest.json written by `stampede run --out DIR` is wanted");
  }
  const auto text = [&](const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  if (!json.is_object() || text("schema") != kManifestSchema || !json.contains("scenario") ||
      text("digest").empty())
    throw fail(fmt::format("not a manifest; `schema: {}`, `digest` and `scenario` are wanted",
                           kManifestSchema));
  ManifestRun run;
  Surroundings surroundings = around(source.name, allow);
  surroundings.directories.insert(surroundings.directories.begin(),
                                  text("directory").empty() ? "." : text("directory"));
  surroundings.known_content = true;
  run.loaded = load_scenario(SourceText{source.name + " (its scenario)", json["scenario"].dump(2)},
                             {}, {}, surroundings);
  run.digest = text("digest");
  run.version = text("version");
  run.compiler = text("compiler");
  run.build = text("build").empty() ? kUnknownBuild : text("build");
  run.commit = text("commit").empty() ? kUnknownBuild : text("commit");
  return run;
}

}  // namespace stampede
