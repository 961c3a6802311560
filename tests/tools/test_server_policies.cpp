// Published settings that stand on the servers' side and in the control plane: what each sets, and
// what comes of it on the template fleet.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_server_policies {

std::string use(const std::string& mitigation) {
  return "spec.mitigations=[{use: " + mitigation + "}]";
}

Spec with(const std::string& mitigation, const std::vector<std::string>& more = {},
          const std::string& file = "templates/init.yaml") {
  std::vector<Override> sets{parse_set(use(mitigation))};
  for (const std::string& text : more) sets.push_back(parse_set(text));
  return load_scenario(source_directory() + "/scenarios/" + file, sets).scenario.spec;
}

// A template as it is; of `init` the routing mistake and operators included.
Played mistake(const std::vector<std::string>& more = {}, const std::string& file = "init.yaml") {
  std::vector<Override> sets{parse_set("spec.expect=[]")};
  for (const std::string& text : more) sets.push_back(parse_set(text));
  Played played;
  const RunResults run = run_simulation(
      load_scenario(source_directory() + "/scenarios/templates/" + file, sets).scenario, {},
      &played.requests);
  played.incidents = run.incidents;
  return played;
}

// A statistic of the template without its mistake at the first sample from this minute on.
double at_minute(double minute, const std::string& component, const std::string& name,
                 const std::vector<std::string>& more) {
  std::vector<Override> sets{parse_set("spec.expect=[]"), parse_set("spec.operations.steps=[]")};
  for (const std::string& text : more) sets.push_back(parse_set(text));
  const RunResults run = run_simulation(
      load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario, {});
  for (std::size_t row = 0; row < run.series_times.size(); ++row) {
    if (run.series_times[row] < minute * kMinute) continue;
    for (std::size_t column = 0; column < run.series_columns.size(); ++column) {
      const StatInfo& stat = run.series_columns[column];
      if (stat.component == component && stat.name == name)
        return run.series_values[row * run.series_columns.size() + column];
    }
  }
  ADD_FAILURE() << "no " << component << " " << name;
  return -1;
}

// Minutes after the start; -1: not at all.
double first(const Played& run, const std::string& kind) {
  for (const Incident& i : run.incidents)
    if (i.kind == kind) return i.at.seconds() / kMinute;
  return -1;
}

TEST(server_policies, a_third_of_the_time_is_left_with_a_playbook) {
  const Spec before = with("queue_limit"), after = with("playbook");
  for (std::size_t k = 0; k < before.operations.steps.size(); ++k)
    EXPECT_NEAR(after.operations.steps[k].delay.seconds(),
                before.operations.steps[k].delay.seconds() / 3, 1e-6);
  const double usual = first(mistake(), "policy_restored");
  EXPECT_NEAR(usual, 15, 0.1);  // 30 s, 2 min and 2.5 min after the mistake of minute 10
  EXPECT_NEAR(first(mistake({use("playbook")}), "policy_restored"), 10.5 + 4.5 / 3, 0.1);
  EXPECT_NEAR(first(mistake({use("playbook, times: 0.5")}), "policy_restored"), 10.5 + 2.25, 0.1);
}

TEST(server_policies, a_program_does_each_step_a_minute_after_its_condition) {
  EXPECT_NEAR(first(mistake({use("automated_runbook")}), "policy_restored"), 10.5 + 2, 0.1);
}

TEST(server_policies, spare_pods_bear_the_loss_of_a_region) {
  const Spec spec = with("static_stability");
  EXPECT_EQ(spec.regions[0].nodes, 3);
  EXPECT_EQ(spec.regions[0].pools[0].replicas, 15);
  EXPECT_EQ(spec.regions[0].pools[0].min_replicas, 9);
  EXPECT_EQ(spec.regions[0].pools[0].gpu_limit, 24);
  EXPECT_EQ(spec.regions[1].pools[0].replicas, 12);
  const auto away = [&](const std::string& mitigation) {  // most clients of `east` are in `west`
    return mistake({"spec.demand.rate=20/s", use(mitigation)}).requests.span(12, 20);
  };
  const Span few = away("queue_limit, per_pod: 64"), many = away("static_stability");
  EXPECT_LT(many.mean_ttft(), few.mean_ttft() / 2);
  EXPECT_LE(many.lost, few.lost);
}

TEST(server_policies, autoscalers_shrink_slowly_and_stay_without_metrics) {
  const Spec slow = with("hpa_scale_down_limit");
  const auto& down = *slow.cluster.workloads[0].autoscaler->scale_down;
  EXPECT_EQ(down.stabilization_window, 300_s);
  ASSERT_EQ(down.policies.size(), 1U);
  EXPECT_EQ(down.policies[0].percent, 10);
  EXPECT_EQ(down.policies[0].period, 60_s);
  const auto pods = [](const std::string& mitigation) {  // 4 of 10 are not needed from 5 min on
    return at_minute(7, "east/cluster/replicas", "desired_pods",
                     {"spec.timeline=[]", use(mitigation)});
  };
  EXPECT_EQ(pods("queue_limit"), 6);
  EXPECT_EQ(pods("hpa_scale_down_limit"), 8);
  const Spec kept = with("keda_fallback");
  const auto& keda = *kept.cluster.workloads[0].autoscaler->keda;
  EXPECT_EQ(keda.fallback, cluster::FallbackReplicas::kCurrent);
  EXPECT_EQ(keda.fallback_failures, 3);
  EXPECT_EQ(keda.min_replicas, 1);
}

TEST(server_policies, lists_hold_a_twentieth) {
  const Spec before = with("queue_limit");
  EXPECT_DOUBLE_EQ(with("streaming_lists").control_plane.memory_per_list_byte,
                   before.control_plane.memory_per_list_byte / 20);
}

// Half of a region's nodes are not heard of for ten minutes and work on.
TEST(server_policies, pods_stay_on_silent_nodes) {
  EXPECT_EQ(with("eviction_toleration").cluster.node_lifecycle.toleration, 6000_s);
  const auto created_anew = [](const std::string& mitigation) {
    const std::vector<std::string> sets{
        "spec.timeline=[{at: 10min, do: detach_network, target: {region: east, node: 0}, for: "
        "10min}]",
        use(mitigation)};
    const auto created = [&](double minute) {
      return at_minute(minute, "east/cluster/replicas", "pods_created_total", sets);
    };
    return created(29) - created(14);  // by the autoscaler before, which has nothing to do with it
  };
  EXPECT_GT(created_anew("queue_limit"), 0);
  EXPECT_EQ(created_anew("eviction_toleration"), 0);
}

// Forty agents list 20 MB each in every second: three servers of 300 MB cannot hold that at four
// bytes a byte.
TEST(server_policies, streamed_lists_leave_api_servers_alive) {
  const std::string memory = "spec.control_plane.memory=300MB";
  const std::string load =
      "{at: 10min, do: load_api_server, target: {region: east}, agents_per_node: 20, period: 1s, "
      "objects: 10000, for: 5min}";
  EXPECT_GT(play(load, {memory}).count("api_server_ended"), 0U);
  EXPECT_EQ(play(load, {memory, use("streaming_lists")}).count("api_server_ended"), 0U);
}

TEST(server_policies, regions_pass_traffic_on_by_their_rules) {
  EXPECT_EQ(with("priority_failover").balancer.rule, RoutingRule::kPriority);
  const Spec filled = with("waterfall_by_region, capacity_scaler: 0.7");
  EXPECT_EQ(filled.balancer.rule, RoutingRule::kWaterfall);
  EXPECT_EQ(filled.balancer.target_utilization.value, 0.7);
}

// Readiness probes do not act, so that what is seen is what checks do.
TEST(server_policies, a_region_with_few_well_servers_is_drained) {
  EXPECT_EQ(with("auto_capacity_drain").balancer.health_checks->region_below->value, 0.25);
  const std::string fault =
      "{at: 10min, do: hang_pods, target: {region: east, share: 90%}, for: 15min}";
  const std::vector<std::string> sets{"spec.demand.rate=2/s",
                                      "spec.cluster.kubelet.probe_failures=100"};
  const Played without = play(fault, sets);
  const Played drained = play(fault, {sets[0], sets[1], use("auto_capacity_drain")});
  EXPECT_EQ(without.count("region_drained") + without.count("failover_started"), 0U);
  EXPECT_GT(drained.count("failover_started"), 0U);
  EXPECT_LT(drained.requests.span(12, 24).lost, without.requests.span(12, 24).lost / 2);
}

TEST(server_policies, checks_that_find_most_unwell_are_not_believed) {
  const Spec spec = with("health_panic, below: 40%");
  EXPECT_EQ(spec.balancer.health_checks->panic_below.value, 0.4);
  EXPECT_TRUE(spec.balancer.panic);
  const std::string fault =
      "{at: 10min, do: hang_pods, target: {region: east, share: 70%}, for: 10min}";
  const std::string alone = "spec.cluster.kubelet.probe_failures=100";
  EXPECT_EQ(play(fault, {use("health_panic"), alone}).count("panic_routing"), 1U);
}

TEST(server_policies, a_push_that_withdraws_too_much_is_rejected) {
  EXPECT_EQ(with("bgp_prefix_floor").network.safeguards.prefix_floor->value, 0.1);
  EXPECT_GT(mistake().count("prefix_withdrawn"), 0U);
  const Played floor = mistake({use("bgp_prefix_floor")});
  EXPECT_EQ(floor.count("prefix_withdrawn"), 0U);
  EXPECT_EQ(floor.count("policy_blocked"), 1U);
}

TEST(server_policies, sessions_have_a_bound_and_routes_stay_for_a_while) {
  const Spec bounded = with("bgp_max_prefix");
  EXPECT_EQ(bounded.network.bgp.max_prefix, 2);
  EXPECT_EQ(bounded.network.bgp.max_prefix_restart, 15_min);
  EXPECT_EQ(with("bgp_graceful_restart").network.bgp.restart_time, 120_s);
}

TEST(server_policies, contexts_and_answers_are_kept_by_what_is_published) {
  EXPECT_EQ(with("kv_version_vectors").kv_cache.consistency, Consistency::kApVv);
  const std::string file = "templates/database.yaml";
  EXPECT_EQ(with("early_refresh, beta: 2", {}, file).uses[0].cache.early_refresh, 2);
  const Spec stale = with("stale_answers", {}, file);
  EXPECT_EQ(stale.uses[0].cache.stale_while_revalidate, 30_s);
  EXPECT_EQ(stale.uses[0].cache.stale_if_error, 1200_s);
}

// Its database is gone for ten minutes; answers that gateways keep are good for one.
TEST(server_policies, stale_answers_outlast_a_database) {
  std::vector<std::string> sets{
      "spec.uses[0].cache.size=100", "spec.uses[0].cache.keys=100", "spec.uses[0].cache.ttl=60s",
      "spec.timeline=[{at: 20min, do: fail_service, service: database, for: 10min}]"};
  const Span without = mistake(sets, "database.yaml").requests.span(22, 29);
  sets.push_back(use("stale_answers"));
  const Span with_stale = mistake(sets, "database.yaml").requests.span(22, 29);
  EXPECT_GT(without.lost_share(), 0.9);
  EXPECT_LT(with_stale.lost_share(), 0.01);
}

// Programs are turned away while a pool is saturated, people are not.
TEST(server_policies, low_priority_is_shed_first) {
  const Spec spec = with("criticality_shedding, shed_from: 3, queue_depth: 7");
  EXPECT_EQ(spec.gateway.flow_control->when_saturated, WhenSaturated::kShed);
  EXPECT_EQ(spec.gateway.flow_control->shed_from, 3);
  EXPECT_EQ(spec.gateway.flow_control->queue_depth, 7);
  const std::vector<std::string> busy{"spec.demand.rate=80/s", "spec.clients[1].priority=1",
                                      "spec.duration=30min"};
  const auto lost = [](const Played& run, u16 class_id) {
    u64 count = 0;
    for (const RequestRecord& r : run.requests.all)
      count += !r.open && r.class_id == class_id && r.outcome != Outcome::kSucceeded;
    return count;
  };
  const Played all = play("", busy);
  const Played shed = play("", {busy[0], busy[1], busy[2], use("criticality_shedding")});
  EXPECT_GT(lost(all, 0), 100U);
  EXPECT_LT(lost(shed, 0), lost(all, 0));
  EXPECT_GT(lost(shed, 1), 2 * lost(shed, 0));  // of less than half as many
}

// The engines' macro-steps are the same as single ones for whoever watches their lines.
TEST(server_policies, admission_sees_the_same_in_single_steps) {
  for (const char* name : {"codel", "controlled_delay", "dagor", "vegas_limit"}) {
    for (const bool asynchronous : {false, true}) {
      std::vector<std::string> sets{"spec.demand.rate=20/s", use(name), "spec.duration=10min"};
      if (asynchronous) sets.push_back("spec.serving.pools[0].engine.async_scheduling=true");
      const std::string at_once = play("", sets).results;
      sets.push_back("spec.serving.exact_steps=true");
      EXPECT_EQ(play("", sets).results, at_once) << name << asynchronous;
    }
  }
}

}  // namespace test_server_policies
}  // namespace stampede::test
