// Scenarios of the gallery, played with changes, and what became of the requests of each region.
#pragma once
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede::test {

inline RunResults played(const std::string& file, const std::vector<std::string>& sets,
                         RequestLog* log = nullptr) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return run_simulation(
      load_scenario(source_directory() + "/scenarios/" + file, overrides).scenario, {}, log);
}

inline std::vector<double> minutes_of(const RunResults& run, const std::string& kind,
                                      const std::string& component = "") {
  std::vector<double> at;
  for (const Incident& i : run.incidents)
    if (i.kind == kind && i.component.find(component) == 0) at.push_back(i.at.seconds() / 60);
  return at;
}

// Requests by the region and the minute where and when they were asked.
struct RegionMinutes final : RequestLog {
  struct Count {
    u64 offered = 0, succeeded = 0;
  };
  std::vector<std::vector<Count>> counts;  // [region][minute]
  void ended(const RequestRecord& r) override {
    if (r.open) return;
    const auto minute = static_cast<std::size_t>(r.offered.seconds() / 60);
    if (counts.size() <= r.home) counts.resize(r.home + 1U);
    std::vector<Count>& region = counts[r.home];
    if (region.size() <= minute) region.resize(minute + 1);
    ++region[minute].offered;
    region[minute].succeeded += r.outcome == Outcome::kSucceeded;
  }
  double success(std::size_t region, std::size_t from, std::size_t to) const {
    Count sum;
    for (std::size_t m = from; m < to && m < counts[region].size(); ++m) {
      sum.offered += counts[region][m].offered;
      sum.succeeded += counts[region][m].succeeded;
    }
    return static_cast<double>(sum.succeeded) / static_cast<double>(sum.offered);
  }
};

}  // namespace stampede::test
