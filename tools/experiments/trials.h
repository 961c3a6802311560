// Single runs of a scenario with something changed, for the commands that ask questions of many of
// them: how long it was down, kept in a store so that a command goes on where it stopped.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tools/experiments/axis.h"
#include "tools/experiments/compare_policies.h"
#include "tools/experiments/store.h"
#include "tools/language/value_at.h"

namespace stampede {

struct Variation {
  std::vector<Override> sets;
  std::vector<std::string> mitigations;
};

struct Trial {
  double downtime_seconds = 0;
  bool outage = false;
  double availability = 0;              // share of all requests of the run
  std::vector<double> region_downtime;  // [region] s
};

class Trials {
 public:
  // `question` names the command in the store; `store` is its path, empty: nothing is kept. It is
  // opened, or made, by the first run that is asked for, so that input which is at fault makes
  // none. `command` is `stampede run FILE --set ...`. Throws InputError.
  Trials(PolicyBase base, std::string question, std::string store, std::string command,
         Duration outage_after);

  const Scenario& scenario() const { return scenario_; }
  // The value at a path of the scenario as it is, or none. Canonical path and text.
  std::optional<ValueAt> value(const std::string& path) const;
  // Why the scenario with a change is none; empty: it is one.
  std::optional<InputError> fault(const Variation& change) const;

  // The range of a parameter between two values, logarithmic if `log`. Throws InputError: `option`
  // names the range for messages.
  AxisMember range(const std::string& path, const std::string& from, const std::string& to,
                   bool log, const std::string& option) const;

  // May be called by several threads. None when `go_on` returned false. Throws FailedRun,
  // FileError.
  std::optional<Trial> play(const Variation& change, i64 seed,
                            const std::function<bool(double simulated_seconds)>& go_on);

  std::size_t played() const { return played_; }
  std::size_t reused() const { return reused_; }
  i64 seed() const { return scenario_.spec.seed; }

 private:
  Loaded load(const Variation& change, i64 seed) const;
  std::string command_of(const Variation& change, i64 seed) const;
  void open_store();
  Trial judged(const std::function<std::optional<double>(const std::string&)>& scalar_named) const;

  PolicyBase base_;
  std::string question_, command_, store_path_;
  Duration outage_after_;
  Scenario scenario_;
  std::mutex mutex_;
  std::unique_ptr<Store> store_;
  std::map<std::string, Trial> known_;  // runs that are there, by id
  std::size_t played_ = 0, reused_ = 0;
};

}  // namespace stampede
