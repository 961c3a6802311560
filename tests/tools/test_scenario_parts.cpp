// The similarity transform, inlined selections, expectations.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "models/changes/action.h"
#include "sim/registry.h"
#include "tests/directories.h"
#include "tools/language/yaml_loader.h"
#include "tools/world/load_scenario.h"
#include "tools/world/scale.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_scenario_parts {

std::string reference() { return source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml"; }

TEST(scale, divides_what_counts_and_leaves_times_and_ratios) {
  const Spec one = load_scenario(reference(), {}, {}).scenario.spec;
  for (const double s : {0.2, 0.05}) {
    Spec small = one;
    small.scale = s;
    small = scaled(small);
    EXPECT_EQ(small.scale, 1);
    EXPECT_NEAR(small.demand.rate.per_second, one.demand.rate.per_second * s, 1e-9);
    for (std::size_t r = 0; r < one.regions.size(); ++r) {
      const RegionParams &a = small.regions[r], &b = one.regions[r];
      i32 pods = 0, before = 0;
      for (std::size_t w = 0; w < b.pools.size(); ++w) {
        EXPECT_NEAR(a.pools[w].replicas, b.pools[w].replicas * s, 1);
        EXPECT_NEAR(*a.pools[w].min_replicas, *b.pools[w].min_replicas * s, 0.5);
        EXPECT_EQ(a.pools[w].gpu_limit, a.pools[w].replicas);  // full stays full
        pods += a.pools[w].replicas;
        before += b.pools[w].replicas;
      }
      EXPECT_NEAR(pods, before * s, 0.5);
      EXPECT_EQ(a.nodes * 8 - a.missing_gpus, pods);  // a GPU each
      EXPECT_EQ(a.share.value, b.share.value);
    }
    EXPECT_NEAR(static_cast<double>(small.kv_cache.initial_bytes.value),
                static_cast<double>(one.kv_cache.initial_bytes.value) * s, 1);
    EXPECT_NEAR(small.kv_cache.index_rate.per_second, one.kv_cache.index_rate.per_second * s, 1e-6);
    EXPECT_NEAR(static_cast<double>(small.control_plane.etcd.quota.value),
                static_cast<double>(one.control_plane.etcd.quota.value) * s, 1);
    EXPECT_NEAR(small.safety.sample_rate.value, one.safety.sample_rate.value / s, 1e-12);
    EXPECT_EQ(small.safety.minimum_count, one.safety.minimum_count);
    EXPECT_EQ(small.safety.threshold.value, one.safety.threshold.value);
    EXPECT_EQ(small.duration, one.duration);
    EXPECT_EQ(small.balancer.probe_interval, one.balancer.probe_interval);
    EXPECT_EQ(small.balancer.spill_cap.value, one.balancer.spill_cap.value);
    EXPECT_EQ(small.serving.pools[0].engine.max_num_seqs, one.serving.pools[0].engine.max_num_seqs);
    EXPECT_EQ(small.cluster.controllers.pod_size.value, one.cluster.controllers.pod_size.value);
  }
  const Spec mitigated =
      load_scenario(reference(), {parse_set("spec.scale=1/20")}, {"queue_limit"}).scenario.spec;
  EXPECT_NE(scaled(mitigated).mitigations.at(0).params, mitigated.mitigations.at(0).params)
      << "the parameters of a selection are shared with what was not scaled";
  Spec same = scaled(one);
  EXPECT_EQ(same.regions[0].pools[0].replicas, one.regions[0].pools[0].replicas);
}

TEST(output, an_interval_changes_the_samples_and_nothing_else) {
  std::string digest;
  for (const char* interval : {"1s", "7s", "10s"}) {
    const Loaded loaded =
        load_scenario(source_directory() + "/scenarios/templates/init.yaml",
                      {parse_set("spec.duration=70s"),
                       parse_set(std::string("spec.output.interval=") + interval)});
    const RunResults results = run_simulation(loaded.scenario, {});
    if (digest.empty()) digest = results.digest;
    EXPECT_EQ(results.digest, digest) << interval;
    const double step = std::stod(interval);
    ASSERT_EQ(results.series_times.size(), static_cast<std::size_t>(70 / step)) << interval;
    for (std::size_t k = 0; k < results.series_times.size(); ++k)
      EXPECT_EQ(results.series_times[k], static_cast<double>(k + 1) * step);
  }
}

struct StepRoot {
  std::vector<StepParams> steps;
  std::vector<TimelineParams> timeline;
  static void describe(Schema<StepRoot>& s) {
    s.field("steps", &StepRoot::steps);
    s.field("timeline", &StepRoot::timeline);
  }
};
std::string read(const std::string& text, StepRoot& root) {
  try {
    YamlLoader loader(type_of<StepRoot>(), &root, SourceText{"f.yaml", text});
    loader.read_source();
    loader.finish();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(inlined_selection, its_keys_stand_among_those_of_the_step_in_any_order) {
  StepRoot root;
  ASSERT_EQ(read("steps:\n"
                 "  - {pin_to_fleet: true, name: a, delay: 3min, do: restart_autoscaler}\n"
                 "  - {name: b, action: {do: page}}\n"
                 "timeline:\n"
                 "  - {policy: {export: missing}, do: push_routing_policy, target: {region: x},"
                 " at: 5s}\n",
                 root),
            "");
  EXPECT_EQ(root.steps[0].action.name, "restart_autoscaler");
  EXPECT_EQ(root.steps[0].delay, 3_min);
  EXPECT_EQ(root.steps[1].action.name, "page");
  EXPECT_EQ(root.timeline[0].action.name, "push_routing_policy");
  EXPECT_EQ(root.timeline[0].at, 5_s);
}

// What an action is called and how long it lasts are keys of the action, so that a list may name a
// change more than once: where it begins and where it is taken back.
TEST(inlined_selection, a_timeline_names_a_change_and_its_undo_alike) {
  StepRoot root;
  EXPECT_EQ(read("timeline:\n"
                 "  - {at: 5s, do: slow_disk, by: 1s, for: 1h, name: disk}\n"
                 "  - {at: 6s, do: undo, name: disk}\n",
                 root),
            "");
  EXPECT_NE(read("timeline: [{at: 5s, do: page, for: 1h}]\n", root).find("does not heal"),
            std::string::npos);
}

// Written apart, a key of the action means the action also where the step has one of its name.
TEST(inlined_selection, written_apart_an_action_has_its_own_for) {
  StepRoot root;
  EXPECT_EQ(
      read("steps: [{name: a, for: 1min, action: {do: slow_disk, by: 1s, for: 5min}}]\n", root),
      "");
  EXPECT_EQ(root.steps.at(0).sustained, 1_min);
  const Span span = action_entries().at("slow_disk").span(root.steps.at(0).action.params.get());
  EXPECT_EQ(span.lasts, 5_min);
}

// A step's keys win over those of its action, so none but these may be meant by both.
TEST(inlined_selection, no_action_shares_a_key_with_a_step) {
  // `for` and `name` of a step are its own; `delay` is the older name of two keys.
  const std::set<std::string> known{"for", "name", "delay"};
  std::set<std::string> shared;
  for (const auto& [key, entry] : Registry::global().all()) {
    if (entry.category != "action") continue;
    for (const FieldInfo& f : entry.params->fields)
      for (const FieldInfo& own : type_of<StepParams>().fields)
        if (f.key == own.key) shared.insert(f.key);
  }
  EXPECT_EQ(shared, known);
}

TEST(inlined_selection, faults_are_placed_at_the_key_that_is_wrong) {
  StepRoot root;
  const auto fault = [&](const std::string& text) {
    root = {};
    return read("steps: [{name: a, " + text + "}]\n", root);
  };
  EXPECT_TRUE(fault("do: pgae").starts_with("f.yaml:1:23: ")) << fault("do: pgae");
  EXPECT_NE(fault("do: pgae").find("did you mean 'page'"), std::string::npos);
  EXPECT_NE(fault("do: page, pin_to_flet: true").find("f.yaml:1:29: "), std::string::npos)
      << fault("do: page, pin_to_flet: true");
  EXPECT_NE(fault("do: restart_autoscaler, pin_to_flet: true").find("'pin_to_fleet'"),
            std::string::npos);
  EXPECT_NE(fault("do: page, do: page"), "");
  EXPECT_NE(fault("delay: 5s"), "");  // no action at all
  EXPECT_NE(fault("do: page, action: {do: page}"), "");
  // The step's own `name` is not that of the change.
  EXPECT_NE(fault("do: undo").find("write `action: {do: ..., name: ...}`"), std::string::npos)
      << fault("do: undo");
  EXPECT_EQ(fault("action: {do: undo, name: disk}"), "");
}

std::string judged(const std::string& text, const Facts& facts) {
  struct Root {
    std::vector<ExpectationSelection> expect;
    static void describe(Schema<Root>& s) { s.field("expect", &Root::expect); }
  };
  Root root;
  YamlLoader loader(type_of<Root>(), &root, SourceText{"f.yaml", "expect: [" + text + "]"});
  loader.read_source();
  loader.finish();
  return judge(root.expect.at(0), facts).wrong;
}

TEST(expectations, hold_within_their_bounds_and_say_what_was_found) {
  std::vector<Incident> incidents;
  Facts f;
  f.incidents = &incidents;
  f.downtime_seconds = 7200;
  f.surge_average = 3;
  f.flush_seconds = 14820;
  f.availability = 0.75;
  f.hit_ratio = 0.5;
  for (const char* good :
       {"{that: downtime, between: [2h, 3h]}", "{that: surge, between: [2.6, 3]}",
        "{that: flush, between: [4h, 275min]}", "{that: availability, between: [0.7, 0.8]}",
        "{that: hit_ratio, between: [0.5, 0.5]}", "{that: no_incidents}",
        "{that: no_incident, kind: x}"})
    EXPECT_EQ(judged(good, f), "") << good;
  EXPECT_EQ(judged("{that: downtime, between: [0s, 1h]}", f),
            "downtime: downtime_seconds is 7200, expected between 0 and 3600");
  for (const char* bad : {"{that: surge, between: [3.1, 4]}", "{that: surge, between: [3]}",
                          "{that: flush, between: [1h, 4h]}", "{that: requests_conserved}",
                          "{that: recovered}", "{that: incident, kind: breaker_opened}"})
    EXPECT_NE(judged(bad, f), "") << bad;
  f.surge_average = std::nan("");
  EXPECT_NE(judged("{that: surge, between: [0, 9]}", f), "");
  f.conserved = f.recovered = true;
  incidents.push_back({});
  incidents[0].kind = "breaker_opened";
  for (const char* good : {"{that: requests_conserved}", "{that: recovered}",
                           "{that: incident, kind: breaker_opened}"})
    EXPECT_EQ(judged(good, f), "") << good;
  EXPECT_NE(judged("{that: no_incidents}", f), "");
  EXPECT_NE(judged("{that: no_incident, kind: breaker_opened}", f), "");
}

}  // namespace test_scenario_parts
}  // namespace stampede
