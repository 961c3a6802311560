// Instances of a named service end and start again: what that takes away, for how long, and who is
// named; and that nobody notices instances that stay.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_service_instances {

// Eight calls a second for three requests a second; on four instances, two a second each.
std::vector<std::string> store(const std::string& more = "") {
  return {
      "spec.services=[{name: store, servers: 4, service_time: 500ms, variation: 0.5, queue: 100" +
          more + "}]",
      "spec.uses=[{name: store, service: store, timeout: 5s}]"};
}

const char* const kFour = ", instances: 4, start_time: 30s";

void all_follow_from(const Played& run, const std::string& root) {
  for (const Incident& i : run.incidents)
    if (i.kind != "recovered") {
      EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{root}) << i.kind;
    }
}

TEST(service_instances, that_stay_are_not_noticed) {
  EXPECT_EQ(play("", store(std::string(kFour) + ", cold_time: 5min, cold_factor: 6")).results,
            play("", store()).results);
}

TEST(service_instances, all_at_once_are_an_outage_of_the_start_time) {
  const Played run = play("{at: 10min, do: restart_service, service: store}", store(kFour));
  EXPECT_EQ(run.count("instances_restarted"), 1U);
  EXPECT_EQ(run.count("instances_back"), 1U);
  EXPECT_GT(run.requests.span(10, 10.4).lost_share(), 0.9);  // later ones wait until they are back
  EXPECT_LT(run.requests.span(11, 55).lost_share(), 0.002);
  EXPECT_EQ(run.requests.span(0, 9).lost, 0U);
  all_follow_from(run, "restart_service");
}

// Three of four take six calls a second: only what the fourth works on is lost.
TEST(service_instances, one_after_another_cost_what_they_work_on) {
  const Played run =
      play("{at: 10min, do: restart_service, service: store, max_unavailable: 1}", store(kFour));
  const double begun = 600;
  double back = 0;
  for (const Incident& i : run.incidents)
    if (i.kind == "instances_back") back = i.at.seconds();
  EXPECT_NEAR(back - begun, 4 * 30, 1);
  EXPECT_LE(run.requests.span(10, 13).lost,
            4U * 2U);  // two servers' calls at most, for each of four
  EXPECT_EQ(run.count("service_saturated"), 0U);
}

// With cold caches 8 / 3 calls a second are served: fewer than come. With one of four cold, every
// fourth call takes three times as long: 5.3 a second.
TEST(service_instances, with_cold_caches_are_slow_for_longer_than_they_were_away) {
  const std::string cold = std::string(kFour) + ", cold_time: 5min, cold_factor: 3";
  const std::string at_once = "{at: 10min, do: restart_service, service: store}";
  const Played slow = play(at_once, store(cold));
  EXPECT_GT(slow.requests.span(11, 15).lost_share(), 0.2);
  all_follow_from(slow, "restart_service");
  EXPECT_LT(play(at_once, store(kFour)).requests.span(11, 15).lost_share(), 0.002);
  std::string quarters;
  for (int k = 0; k < 4; ++k)
    quarters += (k > 0 ? ", " : "") + std::string("{at: ") + std::to_string(10 + 6 * k) +
                "min, do: restart_service, service: store, share: 25%}";
  EXPECT_LT(play(quarters, store(cold)).requests.span(10, 40).lost_share(), 0.02);
}

// Two rounds: the second waits for the first, and both are named.
TEST(service_instances, restarted_twice_are_back_from_both) {
  const Played run = play(
      "{at: 10min, do: restart_service, service: store, max_unavailable: 1}, {at: 11min, do: "
      "restart_service, service: store}",
      store(kFour));
  ASSERT_EQ(run.count("instances_back"), 1U);
  EXPECT_LE(run.requests.span(10, 12).lost, 8U);
  EXPECT_GT(run.requests.span(12, 12.4).lost_share(), 0.9);
  for (const Incident& i : run.incidents)
    if (i.kind == "instances_back") {
      EXPECT_EQ(i.causes.size(), 2U);
      EXPECT_NEAR(i.at.seconds(), 12.5 * 60, 1);
    }
}

// The first takes one instance of four after another, the second all together: nobody misses
// anything until then.
TEST(service_instances, requests_fail_by_the_round_that_is_under_way) {
  const std::string slow = ", instances: 4, start_time: 2min";
  const std::string first = "{at: 10min, do: restart_service, service: store, max_unavailable: 1}";
  const Played run =
      play(first + ", {at: 12min, do: restart_service, service: store}", store(slow));
  std::vector<IncidentId> rounds;
  for (const Incident& i : run.incidents)
    if (i.kind == "instances_restarted") rounds.push_back(i.id);
  ASSERT_EQ(rounds.size(), 2U);
  ASSERT_EQ(run.count("recovered"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "instances_back") {
      EXPECT_EQ(i.causes, rounds);
    } else if (i.kind == "recovered") {
      EXPECT_GE(i.at.seconds(), 20 * kMinute);
      EXPECT_EQ(std::count(i.causes.begin(), i.causes.end(), rounds[1]), 1);
    }
  EXPECT_EQ(play(first, store(slow)).count("recovered"), 0U);
}

TEST(service_instances, of_one_region_are_restarted_there) {
  const auto restarted = [](const std::string& target) {
    std::vector<std::string> sets = store(std::string(kFour) + ", in_each_region: true");
    sets.push_back("spec.regions[0].site=north");
    return play("{at: 10min, do: restart_service, service: store" + target + "}", sets)
        .count("instances_restarted");
  };
  EXPECT_EQ(restarted(""), 2U);
  EXPECT_EQ(restarted(", target: {region: west}"), 1U);
  EXPECT_EQ(restarted(", target: {site: north}"), 1U);
}

// A slow service fills its instances' memory: one ends, the others get its part, and end as well.
TEST(service_instances, that_are_out_of_memory_end_one_after_another) {
  const std::string slow = "{at: 10min, do: slow_service, service: store, factor: 20, for: 3min}";
  const Played run = play(slow, store(std::string(kFour) + ", calls_per_instance: 5"));
  EXPECT_GE(run.count("instances_ended"), 1U);
  EXPECT_EQ(run.count("instances_ended"), run.count("instances_back"));
  all_follow_from(run, "slow_service");
  EXPECT_LT(run.requests.span(20, 55).lost_share(), 0.002);
  EXPECT_EQ(play(slow, store(kFour)).count("instances_ended"), 0U);
  EXPECT_EQ(
      play("", store(std::string(kFour) + ", calls_per_instance: 5")).count("instances_ended"), 0U);
}

// The only one, of a service that is overloaded from the start.
TEST(service_instances, the_last_that_is_out_of_memory_names_the_overload) {
  const Played run =
      play("", {"spec.services=[{name: store, servers: 1, service_time: 2s, queue: 100, "
                "instances: 1, start_time: 30s, calls_per_instance: 60}]",
                "spec.uses=[{name: store, service: store, timeout: 5s}]"});
  ASSERT_GE(run.count("instances_ended"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "instances_ended") {
      ASSERT_FALSE(i.causes.empty());
      EXPECT_EQ(run.incidents[i.causes.front() - 1].kind, "service_saturated");
    }
}

}  // namespace test_service_instances
}  // namespace stampede::test
