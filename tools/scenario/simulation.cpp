#include "tools/scenario/simulation.h"

#include <fmt/format.h>

namespace stampede {

RunResults run_simulation(const Scenario& scenario, const std::function<bool(double)>& progress) {
  RunResults results;
  const double seconds = scenario.spec.duration.seconds();
  for (double t = 0; t <= seconds; t += 10) {
    if (!progress(t)) return results;
    results.series_times.push_back(t);
    results.series_values.push_back(t);
  }
  results.series_columns.push_back({"clients", "offered_total", "1", "", StatKind::kCounter, {}});
  results.incidents.push_back({1, Instant{0}, "policy_pushed", "network", {}, "a policy"});
  results.incidents.push_back(
      {2, Instant{90'000'000'000}, "prefix_withdrawn", "network/apac", {1}, "a prefix"});
  results.digest = fmt::format("{:016x}", scenario.spec.seed);
  results.events = 10;
  results.summary_json =
      fmt::format(R"({{"schema":"stampede.summary/1","scenario":"{}","seed":{},"digest":"{}",)"
                  R"("requests":{{"offered":10,"succeeded":9,"failed":1,"in_flight":0,)"
                  R"("failed_by":{{"timeout":1}}}},)"
                  R"("outage":{{"downtime_seconds":60,"by_region":{{"apac":60}},)"
                  R"("seconds_by_owner":{{"mechanism":60}}}},)"
                  R"("phases":[{{"name":"policy_pushed","at_seconds":0}}]}})",
                  scenario.metadata.name, scenario.spec.seed, results.digest);
  return results;
}

}  // namespace stampede
