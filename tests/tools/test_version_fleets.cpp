// Versions on a small fleet: what their processes do to requests, how crash loops back off, that
// gates, roll-backs and red buttons end it, and that a version that does nothing changes nothing.
#include <gtest/gtest.h>

#include "models/cluster/cluster.h"
#include "models/ports/region_figures_port.h"
#include "tests/tools/played.h"
#include "tools/world/fleet.h"
#include "tools/world/scale.h"

namespace stampede::test {
namespace test_version_fleets {

Played played(const std::string& version, const std::string& timeline,
              std::vector<std::string> more = {}) {
  more.push_back("spec.versions=[{name: v2, " + version + "}]");
  return play(timeline, more);
}

void expect_one_root(const Played& run, const std::set<std::string>& roots) {
  for (const Incident& i : run.incidents)
    for (const std::string& root : roots_of(run.incidents, i))
      EXPECT_EQ(roots.count(root) + (root == "recovered"), 1U) << i.kind << " from " << root;
}

// What a version does from minute 10 to its end at 20, and what requests see of it.
struct Case {
  const char *name, *version, *kind;
  double lost_above = 0, slower = 0;
};

class VersionFaults : public testing::TestWithParam<Case> {};

TEST_P(VersionFaults, harms_while_it_is_out_and_is_what_all_follows_from) {
  const Case& c = GetParam();
  const Played run = played(c.version, "{at: 10min, do: roll_out, version: v2, for: 10min}");
  EXPECT_GE(run.count(c.kind), 1U);
  const Span during = run.requests.span(10, 20), after = run.requests.span(45, 55);
  EXPECT_GE(during.lost_share(), c.lost_above);
  if (c.slower > 0) {
    EXPECT_GE(during.mean_ttft(), c.slower * healthy().requests.span(10, 20).mean_ttft());
  }
  EXPECT_LT(after.lost_share(), 0.002);
  EXPECT_LT(after.mean_ttft(), 1.2 * healthy().requests.span(45, 55).mean_ttft());
  expect_one_root(run, {"roll_out"});
}

INSTANTIATE_TEST_SUITE_P(
    all, VersionFaults,
    testing::Values(
        Case{"refuse", "kind: configuration, refuse: 40%", "version_stage", 0.1},
        Case{"slow", "kind: configuration, slow: 4", "version_stage", 0, 1.5},
        Case{"crash_at_start", "crash: at start", "crash_looping", 0.3},
        Case{"crash_in_time", "kind: data, crash: after 2min", "processes_crash", 0.05},
        Case{"wrong", "kind: data, wrong: 30%", "version_out", 0.2},
        Case{"crash_after", "kind: data, crash: after 20 requests", "processes_crash", 0.1},
        Case{"leak", "kind: configuration, leak: {per_request: 300MB, limit: 16GiB}",
             "out_of_memory", 0.1},
        Case{"leak_by_time", "kind: configuration, leak: {per_minute: 3GB, limit: 16GiB}",
             "out_of_memory", 0.1},
        Case{"set",
             "kind: configuration, set: [{path: spec.gateway.rate_limit.requests, value: '10'}]",
             "version_stage", 0.1}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(version_fleets, a_version_that_does_nothing_changes_nothing) {
  const Played run =
      played("kind: data, crash: at the next refresh, refresh: {bad_probability: 0%}",
             "{at: 10min, do: roll_out, version: v2}");
  EXPECT_EQ(run.count("version_out"), 1U);
  EXPECT_EQ(run.count("processes_crash"), 0U);
  EXPECT_EQ(run.results, healthy().results);
}

// A configuration that is read at the start only is a trap for whoever restarts.
TEST(version_fleets, a_crash_at_start_waits_for_a_start) {
  const std::string version = "kind: configuration, crash: at start";
  const Played calm = played(version, "{at: 10min, do: roll_out, version: v2}");
  EXPECT_EQ(calm.results, healthy().results);
  const Played run = played(version,
                            "{at: 10min, do: roll_out, version: v2}, {at: 20min, do: "
                            "kill_pods, target: {region: east, count: 3}}");
  EXPECT_EQ(run.count("crash_looping"), 1U);
  expect_one_root(run, {"roll_out", "kill_pods"});
}

// What living processes do because of code and data together names both roll-outs too.
TEST(version_fleets, what_processes_do_because_of_two_versions_names_both) {
  for (const auto& [trait, kind] : {std::pair{"refuse: 100%", "processes_refuse"},
                                    {"wrong: 100%", "processes_answer_wrong"},
                                    {"slow: 20", "processes_slow"}}) {
    const Played run =
        play("{at: 1min, do: roll_out, version: code}, {at: 5min, do: roll_out, version: rules}",
             {"spec.versions=[{name: code, kind: configuration}, {name: rules, kind: data, " +
                  std::string(trait) + ", with: code}]",
              "spec.operations.steps=[{name: pager, when: success_below, below: 90%, do: page}]",
              "spec.duration=30min"});
    EXPECT_EQ(run.count(kind), 2U) << "one of each region";
    EXPECT_EQ(run.count("paged"), 1U);
    for (const Incident& i : run.incidents)
      if (i.kind == kind) {
        EXPECT_EQ(i.causes.size(), 2U);
      }
    for (const Incident& i : run.incidents)
      if (i.kind == "paged") {
        for (const IncidentId cause : i.causes) EXPECT_EQ(run.incidents[cause - 1].kind, kind);
      }
  }
}

// Neither harms alone, each roll-back ends it, and what happens names both.
TEST(version_fleets, a_bug_of_code_and_data_together_shows_where_both_are) {
  const auto with = [](const std::string& timeline) {
    return play(timeline,
                {"spec.versions=[{name: code, kind: configuration}, {name: rules, kind: data, "
                 "crash: after 1 requests, with: code}]"});
  };
  const std::string code = "{at: 5min, do: roll_out, version: code, name: code}";
  const std::string rules = "{at: 10min, do: roll_out, version: rules, name: rules}";
  EXPECT_EQ(with(code).results, healthy().results);
  EXPECT_EQ(with(rules).results, healthy().results);
  for (const char* back : {"code", "rules"}) {
    const Played run =
        with(code + ", " + rules + ", {at: 20min, do: roll_back, version: " + back + "}");
    EXPECT_EQ(run.count("processes_crash"), 2U) << "one of each region";
    EXPECT_GE(run.count("crash_looping"), 1U);
    EXPECT_EQ(run.count("crash_looping"), run.count("crash_loop_ended"));
    EXPECT_GT(run.requests.span(10, 20).lost_share(), 0.3);
    EXPECT_LT(run.requests.span(45, 55).lost_share(), 0.002);
    for (const Incident& i : run.incidents)
      if (i.kind == "processes_crash") {
        EXPECT_EQ(i.causes.size(), 2U);
      }
  }
}

TEST(version_fleets, good_and_bad_files_alternate_then_all_are_bad_until_a_red_button) {
  const Played run = played(
      "kind: data, crash: at the next refresh, refresh: {period: 5min, bad_probability: 30%, "
      "grows_over: 35min}",
      "{at: 1min, do: roll_out, version: v2}, {at: 50min, do: disable, version: v2}",
      {"spec.duration=80min"});
  EXPECT_GE(run.count("bad_file"), 2U);
  EXPECT_GE(run.count("good_file"), 1U);
  std::string last;
  for (const Incident& i : run.incidents) {
    if (i.kind != "bad_file" && i.kind != "good_file") continue;
    EXPECT_NE(i.kind, last);  // told when it is another
    last = i.kind;
  }
  EXPECT_EQ(last, "bad_file");
  EXPECT_GT(run.requests.span(45, 50).lost_share(), 0.5);
  EXPECT_LT(run.requests.span(70, 78).lost_share(), 0.002);
  expect_one_root(run, {"roll_out", "disable"});
}

TEST(version_fleets, a_gate_halts_a_roll_out_by_stages_and_rolls_it_back) {
  const std::string stages =
      "{at: 10min, do: roll_out, version: v2, stages: [{share: 30%, soak: "
      "10min}, {share: 100%, soak: 10min}]";
  const std::string version = "kind: configuration, refuse: 60%";
  const Played open = played(version, stages + "}");
  EXPECT_EQ(open.count("version_out"), 1U);
  const Played gated =
      played(version, stages +
                          ", gate: {signal: refused_503_total, over_regions: sum, rate_over: 1min, "
                          "above: 0.2/s}}");
  EXPECT_EQ(gated.count("version_halted"), 1U);
  EXPECT_EQ(gated.count("version_rolled_back"), 1U);
  EXPECT_EQ(gated.count("version_stage"), 1U);
  EXPECT_EQ(gated.count("version_out"), 0U);
  EXPECT_LT(gated.requests.span(20, 55).lost_share(), 0.002);
  EXPECT_GT(open.requests.span(20, 55).lost_share(), 0.1);
  expect_one_root(gated, {"roll_out"});
}

TEST(version_fleets, a_roll_back_restores_and_restarts_those_that_run_the_binary) {
  const Played run = played("slow: 5",
                            "{at: 10min, do: roll_out, version: v2, max_unavailable: 2}, "
                            "{at: 35min, do: roll_back, version: v2, max_unavailable: 2}");
  EXPECT_EQ(run.count("version_rolled_back"), 1U);
  EXPECT_EQ(run.count("restarts_done"), 4U);  // of two regions, out and back
  const double normal = healthy().requests.span(50, 58).mean_ttft();
  EXPECT_GT(run.requests.span(25, 35).mean_ttft(), 1.5 * normal);
  EXPECT_LT(run.requests.span(52, 58).mean_ttft(), 1.2 * normal);
}

// It is over when the last pod runs what was there before.
TEST(version_fleets, a_version_is_gone_when_the_last_pod_has_been_restarted) {
  const Played run = played("slow: 5",
                            "{at: 10min, do: roll_out, version: v2, max_unavailable: 2}, "
                            "{at: 35min, do: roll_back, version: v2, max_unavailable: 2}");
  double gone = 0, restarted = 0;
  for (const Incident& i : run.incidents) {
    if (i.kind == "version_gone") {
      gone = i.at.seconds();
      EXPECT_EQ(causes_of(run, i), (std::set<std::string>{"version_rolled_back"}));
    }
    if (i.kind == "restarts_done") restarted = i.at.seconds();
  }
  EXPECT_EQ(run.count("version_gone"), 1U);
  EXPECT_GE(gone, restarted);
  EXPECT_LE(gone, restarted + 5);
  EXPECT_GT(restarted, 36 * 60);
}

// What goes back at once is gone with the roll-back, and an undo is its own end.
TEST(version_fleets, what_goes_back_at_once_is_not_told_twice) {
  EXPECT_EQ(played("kind: data, refuse: 40%",
                   "{at: 10min, do: roll_out, version: v2}, {at: 20min, do: disable, version: v2}")
                .count("version_gone"),
            0U);
  EXPECT_EQ(
      played("slow: 5", "{at: 10min, do: roll_out, version: v2, for: 5min}").count("version_gone"),
      0U);
}

TEST(version_fleets, an_undo_amid_a_roll_back_of_one_region_is_its_end) {
  const Played run = played(
      "slow: 5",
      "{at: 10min, do: roll_out, version: v2, name: out}, {at: 20min, do: roll_back, version: v2, "
      "target: {region: east}, max_unavailable: 1}, {at: 20min30s, do: undo, name: out}");
  EXPECT_EQ(run.count("version_rolled_back"), 1U);
  EXPECT_EQ(run.count("version_gone"), 0U);
}

// Region after region, as operators do it; the roll-out is over with the last.
TEST(version_fleets, regions_are_rolled_back_one_by_one) {
  const auto back = [](const char* at, const char* region) {
    return std::string(", {at: ") + at +
           ", do: roll_back, version: v2, target: {region: " + region + "}}";
  };
  const std::string out = "{at: 5min, do: roll_out, version: v2}";
  const std::string version =
      "kind: data, refuse: 60%, set: [{path: "
      "'spec.serving.pools[0].front_end.cpu_per_request', value: 30ms}]";
  const auto east_fails = [](const Played& run, double from, double to) {
    return run.requests.span(from, to).lost_share();
  };
  const Played all = played(version, out);
  const Played one = played(version, out + back("15min", "east"));
  const Played both = played(version, out + back("15min", "east") + back("30min", "west"));
  EXPECT_GT(east_fails(all, 16, 29), 0.4);
  EXPECT_LT(east_fails(one, 16, 29), 0.7 * east_fails(all, 16, 29));
  EXPECT_GT(east_fails(one, 31, 55), 0.1) << "west keeps it";
  EXPECT_LT(east_fails(both, 31, 55), 0.002);
  EXPECT_EQ(one.count("version_rolled_back"), 1U);
  EXPECT_EQ(both.count("version_rolled_back"), 2U);
  expect_one_root(both, {"roll_out", "roll_back"});
  const Played site =
      played(version, out + ", {at: 15min, do: roll_back, version: v2, target: {site: coast}}",
             {"spec.regions[0].site=coast"});
  EXPECT_EQ(site.results, one.results) << "east is the only region there";
}

// A region that is rolled back while the roll-out goes on is not reached by its later stages.
TEST(version_fleets, a_region_that_went_back_is_left_alone_by_later_stages) {
  const Played run = played("kind: data, refuse: 100%",
                            "{at: 5min, do: roll_out, version: v2, over: 20min, steps: 5}, "
                            "{at: 12min, do: roll_back, version: v2, target: {region: east}}, "
                            "{at: 13min, do: roll_back, version: v2, target: {region: west}}");
  EXPECT_LT(run.requests.span(15, 55).lost_share(), 0.002);
  EXPECT_EQ(run.count("version_out"), 0U);
}

// What dies by counting requests dies of those who sent more of them, too.
TEST(version_fleets, processes_that_leak_by_request_name_the_load_that_filled_them) {
  const std::string leak = "kind: configuration, leak: {per_request: 100MB, limit: 30GiB}";
  const std::string out = "{at: 1min, do: roll_out, version: v2}";
  const auto roots = [&](const Played& run) {
    std::set<std::string> all;
    for (const Incident& i : run.incidents)
      if (i.kind == "out_of_memory")
        for (const std::string& cause : causes_of(run, i)) all.insert(cause);
    return all;
  };
  EXPECT_EQ(roots(played(leak, out)), (std::set<std::string>{"roll_out"}));
  const Played spiked = played(leak, out + ", {at: 3min, do: spike, factor: 4, for: 10min}");
  EXPECT_EQ(roots(spiked), (std::set<std::string>{"roll_out", "spike"}));
  const std::string by_time = "kind: configuration, leak: {per_minute: 6GB, limit: 30GiB}";
  EXPECT_EQ(roots(played(by_time, out + ", {at: 3min, do: spike, factor: 4, for: 10min}")),
            (std::set<std::string>{"roll_out"}));
}

// A rolling update waits for each pod to be ready: one that crashes at its start takes no more than
// so many.
TEST(version_fleets, a_rolling_update_to_a_crashing_binary_stands_still) {
  const Played run =
      played("crash: at start", "{at: 10min, do: roll_out, version: v2, max_unavailable: 1}");
  EXPECT_EQ(run.count("restarts_done"), 0U);
  EXPECT_LT(run.requests.span(15, 55).lost_share(), 0.01);
}

// Pods that crash together come back together unless the back-off differs: how many seconds lie
// between the first and the last of a region that serves again.
double comeback(const std::string& jitter) {
  std::vector<Override> sets;
  for (const std::string& text :
       {std::string("spec.versions=[{name: v2, kind: data, crash: at the next refresh, refresh: "
                    "{period: 5min}}]"),
        std::string("spec.timeline=[{at: 0s, do: roll_out, version: v2}, {at: 14min, do: disable, "
                    "version: v2}]"),
        std::string("spec.operations.steps=[]"), std::string("spec.expect=[]"),
        std::string("spec.cluster.start.warm_up_sigma=0"),
        "spec.cluster.kubelet.restart_backoff_jitter=" + jitter})
    sets.push_back(parse_set(text));
  Fleet fleet(
      load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario.spec);
  fleet.start();
  const RegionFiguresPort& east = *fleet.observed().regions[0];
  double first = 0, last = 0;
  std::size_t before = 0;
  for (int second = 0; second < 1800; ++second) {
    fleet.world.scheduler.run_until(Instant{} + 1_s * second);
    if (second % 5 == 0) fleet.refresh_views();
    const std::size_t now = east.serving_pods(0);
    if (second > 840 && now > before) {
      if (first == 0) first = second;
      last = second;
    }
    before = now;
  }
  EXPECT_GE(before, 6U);
  return last - first;
}

TEST(version_fleets, a_herd_of_restarts_spreads_with_jitter_and_not_without) {
  const double together = comeback("0%"), spread = comeback("100%");
  EXPECT_LT(together, 15);
  EXPECT_GT(spread, 60);
}

// At another scale the same share of requests is lost.
TEST(version_fleets, of_half_the_fleet_half_the_demand_loses_the_same_share) {
  const auto lost = [](const char* scale) {
    double sum = 0;
    for (int seed = 1; seed <= 4; ++seed) {
      const Played run = played(
          "kind: configuration, refuse: 60%, set: [{path: spec.gateway.max_queue, value: '32'}]",
          "{at: 5min, do: roll_out, version: v2, stages: [{share: 50%, soak: 10min}, {}]}",
          {"spec.demand.rate=12/s", "spec.regions[*].nodes=4",
           "spec.regions[*].pools[0].replicas=20", "spec.regions[*].pools[0].gpu_limit=32",
           "spec.cluster.workloads[0].autoscaler.max_replicas=32", "spec.duration=25min",
           "spec.seed=" + std::to_string(seed), std::string("spec.scale=") + scale});
      sum += run.requests.span(5, 20).lost_share() / 4;
    }
    return sum;
  };
  const double whole = lost("1"), half = lost("1/2");
  EXPECT_GT(whole, 0.05);
  EXPECT_NEAR(half, whole, 0.25 * whole);
}

}  // namespace test_version_fleets
}  // namespace stampede::test
