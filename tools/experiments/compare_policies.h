// A scenario and the policies that it is played with: what a --with says, what is measured, and one
// run of one policy with one seed, kept in a directory and found there again.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/experiments/compare.h"
#include "tools/world/load_scenario.h"

namespace stampede {

struct Policy {
  std::string name;
  std::vector<std::string> mitigations;
};
// `A`, `A,B` (named A+B) or `NAME=A,B`; the names must differ from each other and from `baseline`.
// Throws InputError. The baseline comes first in what is returned.
std::vector<Policy> parse_policies(const std::vector<std::string>& texts);
// Throws InputError for a name that no mitigation has.
void require_known(const std::vector<Policy>& policies);

// A policy that cannot be used with the scenario, and is not played.
struct LeftOut {
  Policy policy;
  std::string reason;
};

enum class Better : u8 { kLower, kHigher, kNeither };
struct CompareMeasure {
  std::string name, path, title, unit;  // path: in summary.json
  Better better = Better::kLower;
  double resolution = 0;  // downtime comes in whole minutes
  double most = 0;        // a bound, 0 if there is none
};
std::vector<CompareMeasure> compare_measures(const Scenario& scenario);

// A run broke an invariant; `command` plays it again.
struct FailedRun {
  std::string error, command;
  i64 seed = 0;
};
// The caller asked to stop.
struct StoppedRun {};

// The scenario without a policy.
struct PolicyBase {
  SourceText source;
  std::vector<Override> sets;
  Surroundings surroundings;
};

class ScenarioPolicies {
 public:
  // One more policy, of mitigations that the scenario has what they need for; returns its index, or
  // nothing: it is left out, with the reason.
  std::optional<std::size_t> add(Policy policy);
  void erase(std::size_t policy);  // the later ones move up

  // Loads every policy once, so that faults are found before anything is played: one that cannot be
  // used with this scenario is left out, with the reason. `command` is `stampede run FILE --set
  // ...`. `directory` empty: nothing is written. `keep_other_builds`: runs found there that another
  // build made are taken as they are. Throws InputError if the scenario itself or a mitigation's
  // name is at fault, or if no policy is left.
  ScenarioPolicies(PolicyBase base, std::vector<Policy> policies, std::string command,
                   std::string directory, Duration collapse_after, bool keep_other_builds = false);

  const std::vector<Policy>& policies() const { return policies_; }
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  const std::vector<CompareMeasure>& measures() const { return measures_; }
  double duration_seconds() const { return duration_seconds_; }
  const std::string& scenario_name() const { return name_; }
  i64 seed() const { return seed_; }  // of the scenario with its overrides
  // Runs with the first `seeds` seeds that the directory has from other builds: how many of each.
  std::map<std::string, std::size_t> other_builds(std::size_t seeds) const;

  // Where a run is kept, from the directory of the comparison on.
  std::string place_of(std::size_t policy, i64 seed) const;

  struct Played {
    CompareRun run;
    bool reused = false;  // read from the directory
  };
  // May be called by several threads for different (policy, seed). Throws FailedRun, StoppedRun
  // when `progress` returned false, InputError, FileError.
  Played play(std::size_t policy, i64 seed,
              const std::function<bool(double simulated_seconds)>& progress) const;

 private:
  Loaded load(std::size_t policy, i64 seed) const;
  // Loads a policy and builds its world once, without a run. Throws InputError.
  Loaded tried(const Policy& policy) const;
  // Why its members are no set, or no scenario with this one; empty: they are.
  std::string fault_of(const Policy& policy) const;
  // Nothing if the summary lacks a measure.
  std::optional<CompareRun> judged(const std::string& summary_json, i64 seed) const;
  std::string command(std::size_t policy, i64 seed) const;

  PolicyBase base_;
  std::vector<Policy> policies_;
  std::vector<LeftOut> left_out_;
  std::string command_, directory_;
  Duration collapse_after_;
  bool keep_other_builds_;
  std::vector<CompareMeasure> measures_;
  std::string name_;
  std::size_t own_mitigations_ = 0;  // of the scenario
  i64 seed_ = 1;
  double duration_seconds_ = 0;
};

}  // namespace stampede
