// The examples of docs/models/operations.md, played on the fleet of the template, which loses a
// region's prefixes at 10 min.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_operations_examples {

// What stands below `operations:` in the block after a mark.
std::map<std::string, std::string> examples() {
  std::map<std::string, std::string> found;
  std::ifstream page(source_directory() + "/docs/models/operations.md");
  const std::string mark = "<!-- example: ";
  std::string name;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(mark)) name = line.substr(mark.size(), line.find(" -->") - mark.size());
    if (line == "```") name.clear();
    if (!name.empty() && line.starts_with("  ")) found[name] += line.substr(2) + "\n";
  }
  return found;
}

std::vector<Incident> play(const std::string& operations) {
  std::vector<Override> sets;
  for (const std::string& set : {"spec.operations=" + operations, std::string("spec.expect=[]")})
    sets.push_back(parse_set(set));
  return run_simulation(
             load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario,
             {})
      .incidents;
}

// The first of this kind that a step is the subject of; of no id if there is none.
Incident first(const std::vector<Incident>& all, const std::string& kind, const std::string& step) {
  for (const Incident& i : all)
    if (i.kind == kind && i.text.starts_with(step)) return i;
  return {};
}

TEST(operations_examples, signals_show_the_outage_late_and_name_what_explains_it) {
  const std::vector<Incident> all = play(examples()["signals"]);
  const Incident paged = first(all, "paged", "restore");
  ASSERT_NE(paged.id, kNoIncident);
  const Incident unreachable = first(all, "region_unreachable", "");
  EXPECT_GE(paged.at - unreachable.at, 20_s);
  EXPECT_LE(paged.at - unreachable.at, 55_s);  // a period, the delay, and the operators' look
  ASSERT_FALSE(paged.causes.empty());
  EXPECT_EQ(paged.causes[0], unreachable.id);
  EXPECT_NE(paged.text.find("healthy_regions below 2"), std::string::npos) << paged.text;
  EXPECT_EQ(first(all, "decided", "restore").at - paged.at, 5_min);
  EXPECT_NE(first(all, "prefix_restored", "").id, kNoIncident);
}

TEST(operations_examples, a_way_that_is_cut_delays_the_repair_until_another_one_is_taken) {
  const std::vector<Incident> all = play(examples()["responders"]);
  const Incident decided = first(all, "decided", "restore");
  const Incident denied = first(all, "access_denied", "restore");
  const Incident broken = first(all, "glass_broken", "restore");
  const Incident acted = first(all, "acted", "restore");
  ASSERT_NE(acted.id, kNoIncident);
  EXPECT_EQ(decided.at - first(all, "paged", "restore").at, 8_min);
  EXPECT_EQ(denied.at - decided.at, 2_min);
  EXPECT_GE(broken.at - denied.at, 5_min);
  EXPECT_LE(broken.at - denied.at, 5_min + 5_s);
  EXPECT_EQ(acted.causes, (std::vector<IncidentId>{decided.id, broken.id}));
  EXPECT_NE(first(all, "prefix_restored", "").id, kNoIncident);
}

TEST(operations_examples, each_is_played) { EXPECT_EQ(examples().size(), 2U); }

}  // namespace test_operations_examples
}  // namespace stampede
