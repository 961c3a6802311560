// Values that are fine one by one and cannot be meant together, and each parameter at the ends of
// its range: an error with its place, or a world that can be built. Never a broken invariant.
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_contradictions {

SourceText small_fleet() {
  return read_source(source_directory() + "/scenarios/templates/init.yaml");
}

// The first line of what is said, without the option's text; empty if the scenario is taken.
std::string said(const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  try {
    const Loaded loaded = load_scenario(small_fleet(), overrides);
    const RunResults built = run_simulation(loaded.scenario, [](double) { return false; });
    for (const Finding& u : built.unknown_names) return "warning: " + u.path + ": " + u.message;
  } catch (const InputError& error) {
    EXPECT_EQ(error.diagnostics.size(), 1u) << error.what();
    return error.diagnostics[0].path + ": " + error.diagnostics[0].message;
  } catch (const ScenarioError& error) {
    return error.path + ": " + error.what();
  }
  return "";
}

struct Case {
  std::vector<std::string> sets;
  const char* said;  // how it begins
};

Case timeline(const char* entries, const char* said) {
  static std::deque<std::string> kept;
  kept.push_back(std::string("spec.timeline") + said);
  return {{std::string("spec.timeline=[") + entries + "]"}, kept.back().c_str()};
}

// A step's keys beside its name and what it does.
Case step(const char* keys, const char* said) {
  static std::deque<std::string> kept;
  kept.push_back(std::string("spec.operations.steps[0]") + said);
  return {{std::string("spec.operations.steps=[{name: x, do: page, ") + keys + "}]"},
          kept.back().c_str()};
}

Case versions(const char* list, const char* entries, const char* said) {
  static std::deque<std::string> kept;
  kept.push_back(std::string("spec.") + said);
  return {
      {std::string("spec.versions=[") + list + "]", std::string("spec.timeline=[") + entries + "]"},
      kept.back().c_str()};
}

class Contradiction : public ::testing::TestWithParam<Case> {};

TEST_P(Contradiction, is_an_input_error) {
  const std::string message = said(GetParam().sets);
  EXPECT_EQ(message.substr(0, std::string(GetParam().said).size()), GetParam().said) << message;
}

INSTANTIATE_TEST_SUITE_P(
    corpus, Contradiction,
    ::testing::Values(
        Case{{"spec.serving.pools[0].engine.max_num_batched_tokens=10"},
             "spec.serving.pools[0].engine.max_num_batched_tokens: 10 is below max_num_seqs, 64"},
        Case{{"spec.serving.pools[0].engine.max_num_seqs=60000"},
             "spec.serving.pools[0].engine.max_num_batched_tokens: 8192 is below max_num_seqs"},
        Case{{"spec.serving.pools[0].engine.role=decode"},
             "spec.serving.pools[0].engine.role: no prefill pool hands over to 'replicas'"},
        Case{{"spec.serving.pools[0].engine.step_base=0s"},
             "spec.serving.pools[0].engine.step_base: 0s is below the least allowed"},
        Case{{"spec.serving.pools[0].engine.step_per_sequence=5s"},
             "spec.serving.pools[0].engine.step_per_sequence: 5s is above the most allowed, 4s"},
        Case{{"spec.regions=[]", "spec.network.latencies=[]", "spec.timeline=[]"},
             "spec.regions: 1 to 64 regions are wanted"},
        Case{{"spec.clients=[]"}, "spec.clients: at least one class is wanted"},
        Case{{"spec.regions[1].name=west2"},
             "spec.network.latencies[0].to: no region is called 'west'; did you mean 'west2'?"},
        Case{{"spec.regions[1].name=east", "spec.network.latencies=[]"},
             "spec.regions[1].name: the name 'east' is already used"},
        Case{{"spec.network.latencies[0].to=mars"},
             "spec.network.latencies[0].to: no region is called 'mars'; one of: east, west"},
        Case{{"spec.regions[0].pools[0].min_replicas=100"},
             "spec.regions[0].pools[0].min_replicas: 100 is above the autoscaler's max_replicas, "
             "16"},
        Case{{"spec.regions[0].missing_gpus=8"}, "spec.regions[0].missing_gpus: a node has 8 GPUs"},
        Case{{"spec.regions[0].pools[0].replicas=-1"},
             "spec.regions[0].pools[0].replicas: -1 is below the least allowed, 0"},
        Case{{"spec.balancer.probe_timeout=20s"},
             "spec.balancer.probe_timeout: 20s is above probe_interval, 10s"},
        Case{{"spec.control_plane.etcd.members=2"}, "spec.control_plane.etcd.members: 1, 3 or 5"},
        Case{{"spec.clients[0].first_prompt.minimum=9000"},
             "spec.clients[0].first_prompt.minimum: 9000 is above the maximum, 8192"},
        Case{{"spec.demand.rate=1e7/s"}, "spec.demand.rate: about "},
        Case{{"spec.demand.rate=1e12/s"}, "spec.demand.rate: 1e12/s is above the most allowed"},
        Case{{"spec.demand.rate=0/s"}, "spec.demand.rate: 0/s is below the least allowed"},
        Case{{"spec.duration=0s"}, "spec.duration: 0s is below the least allowed, 1s"},
        Case{{"spec.scale=1e9"}, "spec.scale: 1e9 is above the most allowed, 1"},
        Case{{"spec.scale=-1"}, "spec.scale: -1 is below the least allowed"},
        Case{{"spec.kv_cache.dead_ntp_region=2"},
             "spec.kv_cache.dead_ntp_region: there are 2 regions, counted from 0"},
        Case{{"spec.operations.steps[0].needs=[paged]"},
             "spec.operations.steps[0].needs: 'paged' and 'paged' are in a circle"},
        Case{{"spec.operations.steps=[{name: a, needs: [b], do: page}, {name: b, after: [a], do: "
              "page}]",
              "spec.expect=[]"},
             "spec.operations.steps[0].needs: 'a' and 'b' are in a circle"},
        Case{{"spec.expect=[{that: no_incident, kind: etcd_saturatd}]"},
             "spec.expect[0].kind: no incident is called 'etcd_saturatd'; did you mean "
             "'etcd_saturated'?"},
        Case{{"spec.expect=[{that: incident, kind: kil_pods}]"},
             "spec.expect[0].kind: no incident is called 'kil_pods'; did you mean 'kill_pods'?"},
        Case{{"spec.expect=[{that: order, incidents: [paged, decidd]}]"},
             "spec.expect[0].incidents[1].kind: no incident is called 'decidd'"},
        Case{{"spec.expect=[{that: order, incidents: [paged]}]"},
             "spec.expect[0].incidents: an order takes two incidents or more"},
        Case{{"spec.expect=[{that: order, incidents: [paged, decided, paged]}]"},
             "spec.expect[0].incidents[2]: this is incident 0 of the list once more"},
        Case{{"spec.expect=[{that: order, incidents: [paged, {kind: paged, nth: 2}]}]"}, ""},
        Case{
            {"spec.expect=[{that: value, of: requests.ofered, between: [0, 1]}]"},
            "warning: spec.expect[0].of: the summary has no number 'requests.ofered'; did you mean "
            "'requests.offered'?"},
        Case{{"spec.expect=[{that: value, of: requests.failed_by.timeout, between: [0, 1e9]}]"},
             ""},
        Case{{"spec.expect=[{that: value, of: requests.failed_by.tired, between: [0, 1]}]"},
             "warning: spec.expect[0].of: the summary has no number 'requests.failed_by.tired'"},
        Case{{"spec.expect=[{that: series, component: clents, stat: unsent_total, peak: [0, 1]}]"},
             "warning: spec.expect[0].component: no component is called 'clents'; did you mean "
             "'clients'?"},
        Case{{"spec.expect=[{that: series, component: clients, stat: unsent, peak: [0, 1]}]"},
             "warning: spec.expect[0].stat: 'clients' has no series 'unsent'"},
        Case{{"spec.expect=[{that: figure, name: x, published: y, between: [0, 1], of: {component: "
              "clients, stat: unsent}}]"},
             "warning: spec.expect[0].of.stat: 'clients' has no series 'unsent'"},
        Case{{"spec.regions[1].name=dns",
              "spec.network.latencies=[{from: east, to: dns, one_way: 35ms}]", "spec.timeline=[]",
              "spec.expect=[]"},
             "spec.regions[1].name: 'dns' is what a part of the service is called"},
        Case{{"spec.expect=[{that: order, incidents: []}]"},
             "spec.expect[0].incidents: an empty list"},
        Case{{"spec.expect=[{that: timeline, events: [{at: 5min, event: pagd, tolerance: 1min}]}]"},
             "spec.expect[0].events[0].event: no incident is called 'pagd'"},
        Case{{"spec.regions[0].pools[0].replicas=0", "spec.regions[1].pools[0].replicas=0"}, ""},
        Case{{"spec.timeline[0].target.region=mars"},
             "spec.timeline[0].action.target.region: no region is called 'mars'; one of: east, "
             "west"},
        timeline("{at: 5min, do: partition, target: {from: weast}}",
                 "[0].action.target.from: 'weast' is neither clients nor regions nor a region; did "
                 "you mean 'east'?"),
        timeline("{at: 5min, do: partition, target: {region: east, from: east}}",
                 "[0].action.target.from: a way from 'east' to itself"),
        timeline("{at: 5min, do: degrade_link, target: {home: est}}",
                 "[0].action.target.home: no region is called 'est'; did you mean 'east'?"),
        timeline("{at: 5min, do: degrade_link, target: {home: east, from: west}}",
                 "[0].action.target.home: these ways have no clients at their end"),
        timeline("{at: 5min, do: fail_link, target: {link: 3}}",
                 "[0].action.target.link: a region's network has 3 links to providers"),
        timeline("{at: 5min, do: hijack_prefix, by: mars}",
                 "[0].action.by: no region is called 'mars'; one of: east, west"),
        timeline("{at: 5min}", "[0].action: the key `do` is missing; what happens"),
        timeline("{at: 5min, do: page, action: {do: page}}",
                 "[0].do: `action` says it already: leave one of the two out"),
        timeline("{at: 5min, do: set, path: spec.regions.east.control_plane.etcd.fnc, value: 1s}",
                 "[0].action.path: this scenario has no parameter "
                 "'spec.regions.east.control_plane.etcd.fnc'"),
        Case{{"spec.clients[0].log_in=5"},
             "spec.clients[0].log_in: unknown key; `stampede describe spec.clients` lists those "
             "that there are"},
        timeline("{at: 5min, do: prefer_routes, target: {region: east}}",
                 "[0].action.target.region: there is no backbone: name its "
                 "spec.network.ibgp.members"),
        timeline("{at: 5min, do: lose_cache, use: sesions}",
                 "[0].action.use: no use is called 'sesions'; spec.uses has none"),
        Case{{"spec.network.capacities=[{name: a, region: est, bandwidth: 1MB/s}]"},
             "spec.network.capacities[0].region: no region is called 'est'; did you mean 'east'?"},
        Case{{"spec.network.capacities=[{name: a, region: east, from: east, bandwidth: 1MB/s}]"},
             "spec.network.capacities[0].from: a way from 'east' to itself"},
        Case{{"spec.network.ibgp.members=[east, mars]"},
             "spec.network.ibgp.members[1]: no region is called 'mars'"},
        Case{{"spec.services=[{name: store}]",
              "spec.uses=[{name: store, service: store, for: {classes: [wbe]}}]"},
             "spec.uses[0].for.classes: no class of clients is called 'wbe'; did you mean 'web'?"},
        Case{{"spec.services=[{name: store}]",
              "spec.uses=[{name: store, service: store, for: {pools: [replicas]}}]"},
             "spec.uses[0].for.pools: only of a use `per: work` or `per: start`"},
        Case{{"spec.services=[{name: store}]",
              "spec.uses=[{name: store, service: store, per: start, for: {classes: [web]}}]"},
             "spec.uses[0].for.classes: only of a use `per: request`, `per: log_in`"},
        Case{{"spec.services=[{name: store}]",
              "spec.uses=[{name: store, service: store, for: {regions: [mars]}}]"},
             "spec.uses[0].for.regions: no region is called 'mars'; one of: east, west"},
        Case{{"spec.versions=[{name: agent, kind: data, empties: store}]"},
             "spec.versions[0].empties: no use is called 'store'; spec.uses has none"},
        timeline("{at: 5min, do: bot_flood, class: wbe, rate: 1/s}",
                 "[0].action.class: no class of clients is called 'wbe'; did you mean 'web'?"),
        timeline("{at: 5min, do: lose_cache, for: 5min}",
                 "[0].action.for: what this does has no end of its own and does not heal"),
        timeline("{at: 5min, do: corrupt_blocks, for: 5min}",
                 "[0].action.for: what this does has no end of its own and does not heal"),
        timeline("{at: 5min, do: reset_session, for: 5min}",
                 "[0].action.for: what this does has no end of its own and does not heal"),
        // A change that is not there, not to be taken back, not begun, over, or taken back already.
        timeline("{at: 5min, do: undo, name: disk}",
                 "[0].action.name: no change is called 'disk'; name one, such as"),
        timeline("{at: 5min, do: slow_disk, by: 1s, name: disk}, {at: 6min, do: undo, name: dsk}",
                 "[1].action.name: no change is called 'dsk'; did you mean 'disk'?"),
        timeline("{at: 5min, do: slow_disk, by: 1s, name: disk}, {at: 4min, do: undo, name: disk}",
                 "[1].action.name: 'disk' has not begun by then; it begins at 5min"),
        timeline("{at: 5min, do: slow_disk, by: 1s, for: 1min, name: disk}, "
                 "{at: 6min, do: undo, name: disk}",
                 "[1].action.name: 'disk' has healed by then, at 6min"),
        timeline("{at: 5min, do: slow_disk, by: 1s, name: disk}, {at: 6min, do: undo, name: disk}, "
                 "{at: 7min, do: undo, name: disk}",
                 "[2].action.name: 'disk' is already taken back at 6min"),
        timeline("{at: 5min, do: slow_disk, by: 1s, name: disk}, "
                 "{at: 6min, do: slow_disk, by: 1s, name: disk}",
                 "[1].action.name: the name 'disk' is already used by spec.timeline[0].action"),
        Case{{"spec.timeline=[{at: 5min, do: slow_disk, by: 1s, name: restore}]"},
             "spec.operations.steps[1].action.name: the name 'restore' is already used by "
             "spec.timeline[0].action"},
        timeline("{at: 5min, do: undo, name: restore}",
                 "[0].action.name: 'restore' is a restore_routing_policy, which cannot be taken"),
        timeline("{at: 5min, do: kill_pods, target: {pool: replicsa}}",
                 "[0].action.target.pool: no pool is called 'replicsa'; did you mean 'replicas'?"),
        timeline("{at: 5min, do: kill_pods, target: {zone: 1}}",
                 "[0].action.target.zone: cluster.zones is 1"),
        timeline("{at: 5min, do: kill_pods, target: {pod: 3}}",
                 "[0].action.target.pod: counted within a region: name the region too"),
        timeline("{at: 5min, do: kill_pods, target: {region: east, node: 2}}",
                 "[0].action.target.node: 'east' has 2 nodes, counted from 0"),
        timeline("{at: 5min, do: kill_pods, target: {region: east, pod: 16}}",
                 "[0].action.target.pod: 'east' has at most 16 pods, counted from 0: neither an "
                 "autoscaler nor a `scale` makes them more"),
        timeline("{at: 5min, do: scale, replicas: 20}, "
                 "{at: 6min, do: kill_pods, target: {region: east, pod: 16}}",
                 "[1].action.target.pod: 'east' has at most 16 pods, counted from 0: its GPUs have "
                 "no room for more"),
        timeline("{at: 5min, do: kill_pods, target: {share: 10%, count: 3}}",
                 "[0].action.target.count: a share or a count, not both"),
        timeline("{at: 5min, do: kill_pods, target: {count: 0}}",
                 "[0].action.target.count: 0 is below the least allowed, 1"),
        timeline("{at: 5min, do: kill_pods, target: {share: 0%}}",
                 "[0].action.target.share: a share of nothing meets nobody"),
        timeline("{at: 5min, do: shed, share: 0}",
                 "[0].action.share: a share of nothing meets nobody"),
        timeline("{at: 5min, do: load_api_server, agents_per_node: 0}",
                 "[0].action.agents_per_node: 0 is below the least allowed"),
        timeline("{at: 5min, do: fail_zone}", "[0].action.target: "),
        timeline("{at: 5min, do: fail_zone, target: {region: east}}", "[0].action.target.zone: "),
        timeline("{at: 5min, do: set, path: spec.gateway.max_queue, value: 9, steps: 3}",
                 "[0].action.steps: steps need a time: say `over` too"),
        timeline("{at: 5min, do: set, path: '', value: 9}", "[0].action.path: an empty text"),
        timeline("{at: 5min, do: slow_disk, by: 1s, name: ''}", "[0].action.name: an empty text"),
        timeline("{at: 5min, do: kill_pods, for: 5min}",
                 "[0].action.for: what this does has no end of its own and does not heal"),
        Case{{"spec.balancer.health_checks={interval: 2s}"},
             "spec.balancer.health_checks.timeout: 4s is above the interval, 2s"},
        Case{{"spec.balancer.health_checks={withdraw: servers}"},
             "spec.balancer.health_checks.withdraw: below which share"},
        Case{{"spec.controllers=[{name: c, region: esat}]"},
             "spec.controllers[0].region: no region is called 'esat'; did you mean 'east'?"},
        Case{{"spec.controllers=[{name: c, items: 5, region: east}]"},
             "spec.controllers[0].items: `items` of its own or"},
        Case{{"spec.controllers=[{name: c, items: 5, on_expired: cordon}]"},
             "spec.controllers[0].on_expired: only nodes are cordoned"},
        Case{{"spec.controllers=[{name: c, renew: 5min}]"},
             "spec.controllers[0].renew: 5min is not below the lease, 5min"},
        timeline("{at: 5min, do: restart_controller}",
                 "[0].action.controller: there is no controller"),
        Case{{"spec.controllers=[{name: leases}]",
              "spec.timeline=[{at: 5min, do: throttle, rate: 1/s, controller: lease}]"},
             "spec.timeline[0].action.controller: no controller is called 'lease'; did you mean "
             "'leases'?"},
        // Versions that nobody knows, that are out or are not, gates that see nothing.
        versions("{name: v2, crash: at strat}", "", "versions[0].crash: 'at strat': `at start`"),
        versions("{name: v2}, {name: v2}", "", "versions[1].name: the name 'v2' is already used"),
        versions("{name: v2, crash: at the next refresh, kind: data}", "",
                 "versions[0].crash: nothing is made anew"),
        versions("{name: v2, refresh: {}}", "", "versions[0].refresh: only data are made anew"),
        versions("{name: v2, leak: {limit: 1GB}}", "",
                 "versions[0].leak: `per_request` or `per_minute`"),
        versions("{name: v2, kind: routing, slow: 2}", "", "versions[0].kind: no process runs"),
        versions("{name: v2, kind: data}", "", "versions[0]: 'v2' changes nothing"),
        versions("{name: v2, set: [{path: spec.gateway.max_queeu, value: '1'}]}", "",
                 "versions[0].set[0].path: this scenario has no parameter "
                 "'spec.gateway.max_queeu'; did you mean 'spec.gateway.max_queue'?"),
        versions("{name: v2, set: [{path: spec.gateway.max_queue, value: '-1'}]}", "",
                 "versions[0].set[0].value: -1 is below the least allowed"),
        versions("{name: v2, kind: data, slow: 2}",
                 "{at: 5min, do: roll_out, version: v2, max_unavailable: 3}",
                 "timeline[0].action.max_unavailable: 'v2' restarts no process: of `kind: binary` "
                 "alone"),
        versions("{name: v2, kind: configuration, slow: 2}",
                 "{at: 5min, do: roll_out, version: v2}, {at: 6min, do: roll_back, version: v2, "
                 "jitter: 1min}",
                 "timeline[1].action.jitter: 'v2' restarts no process: of `kind: binary` alone"),
        versions("{name: v2}", "{at: 5min, do: roll_out, version: v3}",
                 "timeline[0].action.version: no version is called 'v3'; did you mean 'v2'?"),
        versions("{name: v2, set: [{path: spec.balancer.ttl, value: 1min}]}",
                 "{at: 5min, do: roll_out, version: v2, target: {region: east}}",
                 "timeline[0].action.target: 'v2' sets 'spec.balancer.ttl', which the service has "
                 "once"),
        versions("{name: v2}",
                 "{at: 5min, do: roll_out, version: v2}, {at: 6min, do: roll_out, version: v2}",
                 "timeline[1].action.version: 'v2' is out by then: it was rolled out at 5min"),
        versions("{name: v2}",
                 "{at: 5min, do: roll_out, version: v2, stages: [{share: 50%}, {share: 40%}]}",
                 "timeline[0].action.stages[1].share: the share is not above that of stage 0"),
        versions("{name: v2}",
                 "{at: 5min, do: roll_out, version: v2, over: 1min, propagation: 1min}",
                 "timeline[0].action.over: `stages`, `over` or `propagation`: one of them"),
        versions("{name: v2}", "{at: 5min, do: roll_out, version: v2, over: 1min, gate: {}}",
                 "timeline[0].action.gate: a condition is wanted"),
        versions("{name: v2}", "{at: 5min, do: roll_out, version: v2, gate: success_below}",
                 "timeline[0].action.gate: the roll-out is over as it begins"),
        versions("{name: v2}", "{at: 5min, do: roll_back, version: v2}",
                 "timeline[0].action.version: nothing called 'v2' is rolled out"),
        versions("{name: v2}", "{at: 5min, do: roll_out, version: v2}, {at: 6min, do: disable}",
                 "timeline[1].action: which roll-out: its `name` or its `version`"),
        versions("{name: v2}",
                 "{at: 5min, do: roll_out, version: v2}, {at: 4min, do: disable, version: v2}",
                 "timeline[1].action.version: 'v2' is not out by then: it is rolled out at 5min"),
        versions("{name: v2}",
                 "{at: 5min, do: roll_out, version: v2, name: x}, {at: 6min, do: roll_back, name: "
                 "x}, {at: 7min, do: disable, version: v2}",
                 "timeline[2].action.version: 'v2' is not out any more by then"),
        versions("{name: v2, kind: data, refuse: 10%}",
                 "{at: 5min, do: roll_out, version: v2}, {at: 6min, do: roll_back, version: v2, "
                 "target: {region: east}}, {at: 7min, do: roll_back, version: v2, target: {region: "
                 "east}}",
                 "timeline[2].action.version: 'v2' is not out there any more by then"),
        versions("{name: v2, kind: data, refuse: 10%}",
                 "{at: 5min, do: roll_out, version: v2}, {at: 6min, do: roll_back, version: v2, "
                 "target: {region: east}}, {at: 7min, do: roll_out, version: v2}",
                 "timeline[2].action.version: 'v2' is out by then"),
        timeline("{at: 5min, do: spike, class: wbe}",
                 "[0].action.class: no class of clients is called 'wbe'; did you mean 'web'?"),
        timeline("{at: 5min, do: spike, factor: 0.5}",
                 "[0].action.factor: 0.5 is below the least allowed, 1"),
        timeline("{at: 5min, do: page, for: 5min}",
                 "[0].action.for: what this does has no end of its own and does not heal"),
        timeline("{at: 5min, do: flush_cache, name: x}",
                 "[0].action.name: what this does cannot be taken back"),
        timeline("{at: 5min, do: slow_disk, by: 1s, for: 0s}",
                 "[0].action.for: 0s is below the least allowed"),
        timeline("{at: 5min, do: slow_disk, by: 1s, target: {zone: a}}",
                 "[0].action.target.zone: this acts on whole regions")));

INSTANTIATE_TEST_SUITE_P(
    operators, Contradiction,
    ::testing::Values(
        step(
            "when: breaker_opne",
            ".when.condition: 'breaker_opne' is none of success_below, prefix_withdrawn, "
            "control_plane_frozen, breaker_open, autoscaler_stopped; did you mean 'breaker_open'?"),
        step("when: {singal: x, above: 1}", ".when.singal: unknown key; did you mean 'signal'?"),
        step("when: {signal: etcd_file_rato, above: 90%}",
             ".when.signal: no signal is called 'etcd_file_rato'; did you mean 'etcd_file_ratio'?"),
        step("when: {signal: zombie_pods, above: 3}",
             ".when.signal: 'zombie_pods' is known to the simulation alone"),
        step("when: {signal: replicas_pods_ready, below: 3}",
             ".when.signal: 'replicas_pods_ready' is known to the simulation alone: no monitor "
             "shows it; did you mean 'replicas_pods_reported_ready'?"),
        step("when: {signal: pods_reported_ready, below: 3}",
             ".when.signal: no signal is called 'pods_reported_ready'; did you mean "
             "'replicas_pods_reported_ready'?"),
        step("when: {signal: etcd_file_ratio}", ".when.signal: `above` or `below` is wanted"),
        step("when: {signal: etcd_file_ratio, above: 95}",
             ".when.above: '95': 'etcd_file_ratio' is a share: write 95%"),
        step("when: {signal: etcd_file_ratio, above: 5min}", ".when.above: '5min': a number or"),
        step("when: {signal: etcd_file_bytes, above: 90%}", ".when.above: '90%': a size, such as"),
        step("when: {signal: etcd_file_ratio, region: esat, above: 90%}",
             ".when.region: no region is called 'esat'; did you mean 'east'?"),
        step("when: {signal: observed_success_ratio, region: east, below: 90%}",
             ".when.region: 'observed_success_ratio' is of the whole service"),
        step("when: {signal: prompt_tokens_total, rate_over: 5min, above: 9/s}",
             ".when.signal: 'prompt_tokens_total' is published by 'kv_cache' and 'east': name one"),
        step("when: {signal: etcd_file_bytes, component: apy.etcd, above: 1GB}",
             ".when.component: 'apy.etcd' does not publish 'etcd_file_bytes'; one of: "
             "east/api.etcd"),
        step("when: {signal: success_ratio, rate_over: 5min, above: 9}",
             ".when.rate_over: 'success_ratio' is no total"),
        step("when: {signal: attempts_offered_total, rate_over: 20s, above: 9/s}",
             ".when.rate_over: 20s does not hold two looks, one each 15s; write at least 30s"),
        step("when: {signal: success_ratio, divided_by: etcd_file_bytes, above: 9}",
             ".when.divided_by: 'success_ratio' by 'etcd_file_bytes' has no unit"),
        step("when: {signal: success_ratio, divided_by: hit_rato, above: 9}",
             ".when.divided_by: no signal is called 'hit_rato'; did you mean 'hit_ratio'?"),
        step("when: {signal: success_ratio, above: 90%, below: 80%}",
             ".when.below: never: what is above 90% is not below 80%"),
        step("when: {condition: breaker_open, signal: success_ratio, below: 90%}",
             ".when.signal: a condition by its name or a signal, not both"),
        step("when: {condition: breaker_open, region: east}",
             ".when.region: `region` is said of a signal"),
        step("when: {condition: breaker_open, below: 90%}",
             ".when.below: `below` is said of a signal"),
        step("when: {below: 5min}", ".when.below: '5min': a number or a share"),
        step("when: {below: 900%}", ".when.below: '900%': a share from 0% to 100% is wanted"),
        step("when: {and: [breaker_open], or: [breaker_open]}", ".when.or: `and` or `or`, not"),
        step("when: {and: [breaker_open], signal: success_ratio, below: 90%}",
             ".when: beside `and` or `or` stands nothing else"),
        step("when: {or: [breaker_open, {and: [{signal: success_rato, below: 90%}]}]}",
             ".when.or[1].and[0].signal: no signal is called 'success_rato'"),
        step("when: {signal: success_ratio, below: 90%}, below: 80%",
             ".below: this is of success_below"),
        step("until: {signal: success_rato, above: 90%}", ".until.signal: no signal is called"),
        step("until: {signal: success_ratio}", ".until.signal: `above` or `below` is wanted"),
        step("when: breaker_open, below: 80%", ".below: this is of success_below"),
        step("when: {and: []}", ".when.and: an empty list"),
        step("until: {or: []}", ".until.or: an empty list"),
        step("needs: []", ".needs: an empty list"),
        step("needs: [xy]", ".needs[0]: no step is called 'xy'; did you mean 'x'?"),
        step("responder: ann", ".responder: no responder is called 'ann'"),
        step("give_up_after: 1h", ".give_up_after: this acts once, so that there is nothing to"),
        step("repeat: 0s", ".repeat: 0s is below the least allowed"),
        step("access: {break_glass: 5min}", ".access.break_glass: nothing is needed here"),
        step("access: {needs: [{}]}", ".access.needs[0]: `path_to` or `api_server` is wanted"),
        step("access: {needs: [{path_to: est}]}",
             ".access.needs[0].path_to: no region is called 'est'; did you mean 'east'?"),
        step("access: {needs: [{api_server: est}]}",
             ".access.needs[0].api_server: no region is called 'est'"),
        step("access: {needs: [{service: auth}]}",
             ".access.needs[0].service: no service is called 'auth'"),
        Case{{"spec.operations.location=est"},
             "spec.operations.location: no region is called 'est'; did you mean 'east'?"},
        Case{{"spec.operations.monitoring.location=est"},
             "spec.operations.monitoring.location: no region is called 'est'"},
        Case{{"spec.operations.monitoring.scrape_period=0s"},
             "spec.operations.monitoring.scrape_period: 0s is below the least allowed"},
        Case{{"spec.operations.responders=[{name: ann, location: est}]"},
             "spec.operations.responders[0].location: no region is called 'est'"},
        Case{{"spec.operations.responders=[{name: ann}, {name: ann}]"},
             "spec.operations.responders[1].name: the name 'ann' is already used"}));

std::size_t warnings(const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return load_scenario(small_fleet(), overrides).warnings.size();
}

TEST(Doubts, are_warnings) {
  EXPECT_EQ(warnings({}), 0u);
  EXPECT_EQ(warnings({"spec.clients[0].between_tokens_timeout=0s"}), 1u);
  EXPECT_EQ(warnings({"spec.clients[0].first_token_timeout=0s"}), 1u);
  EXPECT_EQ(warnings({"spec.clients[1].total_timeout=0s", "spec.timeline=[]"}), 0u);
  EXPECT_EQ(warnings({"spec.clients[0].share=100%"}), 1u);
  EXPECT_EQ(warnings({"spec.regions[0].share=0%", "spec.regions[1].share=0%"}), 1u);
  EXPECT_EQ(warnings({"spec.duration=5min"}), 1u);
  EXPECT_EQ(warnings({"spec.operations.steps=[{name: a, do: page}]"}), 1u);
  EXPECT_EQ(warnings({"spec.operations.steps=[{name: a, below: 80%, do: page}]"}), 0u);
  const auto rolled_out = [](const std::string& version, const std::string& more) {
    return warnings({"spec.versions=[{name: v, " + version + "}]",
                     "spec.timeline=[{at: 1min, do: roll_out, version: v" + more + "}]"});
  };
  EXPECT_EQ(rolled_out("kind: binary", ""), 1u);
  EXPECT_EQ(rolled_out("kind: binary", ", over: 5min"), 0u) << "a rolling restart";
  EXPECT_EQ(rolled_out("kind: configuration, slow: 2", ""), 0u);
}

// Every leaf with a range, at both ends of it and at nought.
TEST(Edges, of_every_range_are_refused_or_build_a_world) {
  const Loaded base = load_scenario(small_fleet(), {});
  std::size_t tried = 0;
  for (const std::string& path : leaf_paths(type_of<Scenario>(), &base.scenario)) {
    if (path == "spec.regions[0].nodes" || path == "spec.regions[1].nodes") continue;  // only slow
    for (const char* value : {"0", "-1", "1e18", "0s", "2000000h", "0/s", "1e18/s", "0%", "0B",
                              "9000000000GB", "0B/s", "1e18B/s"}) {
      try {
        const Loaded loaded = load_scenario(small_fleet(), {{path, value}});
        ++tried;
        run_simulation(loaded.scenario, [](double) { return false; });
      } catch (const InputError&) {
      } catch (const ScenarioError&) {
      } catch (const std::exception& error) {
        ADD_FAILURE() << path << "=" << value << ": " << error.what();
      }
    }
  }
  EXPECT_GT(tried, 300u);
}

}  // namespace test_contradictions
}  // namespace stampede
