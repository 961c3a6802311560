// What a timeline does was nobody's decision: it leaves a root, which what it changes names beside
// the earlier incident that it answers, and nothing that speaks of people.
#include <gtest/gtest.h>

#include <set>

#include "sim/registry.h"
#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_timeline_roots {

// An action, a minute after the one before, the incident of what it changes, and which of the
// earlier ones that answers.
struct Entry {
  const char *action, *arguments, *kind;
  std::set<std::string> answers;
};
const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{
      {"stop_autoscaler", "", "autoscaler_stopped", {}},
      {"restart_autoscaler", "", "autoscaler_started", {"autoscaler_stopped"}},
      {"push_routing_policy", "", "policy_pushed", {}},
      {"restore_routing_policy", "", "policy_restored", {"policy_pushed", "prefix_withdrawn"}},
      {"open_breaker", "", "breaker_opened", {}},
      {"start_ramp", "", "ramp_started", {}},
      {"slow_disk", ", by: 10ms", "disk_slowed", {}},
      {"slow_disk", ", by: 0s", "disk_restored", {"disk_slowed"}},
      {"slow_disk", ", by: 10ms, name: slow", "disk_slowed", {}},
      {"undo", ", name: slow", "undone", {"slow_disk"}},
      {"stall_disk", ", for: 1s", "disk_stalled", {}},
      {"compact_etcd", "", "etcd_compacted", {}},
      {"defragment_etcd", "", "etcd_defragmented", {}},
      {"disarm_etcd", "", "etcd_disarmed", {}},
      {"raise_etcd_quota", "", "etcd_quota_raised", {}},
      {"move_etcd_leader", "", "etcd_leader_moved", {}},
      {"restart_etcd", "", "etcd_restarted", {}},
      {"compact_defragment_disarm", "", "repair_started", {}},
      {"kill_pods", ", target: {count: 1}", "pods_killed", {}},
      {"flush_cache", "", "flush_started", {}},
      {"drain_region", ", target: {region: east}, for: 10s", "region_drained", {}},
      {"drain_region", ", target: {region: west}", "region_drained", {}},
      {"undrain_region", ", target: {region: west}", "region_undrained", {"region_drained"}},
      {"shed", ", for: 10s", "traffic_shed", {}},
      {"block", ", class: sdk, for: 10s", "traffic_shed", {}},
      {"drop_connections", "", "connections_dropped", {}},
      {"load_api_server", ", for: 10s", "api_load_started", {}},
      {"limit_api_server", ", for: 10s", "api_calls_limited", {}},
      {"hang_pods", ", target: {count: 1}, for: 10s", "pods_hung", {}},
      {"slow_pods", ", target: {count: 1}, for: 10s", "pods_slowed", {}},
      {"restart_pods", ", target: {count: 1}", "pods_restarted", {}},
      {"cordon_nodes", ", target: {count: 1}, for: 10s", "nodes_cordoned", {}},
      {"drain_nodes", ", target: {count: 1}, for: 10s", "nodes_cordoned", {}},
      {"detach_network", ", target: {count: 1}, for: 10s", "nodes_detached", {}},
      {"fail_nodes", ", target: {count: 1}, for: 10s", "nodes_failed", {}},
      {"fail_zone", ", target: {region: east, zone: 0}, for: 10s", "nodes_failed", {}},
      {"fail_nodes", ", target: {count: 2}, for: 10s, repair_rate: 1/h", "nodes_failed", {}},
      {"repair_nodes", ", rate: 1/s", "repair_paced", {}},
      {"corrupt_blocks", "", "blocks_corrupted", {}},
      {"lose_cache", ", share: 50%", "cache_lost", {}},
      {"skew_clock", ", offset: 1s, for: 10s", "clock_skewed", {}},
      {"fail_service", ", service: store, for: 10s", "service_failed", {}},
      {"slow_service", ", service: store, for: 10s", "service_slowed", {}},
      {"limit_service", ", service: store, for: 10s", "service_limited", {}},
      {"restart_service", ", service: store", "instances_restarted", {}},
      {"clear_dns_record", ", record: api, for: 10s", "dns_record_cleared", {}},
      {"slow_dns", ", record: api, for: 10s", "dns_slowed", {}},
      {"bump_cache_epoch", "", "flush_started", {}},
      {"stall_controller", ", for: 10s", "controller_stalled", {}},
      {"throttle", ", rate: 1/s, for: 10s", "controller_throttled", {}},
      {"restart_controller", "", "controller_restarted", {}},
      {"roll_out", ", version: v, for: 10s", "version_stage", {}},
      {"roll_out", ", version: v", "version_stage", {}},
      {"roll_back", ", version: v", "version_rolled_back", {"roll_out"}},
      {"roll_out", ", version: v, name: out", "version_stage", {}},
      {"disable", ", name: out", "version_disabled", {"roll_out"}},
      {"partition", ", target: {from: regions}, for: 10s", "paths_cut", {}},
      {"degrade_link", ", loss: 1%, for: 10s", "paths_degraded", {}},
      {"fail_link", ", target: {link: 0}, for: 10s", "links_failed", {}},
      {"prefer_routes", ", target: {region: east}, for: 10s", "routes_preferred", {}},
      {"reset_session", ", target: {link: 1}", "sessions_reset", {}},
      {"leak_routes", ", target: {region: east}, for: 10s", "routes_leaked", {}},
      {"hijack_prefix",
       ", target: {region: east}, prefixes: 25%, for: 10s",
       "prefixes_hijacked",
       {}}};
  return all;
}

TEST(timeline, every_action_leaves_an_incident_that_speaks_of_nobody) {
  std::string timeline;
  for (std::size_t k = 0; k < entries().size(); ++k)
    timeline += (k > 0 ? ", " : "") + ("{at: " + std::to_string(k + 1)) +
                "min, do: " + entries()[k].action + entries()[k].arguments + "}";
  std::vector<Override> sets;
  for (const std::string& set :
       {"spec.timeline=[" + timeline + "]", std::string("spec.operations.steps=[]"),
        std::string("spec.services=[{name: store}]"),
        std::string("spec.network.ibgp.members=[east, west]"),
        std::string("spec.dns=[{name: api, records: [east]}]"),
        std::string("spec.versions=[{name: v}]"), std::string("spec.controllers=[{name: c}]"),
        std::string("spec.duration=70min"), std::string("spec.expect=[]")})
    sets.push_back(parse_set(set));
  const RunResults run = run_simulation(
      load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario, {});
  for (std::size_t k = 0; k < entries().size(); ++k) {
    const Entry& entry = entries()[k];
    int found = 0, roots = 0;
    std::set<std::string> answers = entry.answers;
    answers.insert(entry.action);
    for (const Incident& i : run.incidents) {
      if (i.at != Instant{} + 1_min * static_cast<i64>(k + 1)) continue;
      if (i.kind == entry.action) {
        ++roots;
        EXPECT_TRUE(i.causes.empty()) << entry.action;
      }
      if (i.kind != entry.kind) continue;
      ++found;
      std::set<std::string> causes;
      for (const IncidentId cause : i.causes) causes.insert(run.incidents[cause - 1].kind);
      EXPECT_EQ(causes, answers) << entry.action;
    }
    EXPECT_EQ(roots, 1) << entry.action;
    EXPECT_GT(found, 0) << entry.action << " leaves no " << entry.kind;
  }
  for (const Incident& i : run.incidents)
    for (const char* word : {"operator", "people", "paged"})
      EXPECT_EQ(i.text.find(word), std::string::npos) << i.kind << ": " << i.text;
}

// A page changes nothing.
TEST(timeline, no_action_is_left_out_here) {
  // Nor have a spike, a flood, a scale and a set another incident than their root.
  std::set<std::string> known{"page", "spike", "scale", "set", "bot_flood"};
  for (const Entry& entry : entries()) known.insert(entry.action);
  for (const auto& [key, entry] : Registry::global().all())
    if (entry.category == "action") {
      EXPECT_EQ(known.count(entry.name), 1U) << entry.name;
    }
}

}  // namespace test_timeline_roots
}  // namespace stampede
