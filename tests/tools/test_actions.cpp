// Every action and every argument of it, set both ways, in a whole world: what it does where it is
// told to, that it does nothing elsewhere, and how it ends.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <functional>
#include <iterator>
#include <memory>
#include <set>

#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/cluster/cluster.h"
#include "models/control_plane/api_server.h"
#include "models/control_plane/etcd.h"
#include "models/kv_cache/kv_cache.h"
#include "models/network/network.h"
#include "models/safety/safety_layer.h"
#include "models/serving/region.h"
#include "sim/registry.h"
#include "tools/world/fleet.h"
#include "tools/world/load_scenario.h"
#include "tools/world/scale.h"

namespace stampede {
namespace test_actions {

constexpr const char* kTwo = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: two}
spec:
  duration: 2h
  demand: {rate: 4/s}
  clients:
    - name: web
      first_prompt: {mean: 100}
      answer: {mean: 40}
      first_token_timeout: 30s
      between_tokens_timeout: 30s
  regions:
    - {name: east, nodes: 3, pools: [{replicas: 4, min_replicas: 4, gpu_limit: 24}]}
    - {name: west, nodes: 3, pools: [{replicas: 4, min_replicas: 4, gpu_limit: 24}]}
  serving: {pools: [{name: replicas}]}
  cluster:
    start: {weights_size: 1GB, warm_up_median: 5s}
    workloads: [{name: replicas, autoscaler: {max_replicas: 12, downscale_stabilization: 60s}}]
  kv_cache: {capacity: 1TB, initial_bytes: 100GB, initial_sessions: 1000, initial_age: 1h}
  safety: {enabled: true, ramp_steps: [50%, 100%], ramp_hold: 1min}
)";
constexpr RegionId kEast = 0, kWest = 1;

// A world with this timeline, from its start on.
struct Played {
  explicit Played(const std::vector<std::string>& timeline,
                  const std::vector<Override>& more = {}) {
    std::string list;
    for (const std::string& item : timeline) list += (list.empty() ? "{" : ", {") + item + "}";
    std::vector<Override> sets = more;
    sets.push_back({"spec.timeline", "[" + list + "]"});
    fleet =
        std::make_unique<Fleet>(load_scenario(SourceText{"two.yaml", kTwo}, sets).scenario.spec);
    fleet->start();
  }
  void run_to(Duration at) {
    while (fleet->world.now() < Instant{} + at) {
      fleet->world.scheduler.run_until(fleet->world.now() + 5_s);
      fleet->refresh_views();
    }
    for (const auto& check : fleet->world.checks) check();
  }
  // Share of the client networks that reach a region.
  double reached(RegionId r) const {
    double sum = 0;
    const ClientNetwork all = fleet->observed().network.client_networks();
    for (ClientNetwork c = 0; c < all; ++c)
      sum += fleet->observed().network.path(c, r).reach == Reach::kReachable ? 1.0 / all : 0;
    return sum;
  }
  double stat(const std::string& component, const std::string& name) const {
    for (const StatInfo& row : fleet->world.stats.rows())
      if (row.component == component && row.name == name) return row.read();
    ADD_FAILURE() << component << " " << name;
    return -1;
  }
  double write_wait(RegionId r) const {
    return stat(fleet->world.region_names[r] + "/api", "write_wait_p99_seconds");
  }
  const Incident* first(const std::string& kind) const {
    for (const Incident& i : fleet->world.journal.all())
      if (i.kind == kind) return &i;
    return nullptr;
  }
  i32 desired(RegionId r) const { return fleet->observed().clusters[r]->desired(0); }
  bool scales(RegionId r) const { return fleet->observed().clusters[r]->autoscalers().enabled(0); }
  std::unique_ptr<Fleet> fleet;
};

// Load that makes the autoscalers of both regions want their most.
const std::vector<Override> kBusy = {
    {"spec.demand.stages", "[{for: 20min, factor: 10}, {for: 2h, factor: 0.1}]"},
    {"spec.clients[0].cancel_on_timeout", "100%"},
    {"spec.serving.pools[0].front_end.cpu_per_request", "1ms"},
    {"spec.serving.pools[0].engine", "{max_num_seqs: 2, step_base: 50ms}"}};

// ---- routing
// -------------------------------------------------------------------------------------
TEST(actions, push_routing_policy_takes_its_region_off_the_net_and_no_other) {
  Played one({"at: 60s, do: push_routing_policy, target: {region: west}"});
  one.run_to(50_s);
  EXPECT_EQ(one.reached(kWest), 1);
  one.run_to(5_min);
  EXPECT_EQ(one.reached(kEast), 1);
  EXPECT_EQ(one.reached(kWest), 0);
  EXPECT_TRUE(one.fleet->observed().network.was_pushed(kWest));
  EXPECT_FALSE(one.fleet->observed().network.was_pushed(kEast));
  Played all({"at: 60s, do: push_routing_policy"});  // without a target: everywhere
  all.run_to(5_min);
  EXPECT_EQ(all.reached(kEast) + all.reached(kWest), 0);
}

TEST(actions, push_routing_policy_exports_what_its_policy_says) {
  const auto reached = [](const std::string& policy) {
    Played p(
        {"at: 60s, do: push_routing_policy, target: {region: east}, policy: {" + policy + "}"});
    p.run_to(10_min);
    EXPECT_EQ(p.reached(kWest), 1);
    return p.reached(kEast);
  };
  EXPECT_EQ(reached("export: none"), 0);
  EXPECT_EQ(reached("export: all"), 1);
  EXPECT_EQ(reached("export: missing"), 0);  // RFC 8212
  EXPECT_EQ(reached("export: missing, rfc8212: false"), 1);
  EXPECT_EQ(reached("export: none, rfc8212: false"), 0);  // it is there: the default is not asked
  EXPECT_EQ(reached("export: none, prefixes: 0%"), 1);
  // Each client network uses one of the four prefixes.
  EXPECT_NEAR(reached("export: none, prefixes: 25%"), 0.75, 1e-9);
  EXPECT_NEAR(reached("export: none, prefixes: 50%"), 0.5, 1e-9);
}

TEST(actions, a_pushed_policy_heals_after_its_time_or_is_undone) {
  Played p({"at: 60s, do: push_routing_policy, target: {region: west}, for: 5min",
            "at: 60s, do: push_routing_policy, target: {region: east}, name: slip",
            "at: 15min, do: undo, name: slip"});
  p.run_to(4_min);
  EXPECT_EQ(p.reached(kEast) + p.reached(kWest), 0);
  p.run_to(14_min);
  EXPECT_EQ(p.reached(kEast), 0);
  EXPECT_EQ(p.reached(kWest), 1);
  p.run_to(25_min);
  EXPECT_EQ(p.reached(kEast), 1);
  EXPECT_FALSE(p.fleet->observed().network.prefix_withdrawn().holds);
}

TEST(actions, restore_routing_policy_brings_its_region_back_and_no_other) {
  Played one({"at: 60s, do: push_routing_policy",
              "at: 5min, do: restore_routing_policy, target: {region: east}"});
  one.run_to(15_min);
  EXPECT_EQ(one.reached(kEast), 1);
  EXPECT_EQ(one.reached(kWest), 0);
  EXPECT_TRUE(one.fleet->observed().network.prefix_withdrawn().holds);
  Played all({"at: 60s, do: push_routing_policy", "at: 5min, do: restore_routing_policy"});
  all.run_to(15_min);
  EXPECT_EQ(all.reached(kEast) + all.reached(kWest), 2);
  EXPECT_FALSE(all.fleet->observed().network.prefix_withdrawn().holds);
}

// ---- autoscalers
// ---------------------------------------------------------------------------------
TEST(actions, stop_autoscaler_stops_its_region_and_takes_back_what_was_asked_for) {
  Played one({"at: 10min, do: stop_autoscaler, target: {region: east}"}, kBusy);
  one.run_to(9_min);
  EXPECT_EQ(one.desired(kEast), 12);
  EXPECT_EQ(one.desired(kWest), 12);
  one.run_to(11_min);
  EXPECT_FALSE(one.scales(kEast));
  EXPECT_TRUE(one.scales(kWest));
  EXPECT_EQ(one.desired(kEast), 4);  // what the fleet was
  EXPECT_EQ(one.desired(kWest), 12);
  EXPECT_TRUE(one.fleet->observed().clusters[kEast]->autoscaler_stopped().holds);
  EXPECT_FALSE(one.fleet->observed().clusters[kWest]->autoscaler_stopped().holds);
  one.run_to(19_min);
  EXPECT_EQ(one.desired(kEast), 4);  // it stays so under any load
  Played all({"at: 10min, do: stop_autoscaler"}, kBusy);
  all.run_to(15_min);
  EXPECT_FALSE(all.scales(kEast) || all.scales(kWest));
  EXPECT_EQ(all.desired(kEast) + all.desired(kWest), 8);
}

TEST(actions, restart_autoscaler_starts_its_region_again) {
  Played one({"at: 1min, do: stop_autoscaler",
              "at: 10min, do: restart_autoscaler, target: {region: west}"},
             kBusy);
  one.run_to(9_min);
  EXPECT_EQ(one.desired(kEast) + one.desired(kWest), 8);
  one.run_to(15_min);
  EXPECT_FALSE(one.scales(kEast));
  EXPECT_TRUE(one.scales(kWest));
  EXPECT_EQ(one.desired(kEast), 4);
  EXPECT_EQ(one.desired(kWest), 12);  // it scales: it is not only called started
  EXPECT_FALSE(one.fleet->observed().clusters[kWest]->autoscaler_stopped().holds);
  EXPECT_TRUE(one.fleet->observed().clusters[kEast]->autoscaler_stopped().holds);
  Played all({"at: 1min, do: stop_autoscaler", "at: 10min, do: restart_autoscaler"}, kBusy);
  all.run_to(15_min);
  EXPECT_EQ(all.desired(kEast) + all.desired(kWest), 24);
  all.run_to(45_min);  // and down again when the load is gone
  EXPECT_EQ(all.desired(kEast) + all.desired(kWest), 8);
}

TEST(actions, restart_autoscaler_pins_to_the_fleet_only_where_it_is_told_to) {
  for (const bool pin : {false, true}) {
    SCOPED_TRACE(pin);
    Played p({"at: 1min, do: stop_autoscaler",
              fmt::format("at: 5min, do: restart_autoscaler, pin_to_fleet: {}", pin)},
             kBusy);
    p.run_to(15_min);
    const auto& scaler =
        *p.fleet->observed().clusters[kEast]->state().workloads[0].params.autoscaler;
    EXPECT_TRUE(p.scales(kEast));
    EXPECT_EQ(scaler.min_replicas, 4);
    EXPECT_EQ(scaler.max_replicas, pin ? 4 : 12);
    EXPECT_EQ(p.desired(kEast), pin ? 4 : 12);
  }
}

// ---- disks of etcd
// -------------------------------------------------------------------------------
TEST(actions, slow_disk_slows_its_region_by_its_delay_until_0s_ends_it) {
  Played p({"at: 1min, do: slow_disk, target: {region: east}, delay: 80ms",
            "at: 5min, do: slow_disk, target: {region: east}, delay: 300ms",
            "at: 9min, do: slow_disk, target: {region: east}, delay: 0s"});
  p.run_to(1_min);
  EXPECT_LT(p.write_wait(kEast), 0.05);
  p.run_to(4_min);
  EXPECT_GT(p.write_wait(kEast), 0.08);
  EXPECT_LT(p.write_wait(kEast), 0.29);
  EXPECT_LT(p.write_wait(kWest), 0.05);
  p.run_to(8_min);
  EXPECT_GT(p.write_wait(kEast), 0.3);
  p.run_to(10_min);
  EXPECT_LT(p.write_wait(kEast), 0.05);
}

TEST(actions, slow_disk_of_one_region_is_not_ended_by_the_end_in_another) {
  Played p({"at: 1min, do: slow_disk, delay: 80ms",
            "at: 3min, do: slow_disk, target: {region: west}, delay: 0s"});
  p.run_to(2_min);
  EXPECT_GT(std::min(p.write_wait(kEast), p.write_wait(kWest)), 0.08);  // no target: all
  p.run_to(5_min);
  EXPECT_GT(p.write_wait(kEast), 0.08);
  EXPECT_LT(p.write_wait(kWest), 0.05);
}

TEST(actions, slow_disks_add_up_and_each_ends_after_its_time_or_by_its_undo) {
  Played p({"at: 1min, do: slow_disk, target: {region: east}, by: 80ms, for: 4min",
            "at: 3min, do: slow_disk, target: {region: east}, by: 300ms, name: more",
            "at: 7min, do: undo, name: more"});
  p.run_to(2_min);
  EXPECT_GT(p.write_wait(kEast), 0.08);
  EXPECT_LT(p.write_wait(kEast), 0.29);
  p.run_to(4_min);
  EXPECT_GT(p.write_wait(kEast), 0.38);
  p.run_to(6_min + 30_s);
  EXPECT_GT(p.write_wait(kEast), 0.3);
  p.run_to(8_min);
  EXPECT_LT(p.write_wait(kEast), 0.05);
  EXPECT_LT(p.write_wait(kWest), 0.05);
}

TEST(actions, stall_disk_stops_its_region_for_its_delay) {
  const auto longest_wait = [](const std::string& what, RegionId r) {
    Played p({what});
    double longest = 0;
    for (i64 at = 55; at < 120; at += 5) {
      p.run_to(at * 1_s);
      longest = std::max(longest, p.write_wait(r));
    }
    return longest;
  };
  EXPECT_GT(longest_wait("at: 1min, do: stall_disk, target: {region: west}, delay: 5s", kWest),
            0.3);
  EXPECT_LT(longest_wait("at: 1min, do: stall_disk, target: {region: west}, delay: 5s", kEast),
            0.05);
  EXPECT_GT(longest_wait("at: 1min, do: stall_disk, delay: 5s", kEast), 0.3);
  EXPECT_GT(longest_wait("at: 1min, do: stall_disk, for: 5s", kEast), 0.3);
  EXPECT_LT(longest_wait("at: 1min, do: stall_disk, delay: 0s", kWest), 0.05);
}

TEST(actions, steps_of_upkeep_act_alone_where_they_are_told_to) {
  const std::vector<Override> half = {{"spec.control_plane.etcd.initial_file", "1GB"},
                                      {"spec.control_plane.etcd.initial_free", "50%"}};
  const auto after = [&](const std::string& what, RegionId r) {
    Played p({"at: 1min, do: " + what}, half);
    p.run_to(3_min);
    const Etcd& etcd = p.fleet->observed().api_servers[r]->etcd();
    struct {
      i64 leader_free, follower_free, quota;
      u32 leader;
    } seen{etcd.file().free_bytes(0), etcd.file().free_bytes(1), etcd.params().quota.value,
           etcd.leader()};
    return seen;
  };
  const auto untouched = after("page", kEast);
  EXPECT_GT(untouched.leader_free, 0);
  for (const char* members : {"all", "leader", "followers", "one_follower"}) {
    const std::string what = "defragment_etcd, target: {region: east}, members: " +
                             std::string(members),
                      who = members;
    EXPECT_EQ(after(what, kEast).leader_free == 0, who == "all" || who == "leader") << who;
    EXPECT_EQ(after(what, kEast).follower_free == 0, who != "leader") << who;
    EXPECT_GT(after(what, kWest).follower_free, 0);
  }
  EXPECT_GE(after("compact_etcd, target: {region: east}", kEast).leader_free,
            untouched.leader_free);
  EXPECT_EQ(after("raise_etcd_quota, target: {region: east}, by: 3", kEast).quota,
            3 * untouched.quota);
  EXPECT_EQ(after("raise_etcd_quota, target: {region: east}, by: 3", kWest).quota, untouched.quota);
  EXPECT_NE(after("move_etcd_leader, target: {region: east}", kEast).leader, untouched.leader);
  EXPECT_EQ(after("move_etcd_leader, target: {region: east}", kWest).leader, untouched.leader);
  EXPECT_EQ(after("disarm_etcd, target: {region: east}", kEast).quota, untouched.quota);
  for (const char* how : {"members: leader", "members: leader, graceful: false", "down: 5s"}) {
    const std::string what = std::string("restart_etcd, target: {region: east}, ") + how;
    EXPECT_NE(after(what, kEast).leader, untouched.leader) << how;
    EXPECT_EQ(after(what, kWest).leader, untouched.leader) << how;
  }
  EXPECT_EQ(after("restart_etcd, members: followers", kEast).leader, untouched.leader);
}

// What it costs by member: test_etcd_upkeep.cpp.
TEST(actions, disks_of_some_members_only) {
  const std::pair<const char*, const char*> called[] = {{"all", "members"},
                                                        {"leader", "leader"},
                                                        {"followers", "followers"},
                                                        {"one_follower", "first follower"}};
  for (const auto& [members, name] : called) {
    Played p({std::string("at: 1min, do: slow_disk, by: 80ms, members: ") + members,
              std::string("at: 2min, do: stall_disk, for: 1s, members: ") + members});
    p.run_to(3_min);
    bool slowed = false, stalled = false;
    for (const Incident& i : p.fleet->world.journal.all()) {
      slowed |= i.kind == "disk_slowed" && i.text.find(name) != std::string::npos;
      stalled |= i.kind == "disk_stalled" &&
                 (i.text.find(name) != std::string::npos || std::string(members) == "all");
    }
    EXPECT_TRUE(slowed && stalled) << members;
  }
}

TEST(actions, what_operators_do_within_no_time_is_over_at_once) {
  const std::string when = "when: {signal: routable_pods, above: '0'}";
  Played p({"at: 1min, do: roll_out, version: v2, name: out"},
           {{"spec.versions", "[{name: v2, kind: configuration, slow: 2}]"},
            {"spec.operations.steps",
             "[{name: stall, " + when + ", for: 90s, do: stall_disk}, " + "{name: back, " + when +
                 ", for: 2min, action: {do: " + "roll_back, name: out, propagation: 5ns}}]"}});
  p.run_to(5_min);
  EXPECT_EQ(p.first("disk_stalled"), nullptr);
  EXPECT_NE(p.first("nothing_changed"), nullptr);
  EXPECT_NE(p.first("version_rolled_back"), nullptr);
}

TEST(actions, compact_defragment_disarm_repairs_its_region) {
  // A file over its quota: every write is refused until somebody cleans up.
  const std::vector<Override> full = {
      {"spec.control_plane.etcd.quota", "2GiB"},
      {"spec.control_plane.etcd.initial_file", "2.2GB"},
      {"spec.control_plane.etcd.initial_free", "50%"},
      {"spec.demand.stages", "[{for: 2min, factor: 0.1}, {for: 2h, factor: 10}]"},
      {"spec.clients[0].cancel_on_timeout", "100%"},
      {"spec.serving.pools[0].front_end.cpu_per_request", "1ms"},
      {"spec.serving.pools[0].engine", "{max_num_seqs: 2, step_base: 50ms}"}};
  Played one({"at: 30min, do: compact_defragment_disarm, target: {region: east}"}, full);
  one.run_to(29_min);
  ASSERT_TRUE(one.fleet->observed().api_servers[kEast]->frozen().holds);
  ASSERT_TRUE(one.fleet->observed().api_servers[kWest]->frozen().holds);
  ASSERT_TRUE(one.fleet->observed().api_servers[kEast]->etcd().alarm());
  one.run_to(40_min);
  EXPECT_FALSE(one.fleet->observed().api_servers[kEast]->etcd().alarm());
  EXPECT_FALSE(one.fleet->observed().api_servers[kEast]->frozen().holds);
  EXPECT_TRUE(one.fleet->observed().api_servers[kWest]->etcd().alarm());
  EXPECT_TRUE(one.fleet->observed().api_servers[kWest]->frozen().holds);
  Played all({"at: 30min, do: compact_defragment_disarm"}, full);
  all.run_to(40_min);
  EXPECT_FALSE(all.fleet->observed().api_servers[kEast]->etcd().alarm() ||
               all.fleet->observed().api_servers[kWest]->etcd().alarm());
  for (const bool only_frozen : {false, true}) {  // neither is frozen
    Played sound({std::string("at: 5min, do: compact_defragment_disarm, only_frozen: ") +
                  (only_frozen ? "true" : "false")},
                 {{"spec.control_plane.etcd.initial_file", "1GB"}});
    sound.run_to(5_min + 2_s);
    EXPECT_EQ(sound.fleet->observed().api_servers[kEast]->repairing(), !only_frozen);
  }
}

// ---- cache and breaker
// ---------------------------------------------------------------------------
TEST(actions, flush_cache_removes_what_is_stored_and_bump_cache_epoch_makes_it_invalid) {
  const std::vector<Override> talk = {{"spec.clients[0].continue_probability", "90%"},
                                      {"spec.clients[0].think_time", "60s"},
                                      {"spec.clients[0].first_prompt", "{mean: 2000}"}};
  Played flush({"at: 5min, do: flush_cache"}, talk), bump({"at: 5min, do: bump_cache_epoch"}, talk),
      none({}, talk);
  for (Played* p : {&flush, &bump, &none}) p->run_to(20_min);
  EXPECT_GT(flush.fleet->observed().kv.flushed_bytes(), 90e9);
  EXPECT_EQ(none.fleet->observed().kv.flushed_bytes(), 0);
  EXPECT_GT(flush.fleet->observed().kv.flush_seconds(), 0);
  EXPECT_EQ(none.fleet->observed().kv.flush_seconds(), 0);
  EXPECT_NE(flush.first("flush_started"), nullptr);
  EXPECT_EQ(none.first("flush_started"), nullptr);
  // Conversations that were under way find nothing.
  EXPECT_LT(flush.fleet->observed().kv.stats().hit_tokens,
            none.fleet->observed().kv.stats().hit_tokens);
  EXPECT_LT(bump.fleet->observed().kv.stats().hit_tokens,
            none.fleet->observed().kv.stats().hit_tokens);
  EXPECT_FALSE(bump.fleet->observed().kv.flushing());
}

TEST(actions, open_breaker_refuses_everybody_and_start_ramp_lets_them_in_by_steps) {
  Played p({"at: 2min, do: open_breaker", "at: 5min, do: start_ramp"});
  const auto ended = [&](Outcome o) {
    return p.fleet->observed().service.counts().ended[static_cast<std::size_t>(o)];
  };
  p.run_to(2_min - 5_s);
  EXPECT_EQ(ended(Outcome::kBreaker), 0u);
  p.run_to(2_min + 30_s);
  const u64 good = ended(Outcome::kSucceeded);
  EXPECT_TRUE(p.fleet->observed().safety.globally_open());
  p.run_to(5_min - 5_s);
  EXPECT_EQ(ended(Outcome::kSucceeded), good);  // nobody is let in
  EXPECT_GT(ended(Outcome::kBreaker), 300u);
  p.run_to(5_min + 40_s);
  EXPECT_FALSE(p.fleet->observed().safety.globally_open());
  EXPECT_GT(ended(Outcome::kSucceeded), good + 20);
  const u64 refused = ended(Outcome::kBreaker);
  p.run_to(5_min + 55_s);
  EXPECT_GT(ended(Outcome::kBreaker), refused);  // half of the sessions
  p.run_to(9_min);
  EXPECT_FALSE(p.fleet->observed().safety.breaker_open().holds);
  const u64 at_the_end = ended(Outcome::kBreaker);
  p.run_to(12_min);
  EXPECT_EQ(ended(Outcome::kBreaker), at_the_end);
}

// ---- pods and demand
// -----------------------------------------------------------------------------
TEST(actions, kill_pods_kills_whom_its_target_means_and_they_come_back) {
  const auto serving = [](const Played& p, RegionId r) {
    return p.fleet->observed().regions[r]->serving_pods(0);
  };
  const auto left = [&](const std::string& target) {
    Played p({"at: 1min, do: kill_pods, target: {" + target + "}"});
    p.run_to(65_s);
    const auto found = std::pair(serving(p, kEast), serving(p, kWest));
    p.run_to(10_min);
    EXPECT_EQ(serving(p, kEast), 4u) << target;
    EXPECT_EQ(serving(p, kWest), 4u) << target;
    return found;
  };
  using Left = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(left("region: east"), Left(0, 4));
  EXPECT_EQ(left("region: west, share: 25%"), Left(4, 3));
  EXPECT_EQ(left("share: 50%"), Left(2, 2));
  EXPECT_EQ(left("region: east, count: 3"), Left(1, 4));
  EXPECT_EQ(left("region: east, pod: 2"), Left(3, 4));
  EXPECT_EQ(left("region: west, pool: replicas"), Left(4, 0));
  const Left node = left("region: west, node: 0");
  EXPECT_EQ(node.first, 4u);
  EXPECT_LT(node.second, 4u);
}

TEST(actions, a_count_of_pods_scales_with_the_fleet_and_so_does_what_a_share_meets) {
  for (const char* target : {"count: 2", "share: 50%"}) {
    Played p({std::string("at: 1min, do: kill_pods, target: {region: east, ") + target + "}"});
    const Scenario half =
        load_scenario(SourceText{"two.yaml", kTwo},
                      {{"spec.scale", "1/2"},
                       {"spec.timeline", std::string("[{at: 1min, do: kill_pods, target: {region: "
                                                     "east, ") +
                                             target + "}}]"}})
            .scenario;
    p.run_to(65_s);
    Fleet small(scaled(half.spec));
    small.start();
    small.world.scheduler.run_until(Instant{} + 65_s);
    EXPECT_EQ(p.fleet->observed().regions[kEast]->serving_pods(0),
              2 * small.observed().regions[kEast]->serving_pods(0))
        << target;
  }
}

TEST(actions, a_spike_multiplies_what_its_class_asks_at_its_home_while_it_lasts) {
  const auto offered = [](const std::string& spike) {
    Played p({"at: 5min, do: spike, " + spike}, {{"spec.clients[0].resubmit.probability", "0%"},
                                                 {"spec.clients[0].retry.policy", "none"}});
    p.run_to(5_min);
    const auto before = static_cast<double>(p.fleet->observed().service.counts().offered);
    p.run_to(25_min);
    return static_cast<double>(p.fleet->observed().service.counts().offered) - before;
  };
  const double normal = 2 * 4 * 20 * 60;  // of two regions in twenty minutes
  EXPECT_NEAR(offered("factor: 1"), normal, 5 * 100);
  EXPECT_NEAR(offered("factor: 3"), 3 * normal, 5 * 170);
  EXPECT_NEAR(offered("factor: 3, class: web"), 3 * normal, 5 * 170);
  EXPECT_NEAR(offered("factor: 3, target: {region: east}"), 2 * normal, 5 * 140);
  EXPECT_NEAR(offered("factor: 3, for: 10min"), 2 * normal, 5 * 140);
}

TEST(actions, a_spike_is_undone_by_its_name) {
  Played p({"at: 1min, do: spike, factor: 10, name: rush", "at: 3min, do: undo, name: rush"});
  p.run_to(5_min);
  const u64 then = p.fleet->observed().service.counts().offered;
  p.run_to(15_min);
  EXPECT_NEAR(static_cast<double>(p.fleet->observed().service.counts().offered - then), 4800,
              5 * 70);
}

TEST(actions, page_changes_nothing) {
  Played paged({"at: 1min, do: page"}), none({});
  paged.run_to(5_min);
  none.run_to(5_min);
  EXPECT_EQ(paged.fleet->observed().clients.counts().latencies,
            none.fleet->observed().clients.counts().latencies);
}

// Whoever adds an action or an argument adds a test above and its name here; those of `set` are in
// test_live_set.cpp, of pods and hosts in test_fault_families.cpp, test_pod_faults.cpp and
// test_hosts.cpp, of traffic in test_traffic_faults.cpp, of what is stored, clocks and bots in
// test_store_faults.cpp, of services in test_services.cpp, of names in test_dns.cpp, of ways and
// routes in test_way_faults.cpp; targets in test_targets.cpp.
TEST(actions, are_all_tested_with_all_their_arguments) {
  std::set<std::string> found;
  const std::function<void(const TypeInfo&, const std::string&)> walk =
      [&](const TypeInfo& type, const std::string& path) {
        if (type.kind != ValueKind::kStruct || type.fields.empty()) found.insert(path);
        if (type.kind == ValueKind::kStruct)
          for (const FieldInfo& f : type.fields) walk(*f.type, path + " " + f.key);
      };
  for (const auto& [key, entry] : Registry::global().all())
    if (entry.category == "action") walk(*entry.params, entry.name);
  const std::set<std::string> tested{"block class",
                                     "block for",
                                     "block name",
                                     "block target region",
                                     "block target site",
                                     "bot_flood class",
                                     "bot_flood for",
                                     "bot_flood name",
                                     "bot_flood rate",
                                     "bot_flood target region",
                                     "bot_flood target site",
                                     "bump_cache_epoch",
                                     "clear_dns_record for",
                                     "clear_dns_record name",
                                     "clear_dns_record record",
                                     "compact_defragment_disarm only_frozen",
                                     "compact_defragment_disarm target region",
                                     "compact_defragment_disarm target site",
                                     "compact_etcd target region",
                                     "compact_etcd target site",
                                     "cordon_nodes for",
                                     "cordon_nodes name",
                                     "cordon_nodes target count",
                                     "cordon_nodes target node",
                                     "cordon_nodes target region",
                                     "cordon_nodes target share",
                                     "cordon_nodes target site",
                                     "cordon_nodes target zone",
                                     "corrupt_blocks share",
                                     "corrupt_blocks target region",
                                     "corrupt_blocks target site",
                                     "defragment_etcd members",
                                     "defragment_etcd target region",
                                     "defragment_etcd target site",
                                     "degrade_link bandwidth",
                                     "degrade_link for",
                                     "degrade_link latency",
                                     "degrade_link loss",
                                     "degrade_link name",
                                     "degrade_link target from",
                                     "degrade_link target home",
                                     "degrade_link target region",
                                     "degrade_link target share",
                                     "degrade_link target site",
                                     "detach_network cold",
                                     "detach_network for",
                                     "detach_network name",
                                     "detach_network reimage",
                                     "detach_network repair_rate",
                                     "detach_network target count",
                                     "detach_network target node",
                                     "detach_network target region",
                                     "detach_network target share",
                                     "detach_network target site",
                                     "detach_network target zone",
                                     "detach_network within",
                                     "disable name",
                                     "disable propagation",
                                     "disable version",
                                     "disarm_etcd target region",
                                     "disarm_etcd target site",
                                     "drain_nodes for",
                                     "drain_nodes max_unavailable",
                                     "drain_nodes name",
                                     "drain_nodes target count",
                                     "drain_nodes target node",
                                     "drain_nodes target region",
                                     "drain_nodes target share",
                                     "drain_nodes target site",
                                     "drain_nodes target zone",
                                     "drain_region for",
                                     "drain_region name",
                                     "drain_region target region",
                                     "drain_region target site",
                                     "drop_connections handshake",
                                     "drop_connections target count",
                                     "drop_connections target node",
                                     "drop_connections target pod",
                                     "drop_connections target pool",
                                     "drop_connections target region",
                                     "drop_connections target share",
                                     "drop_connections target site",
                                     "drop_connections target zone",
                                     "fail_link for",
                                     "fail_link name",
                                     "fail_link target link",
                                     "fail_link target region",
                                     "fail_link target site",
                                     "fail_nodes cold",
                                     "fail_nodes for",
                                     "fail_nodes name",
                                     "fail_nodes repair_rate",
                                     "fail_nodes target count",
                                     "fail_nodes target node",
                                     "fail_nodes target region",
                                     "fail_nodes target share",
                                     "fail_nodes target site",
                                     "fail_nodes target zone",
                                     "fail_nodes within",
                                     "fail_service for",
                                     "fail_service hangs",
                                     "fail_service name",
                                     "fail_service service",
                                     "fail_service share",
                                     "fail_service target region",
                                     "fail_service target site",
                                     "fail_zone cold",
                                     "fail_zone for",
                                     "fail_zone name",
                                     "fail_zone repair_rate",
                                     "fail_zone target region",
                                     "fail_zone target zone",
                                     "fail_zone within",
                                     "flush_cache",
                                     "hang_pods answers_probes",
                                     "hang_pods for",
                                     "hang_pods name",
                                     "hang_pods target count",
                                     "hang_pods target node",
                                     "hang_pods target pod",
                                     "hang_pods target pool",
                                     "hang_pods target region",
                                     "hang_pods target share",
                                     "hang_pods target site",
                                     "hang_pods target zone",
                                     "hijack_prefix by",
                                     "hijack_prefix for",
                                     "hijack_prefix name",
                                     "hijack_prefix prefixes",
                                     "hijack_prefix target region",
                                     "hijack_prefix target site",
                                     "kill_pods target count",
                                     "kill_pods target node",
                                     "kill_pods target pod",
                                     "kill_pods target pool",
                                     "kill_pods target region",
                                     "kill_pods target share",
                                     "kill_pods target site",
                                     "kill_pods target zone",
                                     "leak_routes bandwidth",
                                     "leak_routes by",
                                     "leak_routes for",
                                     "leak_routes name",
                                     "leak_routes target region",
                                     "leak_routes target site",
                                     "limit_api_server for",
                                     "limit_api_server level",
                                     "limit_api_server name",
                                     "limit_api_server rate",
                                     "limit_api_server target region",
                                     "limit_api_server target site",
                                     "limit_service for",
                                     "limit_service name",
                                     "limit_service rate",
                                     "limit_service service",
                                     "limit_service target region",
                                     "limit_service target site",
                                     "load_api_server agents_per_node",
                                     "load_api_server for",
                                     "load_api_server name",
                                     "load_api_server object_size",
                                     "load_api_server objects",
                                     "load_api_server objects_per_node",
                                     "load_api_server period",
                                     "load_api_server target region",
                                     "load_api_server target site",
                                     "lose_cache share",
                                     "lose_cache target region",
                                     "lose_cache target site",
                                     "lose_cache tier",
                                     "move_etcd_leader target region",
                                     "move_etcd_leader target site",
                                     "lose_cache use",
                                     "open_breaker",
                                     "page",
                                     "partition for",
                                     "partition name",
                                     "partition target from",
                                     "partition target home",
                                     "partition target region",
                                     "partition target share",
                                     "partition target site",
                                     "prefer_routes for",
                                     "prefer_routes name",
                                     "prefer_routes preference",
                                     "prefer_routes target region",
                                     "prefer_routes target site",
                                     "push_routing_policy for",
                                     "push_routing_policy name",
                                     "push_routing_policy policy export",
                                     "push_routing_policy policy prefixes",
                                     "push_routing_policy policy rfc8212",
                                     "push_routing_policy target region",
                                     "push_routing_policy target site",
                                     "raise_etcd_quota by",
                                     "raise_etcd_quota target region",
                                     "raise_etcd_quota target site",
                                     "repair_nodes rate",
                                     "repair_nodes target region",
                                     "repair_nodes target site",
                                     "reset_session target link",
                                     "reset_session target region",
                                     "reset_session target site",
                                     "restart_autoscaler pin_to_fleet",
                                     "restart_autoscaler target region",
                                     "restart_autoscaler target site",
                                     "restart_controller controller",
                                     "restart_etcd down",
                                     "restart_etcd graceful",
                                     "restart_etcd members",
                                     "restart_etcd target region",
                                     "restart_etcd target site",
                                     "restart_pods jitter",
                                     "restart_pods max_unavailable",
                                     "restart_pods target count",
                                     "restart_pods target node",
                                     "restart_pods target pod",
                                     "restart_pods target pool",
                                     "restart_pods target region",
                                     "restart_pods target share",
                                     "restart_pods target site",
                                     "restart_pods target zone",
                                     "restart_service max_unavailable",
                                     "restart_service service",
                                     "restart_service share",
                                     "restart_service target region",
                                     "restart_service target site",
                                     "restore_routing_policy target region",
                                     "restore_routing_policy target site",
                                     "roll_back jitter",
                                     "roll_back max_unavailable",
                                     "roll_back name",
                                     "roll_back propagation",
                                     "roll_back target region",
                                     "roll_back target site",
                                     "roll_back version",
                                     "roll_out for",
                                     "roll_out gate",
                                     "roll_out jitter",
                                     "roll_out max_unavailable",
                                     "roll_out name",
                                     "roll_out over",
                                     "roll_out propagation",
                                     "roll_out stages",
                                     "roll_out steps",
                                     "roll_out target pool",
                                     "roll_out target region",
                                     "roll_out target site",
                                     "roll_out version",
                                     "scale for",
                                     "scale name",
                                     "scale replicas",
                                     "scale target pool",
                                     "scale target region",
                                     "scale target site",
                                     "set for",
                                     "set name",
                                     "set over",
                                     "set path",
                                     "set stages",
                                     "set steps",
                                     "set target region",
                                     "set target site",
                                     "set value",
                                     "shed class",
                                     "shed for",
                                     "shed name",
                                     "shed share",
                                     "shed target region",
                                     "shed target site",
                                     "skew_clock drift",
                                     "skew_clock for",
                                     "skew_clock name",
                                     "skew_clock offset",
                                     "skew_clock target region",
                                     "skew_clock target site",
                                     "slow_disk by",
                                     "slow_disk delay",
                                     "slow_disk for",
                                     "slow_disk members",
                                     "slow_disk name",
                                     "slow_disk target region",
                                     "slow_disk target site",
                                     "slow_dns by",
                                     "slow_dns for",
                                     "slow_dns name",
                                     "slow_dns record",
                                     "slow_pods factor",
                                     "slow_pods for",
                                     "slow_pods name",
                                     "slow_pods target count",
                                     "slow_pods target node",
                                     "slow_pods target pod",
                                     "slow_pods target pool",
                                     "slow_pods target region",
                                     "slow_pods target share",
                                     "slow_pods target site",
                                     "slow_pods target zone",
                                     "slow_service factor",
                                     "slow_service for",
                                     "slow_service name",
                                     "slow_service service",
                                     "slow_service target region",
                                     "slow_service target site",
                                     "spike class",
                                     "spike factor",
                                     "spike for",
                                     "spike name",
                                     "spike target region",
                                     "spike target site",
                                     "stall_controller controller",
                                     "stall_controller for",
                                     "stall_controller name",
                                     "stall_disk delay",
                                     "stall_disk for",
                                     "stall_disk members",
                                     "stall_disk target region",
                                     "stall_disk target site",
                                     "start_ramp",
                                     "stop_autoscaler target region",
                                     "stop_autoscaler target site",
                                     "throttle controller",
                                     "throttle for",
                                     "throttle name",
                                     "throttle rate",
                                     "undo name",
                                     "undrain_region target region",
                                     "undrain_region target site"};
  std::vector<std::string> untested, gone;
  std::set_difference(found.begin(), found.end(), tested.begin(), tested.end(),
                      std::back_inserter(untested));
  std::set_difference(tested.begin(), tested.end(), found.begin(), found.end(),
                      std::back_inserter(gone));
  EXPECT_EQ(untested, std::vector<std::string>{});
  EXPECT_EQ(gone, std::vector<std::string>{});
}

}  // namespace test_actions
}  // namespace stampede
