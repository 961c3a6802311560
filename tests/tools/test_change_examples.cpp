// The examples of docs/models/changes.md, played on the fleet of the template: effect, root,
// healing, and that nothing of it happens without the change.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_change_examples {

// The timelines of the page by the name in their mark, each in one line.
std::map<std::string, std::string> examples() {
  std::map<std::string, std::string> found;
  std::ifstream page(source_directory() + "/docs/models/changes.md");
  const std::string mark = "<!-- example: ";
  std::string name;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(mark)) name = line.substr(mark.size(), line.find(" -->") - mark.size());
    if (line == "```") name.clear();
    if (name.empty() || !line.starts_with("  - ")) continue;
    std::string& timeline = found[name];
    timeline += (timeline.empty() ? "" : ", ") + line.substr(4);
  }
  return found;
}

struct Played {
  RunResults results;
  nlohmann::json summary;
  int count(const std::string& kind) const {
    int n = 0;
    for (const Incident& i : results.incidents) n += i.kind == kind;
    return n;
  }
  const Incident* first(const std::string& kind) const {
    for (const Incident& i : results.incidents)
      if (i.kind == kind) return &i;
    return nullptr;
  }
  // A series at the last sample up to a time [s].
  double at(const std::string& component, const std::string& name, double seconds) const {
    const std::size_t width = results.series_columns.size();
    std::size_t column = 0, row = 0;
    while (column < width && (results.series_columns[column].component != component ||
                              results.series_columns[column].name != name))
      ++column;
    EXPECT_LT(column, width) << component << " " << name;
    while (row + 1 < results.series_times.size() && results.series_times[row + 1] <= seconds) ++row;
    return column < width ? results.series_values[row * width + column] : 0;
  }
  double failed() const { return summary["requests"]["failed"].get<double>(); }
  double offered() const { return summary["requests"]["offered"].get<double>(); }
};

Played play(const std::string& timeline) {
  std::vector<Override> sets;
  for (const std::string& set : {"spec.timeline=[" + timeline + "]", std::string("spec.expect=[]"),
                                 std::string("spec.duration=20min")})
    sets.push_back(parse_set(set));
  Played run;
  run.results = run_simulation(
      load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario, {});
  run.summary = nlohmann::json::parse(run.results.summary_json);
  return run;
}

const Played& calm() {
  static const Played run = play("");
  return run;
}

using Judge = std::function<void(const Played&)>;

const std::map<std::string, Judge>& judges() {
  static const std::map<std::string, Judge> all{
      {"changes",
       [](const Played& run) {
         EXPECT_EQ(run.count("slow_disk"), 2);
         EXPECT_EQ(run.count("disk_slowed"), 2);
         EXPECT_EQ(run.count("disk_eased"), 1);
         EXPECT_EQ(run.count("disk_restored"), 1);
         ASSERT_EQ(run.count("healed"), 1);
         ASSERT_EQ(run.count("undone"), 1);
         EXPECT_EQ(run.first("healed")->at, Instant{} + 15_min);
         EXPECT_EQ(run.first("undone")->at, Instant{} + 12_min);
       }},
      {"kill_pods",
       [](const Played& run) {
         const Incident* root = run.first("kill_pods");
         const Incident* killed = run.first("pods_killed");
         ASSERT_TRUE(root != nullptr && killed != nullptr);
         EXPECT_EQ(killed->causes, std::vector<IncidentId>{root->id});
         EXPECT_EQ(killed->text, "3 pods are killed");  // of six
         EXPECT_EQ(killed->component, "east/cluster");
         EXPECT_EQ(run.count("pods_killed"), 1);
         EXPECT_GT(run.failed(), calm().failed());
         // The kubelets start them again by themselves.
         const auto ready = [&](double at) {
           return run.at("east/cluster/replicas", "ready_pods", at);
         };
         EXPECT_LE(ready(630), ready(590) - 3);
         EXPECT_GE(ready(1200), ready(590));
       }},
      {"ailing pods",
       [](const Played& run) {
         EXPECT_EQ(run.count("pods_hung"), 1);
         EXPECT_EQ(run.first("pods_hung")->text, "2 pods");
         EXPECT_GT(run.failed(), calm().failed());
       }},
      {"hosts",
       [](const Played& run) {
         EXPECT_EQ(run.count("nodes_failed"), 1);
         EXPECT_EQ(run.count("nodes_lost"), 1);
         EXPECT_EQ(run.count("nodes_repaired"), 1);
         EXPECT_GT(run.failed(), calm().failed());
       }},
      {"traffic",
       [](const Played& run) {
         EXPECT_EQ(run.count("region_drained"), 1);
         EXPECT_EQ(run.count("region_undrained"), 1);
         EXPECT_EQ(run.count("traffic_shed"), 3);  // in two regions, then in one
         EXPECT_GT(run.failed(), calm().failed());
       }},
      {"bots",
       [](const Played& run) {
         EXPECT_EQ(run.count("bot_flood"), 1);
         EXPECT_EQ(run.count("healed"), 1);
         // 20/s for 5 min, which the fleet can take.
         EXPECT_NEAR(run.offered() - calm().offered(), 6000, 400);
       }},
      {"stored context",
       [](const Played& run) {
         EXPECT_EQ(run.count("blocks_corrupted"), 1);
         EXPECT_EQ(run.count("cache_lost"), 1);
         EXPECT_EQ(run.first("cache_lost")->text,
                   "west: what is stored of 50 % of the sessions is gone");
         EXPECT_GT(run.failed(), calm().failed());
       }},
      {"clocks",
       [](const Played& run) {
         EXPECT_EQ(run.count("clock_skewed"), 1);
         EXPECT_EQ(run.count("clock_mended"), 1);
         EXPECT_GT(run.failed(), calm().failed());
       }},
      {"ways",
       [](const Played& run) {
         EXPECT_EQ(run.count("paths_cut"), 2);
         EXPECT_EQ(run.count("paths_degraded"), 1);
         EXPECT_EQ(run.count("paths_restored"), 3);
       }},
      {"routes",
       [](const Played& run) {
         EXPECT_EQ(run.count("sessions_reset"), 1);
         EXPECT_EQ(run.count("links_failed"), 1);
         EXPECT_EQ(run.count("links_repaired"), 1);
         EXPECT_EQ(run.count("prefixes_hijacked"), 1);
         EXPECT_EQ(run.count("routes_leaked"), 1);
         EXPECT_EQ(run.count("prefix_withdrawn"), 0);
         EXPECT_GT(run.failed(), calm().failed());
       }},
      {"API load",
       [](const Played& run) {
         ASSERT_EQ(run.count("api_load_started"), 2);
         EXPECT_EQ(run.first("api_load_started")->text, "2 agents list objects");
         EXPECT_EQ(run.failed(), calm().failed());  // a small cluster does not feel it
       }},
      {"spike", [](const Played& run) {
         const Incident* root = run.first("spike");
         ASSERT_NE(root, nullptr);
         EXPECT_TRUE(root->causes.empty());
         ASSERT_EQ(run.count("healed"), 1);
         EXPECT_EQ(run.first("healed")->causes, std::vector<IncidentId>{root->id});
         // 6/s, of which 70 % are of the class and 60 % at home there, three times more for 5 min.
         EXPECT_NEAR(run.offered() - calm().offered(), 6 * 0.7 * 0.6 * 3 * 300, 300);
       }}};
  return all;
}

TEST(change_examples, each_does_what_the_page_says_and_leaves_nothing_without_it) {
  const auto timelines = examples();
  for (const auto& [name, timeline] : timelines) {
    ASSERT_EQ(judges().count(name), 1U) << name << ": an example without a judge";
    SCOPED_TRACE(name);
    judges().at(name)(play(timeline));
  }
  EXPECT_EQ(timelines.size(), judges().size());
  for (const char* kind : {"slow_disk", "disk_slowed", "spike", "pods_killed", "healed", "undone"})
    EXPECT_EQ(calm().count(kind), 0) << kind;
}

// Changes that change nothing leave every result as it is, and remove their incidents with them.
TEST(change_examples, nothing_more_is_asked_by_a_factor_of_one) {
  const Played nothing = play("{at: 10min, do: spike, factor: 1, for: 5min}");
  EXPECT_EQ(nothing.results.results_digest, calm().results.results_digest);
  EXPECT_EQ(nothing.count("spike"), 1);
}

}  // namespace test_change_examples
}  // namespace stampede
