// One run as experiments keep it: an id that says what was run, and what came out as named numbers.
// Compare, sweep and the Python module all run scenarios through `execute`.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {

struct Scalar {
  std::string name;  // path in summary.json: outage.downtime_seconds
  double value = 0;  // true = 1, false = 0; absent (null) values are left out
  bool truth = false;
};

struct RunRecord {
  RunResults results;           // empty when the run failed
  std::vector<Scalar> scalars;  // in the order of summary.json
  double wall_clock_seconds = 0;
  std::string error;  // why the run failed; empty: it did not
};

// 16 hexadecimal digits over the effective scenario (with its seed) and the build: the same id
// means the same results.
std::string run_id(const std::string& build, const nlohmann::ordered_json& effective_scenario);

// 16 hexadecimal digits over the values (with the seed) that a scenario does not leave to their
// defaults, from what a manifest keeps. Two builds give a scenario the same, even if one of them
// knows more parameters: it tells which of their runs are of one scenario.
std::string inputs_id(const nlohmann::ordered_json& effective_scenario,
                      const std::map<std::string, std::string>& origins);

// Every number and truth value of a summary, by its path; lists are left out.
std::vector<Scalar> scalars_of(const std::string& summary_json);
std::optional<double> scalar(const std::vector<Scalar>& scalars, const std::string& name);

// Unit of a scalar or statistic by the end of its name (`_seconds` -> s, `_bytes` -> B, `_ratio`
// -> ratio, ...); empty: a count.
std::string unit_of(const std::string& name);

// Runs a scenario. A broken invariant and a lack of memory become `error`; references to nothing
// throw InputError with their place. std::nullopt: `progress` returned false.
std::optional<RunRecord> execute(const Loaded& loaded,
                                 const std::function<bool(double simulated_seconds)>& progress);

// Calls work(index) for 0 .. count-1 on `jobs` threads, each index once, in order of start. The
// first exception stops the handing out and is thrown again when all threads have ended.
void for_each_parallel(std::size_t count, int jobs, const std::function<void(std::size_t)>& work);

}  // namespace stampede
