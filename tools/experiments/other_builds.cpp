#include "tools/experiments/other_builds.h"

#include <fmt/format.h>

#include <vector>

#include "tools/results/build.h"

namespace stampede {

OtherBuilds other_builds(Plan& plan, Store& store, const std::string& build, bool keep) {
  const std::map<std::string, RunStatus> there = store.statuses();
  const std::map<std::string, std::string> done = store.done_by_others(build);
  const std::map<std::string, std::string> builds = store.builds();
  OtherBuilds found;
  for (PlannedRun& run : plan.runs) {
    const auto own = there.find(run.own_id);
    const auto other = done.find(run.inputs_id);
    if ((own != there.end() && own->second == RunStatus::kDone) || other == done.end()) continue;
    found[run.index] = builds.at(other->second);
    if (keep) run.id = other->second;
  }
  return found;
}

std::string other_builds_text(const std::map<std::string, std::size_t>& runs,
                              const std::string& place, bool keep) {
  if (runs.empty()) return "";
  std::vector<std::string> counts;
  for (const auto& [build, count] : runs) counts.push_back(fmt::format("{} by {}", count, build));
  return fmt::format(
      "stampede: {} has runs of other builds ({}; this is {}): {}\n", place,
      fmt::join(counts, ", "), stampede_build(),
      keep ? "they are kept" : "they are played again; --keep-other-builds keeps them");
}

}  // namespace stampede
