// The results of a sweep: one SQLite file with a row a run and all that was kept of it. A run is
// written in one transaction, so that it is there whole or not at all, whatever ends the process.
// The tables are a contract with readers; docs/store.md describes them.
// **Limits**: SQLite's locks are not safe on network file systems: there, runs are written as files
// (run_file.h) and brought together by one process.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/journal.h"
#include "tools/experiments/database.h"
#include "tools/experiments/run_record.h"

namespace stampede {

// The unit of a scalar that is true (1) or false (0).
inline constexpr const char* kTruth = "truth";
inline constexpr i64 kStoreVersion = 2;  // SQLite's user_version of a store

// A value that the sweep gives to a parameter of its scenario.
struct StoredParam {
  std::string path;              // spec.regions[0].share, elements by index
  std::string value;             // as a scenario would state it: 40%
  std::optional<double> number;  // in base units (s, 1/s, B, B/s, 1); none for texts and choices
  std::string unit;              // of the number: s, 1/s, B, B/s, 1; empty without a number
  bool axis = true;              // false: the same in every run of the sweep
};

struct SeriesSample {
  double time_seconds = 0;
  std::string component, stat;
  double value = 0;
};

struct StoredRun {
  std::string id;     // run_id of the effective scenario
  std::string sweep;  // metadata.name of the sweep file
  i64 plan_index = 0, point = 0;
  i64 seed = 0;
  std::string scenario;  // metadata.name of the scenario
  std::string digest;    // of the run; empty when it failed
  std::string error;     // why it failed; empty: it did not
  std::string replay;    // command that gives this run again
  double wall_clock_seconds = 0;
  std::string version, build, git_commit;  // of the program
  std::string inputs_id;                   // tells which runs of two builds are of one scenario
  std::vector<StoredParam> params;
  std::vector<Scalar> scalars;
  std::vector<SeriesSample> series;
  std::vector<Incident> incidents;
  std::map<std::string, std::string> units;  // of scalars, statistics and parameters
};

enum class RunStatus : u8 { kMissing, kDone, kFailed };

// What keeps the results of runs. Every function throws FileError.
class RunSink {
 public:
  virtual ~RunSink() = default;
  // Keeps a run, whole or not at all. One that is there already stays, unless it failed.
  virtual void add(const StoredRun& run) = 0;
  virtual RunStatus status(const std::string& id) = 0;
  virtual std::map<std::string, RunStatus> statuses() = 0;  // of the runs that are there
};

// **Limits**: one thread at a time.
class Store : public RunSink {
 public:
  // Opens a store or makes one. Throws FileError when the file cannot be written, is something
  // else, or was written by a version of the program with other tables; those of before builds
  // were recorded are given the columns that they lack.
  explicit Store(const std::string& path);
  // Runs whose build is not known, if the store was found without that column.
  i64 without_build() const { return without_build_; }

  void add(const StoredRun& run) override;
  RunStatus status(const std::string& id) override;
  std::map<std::string, RunStatus> statuses() override;
  // A scalar of every run that has it, by run id.
  std::map<std::string, double> scalar(const std::string& name);
  std::vector<std::string> scalar_names();     // of any run, sorted
  std::map<std::string, std::string> units();  // by the name of a scalar, statistic or parameter
  // Why a failed run failed, and how to repeat it.
  struct Failure {
    i64 plan_index = 0;
    std::string error, replay;
  };
  std::vector<Failure> failures(const std::string& sweep);

  std::map<std::string, std::string> builds();  // of every run, by its id
  // Runs that are done and of another build, by their inputs; of several those that stand in a
  // plan.
  std::map<std::string, std::string> done_by_others(const std::string& build);

  // Where runs stand in the plan of a sweep. Those of the same sweep that are not named lose their
  // place if they are of another build than `build`, or if `complete`.
  struct Place {
    std::string id;
    i64 plan_index = 0, point = 0;
  };
  void place(const std::string& sweep, const std::string& build, const std::vector<Place>& places,
             bool complete);

 private:
  Database database_;
  i64 without_build_ = 0;
};

}  // namespace stampede
