// Names in DNS in a whole fleet: clients and services that cannot be found as caches run out, and
// found again.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_dns {

using Sets = std::vector<std::string>;

Sets front(const std::string& more = "") {
  return {
      "spec.dns=[{name: api, records: [east, west], ttl: 5min, negative_ttl: 1min, resolvers: "
      "{count: 30}" +
      more + "}]"};
}

void all_follow_from(const Played& run, const std::string& root) {
  for (const Incident& i : run.incidents)
    if (i.kind != "recovered") {
      EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{root}) << i.kind;
    }
}

TEST(dns, a_name_that_is_there_is_not_noticed) {
  const Played run = play("", front());
  EXPECT_TRUE(run.incidents.empty());
  EXPECT_EQ(run.results, healthy().results);
}

// A decay, not a step: each minute of the record's time a fifth of the resolvers loses it.
TEST(dns, a_cleared_record_fails_clients_as_caches_run_out) {
  const Played run = play("{at: 10min, do: clear_dns_record, record: api, for: 15min}", front());
  double before = 0;
  for (int minute = 10; minute < 15; ++minute) {
    const double lost = run.requests.span(minute, minute + 1).lost_share();
    EXPECT_GT(lost, before) << minute;
    EXPECT_NEAR(lost, (minute - 9.5) / 5, 0.2) << minute;
    before = lost;
  }
  EXPECT_GT(run.requests.span(16, 25).lost_share(), 0.99);
  EXPECT_GT(run.requests.span(25, 26).lost_share(), 0.05);  // they remember that there was none
  EXPECT_LT(run.requests.span(28, 55).lost_share(), 0.01);
  u64 elsewhere = 0;
  for (const RequestRecord& r : run.requests.all)
    elsewhere += r.outcome != Outcome::kUnreachable && r.outcome != Outcome::kSucceeded && !r.open;
  EXPECT_EQ(elsewhere, 0U);
  EXPECT_EQ(run.count("dns_record_cleared"), 1U);
  EXPECT_EQ(run.count("dns_restored"), 1U);
  all_follow_from(run, "clear_dns_record");
}

TEST(dns, a_slow_authority_delays_or_fails_clients) {
  const Played late = play("{at: 10min, do: slow_dns, by: 1500ms, for: 15min}",
                           {"spec.dns=[{name: api, records: [east, west], ttl: 1s}]"});
  EXPECT_EQ(late.requests.span(0, 55).lost, 0U);
  EXPECT_GT(late.requests.span(11, 25).mean_ttft(),
            healthy().requests.span(11, 25).mean_ttft() + 1);
  const Played lost = play("{at: 10min, do: slow_dns, by: 5s, for: 15min}",
                           {"spec.dns=[{name: api, records: [east, west], ttl: 1s}]"});
  EXPECT_GT(lost.requests.span(11, 25).lost_share(), 0.9);
  EXPECT_LT(lost.requests.span(30, 55).lost_share(), 0.01);
  all_follow_from(lost, "slow_dns");
}

// Of a service behind a name, with an authority that is a service too.
TEST(dns, an_authority_that_is_gone_hides_a_service_that_is_well) {
  const Played run =
      play("{at: 10min, do: fail_service, service: authority, for: 15min}",
           {"spec.services=[{name: store, servers: 8, service_time: 50ms}, {name: authority}]",
            "spec.uses=[{name: store, service: store, timeout: 20s}]",
            "spec.dns=[{name: store.internal, records: [store], authority: authority, ttl: 2min, "
            "resolvers: {count: 20}}]"});
  EXPECT_EQ(run.requests.span(0, 10).lost, 0U);
  EXPECT_LT(run.requests.span(10, 11).lost_share(), 0.6);
  EXPECT_GT(run.requests.span(13, 25).lost_share(), 0.95);
  EXPECT_LT(run.requests.span(28, 55).lost_share(), 0.01);
  all_follow_from(run, "fail_service");
}

// Name servers that lose the way to where the data are say nothing rather than something old: with
// their servers well, nobody finds the service.
TEST(dns, an_anycast_authority_withdraws_itself_when_its_health_check_fails) {
  const Sets sets{
      "spec.services=[{name: authority, in_each_region: true, anycast: true, health: {reach: west, "
      "period: 5s}}]",
      "spec.dns=[{name: api, records: [east, west], authority: authority, ttl: 1min, resolvers: "
      "{count: 30}}]"};
  const Played run =
      play("{at: 10min, do: push_routing_policy, target: {region: west}, for: 15min}", sets);
  EXPECT_EQ(run.count("service_withdrawn"), 1U);
  EXPECT_EQ(run.count("service_announced"), 1U);
  const Played without =
      play("{at: 10min, do: push_routing_policy, target: {region: west}, for: 15min}",
           {"spec.services=[{name: authority, in_each_region: true, anycast: true}]", sets[1]});
  EXPECT_EQ(without.count("service_withdrawn"), 0U);
  EXPECT_GT(run.requests.span(15, 24).lost_share(),
            without.requests.span(15, 24).lost_share() + 0.3);
  all_follow_from(run, "push_routing_policy");
}

// Name servers at sites of their own withdraw their prefixes when no way leads to a region with
// servers, and resolvers in clients' networks find them gone as fast as BGP tells.
TEST(dns, name_servers_that_lose_the_backbone_withdraw_their_prefixes) {
  const auto sets = [](const std::string& health) {
    return Sets{
        "spec.regions=[{name: east, share: 60%, nodes: 2, pools: [{replicas: 12}]}, {name: west, "
        "share: 40%, nodes: 2, pools: [{replicas: 8}]}, {name: site, share: 0%, nodes: 1, pools: "
        "[{replicas: 0, min_replicas: 0}]}]",
        "spec.services=[{name: authority, in_each_region: true, anycast: true, regions: [site]" +
            health + "}]",
        "spec.network.backbone=true",
        "spec.dns=[{name: api, records: [east, west], authority: authority, ttl: 1min, resolvers: "
        "{place: clients, count: 30}}]"};
  };
  const std::string backbone = "{at: 10min, do: partition, target: {from: regions}, for: 15min}";
  const Played run =
      play(backbone, sets(", health: {reach_one_of: [east, west], period: 5s, prefixes: 100%}"));
  EXPECT_EQ(run.count("service_withdrawn"), 1U);
  EXPECT_EQ(run.count("prefix_withdrawn"), 1U);
  EXPECT_EQ(run.count("prefix_restored"), 1U);
  EXPECT_LT(run.requests.span(0, 10).lost_share(), 0.01);
  EXPECT_GT(run.requests.span(13, 25).lost_share(), 0.95);
  EXPECT_LT(run.requests.span(30, 55).lost_share(), 0.02);
  all_follow_from(run, "partition");
  // Without that check the same cut leaves names, and with them clients, alone.
  const Played kept = play(backbone, sets(""));
  EXPECT_LT(kept.requests.span(13, 25).lost_share(), 0.02);
}

TEST(dns, an_authority_may_need_the_control_plane) {
  const Sets sets{
      "spec.services=[{name: authority, health: {api_server: east}}]",
      "spec.dns=[{name: api, records: [east, west], authority: authority, ttl: 1min, resolvers: "
      "{count: 30}}]"};
  const Played run = play(
      "{at: 10min, do: stall_disk, target: {region: east}, for: 15min}, "
      "{at: 11min, do: kill_pods, target: {region: east, count: 1}}",
      sets);
  EXPECT_GE(run.count("control_plane_frozen"), 1U);
  EXPECT_GE(run.count("service_withdrawn"), 1U);
  EXPECT_EQ(run.count("service_announced"), run.count("service_withdrawn"));
  EXPECT_GT(run.requests.span(18, 25).lost_share(), 0.5);
  EXPECT_LT(run.requests.span(35, 55).lost_share(), 0.02);
}

TEST(dns, in_a_smaller_world_the_same_share_is_lost) {
  const auto lost = [](const char* scale) {
    Sets sets{"spec.demand.rate=40/s",
              "spec.regions[*].nodes=12",
              "spec.duration=20min",
              "spec.regions[*].pools[0].replicas=60",
              "spec.regions[*].pools[0].min_replicas=60",
              "spec.regions[*].pools[0].gpu_limit=96",
              "spec.cluster.workloads[0].autoscaler.max_replicas=96",
              "spec.dns=[{name: api, records: [east, west], ttl: 4min, resolvers: {count: 400}}]",
              std::string("spec.scale=") + scale};
    return play("{at: 5min, do: clear_dns_record, record: api, for: 4min}", sets)
        .requests.span(5, 9)
        .lost_share();
  };
  const double whole = lost("1");
  // Of the first questions 0.54 (a resolver is asked every 20 s); people who are refused ask again.
  EXPECT_GT(whole, 0.54);
  EXPECT_LT(whole, 0.75);
  EXPECT_NEAR(lost("1/5"), whole, 0.08);
  EXPECT_NEAR(lost("1/20"), whole, 0.12);
}

std::string refused(const Sets& sets) {
  try {
    play("", sets);
  } catch (const InputError& error) {
    return error.diagnostics.front().path + ": " + error.diagnostics.front().message;
  }
  return "";
}

TEST(dns, names_without_records_and_unknown_ones_are_refused) {
  EXPECT_EQ(refused({"spec.dns=[{name: api, records: []}]"}),
            "spec.dns[0].records: 'api' has no records: name the regions, or the service, to which "
            "it leads");
  EXPECT_NE(refused({"spec.dns=[{name: api}]"}).find("records"), std::string::npos);
  EXPECT_EQ(refused({"spec.dns=[{name: api, records: [eats]}]"}),
            "spec.dns[0].records: no region or service is called 'eats'; did you mean 'east'?");
  EXPECT_EQ(
      refused({"spec.services=[{name: store}]", "spec.dns=[{name: api, records: [east, store]}]"}),
      "spec.dns[0].records: 'api' leads to regions, or to one service and nothing else");
  EXPECT_EQ(refused({"spec.dns=[{name: api, records: [east], authority: root}]"}).substr(0, 22),
            "spec.dns[0].authority:");
  EXPECT_EQ(refused({"spec.services=[{name: store}]",
                     "spec.dns=[{name: api, records: [store], resolvers: {place: clients}}]"}),
            "spec.dns[0].resolvers.place: clients resolve names of regions only");
  EXPECT_EQ(refused({"spec.dns=[{name: api, records: [east]}]",
                     "spec.timeline=[{at: 1min, do: clear_dns_record, record: apo}]"}),
            "spec.timeline[0].action.record: no name in DNS is called 'apo'; did you mean 'api'?");
}

}  // namespace test_dns
}  // namespace stampede::test
