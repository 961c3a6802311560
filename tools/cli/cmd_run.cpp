// stampede run: play one scenario.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/band.h"
#include "tools/files/regular_file.h"
#include "tools/language/effective.h"
#include "tools/results/manifest.h"
#include "tools/results/output_directory.h"
#include "tools/results/request_table.h"
#include "tools/results/run_table.h"
#include "tools/results/series.h"
#include "tools/results/trace.h"

namespace stampede {
namespace {

struct RunOptions {
  std::string file, out, requests, requests_sample = "100%", format = "table";
  std::vector<std::string> sets, mitigations, allow;
  std::optional<i64> seed;
  int trace_requests = 1000;
  std::string metrics;  // of what; empty: none
  bool dry_run = false, quiet = false, trace = false, band = false;
};

// The command that gives this run again, without where its files go.
std::string command_of(const RunOptions& o) {
  std::string command = "stampede run " + shell_quoted(o.file);
  for (const std::string& set : o.sets) command += " --set " + shell_quoted(set);
  for (const std::string& name : o.mitigations) command += " --with " + shell_quoted(name);
  if (o.seed) command += fmt::format(" --seed {}", *o.seed);
  if (o.band) command += " --band";
  return command + allow_path_words(o.allow);
}

Loaded load(const RunOptions& o) {
  std::vector<Override> overrides;
  std::vector<Diagnostic> faults;
  for (const std::string& set : o.sets) try {
      overrides.push_back(parse_set(set));
    } catch (const InputError& error) {
      faults.insert(faults.end(), error.diagnostics.begin(), error.diagnostics.end());
    }
  if (o.seed) overrides.push_back({"spec.seed", std::to_string(*o.seed), "--seed"});
  if (!faults.empty()) throw InputError(std::move(faults));
  return load_scenario(o.file, overrides, split_names(o.mitigations), o.allow);
}

std::string dry_run_text(const RunOptions& o, const Loaded& loaded) {
  if (o.format == "json") {
    const nlohmann::ordered_json out = {{"scenario", effective(loaded.scenario)},
                                        {"origins", loaded.origins}};
    // The origins hold the file's name, which may be no text.
    return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  return effective_yaml(type_of<Scenario>(), &loaded.scenario, loaded.origins);
}

Share sample_of(const std::string& text) {
  Share share;
  std::string wrong = parse_share(text, share);
  if (wrong.empty() && (share.value < 0 || share.value > 1)) wrong = "a share from 0% to 100%";
  if (!wrong.empty()) throw InputError({{"--requests-sample " + text, 0, 0, "", wrong, ""}});
  return share;
}

// A file of requests can be a recording that is played, or lie where --out puts another file.
std::string request_file(const RunOptions& o, const Loaded& loaded) {
  namespace fs = std::filesystem;
  const auto refuse = [&](const std::string& why) {
    return InputError({{"--requests " + o.requests, 0, 0, "", why, ""}});
  };
  for (const ClientClassParams& c : loaded.scenario.spec.clients)
    if (c.trace && same_file(c.trace->path, o.requests))
      throw refuse("that is the recording which the scenario plays");
  const fs::path path = fs::absolute(o.requests).lexically_normal();
  const auto& names = files_of_run().names;
  if (!o.out.empty() && (fs::absolute(o.out) / "").lexically_normal() == path.parent_path() / "" &&
      std::find(names.begin(), names.end(), path.filename()) != names.end())
    throw refuse("--out writes another file there");
  return o.requests;
}

std::vector<std::string> region_names(const Loaded& loaded) {
  std::vector<std::string> names;
  for (const RegionParams& region : loaded.scenario.spec.regions) names.push_back(region.name);
  return names;
}

void write_results(OutputDirectory& out, const RunOptions& o, const Loaded& loaded,
                   const TimedRun& run, const RequestSample& sample) {
  const RunResults& results = run.results;
  out.add("summary.json", results.summary_json + "\n");
  out.add("series.csv", series_csv(results));
  out.add("incidents.jsonl", incidents_jsonl(results));
  if (!o.metrics.empty())
    out.add("metrics.om", open_metrics(results, loaded.scenario.spec.start, region_names(loaded)));
  if (o.trace) {
    TraceNames names{region_names(loaded), {}};
    for (const ClientClassParams& c : loaded.scenario.spec.clients) names.classes.push_back(c.name);
    out.add("trace.json", chrome_trace(results, names, sample.in_order()));
  }
  out.add("manifest.json", manifest_json(loaded, results, command_of(o),
                                         {run.wall_clock_seconds, peak_memory_bytes()}));
  if (interrupted()) throw Interrupted{};
  out.commit({"metrics.om", "trace.json", "report.html"});
}

void require_stated_error(const Loaded& loaded) {
  Spec spec = loaded.scenario.spec;
  if (stretch_steps(spec, 0.5) > 0) return;
  throw InputError({loaded.provenance.locate(
      "spec.serving.pools",
      "--band wants a pool that states how far its step times may be off: name a profile that has "
      "a step_error, or write `engine: {step_error: {low: 90%, high: 110%}}`")});
}

// Puts the band of a run into its summary.
nlohmann::ordered_json add_band(const RunOptions& o, const Loaded& loaded, RunResults& results) {
  const nlohmann::ordered_json band = band_of(loaded.scenario, [&](const Scenario& scenario) {
    Loaded repeat = loaded;
    repeat.scenario = scenario;
    return run_with_progress(repeat, command_of(o), o.quiet).results.summary_json;
  });
  auto summary = nlohmann::ordered_json::parse(results.summary_json);
  summary["band"] = band;
  results.summary_json = summary.dump(2);
  return band;
}

// Who wants to hear of requests.
struct Logs final : RequestLog {
  std::vector<RequestLog*> all;
  void ended(const RequestRecord& record) override {
    for (RequestLog* log : all) log->ended(record);
  }
};

// A scenario that is called as a file of results would be replaced by it.
void keep_scenario(const RunOptions& o) {
  for (const std::string& name : files_of_run().names) {
    std::error_code none;
    const std::string file = o.out + "/" + name;
    if (std::filesystem::equivalent(o.file, file, none))
      throw InputError({{"--out " + o.out, 0, 0, "",
                         file + " is the scenario that is played; choose another directory", ""}});
  }
}

Exported exported_of(const RunOptions& o) {
  return o.metrics.empty()     ? Exported::kNothing
         : o.metrics == "pods" ? Exported::kPods
                               : Exported::kPools;
}

int run_command(const RunOptions& o) {
  if (o.out.empty() && !o.dry_run && (!o.metrics.empty() || o.trace))
    throw InputError({{o.metrics.empty() ? "--trace" : "--metrics", 0, 0, "",
                       "wants --out, the directory that its file is written to", ""}});
  const Loaded loaded = load(o);
  if (!o.quiet) warn(loaded);
  if (o.band) require_stated_error(loaded);
  if (o.dry_run) {
    check_world(loaded);
    print_result(dry_run_text(o, loaded));
    return kFine;
  }
  std::optional<OutputDirectory> out;
  if (!o.out.empty()) {
    out.emplace(o.out, files_of_run());
    keep_scenario(o);
  }
  std::optional<RequestTable> requests;
  if (!o.requests.empty())
    requests.emplace(request_file(o, loaded), sample_of(o.requests_sample), loaded.scenario.spec);
  RequestSample sample(o.trace ? static_cast<std::size_t>(o.trace_requests) : 0);
  Logs logs;
  if (requests) logs.all.push_back(&*requests);
  if (o.trace && o.trace_requests > 0) logs.all.push_back(&sample);
  TimedRun timed = run_with_progress(loaded, command_of(o), o.quiet,
                                     logs.all.empty() ? nullptr : &logs, exported_of(o));
  nlohmann::ordered_json band;
  if (o.band) band = add_band(o, loaded, timed.results);
  const RunResults& results = timed.results;
  if (requests) requests->commit();
  if (out) write_results(*out, o, loaded, timed, sample);
  print_result(o.format == "json"
                   ? results.summary_json + "\n"
                   : run_table(results, loaded.scenario.spec.start) + band_table(band));
  for (const std::string& report : results.reports)
    if (o.format == "json") narrate("Expected: " + report);
  for (const std::string& e : results.failed_expectations)
    narrate(fmt::format("stampede: expectation failed: {}\n", e));
  if (!o.quiet)
    narrate(fmt::format(
        "{:.1f} s, {} events, {:.0f} events/s\n", timed.wall_clock_seconds, results.events,
        static_cast<double>(results.events) / std::max(timed.wall_clock_seconds, 1e-9)));
  return results.failed_expectations.empty() ? kFine : kExpectFailed;
}

}  // namespace

void add_run_command(CommandLine& line) {
  Command command =
      line.command("run", "Play one scenario and print what happened.",
                   {"stampede run fleet.yaml --out out/fleet",
                    "stampede run fleet.yaml --seed 7 --set spec.duration=2h --format json",
                    "stampede run fleet.yaml --with kv_epoch_fencing",
                    "stampede run fleet.yaml --requests rows.csv --requests-sample 1%",
                    "stampede run my-server.yaml --band    # 10 to 90 % of what may happen",
                    "stampede run fleet.yaml --dry-run     # every value with its origin"});
  const auto o = std::make_shared<RunOptions>();
  command.option("file", o->file, "scenario (YAML or JSON)").required().type_name("FILE");
  command.option("--set", o->sets, "change one value; can be repeated, the last one wins")
      .type_name("PATH=VALUE");
  command.option("--with", o->mitigations, "add a mitigation, or several: A,B")
      .type_name("MITIGATION");
  command.option("--seed", o->seed, "decides every random draw").type_name("N");
  add_allow_path(command, o->allow);
  command.option("--out", o->out, "write manifest, summary, series and incidents to DIR")
      .type_name("DIR");
  command.option("--requests", o->requests, "write a CSV row for each request to FILE")
      .type_name("FILE");
  command
      .option("--requests-sample", o->requests_sample,
              "write that share of the requests, the same ones in every run")
      .type_name("SHARE");
  command.option("--format", o->format, "table or json").one_of({"table", "json"});
  command
      .flag("--metrics{pools}", o->metrics,
            "also write metrics.om (OpenMetrics); --metrics=pods: with series of each pod")
      .one_of({"pools", "pods"});
  command.flag("--trace", o->trace, "also write trace.json (ui.perfetto.dev)");
  command.flag("--band", o->band,
               "play it again with the stated error of step times; 10 to 90 % of each figure");
  command
      .option("--trace-requests", o->trace_requests,
              "so many requests are in the trace, the same ones in every run")
      .between(0, 1'000'000)
      .type_name("N")
      .shows_default();
  command.flag("--dry-run", o->dry_run, "check, print the effective scenario, do not run");
  command.flag("-q,--quiet", o->quiet, "no progress, no timings");
  command.runs([o] { return run_command(*o); });
}

}  // namespace stampede
