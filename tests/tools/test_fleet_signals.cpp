// Every statistic of a fleet that a real system exports is a signal of the same name, of its region
// and there with somebody who explains it.
#include <gtest/gtest.h>

#include "models/operations/signal_rows.h"
#include "tools/language/init_template.h"
#include "tools/world/fleet.h"
#include "tools/world/load_scenario.h"
#include "tools/world/scale.h"

namespace stampede {
namespace test_fleet_signals {

TEST(fleet_signals, each_exported_statistic_is_one_and_no_other) {
  const Loaded loaded = load_scenario(SourceText{"init", init_template()});
  const Fleet fleet(scaled(loaded.scenario.spec));
  const auto& rows = fleet.world.stats.rows();
  std::size_t truths = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    TermParams term;
    term.signal = rows[k].name;
    term.component = rows[k].component;
    term.absent = true;
    const SignalRows found = signal_rows(fleet.world, term);
    if (rows[k].truth) {
      ++truths;
      EXPECT_NE(found.wrong, "") << rows[k].name;
      continue;
    }
    EXPECT_EQ(found.wrong, "") << rows[k].component << " " << rows[k].name;
    ASSERT_EQ(found.rows.size(), 1U) << rows[k].component << " " << rows[k].name;
    EXPECT_EQ(found.rows[0].row, k);
    EXPECT_EQ(found.unit, rows[k].unit);
    if (rows[k].region) {
      EXPECT_TRUE(rows[k].because != nullptr) << rows[k].component << " " << rows[k].name;
    }
  }
  EXPECT_GT(truths, 8U);
  EXPECT_LT(truths, 30U);
}

TEST(fleet_signals, a_statistic_is_about_the_region_whose_name_its_component_bears) {
  const Loaded loaded = load_scenario(SourceText{"init", init_template()});
  const Fleet fleet(scaled(loaded.scenario.spec));
  for (const StatInfo& row : fleet.world.stats.rows()) {
    std::optional<u32> borne;
    for (u32 r = 0; r < fleet.world.region_names.size(); ++r)
      if (row.component.find(fleet.world.region_names[r]) != std::string::npos) borne = r;
    EXPECT_EQ(row.region, borne) << row.component << " " << row.name;
  }
}

}  // namespace test_fleet_signals
}  // namespace stampede
