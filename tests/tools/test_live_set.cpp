// `do: set`: layers of values and who hears of them, stages, what the loader refuses and what it
// says, and whose consequence a change's consequences are.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/property/live_fleet.h"
#include "tools/world/live_values.h"

namespace stampede {
namespace test_live_set {

using namespace test;

struct Heard final : Tunable {
  std::vector<std::string> paths;
  std::vector<IncidentId> causes;
  void retuned(const LiveChange& change) override {
    paths.emplace_back(change.path);
    causes.push_back(change.cause);
  }
};

// The control planes of two regions, and the balancer.
struct Held {
  Spec spec = live_scenario().spec;
  ApiServerParams planes[2]{spec.control_plane, spec.control_plane};
  EtcdParams etcds[2]{spec.control_plane.etcd, spec.control_plane.etcd};
  GlobalBalancerParams balancer = spec.balancer;
  ClientClassParams agents = spec.clients[1];
  Heard east, west, global;
  World world{1};
  LiveValues live{spec, world};
  Held() {
    live.add("spec.balancer", live_root(balancer, &global));
    live.add("spec.clients[1]", live_root(agents, &global));
    live.add("spec.control_plane", 0, live_root(planes[0], &east));
    live.add("spec.control_plane", 1, live_root(planes[1], &west));
    live.add("spec.control_plane.etcd", 0, live_root(etcds[0], &east));
    live.add("spec.control_plane.etcd", 1, live_root(etcds[1], &west));
  }
  u32 set(const std::string& path, const std::string& value, IncidentId cause,
          std::vector<RegionId> where = {0, 1}) {
    const u32 layer = live.begin(path, where, cause);
    live.change(layer, value, 1);
    return layer;
  }
};

TEST(live_values, of_layers_the_one_that_began_last_is_in_force_and_each_ends_alone) {
  Held h;
  const u32 one = h.set("spec.control_plane.seats", "60", 1);
  const u32 two = h.set("spec.control_plane.seats", "90", 2, {0});
  EXPECT_EQ(h.planes[0].seats, 90);
  EXPECT_EQ(h.planes[1].seats, 60);
  h.live.change(one, "70", 1);  // a stage of the one below
  EXPECT_EQ(h.planes[0].seats, 90);
  EXPECT_EQ(h.planes[1].seats, 70);
  h.live.end(one, kNoIncident);
  EXPECT_EQ(h.planes[0].seats, 90);
  EXPECT_EQ(h.planes[1].seats, 30);
  h.live.end(two, kNoIncident);
  EXPECT_EQ(h.planes[0].seats, 30);
  // Nobody hears of what stays as it is, and the scenario's own value has no cause.
  EXPECT_EQ(h.east.causes, (std::vector<IncidentId>{1, 2, kNoIncident}));
  EXPECT_EQ(h.west.causes, (std::vector<IncidentId>{1, 1, kNoIncident}));
  EXPECT_EQ(h.east.paths.front(), "control_plane.seats");
}

TEST(live_values, the_nearest_root_holds_a_value_and_the_service_has_some_once) {
  Held h;
  h.set("spec.control_plane.etcd.fsync", "20ms", 1, {1});
  EXPECT_EQ(h.etcds[1].fsync, 20_ms);
  EXPECT_EQ(h.etcds[0].fsync, 5_ms);
  EXPECT_EQ(h.planes[1].etcd.fsync, 5_ms);  // a copy that nobody acts by
  EXPECT_EQ(h.west.paths, std::vector<std::string>{"control_plane.etcd.fsync"});
  h.set("spec.regions.east.control_plane.etcd.fsync", "30ms", 1);
  EXPECT_EQ(h.etcds[0].fsync, 30_ms);
  EXPECT_EQ(h.etcds[1].fsync, 20_ms);
  h.set("spec.balancer.fall", "9", 1);
  EXPECT_EQ(h.balancer.fall, 9U);
  h.set("spec.clients.agents.total_timeout", "7s", 1);
  EXPECT_EQ(h.agents.total_timeout, 7_s);
  EXPECT_EQ(h.global.paths.back(), "clients[1].total_timeout");
}

TEST(live_values, what_was_absent_is_absent_again) {
  Held h;
  EXPECT_FALSE(h.agents.retry.cap.has_value());
  const u32 layer = h.set("spec.clients.agents.retry.cap", "3s", 1);
  EXPECT_EQ(h.agents.retry.cap, 3_s);
  h.live.end(layer, kNoIncident);
  EXPECT_FALSE(h.agents.retry.cap.has_value());
}

TEST(live_values, parts_of_the_way_begin_at_what_was_in_force) {
  Held h;
  h.set("spec.control_plane.seats", "50", 1);
  const u32 layer = h.live.begin("spec.control_plane.seats", {0}, 2);
  h.live.change(layer, "100", 0.25);
  EXPECT_EQ(h.planes[0].seats, 63);  // whole numbers, rounded
  h.live.change(layer, "100", 1);
  EXPECT_EQ(h.planes[0].seats, 100);
  const u32 slower = h.live.begin("spec.control_plane.etcd.fsync", {0}, 3);
  h.live.change(slower, "25ms", 0.5);
  EXPECT_EQ(h.etcds[0].fsync, 15_ms);
}

// What the loader says first of a timeline's entry, with its key; empty: it takes it.
std::string said(const std::string& entries) {
  try {
    live_scenario({}, entries);
  } catch (const InputError& error) {
    const Diagnostic& d = error.diagnostics.front();
    EXPECT_GT(d.line, 0U) << error.what();
    EXPECT_GT(d.column, 0U) << error.what();
    return d.path.substr(d.path.find("action") + 7) + ": " + d.message;
  }
  return "";
}

std::string one(const std::string& keys) { return said("    - {at: 5s, do: set, " + keys + "}\n"); }

TEST(live_values, a_large_whole_number_is_a_whole_number_on_its_way) {
  Held h;
  const u32 layer = h.live.begin("spec.control_plane.seats", {0, 1}, 1);
  h.live.change(layer, "1999970", 0.5);
  EXPECT_EQ(h.planes[0].seats, 1'000'000);
}

TEST(live_paths, what_cannot_be_set_is_refused_with_a_reason_and_the_nearest_that_can) {
  EXPECT_EQ(one("path: spec.gateway.max_que, value: 4"),
            "path: this scenario has no parameter 'spec.gateway.max_que'; did you mean "
            "'spec.gateway.max_queue'?");
  EXPECT_EQ(one("path: spec.etcd.fsync, value: 4ms"),
            "path: this scenario has no parameter 'spec.etcd.fsync'; did you mean "
            "'spec.control_plane.etcd.fsync'?");
  EXPECT_EQ(one("path: gateway.max_queue, value: 4"),
            "path: 'gateway.max_queue': a path begins with `spec.`; did you mean "
            "'spec.gateway.max_queue'?");
  EXPECT_EQ(one("path: spec.control_plane.etcd.members, value: 1"),
            "path: 'spec.control_plane.etcd.members' is fixed while a run goes on: an etcd member "
            "joins or leaves by a change of the cluster itself");
  for (const char* fixed : {"spec.cluster.gpus_per_node", "spec.network.prefixes_per_region",
                            "spec.network.bgp.flap_damping", "spec.kv_cache.block_tokens",
                            "spec.safety.scope", "spec.serving.pools[0].engine.kv_blocks"})
    EXPECT_NE(one(std::string("path: \"") + fixed + "\", value: 1").find("is fixed while a run"),
              std::string::npos)
        << fixed;
  EXPECT_EQ(one("path: spec.seed, value: 4").substr(0, 55),
            "path: 'spec.seed' cannot be changed while a run goes on");
  EXPECT_EQ(one("path: spec.gateway, value: 4"),
            "path: 'spec.gateway' is a group; name one value, such as "
            "spec.gateway.rate_limit.requests");
  EXPECT_NE(one("path: spec.clients.wob.share, value: 4%").find("'spec.clients.web.share'"),
            std::string::npos);
}

TEST(live_paths, values_are_checked_as_in_the_file) {
  EXPECT_EQ(one("path: spec.balancer.ttl, value: 5s"), "");
  EXPECT_NE(one("path: spec.balancer.ttl, value: 5"), "");
  EXPECT_EQ(one("path: spec.balancer.ttl, value: 5").substr(0, 6), "value:");
  EXPECT_EQ(one("path: spec.balancer.ttl, value: 2d"), "value: 2d is above the most allowed, 24h");
  EXPECT_EQ(one("path: spec.balancer.mode, value: dsn"),
            "value: 'dsn' is none of dns, anycast, home; did you mean 'dns'?");
  EXPECT_EQ(one("path: spec.balancer.probe_timeout, value: 10s"),
            "value: '10s' would contradict the rest: spec.balancer.probe_timeout: 10s is above "
            "probe_interval, 5s");
  // Not what an earlier change has made possible, while it lasts.
  const std::string longer =
      "    - {at: 5s, do: set, path: spec.balancer.probe_interval, value: 20s, for: 1min}\n";
  EXPECT_EQ(said(longer + set_at("30s", "spec.balancer.probe_timeout", "10s")), "");
  EXPECT_NE(said(longer + set_at("90s", "spec.balancer.probe_timeout", "10s")), "");
  EXPECT_EQ(one("path: spec.balancer.ttl"), "path: it needs a `value`, or `stages`");
}

TEST(live_paths, targets_and_stages_are_checked) {
  EXPECT_EQ(one("path: spec.gateway.max_queue, value: 4, target: {region: east}"), "");
  EXPECT_EQ(one("path: spec.gateway.max_queue, value: 4, target: {region: est}"),
            "target.region: no region is called 'est'; did you mean 'east'?");
  EXPECT_EQ(one("path: spec.balancer.ttl, value: 4s, target: {region: east}"),
            "target.region: the service has 'spec.balancer.ttl' once, for all regions: leave "
            "`target` out");
  EXPECT_EQ(one("path: spec.regions.east.gateway.max_queue, value: 4"), "");
  EXPECT_EQ(one("path: spec.regions.est.gateway.max_queue, value: 4"),
            "path: no region is called 'est'; did you mean 'east'?");
  EXPECT_EQ(one("path: spec.gateway.max_queue, value: 9, over: 10s, steps: 5"), "");
  EXPECT_EQ(one("path: spec.balancer.panic, value: true, over: 10s"),
            "over: only a number goes there in steps; write `stages`");
  EXPECT_EQ(one("path: spec.clients.agents.retry.cap, value: 1s, over: 10s"),
            "over: 'spec.clients.agents.retry.cap' has no value from which to go; write `stages`");
  EXPECT_EQ(one("path: spec.gateway.max_queue, value: 9, over: 10s, for: 10s"),
            "for: it is over before the last stage, at 10s");
  const std::string stages = "path: spec.gateway.max_queue, stages: ";
  EXPECT_EQ(one(stages + "[{after: 0s, value: 4}, {after: 9s, value: 2}]"), "");
  EXPECT_EQ(one(stages + "[{after: 9s, value: 4}, {after: 2s, value: 2}]"),
            "stages[1].after: 2s is not after the stage before, at 9s: stages stand in order of "
            "time");
  EXPECT_NE(
      one(stages + "[{after: 0s, value: 4}, {after: 9s, value: few}]").find("stages[1].value: "),
      std::string::npos);
  EXPECT_EQ(one(stages + "[{after: 0s, value: 4}], value: 3"),
            "value: a value or `stages`, not both");
}

const Incident* first(const RunResults& run, const std::string& kind) {
  const auto found = std::find_if(run.incidents.begin(), run.incidents.end(),
                                  [&](const Incident& i) { return i.kind == kind; });
  return found == run.incidents.end() ? nullptr : &*found;
}

// Is `root` among the causes of the causes, at any depth?
bool comes_from(const RunResults& run, const Incident& of, IncidentId root) {
  return std::any_of(of.causes.begin(), of.causes.end(), [&](IncidentId cause) {
    return cause == root ||
           (cause != kNoIncident && comes_from(run, run.incidents[cause - 1], root));
  });
}

TEST(set, of_the_timeline_is_a_root_that_says_what_it_sets) {
  const RunResults run =
      run_simulation(live_scenario({}, set_at("30s", "spec.gateway.retry_after", "9s")), nullptr);
  const Incident* root = first(run, "set");
  ASSERT_NE(root, nullptr);
  EXPECT_TRUE(root->causes.empty());
  EXPECT_EQ(root->text, "path: spec.gateway.retry_after, value: 9s");
}

TEST(set, by_operators_is_their_act_and_is_taken_back_by_the_name_of_its_step) {
  const Scenario scenario = live_scenario(
      {"spec.operations.steps=[{name: wider, when: breaker_open, delay: 1s, do: set, path: "
       "spec.safety.threshold, value: 90%}, {name: back, needs: [wider], when: breaker_open, "
       "delay: 5s, action: {do: undo, name: wider}}]"});
  const RunResults run = run_simulation(scenario, nullptr);
  EXPECT_EQ(first(run, "set"), nullptr);  // acted says it
  ASSERT_NE(first(run, "acted"), nullptr);
  ASSERT_NE(first(run, "undone"), nullptr);
  EXPECT_TRUE(comes_from(run, *first(run, "undone"), first(run, "acted")->id));
}

TEST(set, is_the_cause_of_what_it_leads_to) {
  const std::vector<std::string> quiet{"spec.timeline=[]", "spec.operations.steps=[]"};
  const auto played = [&](const std::string& entry) {
    std::vector<std::string> sets = quiet;
    sets[0] = "spec.timeline=[" + entry + "]";
    return run_simulation(live_scenario(sets), nullptr);
  };
  EXPECT_EQ(first(played(""), "etcd_saturated"), nullptr);
  RunResults run = played("{at: 30s, do: set, path: spec.control_plane.etcd.fsync, value: 3s}");
  ASSERT_NE(first(run, "etcd_saturated"), nullptr);
  EXPECT_TRUE(comes_from(run, *first(run, "etcd_saturated"), first(run, "set")->id));
  run = played("{at: 30s, do: set, path: spec.safety.threshold, value: 2%}");
  ASSERT_NE(first(run, "breaker_opened"), nullptr);
  EXPECT_TRUE(comes_from(run, *first(run, "breaker_opened"), first(run, "set")->id));
}

// A slow disk and a changed fsync add up, in whatever order they end.
TEST(set, is_beside_faults_not_below_them) {
  const auto p99 = [](const std::string& timeline) {
    const Scenario scenario = live_scenario({"spec.timeline=[" + timeline + "]"});
    const RunResults run = run_simulation(scenario, nullptr);
    const std::size_t width = run.series_columns.size();
    double most = 0;
    for (std::size_t c = 0; c < width; ++c)
      if (run.series_columns[c].name == "write_wait_p99_seconds")
        for (std::size_t row = 9; row < run.series_times.size() && row < 12; ++row)
          most = std::max(most, run.series_values[row * width + c]);
    return most;
  };
  const std::string slow = "{at: 30s, do: slow_disk, by: 100ms}",
                    set = "{at: 40s, do: set, path: spec.control_plane.etcd.fsync, value: 105ms}";
  EXPECT_GT(p99(slow + ", " + set), 1.4 * p99(slow));
  EXPECT_GT(p99(slow + ", " + set), 1.4 * p99(set));
}

}  // namespace test_live_set
}  // namespace stampede
