// Remove a cause and its effects vanish: the controls and ablations of the reference outage.
#include <gtest/gtest.h>

#include <cctype>

#include "tests/directories.h"
#include "tests/tools/outage_run.h"

namespace stampede {
namespace test_outage_controls {

std::string test_name(const ::testing::TestParamInfo<OutageVariant>& info) {
  std::string name;
  for (const char c : info.param.name)
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

class Control : public ::testing::TestWithParam<OutageVariant> {};

TEST_P(Control, leaves_only_what_its_row_allows) {
  const OutageVariant& v = GetParam();
  const OutageRun run = run_outage(v.sets, v.scale, v.duration);
  std::string wrong;
  for (const std::string& kind : v.vanish)
    if (run.count(kind) > 0) wrong += kind + " occurs; ";
  for (const std::string& kind : v.stay)
    if (run.count(kind) == 0) wrong += kind + " does not occur; ";
  EXPECT_EQ(wrong, "") << run.text();
}
INSTANTIATE_TEST_SUITE_P(outage, Control, ::testing::ValuesIn(outage_variants()), test_name);

// A roll-back after a minute leaves a blip: no flush, hardly a minute down. What it does not undo
// is what the autoscaler has asked for by then, and with it the latch.
TEST(OutageControls, commit_confirmed_leaves_a_blip) {
  for (int seed = 1; seed <= 3; ++seed) {
    const OutageRun run =
        run_outage({"spec.network.safeguards.commit_confirmed=60s"}, "1/20", "60min", seed);
    EXPECT_LE(run.down_minutes(), 1) << run.text();
    EXPECT_EQ(run.count("breaker_opened"), 0) << run.text();
    EXPECT_LT(run.first("prefix_restored"), 32 * 60 + 65) << run.text();
  }
}

// Log-ins fail and questions of the store stay unanswered, by the surge alone and because of it.
TEST(OutageControls,
     failed_log_ins_and_missing_answers_come_of_the_surge_and_go_with_their_stores) {
  const auto failed_log_ins = [](const OutageRun& run) {
    return run.summary["requests"]["failed_by"].value("auth_failed", u64{0});
  };
  const auto unanswered = [](const OutageRun& run, const char* region, double from, double to) {
    return run.mean(std::string(region) + "/uses/sessions", "unanswered_total", from, to);
  };
  const std::vector<std::string> both = joined(kAccounts, kSessionStore);
  const OutageRun run = run_outage(both, "1/50", "42min");
  EXPECT_GT(failed_log_ins(run), 1000U);
  for (const char* region : {"na", "eu"}) {
    EXPECT_EQ(unanswered(run, region, 0, 1920), 0);
    EXPECT_GT(unanswered(run, region, 2500, 2520), 0);
  }
  EXPECT_GT(run.count("breaker_opened"), 0);
  for (const Incident& i : run.results.incidents)
    if (i.kind == "service_saturated") {
      bool failover = false;
      for (const IncidentId cause : i.causes)
        failover |= run.results.incidents[cause - 1].kind == "failover_started";
      EXPECT_TRUE(failover);
    }
  EXPECT_EQ(failed_log_ins(run_outage(kSessionStore, "1/50", "42min")), 0U);
  const OutageRun calm = run_outage(joined(both, kNoPush), "1/50", "42min");
  EXPECT_EQ(failed_log_ins(calm), 0U);
  EXPECT_EQ(unanswered(calm, "na", 2500, 2520), 0);
  // A pool that is soon empty turns away what would have overloaded the fleet.
  const OutageRun scant = run_outage(kScantAccounts, "1/50", "42min");
  EXPECT_GT(failed_log_ins(scant), 2 * failed_log_ins(run));
  EXPECT_EQ(scant.count("breaker_opened"), 0);
}

// The documentation shows each variant as the command line that gives it.
TEST(OutageControls, are_all_documented) {
  const std::string page = read_source(source_directory() + "/docs/scenarios/controls.md").text;
  for (const OutageVariant& v : outage_variants()) {
    std::string row = "| " + v.name + " | " + v.scale + ", " + v.duration + " |";
    for (const std::string& set : v.sets) row += " `" + set + "`";
    EXPECT_NE(page.find(row + " |\n"), std::string::npos) << row << " |";
  }
}

// Late writers are what most conflicts come from: compared without the output checks, so that no
// breaker ends the conflicts of one run earlier than those of another.
TEST(OutageControls, bounded_queues_or_cancellation_take_most_conflicts_away) {
  const std::vector<std::string> unchecked{"spec.safety.enabled=false"};
  const auto with = [&](const std::vector<std::string>& sets) {
    return static_cast<double>(run_outage(joined(unchecked, sets), "1/40", "60min").conflicts());
  };
  const double all = with({});
  EXPECT_GT(all, 1000);
  EXPECT_LT(with(kCancellation), 0.3 * all);
  EXPECT_LT(with(kBoundedQueues), 0.3 * all);
}

// Both 2 x 2 tables of the ordering parent: with fencing no clock brings a conflict back, without
// it no clock takes them away.
TEST(OutageControls, fencing_ends_conflicts_whatever_the_clocks) {
  for (const auto& clocks : {kExactClocks, kSkewedClocks}) {
    EXPECT_EQ(run_outage(joined(kFencing, clocks), "1/40", "50min").conflicts(), 0);
    EXPECT_GT(run_outage(clocks, "1/40", "50min").conflicts(), 100);
  }
}

// The second parent, alone: with the writes in order, blocks are still hit by late transfers, and
// checksums turn them into misses before they can spread.
TEST(OutageControls, checksums_end_what_page_reuse_poisons) {
  const std::vector<std::string> often{"spec.kv_cache.page_reuse_probability=1",
                                       "spec.safety.enabled=false"};
  const auto poisoned = [&](const std::vector<std::string>& sets) {
    const OutageRun run = run_outage(joined(joined(kFencing, often), sets), "1/40", "75min");
    const std::size_t width = run.results.series_columns.size();
    double last = -1;
    for (std::size_t k = 0; k < width; ++k)
      if (run.results.series_columns[k].name == "poisoned_lookups_total")
        last = run.results.series_values[run.results.series_values.size() - width + k];
    EXPECT_GT(run.poisoned_blocks(), 0);
    return last;
  };
  EXPECT_GT(poisoned({}), 0);
  EXPECT_EQ(poisoned({"spec.kv_cache.checksums=true"}), 0);
}

TEST(OutageControls, nothing_happens_without_the_push) {
  const OutageRun run = run_outage(kNoPush, "1/20", "150min");
  EXPECT_TRUE(run.results.incidents.empty()) << run.text();
  EXPECT_EQ(run.down_minutes(), 0);
  // At 14:02 the fleet carries the load it was sized for, all regions weighed by their pods.
  const auto load = [&](const char* pool, std::vector<double> pods) {
    double sum = 0, all = 0;
    const char* regions[] = {"apac", "na", "eu"};
    for (std::size_t r = 0; r < 3; ++r) {
      sum += pods[r] * run.mean(regions[r], std::string(pool) + "_load_ratio", 1320, 2520);
      all += pods[r];
    }
    return sum / all;
  };
  EXPECT_NEAR(load("prefill", {605, 254, 149}), 0.62, 0.05 * 0.62);
  EXPECT_NEAR(load("decode", {731, 306, 179}), 0.76, 0.05 * 0.76);
  EXPECT_NEAR(run.summary["kv_cache"]["hit_ratio"].get<double>(), 0.563, 0.05 * 0.563);
}

TEST(OutageControls, nothing_happens_without_the_push_in_ten_hours_of_twenty_seeds) {
  if (!full_tier()) GTEST_SKIP() << "STAMPEDE_TIER=full";
  for (int seed = 1; seed <= 20; ++seed) {
    const OutageRun run = run_outage(kNoPush, "1/20", "10h", seed);
    EXPECT_TRUE(run.results.incidents.empty()) << "seed " << seed << "\n" << run.text();
    EXPECT_EQ(run.down_minutes(), 0);
    EXPECT_NEAR(run.summary["kv_cache"]["hit_ratio"].get<double>(), 0.563, 0.05 * 0.563);
  }
}

TEST(OutageControls, nothing_freezes_in_ten_hours_with_default_limits_and_healthy_etcd) {
  if (!full_tier()) GTEST_SKIP() << "STAMPEDE_TIER=full";
  const OutageRun run = run_outage(joined(kDefaultClientLimits, kHealthyEtcd), "1/10", "10h");
  EXPECT_EQ(run.count("control_plane_frozen"), 0) << run.text();
  EXPECT_EQ(run.count("etcd_saturated"), 0) << run.text();
}

}  // namespace test_outage_controls
}  // namespace stampede
