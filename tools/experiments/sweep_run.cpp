#include "tools/experiments/sweep_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <thread>
#include <utility>

#include "tools/experiments/run_record.h"
#include "tools/language/value_at.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

void add_param(StoredRun& run, const Loaded& loaded, const std::string& path,
               const std::string& value, bool axis) {
  StoredParam param{path, value, std::nullopt, "", axis};
  if (const auto at = value_at(type_of<Scenario>(), &loaded.scenario, path)) {
    param.path = at->path;
    param.number = at->number();
    param.unit = base_unit(at->type->kind);
    if (at->type->print) param.value = at->text();
  }
  // Of two changes of one value the later wins, as it does in the scenario.
  std::erase_if(run.params, [&](const StoredParam& p) { return p.path == param.path; });
  if (!param.unit.empty()) run.units[param.path] = param.unit;
  run.params.push_back(std::move(param));
}

void add_series(StoredRun& run, const RunResults& results, const std::vector<std::string>& names) {
  const std::size_t width = results.series_columns.size();
  for (std::size_t k = 0; k < width; ++k) {
    const StatInfo& column = results.series_columns[k];
    if (std::find(names.begin(), names.end(), column.name) == names.end()) continue;
    run.units[column.name] = column.unit;
    for (std::size_t i = 0; i < results.series_times.size(); ++i)
      if (const double value = results.series_values[i * width + k]; !std::isnan(value))
        run.series.push_back({results.series_times[i], column.component, column.name, value});
  }
}

std::string in_one_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

}  // namespace

std::optional<StoredRun> make_run(const Sweep& sweep, const Plan& plan, const PlannedRun& planned,
                                  const std::function<bool()>& go_on) {
  const SweepPoint& point = plan.points[planned.point];
  const Loaded loaded = sweep.scenario(point, planned.seed);
  StoredRun run;
  run.id = planned.own_id;
  run.sweep = sweep.file().metadata.name;
  run.plan_index = static_cast<i64>(planned.index);
  run.point = static_cast<i64>(planned.point);
  run.seed = planned.seed;
  run.scenario = loaded.scenario.metadata.name;
  run.replay = sweep.replay(point, planned.seed);
  run.version = stampede_version();
  run.build = sweep.build();
  run.git_commit = stampede_commit();
  run.inputs_id = planned.inputs_id;
  for (const std::string& set : sweep.spec().set) {
    const Override change = parse_set(set);
    add_param(run, loaded, change.path, change.value, false);
  }
  for (const Setting& s : point.settings) add_param(run, loaded, s.path, s.value, true);
  try {
    const auto record = execute(loaded, [&](double) { return go_on(); });
    if (!record) return std::nullopt;
    run.error = record->error;
    run.wall_clock_seconds = record->wall_clock_seconds;
    if (!run.error.empty()) return run;
    run.digest = record->results.digest;
    run.scalars = record->scalars;
    for (const Scalar& s : run.scalars) {
      const std::string unit = unit_of(s.name);
      run.units[s.name] = s.truth ? kTruth : unit.empty() ? "1" : unit;
    }
    if (sweep.spec().record.incidents) run.incidents = record->results.incidents;
    add_series(run, record->results, sweep.spec().record.series);
  } catch (const InputError& error) {
    run.error = in_one_line(sweep.placed(error).what());
  } catch (const std::exception& error) {
    run.error = in_one_line(error.what());
  }
  return run;
}

RunValues run_values(Store& store) {
  return [&store](const std::string& scalar) -> RunValue {
    return [values = store.scalar(scalar)](const std::string& id) {
      const auto it = values.find(id);
      return it == values.end() ? std::nullopt : std::optional<double>(it->second);
    };
  };
}

bool make_runs(const Sweep& sweep, const Plan& plan, const std::vector<std::size_t>& indices,
               RunSink& sink, Claims* claims, int jobs, const SweepWatch& watch) {
  std::mutex mutex;
  std::atomic<bool> stopped{false};
  std::vector<std::size_t> todo = indices, elsewhere;
  const auto go_on = [&] {
    if (!stopped && !watch.go_on()) stopped = true;
    return !stopped;
  };
  // Whether the run is to be made, having been claimed.
  const auto begin = [&](std::size_t index) {
    const std::string& id = plan.runs[index].id;
    const bool mine = !claims || claims->take(id);
    const std::lock_guard lock(mutex);
    const RunStatus status = sink.status(id);
    const bool there =
        status == RunStatus::kDone || (status == RunStatus::kFailed && !watch.retry_failed);
    if (there) {
      if (mine && claims) claims->give_back(id);
      watch.ended(status == RunStatus::kFailed);
    } else if (!mine) {
      elsewhere.push_back(index);
    }
    return mine && !there;
  };
  const auto make = [&](std::size_t index) {
    if (!go_on() || !begin(index)) return;
    const auto run = make_run(sweep, plan, plan.runs[index], go_on);
    const std::lock_guard lock(mutex);
    if (run) {
      sink.add(*run);
      watch.ended(!run->error.empty());
    }
    if (claims) claims->give_back(plan.runs[index].id);
  };
  while (!todo.empty() && go_on()) {
    for_each_parallel(todo.size(), jobs, [&](std::size_t k) {
      try {
        make(todo[k]);
      } catch (...) {
        stopped = true;  // the other threads need not finish what they are at
        throw;
      }
    });
    todo = std::exchange(elsewhere, {});
    std::sort(todo.begin(), todo.end());
    if (!todo.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return !stopped;
}

}  // namespace stampede
