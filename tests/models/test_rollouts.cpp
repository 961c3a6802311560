// Roll-outs: how much of the fleet has a version when, what a gate does, and what is left when a
// version has gone back.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/changes/changes.h"
#include "models/changes/version_traits.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_rollouts {

struct HandWatch final : WatchPort {
  u32 watch(const ConditionParams&) override { return asked++; }
  Alarm watched(u32) override { return shown; }
  u32 asked = 0;
  Alarm shown;
};

VersionParams version(VersionKind kind) {
  VersionParams v;
  v.name = "v2";
  v.kind = kind;
  v.set.push_back({"spec.x", "8"});
  v.refuse = Share{0.5};
  return v;
}

struct Desk {
  World world{1};
  HandScene hand;
  HandWatch watch;
  Changes changes;
  RollOutParams params;
  explicit Desk(VersionParams v) : changes(world, {}, hand.scene(), {std::move(v)}) {
    params.version = "v2";
  }
  u32 roll_out() {
    changes.rollouts().prepare(params, watch);
    return changes.rollouts().roll_out(params, "out", happens());
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  IncidentId happens() { return world.incident("trouble", "test", {}, ""); }
  std::vector<std::string> kinds() const {
    std::vector<std::string> all;
    for (const Incident& i : world.journal.all()) all.push_back(i.kind);
    return all;
  }
  std::string changed() const { return hand.live.changed.empty() ? "" : hand.live.changed.back(); }
};

using Texts = std::vector<std::string>;

TEST(rollouts, stages_reach_a_share_of_the_pods_that_serve_and_parameters_go_with_them) {
  Desk d(version(VersionKind::kConfiguration));
  d.params.stages = {{{}, Share{0.25}, 10_min}, {{}, Share{0.5}, 10_min}, {{}, Share{1}, 5_min}};
  const u32 number = d.roll_out();
  const auto reached = [&] {  // of the four pods of region a
    u64 n = 0;
    for (PodId pod = 0; pod < 4; ++pod)
      n += uniform(draw(d.hand.versions[0].brought.draws, pod)) <= d.hand.versions[0].threshold;
    return n;
  };
  EXPECT_EQ(reached(), 1U);
  EXPECT_EQ(d.changed(), "1: 8 0.250000");
  d.run(11_min);
  EXPECT_EQ(reached(), 2U);
  d.run(10_min);
  EXPECT_EQ(reached(), 4U);
  EXPECT_EQ(d.hand.versions[1].threshold, 1);
  EXPECT_TRUE(d.hand.versions[0].running_too);
  EXPECT_EQ(d.changed(), "1: 8 1.000000");
  EXPECT_FALSE(d.changes.rollouts().ending(number).over);
  d.run(5_min);
  EXPECT_TRUE(d.changes.rollouts().ending(number).over);
  EXPECT_EQ(d.kinds(),
            (Texts{"trouble", "version_stage", "version_stage", "version_stage", "version_out"}));
  EXPECT_EQ(d.hand.acts.count("restart1_"), 0U);
}

TEST(rollouts, a_stage_of_one_region_leaves_the_other_alone) {
  Desk d(version(VersionKind::kConfiguration));
  d.params.stages = {{{"b", ""}, Share{1}, 10_min}, {{}, Share{1}, 0_s}};
  d.roll_out();
  EXPECT_EQ(d.hand.versions[0].threshold, 0);
  EXPECT_EQ(d.hand.versions[1].threshold, 1);
  EXPECT_EQ(d.changed(), "1: 8 0.500000");  // what the service has once: the mean
  d.run(10_min);
  EXPECT_EQ(d.hand.versions[0].threshold, 1);
}

TEST(rollouts,
     a_binary_restarts_each_pod_once_as_it_goes_out_and_those_that_run_it_as_it_goes_back) {
  Desk d(version(VersionKind::kBinary));
  d.params.over = 10_min;
  d.params.steps = 4;
  d.roll_out();
  d.run(10_min);
  EXPECT_FALSE(d.hand.versions[0].running_too);
  EXPECT_EQ(d.hand.acts.count("restart1_0"), 4U);
  EXPECT_EQ(d.hand.acts.count("restart1_1"), 4U);
  d.hand.versions[0].pods = {1, 3};
  RollBackParams back;
  back.version = "v2";
  d.changes.rollouts().roll_back(back, d.happens());
  EXPECT_EQ(d.hand.versions[0].threshold, 0);
  EXPECT_EQ(d.hand.acts.count("restart2_0"), 1U);
  EXPECT_EQ(d.hand.pods[0].stopped, 4U);
  EXPECT_EQ(d.hand.acts.done.back(), "end of 1");
}

TEST(rollouts, a_gate_halts_and_rolls_back_because_of_what_showed_it) {
  Desk d(version(VersionKind::kConfiguration));
  d.params.stages = {{{}, Share{0.25}, 10_min}, {{}, Share{1}, 10_min}};
  d.params.gate.emplace();
  d.roll_out();
  EXPECT_EQ(d.watch.asked, 1U);
  d.run(5_min);
  const IncidentId seen = d.happens();
  d.watch.shown = {true, {seen}};
  d.run(1_h);
  const auto& all = d.world.journal.all();
  EXPECT_EQ(d.kinds(), (Texts{"trouble", "version_stage", "trouble", "version_halted",
                              "version_rolled_back"}));
  EXPECT_EQ(all[3].causes, (std::vector<IncidentId>{2, seen}));
  EXPECT_EQ(d.hand.versions[0].threshold, 0);
  EXPECT_EQ(d.changed(), "1: 8 0.000000");
  Desk calm(version(VersionKind::kConfiguration));  // nothing shown: it goes out
  calm.params = d.params;
  calm.roll_out();
  calm.run(1_h);
  EXPECT_EQ(calm.kinds().back(), "version_out");
}

TEST(rollouts, a_red_button_reaches_running_processes_within_its_propagation) {
  Desk d(version(VersionKind::kBinary));
  d.roll_out();
  const std::size_t acts = d.hand.acts.done.size();
  DisableParams off;
  off.name = "out";
  off.propagation = 10_min;
  d.changes.rollouts().disable(off, d.happens());
  EXPECT_EQ(d.hand.versions[0].threshold, 1);
  d.run(5_min + 1_s);
  EXPECT_GT(d.hand.versions[0].threshold, 0);
  EXPECT_LT(d.hand.versions[0].threshold, 1);
  EXPECT_TRUE(d.hand.versions[0].running_too);
  d.run(5_min);
  EXPECT_EQ(d.hand.versions[0].threshold, 0);
  EXPECT_EQ(d.hand.acts.done.size(), acts + 1);  // the end of the layer: nothing is restarted
}

TEST(rollouts, what_is_out_goes_out_once_and_what_is_not_is_not_taken_back) {
  Desk d(version(VersionKind::kConfiguration));
  RollBackParams back;
  back.version = "v2";
  d.changes.rollouts().roll_back(back, d.happens());
  EXPECT_EQ(d.kinds().back(), "nothing_rolled_back");
  EXPECT_NE(d.roll_out(), Rollouts::kNone);
  EXPECT_EQ(d.changes.rollouts().roll_out(d.params, "again", d.happens()), Rollouts::kNone);
  EXPECT_EQ(d.kinds().back(), "nothing_rolled_out");
  d.changes.rollouts().roll_back(back, d.happens());
  EXPECT_EQ(d.kinds().back(), "version_rolled_back");
  EXPECT_NE(d.roll_out(), Rollouts::kNone);  // it is not out any more
}

TEST(rollouts, files_are_good_and_bad_by_chance_and_the_chance_grows) {
  VersionParams v = version(VersionKind::kData);
  v.crash = "at the next refresh";
  v.refresh = RefreshParams{5_min, {}, Share{0.3}, 5_h};
  Desk d(std::move(v));
  d.roll_out();
  d.run(7_h);
  const std::vector<bool>& files = d.hand.versions[0].files;
  ASSERT_EQ(files.size(), 84U);
  EXPECT_EQ(files, d.hand.versions[1].files);
  const auto bad = [&](std::size_t from, std::size_t to) {
    return std::count(files.begin() + static_cast<i64>(from), files.begin() + static_cast<i64>(to),
                      true);
  };
  EXPECT_GT(bad(0, 30), 3);
  EXPECT_LT(bad(0, 30), 24);
  EXPECT_EQ(bad(60, 84), 24);
}

TEST(rollouts, of_a_crash_only_what_is_written_so_is_understood) {
  EXPECT_EQ(crash_rule("at start")->when, CrashWhen::kAtStart);
  EXPECT_EQ(crash_rule("after 500 requests")->requests, 500U);
  EXPECT_EQ(crash_rule("after 1 request")->requests, 1U);
  EXPECT_EQ(crash_rule("at the next refresh")->when, CrashWhen::kAtTheNextRefresh);
  EXPECT_EQ(crash_rule("")->when, CrashWhen::kNotAtAll);
  for (const char* text : {"at_start", "after requests", "after 0 requests", "after -1 requests",
                           "after 2x requests", "after 99999999999999999999 requests", "never"})
    EXPECT_FALSE(crash_rule(text)) << text;
}

}  // namespace test_rollouts
}  // namespace stampede
