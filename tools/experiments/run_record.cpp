#include "tools/experiments/run_record.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/check.h"
#include "sim/digest.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

void flatten(const ordered_json& json, const std::string& path, std::vector<Scalar>& scalars) {
  for (const auto& [key, value] : json.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object())
      flatten(value, name, scalars);
    else if (value.is_boolean())
      scalars.push_back({name, value.get<bool>() ? 1.0 : 0.0, true});
    else if (value.is_number())
      scalars.push_back({name, value.get<double>()});
  }
}

// A line for each value below `json` that does not come from its default.
void state(const ordered_json& json, const std::string& path,
           const std::map<std::string, std::string>& origins, std::string& lines) {
  if (json.is_object() && !json.empty()) {
    for (const auto& [key, value] : json.items())
      state(value, child_path(path, key), origins, lines);
  } else if (json.is_array() && !json.empty()) {
    for (std::size_t i = 0; i < json.size(); ++i)
      state(json[i], element_path(path, i), origins, lines);
  } else if (const auto it = origins.find(path); it != origins.end() && it->second != "default") {
    lines += path + "=" + json.dump() + "\n";
  }
}

std::string hash_of(const std::string& text) {
  Digest digest;
  for (const char c : text) digest.add(static_cast<unsigned char>(c));
  return digest.hex();
}

}  // namespace

std::string run_id(const std::string& build, const ordered_json& effective_scenario) {
  return hash_of(build + "\n" + effective_scenario.dump());
}

std::string inputs_id(const ordered_json& effective_scenario,
                      const std::map<std::string, std::string>& origins) {
  std::string lines;
  state(effective_scenario, "", origins, lines);
  return hash_of(lines);
}

std::vector<Scalar> scalars_of(const std::string& summary_json) {
  std::vector<Scalar> scalars;
  flatten(ordered_json::parse(summary_json), "", scalars);
  std::erase_if(scalars, [](const Scalar& s) { return s.name == "seed"; });
  return scalars;
}

std::optional<double> scalar(const std::vector<Scalar>& scalars, const std::string& name) {
  const auto it =
      std::find_if(scalars.begin(), scalars.end(), [&](const Scalar& s) { return s.name == name; });
  return it == scalars.end() ? std::nullopt : std::optional<double>(it->value);
}

std::string unit_of(const std::string& name) {
  // The part before a path into a map counts too: outage.by_region.apac has none of its own.
  struct Ending {
    const char *text, *unit;
  };
  constexpr Ending kEndings[] = {{"request_minutes", "request-min"},
                                 {"gpu_hours", "GPU-h"},
                                 {"per_second", "1/s"},
                                 {"per_second_max", "1/s"},
                                 {"_seconds", "s"},
                                 {"_bytes", "B"},
                                 {"_ratio", "ratio"},
                                 {"outage.by_region", "s"},
                                 {"seconds_by_owner", "s"},
                                 {"per_request", "1/request"}};
  for (std::string part = name;;) {
    for (const Ending& ending : kEndings)
      if (part.ends_with(ending.text)) return ending.unit;
    const std::size_t dot = part.rfind('.');
    if (dot == std::string::npos) return "";
    part.resize(dot);
  }
}

std::optional<RunRecord> execute(const Loaded& loaded,
                                 const std::function<bool(double)>& progress) {
  const auto begun = std::chrono::steady_clock::now();
  RunRecord record;
  bool stopped = false;
  try {
    record.results = run_simulation(loaded.scenario, [&](double seconds) {
      stopped = stopped || !progress(seconds);
      return !stopped;
    });
    if (stopped) return std::nullopt;
    record.scalars = scalars_of(record.results.summary_json);
  } catch (const ScenarioError& error) {
    throw InputError({loaded.provenance.locate(error.path, error.what())});
  } catch (const InvariantError& error) {
    record.error = error.what();
  } catch (const std::bad_alloc&) {
    record.error = "out of memory";
  }
  record.wall_clock_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return record;
}

void for_each_parallel(std::size_t count, int jobs, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr first;
  const auto take = [&] {
    for (std::size_t k; (k = next.fetch_add(1)) < count;) try {
        work(k);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;
      }
  };
  std::vector<std::jthread> threads;
  for (int j = 1; j < jobs; ++j) threads.emplace_back(take);
  take();
  threads.clear();
  if (first) std::rethrow_exception(first);
}

}  // namespace stampede
