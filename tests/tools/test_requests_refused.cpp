// Requests that meet a bound are told as refused, by what brought that, until they are taken again;
// where nothing is wrong, or something else turns them away, nothing is told.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_requests_refused {

struct Case {
  std::string change, root, because;  // `because`: a direct cause, or none
  std::vector<std::string> more{};
};
class Refused : public testing::TestWithParam<Case> {};

const char* const kPlaces = "spec.serving.pools[0].front_end.max_requests=8";
const char* const kFixed = "spec.cluster.workloads[0].autoscaler=null";
const std::vector<std::string> kStore{
    "spec.services=[{name: store, servers: 2, service_time: 50ms, queue: 4}]",
    "spec.uses=[{name: store, service: store, per: request, timeout: 20s}]"};
const std::vector<std::string> kTools{
    "spec.services=[{name: tools, servers: 100, service_time: 500ms}]",
    "spec.uses=[{name: tools, service: tools, per: work, timeout: 60s}]", kPlaces, kFixed};

TEST_P(Refused, is_told_once_in_a_region_and_ends) {
  const Case& c = GetParam();
  const Played run = play(c.change, c.more);
  ASSERT_GE(run.count("requests_refused"), 1U);
  EXPECT_LE(run.count("requests_refused"), 2U);
  EXPECT_EQ(run.count("requests_accepted"), run.count("requests_refused"));
  bool direct = false;  // elsewhere it may be the failover that follows
  for (const Incident& i : run.incidents) {
    if (i.kind != "requests_refused" && i.kind != "requests_accepted") continue;
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{c.root}) << i.kind << i.text;
    EXPECT_FALSE(i.causes.empty());
    EXPECT_GE(i.at.seconds(), 10 * kMinute);
    direct |= i.kind == "requests_refused" && causes_of(run, i).contains(c.because);
  }
  EXPECT_TRUE(direct);
}

// The same bounds under the same load.
TEST_P(Refused, is_not_told_without_the_fault) {
  EXPECT_EQ(play("", GetParam().more).count("requests_refused"), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    all, Refused,
    testing::Values(
        Case{"{at: 10min, do: set, path: spec.gateway.rate_limit.requests, value: "
             "10, for: 10min}",
             "set",
             "set",
             {"spec.gateway.rate_limit.requests=1000"}},
        Case{"{at: 10min, do: spike, factor: 10, for: 5min}",
             "spike",
             "spike",
             {"spec.gateway.rate_limit.requests=200"}},
        Case{"{at: 10min, do: spike, factor: 12, for: 5min}", "spike", "spike", {kPlaces, kFixed}},
        Case{"{at: 10min, do: kill_pods, target: {region: east, count: 9}}",
             "kill_pods",
             "pods_killed",
             {kPlaces, kFixed, "spec.demand.rate=6/s"}},
        Case{"{at: 10min, do: slow_service, service: store, factor: 40, for: 5min}", "slow_service",
             "service_slowed", kStore},
        Case{"{at: 10min, do: slow_service, service: tools, factor: 60, for: 5min}", "slow_service",
             "service_saturated", kTools}),
    [](const auto& of) { return "n" + std::to_string(of.index) + "_" + of.param.root; });

// Who is turned away by somebody's will, and who finds nobody there, met no bound.
TEST(refused, by_something_else_is_not_told) {
  for (const char* change :
       {"{at: 10min, do: block, for: 5min}", "{at: 10min, do: shed, share: 60%, for: 5min}",
        "{at: 10min, do: drain_region, target: {region: east}, for: 5min}",
        "{at: 10min, do: partition, target: {region: east, from: clients}, for: 5min}"})
    EXPECT_EQ(play(change, {kFixed}).count("requests_refused"), 0U) << change;
}

// A balancer that moves a region's clients brings the others more than they have room for.
TEST(refused, after_a_failover_is_told_where_it_leads_to) {
  const Played run = play(
      "{at: 10min, do: push_routing_policy, target: {region: east}, policy: {export: none}, "
      "for: 20min}",
      {"spec.gateway.rate_limit.requests=140"});
  ASSERT_EQ(run.count("failover_started"), 1U);
  ASSERT_EQ(run.count("requests_refused"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "requests_refused") {
      EXPECT_EQ(i.component, "west");
      EXPECT_EQ(causes_of(run, i).count("failover_started"), 1U);
    } else if (i.kind == "requests_accepted") {
      EXPECT_EQ(causes_of(run, i), (std::set<std::string>{"requests_refused", "failover_ended"}));
    }
}

}  // namespace test_requests_refused
}  // namespace stampede::test
