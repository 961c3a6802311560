// Named services of a whole fleet: who fails with them, what follows from that, how it ends, and
// that nothing of it is seen without a fault.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_services {

using Sets = std::vector<std::string>;

// Eight calls a second for three requests a second.
Sets store(const std::string& service = "", const std::string& use = "") {
  return {
      "spec.services=[{name: store, servers: 4, service_time: 500ms, variation: 0.5, queue: 100" +
          service + "}]",
      "spec.uses=[{name: store, service: store, timeout: 5s" + use + "}]"};
}

const char* const kRetries = ", retry: {policy: fixed, base: 1s, max_attempts: 4}";

// All but what judges of a run note in it.
void follow_from(const Played& run, const std::string& root) {
  for (const Incident& i : run.incidents)
    if (i.kind != "recovered") {
      EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{root}) << i.kind;
    }
}

TEST(services, of_which_none_fails_are_not_noticed) {
  const Played run = play("", store("", kRetries));
  EXPECT_TRUE(run.incidents.empty());
  EXPECT_EQ(run.requests.span(0, 55).lost, 0U);
}

struct Case {
  const char *action, *use, *kind;
  double lost_above, lost_below;
};
class Services : public testing::TestWithParam<Case> {};

TEST_P(Services, harm_who_needs_them_heal_and_are_what_all_follows_from) {
  const Case& c = GetParam();
  const Played run =
      play("{at: 10min, do: " + std::string(c.action) + ", service: store, for: 5min}",
           store("", c.use));
  EXPECT_EQ(run.count(c.kind), 1U);
  EXPECT_EQ(run.count("service_restored"), 1U);
  EXPECT_EQ(run.count("healed"), 1U);
  EXPECT_GE(run.requests.span(10, 15).lost_share(), c.lost_above);
  EXPECT_LE(run.requests.span(10, 15).lost_share(), c.lost_below);
  EXPECT_EQ(run.requests.span(0, 9).lost, 0U);
  EXPECT_LT(run.requests.span(30, 55).lost_share(), 0.002);
  follow_from(run, std::string(c.action).substr(0, std::string(c.action).find(',')));
}

INSTANTIATE_TEST_SUITE_P(
    all, Services,
    testing::Values(
        Case{"fail_service", "", "service_failed", 0.5, 1},
        Case{"fail_service, hangs: true", "", "service_failed", 0.5, 1},
        Case{"fail_service, share: 75%", "", "service_failed", 0.1, 1},
        Case{"slow_service, factor: 6", "", "service_slowed", 0.1, 1},
        Case{"limit_service, rate: 1.5/s", "", "service_limited", 0.1, 0.6},
        Case{"fail_service", ", on_failure: open", "service_failed", 0, 0},
        Case{"fail_service", ", on_failure: degrade, degraded_time: 1s", "service_failed", 0, 0},
        Case{"fail_service", ", per: log_in", "service_failed", 0.05, 0.95},
        Case{"fail_service", ", cache: {size: 1000, keys: 1000, ttl: 1h, stale_if_error: 1h}",
             "service_failed", 0, 0.75}));

TEST(services, without_those_that_fail_nothing_is_left_of_it) {
  const Played run = play("{at: 10min, do: fail_service, service: store, for: 5min}",
                          {"spec.services=[{name: store}]", "spec.uses=[]"});
  EXPECT_EQ(run.requests.span(0, 55).lost, 0U);
  EXPECT_EQ(run.results, healthy().results);
}

// A fleet that grows beyond what its servers can keep of each other is gone, and back when it has
// shrunk; without the limit the same growth harms nobody. A smaller fleet has a smaller limit.
TEST(services, servers_that_know_each_other_are_only_so_many) {
  const std::string grow =
      "{at: 1min, do: stop_autoscaler}, {at: 10min, do: scale, replicas: 16, target: {region: "
      "east}, for: 10min}";
  const Played free = play(grow);
  const Played run = play(grow, {"spec.serving.pools[0].front_end.max_peers=12"});
  EXPECT_EQ(free.requests.span(0, 55).lost, 0U);
  EXPECT_EQ(run.requests.span(0, 10).lost, 0U);
  ASSERT_EQ(run.count("peers_exceeded"), 1U);
  ASSERT_EQ(run.count("peers_within"), 1U);
  EXPECT_GT(run.requests.span(12, 20).lost, 50U);
  EXPECT_LT(run.requests.span(40, 55).lost_share(), 0.002);
  for (const Incident& i : run.incidents)
    if (i.kind.starts_with("peers_")) {
      EXPECT_TRUE(roots_of(run.incidents, i).contains("scale")) << i.kind;
    }
}

// AWS 2020-11-25: a smaller fleet is not enough. Servers that had too many peers are of no use
// until they are started anew, and are started anew at a rate.
TEST(services, servers_that_had_too_many_peers_need_a_restart) {
  const std::string grow =
      "{at: 1min, do: stop_autoscaler}, {at: 10min, do: scale, replicas: 16, target: {region: "
      "east}, for: 10min}";
  const std::vector<std::string> sets{"spec.serving.pools[0].front_end.max_peers=12",
                                      "spec.serving.pools[0].front_end.peers_need_restart=true"};
  const Played left = play(grow, sets);
  EXPECT_GT(left.requests.span(25, 55).lost, 50U);
  EXPECT_EQ(left.count("peers_within"), 0U);
  const Played run = play(grow +
                              ", {at: 25min, do: restart_pods, target: {region: east}, "
                              "max_unavailable: 2}",
                          sets);
  ASSERT_EQ(run.count("peers_exceeded"), 1U);
  ASSERT_EQ(run.count("peers_within"), 1U);
  EXPECT_LT(run.requests.span(50, 55).lost_share(), 0.002);
  for (const Incident& i : run.incidents)
    if (i.kind == "peers_within") {
      EXPECT_TRUE(roots_of(run.incidents, i).contains("restart_pods"));
      EXPECT_GT(i.at, Instant{} + 26_min);
    }
  const Played early = play(grow + ", {at: 15min, do: restart_pods, target: {region: east}}", sets);
  EXPECT_GT(early.count("peers_exceeded"), 1U);  // the pool is as large as before
}

// Who does not need it, by class or by region, does not notice; whoever the use is for all fail as
// before, and named one by one they are all.
TEST(services, of_some_alone_harm_these_alone) {
  const std::string fault = "{at: 10min, do: fail_service, service: store, for: 5min}";
  const auto lost = [](const Played& run, auto&& of) {
    u64 n = 0;
    for (const RequestRecord& r : run.requests.all)
      n += of(r) && !r.open && r.outcome != Outcome::kSucceeded;
    return n;
  };
  const Played sdk = play(fault, store("", ", for: {classes: [sdk]}"));
  EXPECT_EQ(lost(sdk, [](const RequestRecord& r) { return r.class_id == 0; }), 0U);
  EXPECT_GT(lost(sdk, [](const RequestRecord& r) { return r.class_id == 1; }), 50U);
  const Played west = play(fault, store("", ", for: {regions: [west]}"));
  EXPECT_EQ(lost(west, [](const RequestRecord& r) { return r.home == 0; }), 0U);
  EXPECT_GT(lost(west, [](const RequestRecord& r) { return r.home == 1; }), 50U);
  EXPECT_EQ(play(fault, store("", ", for: {classes: [sdk, web], regions: [east, west]}")).results,
            play(fault, store()).results);
  const Played work = play(fault, store("", ", per: work, for: {pools: [replicas]}"));
  EXPECT_GT(work.requests.span(10, 15).lost, 100U);
  EXPECT_EQ(work.results, play(fault, store("", ", per: work")).results);
}

// A log-in that fails is told as one; who is logged in goes on.
TEST(services, a_log_in_that_fails_is_an_auth_failure) {
  const Played run =
      play("{at: 10min, do: fail_service, service: store, for: 5min}", store("", ", per: log_in"));
  u64 auth = 0, other = 0;
  for (const RequestRecord& r : run.requests.all) {
    auth += r.outcome == Outcome::kAuthFailed;
    other += r.outcome != Outcome::kAuthFailed && r.outcome != Outcome::kSucceeded && !r.open;
  }
  EXPECT_GT(auth, 100U);
  EXPECT_LT(other, auth / 20);
}

TEST(services, each_region_may_have_its_own) {
  const Played run =
      play("{at: 10min, do: fail_service, service: store, target: {region: west}, for: 5min}",
           store(", in_each_region: true"));
  u64 lost[2] = {0, 0};
  for (const RequestRecord& r : run.requests.all)
    if (r.outcome != Outcome::kSucceeded && !r.open) ++lost[r.home];
  EXPECT_EQ(lost[0], 0U);
  EXPECT_GT(lost[1], 100U);
}

// A service that is out of reach fails as one that is down, and names why.
TEST(services, a_service_in_a_region_that_is_cut_off_is_missed_everywhere) {
  const Played run = play("{at: 10min, do: push_routing_policy, target: {region: west}, for: 5min}",
                          store(", region: west"));
  const Played other =
      play("{at: 10min, do: push_routing_policy, target: {region: west}, for: 5min}");
  EXPECT_GT(run.requests.span(11, 15).lost_share(), other.requests.span(11, 15).lost_share() + 0.3);
  follow_from(run, "push_routing_policy");
}

// Work for those who have left keeps it down when its fault is long over; turning callers away for
// ten minutes ends that.
TEST(services, a_collapse_ends_when_callers_are_turned_away_and_not_before) {
  const Sets tight{
      "spec.services=[{name: store, servers: 4, service_time: 1s, variation: 0.5, queue: 200}]",
      "spec.uses=[{name: store, service: store, timeout: 5s, retry: {policy: fixed, base: 1s, "
      "max_attempts: 5}}]"};
  const std::string slow = "{at: 10min, do: slow_service, service: store, factor: 5, for: 5min}";
  const Played left_alone = play(slow, tight);
  EXPECT_EQ(left_alone.requests.span(0, 9).lost, 0U);
  EXPECT_GT(left_alone.requests.span(40, 55).lost_share(), 0.5);
  EXPECT_EQ(left_alone.count("service_recovered"), 0U);
  const Played shed = play(slow + ", {at: 25min, do: shed, share: 90%, for: 10min}", tight);
  EXPECT_GT(shed.requests.span(18, 25).lost_share(), 0.5);
  EXPECT_LT(shed.requests.span(45, 55).lost_share(), 0.02);
  EXPECT_EQ(shed.count("service_recovered"), 1U);
}

// What waits for a service holds a place of its pod: few workers are all busy with those that wait,
// more are not, and a pod that dies takes those along that wait there.
TEST(services, that_pods_ask_hold_their_workers_while_they_are_slow) {
  const auto with = [&](const char* workers, const std::string& timeline) {
    return play(timeline, {"spec.services=[{name: store, servers: 8, service_time: 500ms, "
                           "variation: 0.5, queue: 100000}]",
                           "spec.uses=[{name: store, service: store, per: work, timeout: 40s}]",
                           std::string("spec.serving.pools[0].front_end.max_requests=") + workers});
  };
  const std::string slow = "{at: 10min, do: slow_service, service: store, factor: 20, for: 10min}";
  const Played sound = with("16", ""), few = with("16", slow), many = with("0", slow);
  EXPECT_TRUE(sound.incidents.empty());
  EXPECT_EQ(sound.requests.span(0, 55).lost, 0U);
  const auto ended = [](const Played& run, Outcome how, Duration within) {
    u64 count = 0;
    for (const RequestRecord& r : run.requests.all) count += r.outcome == how && r.e2e <= within;
    return count;
  };
  EXPECT_GT(ended(few, Outcome::kRejected503, 5_s), 100U);  // unheard
  EXPECT_EQ(ended(many, Outcome::kRejected503, 5_s), 0U);
  EXPECT_GT(ended(many, Outcome::kRejected503, 1_h), 100U);  // not answered in time
  EXPECT_LT(few.requests.span(40, 55).lost_share(), 0.002);
  follow_from(few, "slow_service");
  const Played killed = with("16", slow + ", {at: 15min, do: kill_pods}");
  EXPECT_GT(ended(killed, Outcome::kTruncated, 1_h), 20U)
      << "who waits there breaks off with the pod";
  EXPECT_EQ(ended(few, Outcome::kTruncated, 1_h), 0U);
  EXPECT_LT(killed.requests.span(35, 55).lost_share(), 0.002);
}

// A version that empties the nodes of a cache as it goes round, and the same by hand.
TEST(services, are_asked_again_by_whom_an_emptied_cache_leaves_without_answer) {
  const std::string cache =
      ", cache: {size: 2000, keys: 2000, ttl: 24h, popularity: 0, initial: 100%}";
  // Without its cache 6 calls a second are too many for 4 a second.
  Sets sets{
      "spec.services=[{name: store, servers: 2, service_time: 500ms, variation: 0.5, queue: 10}]",
      "spec.uses=[{name: store, service: store, timeout: 3s" + cache + "}]",
      "spec.versions=[{name: agent, kind: data, empties: store}]",
      "spec.demand.rate=12/s",
      "spec.regions[*].nodes=4",
      "spec.regions[*].pools[0].replicas=16"};
  EXPECT_TRUE(play("", sets).incidents.empty());
  const Played all = play("{at: 10min, do: lose_cache, use: store}", sets);
  EXPECT_EQ(all.count("answers_lost"), 2U);  // of each region's gateway
  EXPECT_GT(all.requests.span(10, 12).lost_share(), 0.3);
  follow_from(all, "lose_cache");
  const Played east = play("{at: 10min, do: lose_cache, use: store, target: {region: east}}", sets);
  EXPECT_EQ(east.count("answers_lost"), 1U);
  EXPECT_LT(east.requests.span(10, 12).lost_share(), all.requests.span(10, 12).lost_share());
  const Played out = play("{at: 10min, do: roll_out, version: agent}", sets);
  EXPECT_GT(out.requests.span(10, 12).lost_share(), 0.3);
  follow_from(out, "roll_out");
  // A tenth of the nodes at a time, each when what the one before held is there again.
  const Played slowly =
      play("{at: 5min, do: roll_out, version: agent, over: 45min, steps: 10}", sets);
  EXPECT_EQ(slowly.count("answers_lost"), 20U);
  EXPECT_LT(slowly.requests.span(5, 55).lost_share(), 0.01);
}

TEST(services, that_servers_need_to_start_keep_them_down) {
  const Sets quick{"spec.cluster.start.weights_size=1GB", "spec.cluster.start.warm_up_median=5s"};
  Sets sets = store("", ", per: start");
  sets.insert(sets.end(), quick.begin(), quick.end());
  const std::string restart = "{at: 10min, do: kill_pods}";
  const Played plain = play(restart, sets);
  EXPECT_EQ(plain.requests.span(20, 55).lost, 0U);
  const Played run =
      play("{at: 9min, do: fail_service, service: store, for: 21min}, " + restart, sets);
  EXPECT_GT(run.requests.span(15, 30).lost_share(), 0.9);
  EXPECT_LT(run.requests.span(45, 55).lost_share(), 0.01);
  EXPECT_EQ(run.count("crash_looping"), 2U);  // one of each region
  for (const Incident& i : run.incidents)
    if (i.kind == "crash_looping") {
      EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{"fail_service"});
    }
}

// Pods died in a moment, and stayed away because of the service: the page and the recovery say so.
TEST(services, that_keep_servers_down_are_what_the_page_and_the_recovery_name) {
  Sets sets = store("", ", per: start");
  for (const char* set : {"spec.cluster.start.weights_size=1GB",
                          "spec.cluster.start.warm_up_median=5s", "spec.slo.down_below=90%",
                          "spec.operations.steps=[{name: pager, when: success_below, below: 50%, "
                          "for: 5min, do: page}]"})
    sets.push_back(set);
  const Played run = play(
      "{at: 5min, do: fail_service, service: store, for: 35min}, {at: 10min, do: kill_pods}", sets);
  ASSERT_EQ(run.count("paged"), 1U);
  ASSERT_EQ(run.count("recovered"), 1U);
  for (const Incident& i : run.incidents) {
    if (i.kind == "paged") {
      EXPECT_EQ(roots_of(run.incidents, i).count("fail_service"), 1U);
    }
    if (i.kind == "recovered") {
      std::set<std::string> kinds;
      for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
      EXPECT_EQ(kinds.count("healed"), 1U);
    }
  }
}

// A service whose servers are held by calls to another one names what these wait for.
TEST(services, that_wait_for_another_name_it_when_they_are_saturated) {
  const Sets two{
      "spec.services=[{name: inner, servers: 20, service_time: 100ms, queue: 100000}, {name: "
      "outer, "
      "servers: 4, service_time: 10ms, queue: 20}]",
      "spec.uses=[{name: sign-in, service: outer, timeout: 10s}, {name: usage, service: inner, "
      "per: "
      "call, by: outer, timeout: 9s}]"};
  for (const char* fault :
       {"fail_service, service: inner, hangs: true", "slow_service, service: inner, factor: 200",
        "set, path: 'spec.services.inner.service_time', value: 20s"}) {
    const Played run = play("{at: 10min, do: " + std::string(fault) + ", for: 10min}", two);
    EXPECT_GE(run.count("service_saturated"), 1U) << fault;
    follow_from(run, std::string(fault).substr(0, std::string(fault).find(',')));
  }
}

TEST(services, of_which_a_share_is_no_server_lose_nothing) {
  const Sets two{"spec.services=[{name: store, servers: 2, service_time: 10ms}]",
                 "spec.uses=[{name: store, service: store, timeout: 5s}]"};
  const Played none = play("{at: 10min, do: fail_service, service: store, share: 10%}", two);
  EXPECT_EQ(none.count("service_failed"), 0U);
  EXPECT_EQ(none.count("nothing_changed"), 1U);
  const Played one = play("{at: 10min, do: fail_service, service: store, share: 90%}", two);
  EXPECT_EQ(one.count("service_failed"), 1U);
  EXPECT_EQ(one.requests.span(10, 55).lost, 0U);
}

// Nobody who does not call is served again.
TEST(services, recover_only_with_calls) {
  const Played run = play(
      "{at: 5min, do: slow_service, service: store, factor: 50}, {at: 15min, do: shed, share: "
      "100%}",
      store());
  EXPECT_GE(run.count("service_saturated"), 1U);
  EXPECT_EQ(run.count("service_recovered"), 0U);
}

TEST(services, that_hand_out_policies_bear_the_same_load_at_any_scale) {
  const Sets policies{
      "spec.services=[{name: policies, servers: 10, service_time: 3s, variation: 0.2, queue: 20}]",
      "spec.uses=[{name: p, service: policies, per: policy, every: 10s, timeout: 6s}]"};
  for (const char* scale : {"spec.scale=1", "spec.scale=1/5", "spec.scale=1/10"}) {
    Sets sets = policies;
    sets.push_back(scale);
    EXPECT_TRUE(play("", sets).incidents.empty()) << scale;
  }
}

// All pods start at once and meet at the service; with a jitter of some minutes they do not.
TEST(services, a_herd_of_restarts_spreads_with_jitter) {
  const auto worst = [](const std::string& jitter) {
    std::vector<Override> sets;
    for (const std::string& text :
         {std::string("spec.timeline=[{at: 5min, do: restart_pods" + jitter + "}]"),
          std::string("spec.operations.steps=[]"), std::string("spec.expect=[]"),
          std::string("spec.duration=30min"), std::string("spec.output.interval=1s"),
          std::string("spec.cluster.start.weights_source=local_disk"),
          std::string("spec.services=[{name: quota, servers: 1, service_time: 6s, variation: 0}]"),
          std::string("spec.uses=[{name: quota, service: quota, per: start, timeout: 10min}]")})
      sets.push_back(parse_set(text));
    const RunResults run = run_simulation(
        load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario, {});
    std::size_t column = 0;
    while (run.series_columns[column].name != "calls_waiting") ++column;
    double most = 0;
    for (std::size_t row = 0; row < run.series_times.size(); ++row)
      most = std::max(most, run.series_values[row * run.series_columns.size() + column]);
    return most;
  };
  EXPECT_GT(worst(""), 10);
  EXPECT_LT(worst(", jitter: 5min"), 5);
}

// The same share is lost at another scale, from the same queue in proportion.
TEST(services, in_a_smaller_world_the_same_share_is_lost) {
  const auto lost = [](const char* scale) {
    const Played run = play(
        "{at: 5min, do: slow_service, service: store, factor: 4, for: 5min}",
        {"spec.demand.rate=40/s", "spec.regions[*].nodes=12", "spec.duration=20min",
         "spec.regions[*].pools[0].replicas=60", "spec.regions[*].pools[0].min_replicas=60",
         "spec.regions[*].pools[0].gpu_limit=96",
         "spec.cluster.workloads[0].autoscaler.max_replicas=96",
         "spec.services=[{name: store, servers: 80, service_time: 1s, variation: 0.5, queue: 400}]",
         "spec.uses=[{name: store, service: store, timeout: 10s}]",
         std::string("spec.scale=") + scale});
    EXPECT_EQ(run.count("service_slowed"), 1U);
    EXPECT_LT(run.requests.span(14, 18).lost_share(), 0.01);
    return run.requests.span(6, 10).lost_share();
  };
  const double whole = lost("1");
  EXPECT_GT(whole, 0.2);
  EXPECT_NEAR(lost("1/5"), whole, 0.15 * whole);
  EXPECT_NEAR(lost("1/20"), whole, 0.3 * whole);
}

// ---- services behind services, leases, policies -------------------------------------------------
TEST(services, a_database_behind_a_service_takes_it_along) {
  const Played run = play(
      "{at: 10min, do: fail_service, service: database, for: 5min}",
      {"spec.services=[{name: store, servers: 20, service_time: 50ms}, {name: database}]",
       "spec.uses=[{name: store, service: store, timeout: 5s}, {name: rows, per: call, by: store, "
       "service: database}]"});
  EXPECT_EQ(run.requests.span(0, 9).lost, 0U);
  EXPECT_GT(run.requests.span(10, 15).lost_share(), 0.5);
  EXPECT_LT(run.requests.span(20, 55).lost_share(), 0.002);
  follow_from(run, "fail_service");
}

// Without their leases nodes are given up, and what is well runs on unseen.
TEST(services, that_leases_need_cost_the_nodes) {
  const Played run =
      play("{at: 10min, do: fail_service, service: store, for: 10min}", store("", ", per: lease"));
  EXPECT_EQ(run.requests.span(0, 10).lost, 0U);
  EXPECT_EQ(run.count("nodes_lost"), 2U);  // of each region, once for all that come and go
  EXPECT_LT(run.requests.span(40, 55).lost_share(), 0.01);
  follow_from(run, "fail_service");
  const Played hidden = play("{at: 10min, do: fail_service, service: store, for: 10min}",
                             store("", ", per: lease, on_failure: open"));
  EXPECT_EQ(hidden.count("nodes_lost"), 0U);
  EXPECT_EQ(hidden.requests.span(0, 55).lost, 0U);
}

TEST(services, that_hand_out_policies_close_the_gateways_or_leave_them_open) {
  const std::string fail = "{at: 10min, do: fail_service, service: store, for: 5min}";
  const Played closed = play(fail, store("", ", per: policy, every: 20s"));
  EXPECT_EQ(closed.count("policy_lost"), 2U);
  EXPECT_EQ(closed.count("policy_regained"), 2U);
  EXPECT_GT(closed.requests.span(11, 15).lost_share(), 0.8);
  EXPECT_LT(closed.requests.span(25, 55).lost_share(), 0.002);
  follow_from(closed, "fail_service");
  const Played open = play(fail, store("", ", per: policy, every: 20s, on_failure: open"));
  EXPECT_EQ(open.requests.span(0, 55).lost, 0U);
}

// ---- what is refused ----------------------------------------------------------------------------
std::string refused(const Sets& sets) {
  try {
    play("", sets);
  } catch (const InputError& error) {
    return error.diagnostics.front().path + ": " + error.diagnostics.front().message;
  }
  return "";
}

TEST(services, that_need_themselves_are_refused) {
  EXPECT_EQ(
      refused({"spec.services=[{name: a}]", "spec.uses=[{name: u, per: call, by: a, service: a}]"}),
      "spec.uses[0].service: 'a' would wait for itself");
  EXPECT_EQ(refused({"spec.services=[{name: a}, {name: b}, {name: c}]",
                     "spec.uses=[{name: u, per: call, by: a, service: b}, {name: v, per: call, by: "
                     "b, service: c}, {name: w, per: call, by: c, service: a}]"}),
            "spec.uses[0].service: 'b' needs 'a' in turn: they would wait for each other");
  EXPECT_EQ(refused({"spec.services=[{name: a}]", "spec.uses=[{name: u, per: call, service: a}]"}),
            "spec.uses[0].by: `per: call` needs the service that calls, in `by`");
  EXPECT_EQ(refused({"spec.services=[{name: a}]", "spec.uses=[{name: u, by: a, service: a}]"}),
            "spec.uses[0].by: only a use `per: call` is by a service");
}

TEST(services, whose_health_names_nothing_are_refused) {
  EXPECT_EQ(refused({"spec.services=[{name: a, health: {reach: west}}]"}),
            "spec.services[0].health.reach: it stands outside of all regions: give it a `region`");
  EXPECT_EQ(refused({"spec.services=[{name: a, health: {api_server: wset}}]"}),
            "spec.services[0].health.api_server: no region is called 'wset'; did you mean 'west'?");
  EXPECT_EQ(refused({"spec.services=[{name: a, health: {own_api_server: true}}]"}),
            "spec.services[0].health.own_api_server: only of a service with in_each_region: true");
  EXPECT_EQ(
      refused({"spec.services=[{name: a, region: west, health: {reach_one_of: [eats]}}]"}),
      "spec.services[0].health.reach_one_of: no region is called 'eats'; did you mean 'east'?");
  EXPECT_EQ(
      refused({"spec.services=[{name: a, health: {prefixes: 50%}}]"}),
      "spec.services[0].health.prefixes: it stands outside of all regions: give it a `region`");
  EXPECT_EQ(refused({"spec.services=[{name: a, in_each_region: true, regions: [east]}]"}),
            "spec.services[0].regions: only of an anycast service: who is in another region would "
            "have none");
  EXPECT_EQ(refused({"spec.services=[{name: a, anycast: true}]"}),
            "spec.services[0].anycast: only of a service with in_each_region: true");
}

TEST(services, that_are_not_there_are_refused) {
  EXPECT_EQ(refused({"spec.services=[{name: store}]", "spec.uses=[{name: a, service: stroe}]"}),
            "spec.uses[0].service: no service is called 'stroe'; did you mean 'store'?");
  EXPECT_EQ(refused({"spec.uses=[{name: a, service: store}]"}),
            "spec.uses[0].service: no service is called 'store'; write it into spec.services, such "
            "as `services: [{name: store}]`");
  EXPECT_NE(refused({"spec.uses=[{name: a}]"}).find("service"), std::string::npos);
  EXPECT_EQ(refused({"spec.services=[{name: a, region: moon}]"}).substr(0, 24),
            "spec.services[0].region:");
  EXPECT_EQ(refused({"spec.services=[{name: a}, {name: a}]"}),
            "spec.services[1].name: the name 'a' is already used in line 1");
  EXPECT_EQ(
      refused({"spec.services=[{name: a}]", "spec.uses=[{name: a, service: a, on_failure: stale}]"})
          .substr(0, 24),
      "spec.uses[0].on_failure:");
  EXPECT_EQ(refused({"spec.services=[{name: store}]",
                     "spec.timeline=[{at: 1min, do: fail_service, service: shop}]"})
                .substr(0, 30),
            "spec.timeline[0].action.servic");
}

}  // namespace test_services
}  // namespace stampede::test
