// Any mix of faults, sets, roll-outs, undo and operators with signals, at random times and over the
// whole ranges, on small fleets: no invariant breaks, no run hangs or comes out otherwise when it
// is played again, and incidents are of known kinds with causes before them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <set>

#include "models/changes/action.h"
#include "sim/registry.h"
#include "tests/property/random_scenario.h"
#include "tools/judgement/results_digest.h"
#include "tools/world/fleet.h"
#include "tools/world/load_scenario.h"
#include "tools/world/scale.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_random_scenarios {

using namespace test;

// Work of one run. Some values ask for a million requests a second: such a run ends here.
constexpr u64 kMostEvents = 100'000;

struct Requests final : RequestLog {
  std::string wrong;
  void ended(const RequestRecord& r) override {
    if (!r.open && r.ttft > r.e2e) wrong = "a first token after the request's end";
    if (r.open != (r.e2e.ns < 0)) wrong = "an end that is none";
  }
};

struct Run {
  std::string wrong;  // with its requests
  std::vector<Incident> incidents;
  std::string digest;  // of a whole run
  Instant reached;
  bool whole = false;
};

// As a run is, but that it ends with its work.
Run play(const Spec& spec, u64 most_events) {
  constexpr Duration kTick = 5_s;
  Requests requests;
  Fleet fleet(spec, &requests);
  Scheduler& scheduler = fleet.world.scheduler;
  const Instant end = Instant{} + spec.duration;
  fleet.start();
  Run run;
  for (Instant next{}; !run.whole;) {
    next = std::min({next + kTick, end});
    if (!scheduler.run_until(next, most_events - scheduler.handled())) break;
    fleet.refresh_views();
    if (next.ns % spec.output.interval_of(spec.duration).ns == 0 || next == end)
      for (const auto& check : fleet.world.checks) check();
    run.whole = next == end;
  }
  run.reached = scheduler.now();
  if (run.whole) {
    for (const auto& check : fleet.world.end_checks) check();
    fleet.finish();
    run.digest = digest_of(fleet.observed());
  }
  run.incidents = fleet.world.journal.all();
  run.wrong = requests.wrong;
  return run;
}

bool same(const Incident& a, const Incident& b) {
  return a.at == b.at && a.kind == b.kind && a.component == b.component && a.causes == b.causes &&
         a.text == b.text;
}

std::string fault_of(const std::vector<Incident>& incidents) {
  const Registry& registry = Registry::global();
  for (std::size_t k = 0; k < incidents.size(); ++k) {
    const Incident& i = incidents[k];
    if (registry.find("incident", i.kind) == nullptr && registry.find("action", i.kind) == nullptr)
      return "a kind that nobody registered: " + i.kind;
    if (i.id != k + 1) return "an incident out of order: " + i.kind;
    for (const IncidentId cause : i.causes)
      if (cause == kNoIncident || cause >= i.id || incidents[cause - 1].at > i.at)
        return "a cause that is not before it: " + i.kind;
  }
  return "";
}

// Ends name what they end, and nothing splits a cache but what somebody did to the network.
const std::set<std::string> kCaused{"crash_loop_ended", "control_plane_recovered",
                                    "etcd_recovered",   "failover_ended",
                                    "kv_partitioned",   "peers_within",
                                    "prefix_restored",  "prefix_withdrawn",
                                    "region_reachable", "region_undrained",
                                    "replica_relieved", "service_recovered",
                                    "instances_back",   "watchers_back"};

std::set<std::string> without_cause(const std::vector<Incident>& incidents) {
  std::set<std::string> kinds;
  for (const Incident& i : incidents)
    if (i.causes.empty() && kCaused.contains(i.kind)) kinds.insert(i.kind);
  return kinds;
}

// Each change of the timeline leaves its incident.
std::string fault_of(const Spec& spec, const Run& run) {
  for (const TimelineParams& item : spec.timeline)
    if (Instant{} + item.at < run.reached &&
        std::none_of(run.incidents.begin(), run.incidents.end(), [&](const Incident& i) {
          return i.kind == item.action.name && i.at == Instant{} + item.at;
        }))
      return "no incident of " + item.action.name;
  return run.wrong.empty() ? fault_of(run.incidents) : run.wrong;
}

struct Verdict {
  std::string wrong;
  bool refused = false, cut = false;
  std::set<std::string> actions;  // played
  std::set<std::string> alone;    // kinds of incidents that should have causes and have none
};

// Twice, and alike.
std::string fault_of_two(const Scenario& scenario, Verdict& verdict) {
  const Spec spec = scaled(scenario.spec);
  const Run first = play(spec, kMostEvents);
  verdict.cut = !first.whole;
  verdict.alone = without_cause(first.incidents);
  if (std::string wrong = fault_of(spec, first); !wrong.empty()) return wrong;
  if (first.whole)
    return run_simulation(scenario, {}).digest == first.digest ? "" : "another digest";
  const Run more = play(spec, kMostEvents + kMostEvents / 2);
  if (more.reached == first.reached) return "it hangs: its time stands still";
  if (more.incidents.size() < first.incidents.size() ||
      !std::equal(first.incidents.begin(), first.incidents.end(), more.incidents.begin(), same))
    return "another course";
  return "";
}

Verdict judge(const std::string& text) {
  Verdict verdict;
  try {
    const Scenario scenario = load_scenario(SourceText{"random.yaml", text}).scenario;
    verdict.wrong = fault_of_two(scenario, verdict);
    for (const TimelineParams& item : scenario.spec.timeline)
      verdict.actions.insert(item.action.name);
    for (const StepParams& step : scenario.spec.operations.steps)
      verdict.actions.insert(step.action.name);
  } catch (const InputError& error) {
    verdict.refused = true;
    if (error.diagnostics.front().line == 0) verdict.wrong = "refused without its place";
  } catch (const ScenarioError& error) {
    verdict.refused = true;
    if (error.path.empty()) verdict.wrong = "refused without its place";
  } catch (const std::exception& error) {
    verdict.wrong = error.what();
  }
  return verdict;
}

// Without all that it takes not to fail.
RandomScenario shrunk(RandomScenario s) {
  const auto fails = [](const RandomScenario& tried) { return !judge(tried.text()).wrong.empty(); };
  for (bool less = true; less;) {
    less = false;
    for (auto list : {&RandomScenario::responders, &RandomScenario::versions,
                      &RandomScenario::steps, &RandomScenario::timeline})
      for (std::size_t k = (s.*list).size(); k-- > 0;) {
        RandomScenario tried = s;
        (tried.*list).erase((tried.*list).begin() + static_cast<std::ptrdiff_t>(k));
        if (fails(tried)) s = tried, less = true;
      }
  }
  RandomScenario calm = s;
  calm.failures.clear();
  return fails(calm) ? calm : s;
}

// A file to play by the command line.
std::string written(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "stampede-" + name + ".yaml";
  std::ofstream(path) << text;
  return path;
}

// Two thousand in all, or of the full tier twenty thousand. STAMPEDE_RANDOM=N plays that one alone.
constexpr u64 kParts = 4;
class RandomScenarios : public testing::TestWithParam<u64> {};

TEST_P(RandomScenarios, break_nothing) {
  const char* tier = std::getenv("STAMPEDE_TIER");
  const char* only = std::getenv("STAMPEDE_RANDOM");
  const u64 count = tier != nullptr && std::string(tier) == "full" ? 5000 : 500;
  u64 refused = 0, cut = 0;
  std::map<std::string, int> played;
  std::map<std::string, std::vector<u64>> alone;
  for (u64 k = 0; k < count; ++k) {
    const u64 number = GetParam() * count + k;
    if (only != nullptr && std::to_string(number) != only) continue;
    const RandomScenario scenario = random_scenario(number);
    const std::string text = scenario.text();
    // It is there if what follows does not come back.
    written(fmt::format("random-now-{}", GetParam()), text);
    const Verdict verdict = judge(text);
    refused += verdict.refused;
    cut += verdict.cut;
    for (const std::string& action : verdict.actions) ++played[action];
    for (const std::string& kind : verdict.alone) alone[kind].push_back(number);
    if (verdict.wrong.empty()) continue;
    const RandomScenario least = shrunk(scenario);
    ADD_FAILURE() << "scenario " << number << ": " << verdict.wrong << "\nstampede run "
                  << written(fmt::format("random-{}", number), text) << "\nstampede run "
                  << written(fmt::format("random-{}-least", number), least.text()) << "\n"
                  << least.drawn();
  }
  for (const auto& [kind, numbers] : alone)
    ADD_FAILURE() << kind << " without a cause in " << numbers.size() << " scenarios, the first is "
                  << numbers.front();
  if (only != nullptr) return;
  EXPECT_LT(refused, count * 3 / 10);
  EXPECT_LT(cut, count / 10);
  for (const auto& [name, entry] : action_entries()) EXPECT_GT(played[name], 0) << name;
}

INSTANTIATE_TEST_SUITE_P(part, RandomScenarios, testing::Range(u64{0}, kParts));

}  // namespace test_random_scenarios
}  // namespace stampede
