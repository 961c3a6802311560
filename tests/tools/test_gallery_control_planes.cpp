// Published incidents in which what a fleet is governed by fails: API servers under agents, ways
// and names, leases. Each at a fifth, without its cause, and without each link of its chain.
#include <gtest/gtest.h>

#include <set>

#include "tests/tools/gallery.h"

namespace stampede::test {
namespace test_gallery_control_planes {

using Sets = std::vector<std::string>;

Sets changed(Sets sets, const Sets& more) {
  sets.insert(sets.end(), more.begin(), more.end());
  return sets;
}

void expect_all_from(const RunResults& run, const std::set<std::string>& roots) {
  for (const Incident& i : run.incidents) {
    EXPECT_TRUE(!i.causes.empty() || roots.contains(i.kind)) << i.kind << ": " << i.text;
  }
}

// ---- OpenAI, 11 December 2024 -------------------------------------------------------------------
const char* const kOpenai = "04-openai-2024-12-11.yaml";
enum Cluster : std::size_t { kChatgpt, kApi, kSora, kSmall };

Sets openai(const Sets& more = {}) { return changed({"spec.scale=1/5", "spec.expect=[]"}, more); }
Sets openai_alone(const Sets& more = {}) {
  return openai(changed({"spec.operations.steps=[]", "spec.duration=40min"}, more));
}

TEST(gallery_control_planes, openai_large_clusters_lose_dns_as_caches_run_out_small_ones_do_not) {
  RegionMinutes log;
  const RunResults run = played(kOpenai, {"spec.scale=1/5", "spec.duration=200min"}, &log);
  for (const std::string& wrong : run.failed_expectations) ADD_FAILURE() << wrong;
  for (const Cluster c : {kChatgpt, kApi, kSora}) {
    EXPECT_GT(log.success(c, 0, 1), 0.95) << c;
    for (std::size_t m = 4; m < 16; m += 4)  // one by one: a line, not a step
      EXPECT_NEAR(log.success(c, m, m + 4), 1 - (static_cast<double>(m) + 1.5) / 20, 0.2) << c;
    EXPECT_LT(log.success(c, 25, 130), 0.01) << c;
  }
  EXPECT_GT(log.success(kSmall, 0, 200), 0.99);
  // Who is to remove the agents cannot reach the API servers, and acts once they answer.
  const auto denied = minutes_of(run, "access_denied"),
             regained = minutes_of(run, "access_regained");
  EXPECT_EQ(denied.size(), 3U);
  EXPECT_EQ(regained.size(), 3U);
  // Each cluster by what was done there, a few minutes later; of `api` as many as are served by
  // the hosts that were left.
  EXPECT_LT(log.success(kChatgpt, 142, 148), 0.01);
  EXPECT_GT(log.success(kChatgpt, 156, 200), 0.99);
  EXPECT_GT(log.success(kSora, 152, 200), 0.98);
  EXPECT_GT(log.success(kApi, 150, 200), 0.3);
  EXPECT_LT(log.success(kApi, 150, 200), 0.7);
  expect_all_from(run, {"load_api_server"});
}

TEST(gallery_control_planes, openai_does_not_come_back_without_people_or_begin_without_agents) {
  RegionMinutes log;
  played(kOpenai, openai_alone({"spec.duration=1h"}), &log);
  for (const Cluster c : {kChatgpt, kApi, kSora}) EXPECT_LT(log.success(c, 25, 60), 0.01) << c;
  for (const Incident& i : played(kOpenai, openai_alone({"spec.timeline=[]"})).incidents)
    ADD_FAILURE() << i.kind << ": " << i.text;
}

// Each link of the chain, taken away.
TEST(gallery_control_planes, openai_each_link_is_needed) {
  // A tenth of the agents is no load.
  const RunResults few = played(kOpenai, openai_alone({"spec.timeline[*].agents_per_node=0.1"}));
  EXPECT_TRUE(minutes_of(few, "api_unavailable").empty());
  // Name servers that do not need the API server hide that it is gone.
  RegionMinutes apart;
  const RunResults hidden =
      played(kOpenai, openai_alone({"spec.services[1].health.own_api_server=false"}), &apart);
  EXPECT_EQ(minutes_of(hidden, "api_unavailable").size(), 3U);
  EXPECT_GT(apart.success(kChatgpt, 0, 40), 0.9);
  // With short caches nothing is hidden.
  RegionMinutes short_caches;
  played(kOpenai, openai_alone({"spec.dns[0].ttl=1min", "spec.duration=10min"}), &short_caches);
  EXPECT_LT(short_caches.success(kChatgpt, 4, 10), 0.02);
  // People with another way in remove the agents before the caches have run out.
  RegionMinutes another_way;
  const RunResults in_time =
      played(kOpenai,
             openai({"spec.duration=40min", "spec.operations.steps[4].access.break_glass=1s",
                     "spec.operations.steps[5].access.break_glass=1s",
                     "spec.operations.steps[6].access.break_glass=1s"}),
             &another_way);
  EXPECT_EQ(minutes_of(in_time, "glass_broken").size(), 3U);
  for (const Cluster c : {kChatgpt, kApi, kSora}) EXPECT_GT(another_way.success(c, 30, 40), 0.98);
}

// ---- Facebook, 4 October 2021 -------------------------------------------------------------------
const char* const kFacebook = "05-facebook-2021-10-04.yaml";

// With people on site after 40 min instead of 290, as each hour costs a second.
Sets facebook(const Sets& more = {}) {
  Sets sets{"spec.scale=1/5", "spec.expect=[]", "spec.duration=4h"};
  for (int k = 0; k < 3; ++k)
    sets.push_back("spec.operations.steps[" + std::to_string(k) + "].access.break_glass=30min");
  sets.push_back("spec.operations.steps[3].access.break_glass=35min");
  return changed(sets, more);
}

TEST(gallery_control_planes, facebook_names_are_lost_with_the_backbone_and_people_with_the_names) {
  RegionMinutes log;
  const RunResults run = played(kFacebook, facebook(), &log);
  EXPECT_EQ(minutes_of(run, "service_withdrawn").size(), 3U);
  EXPECT_EQ(minutes_of(run, "service_announced").size(), 3U);
  EXPECT_LT(minutes_of(run, "prefix_withdrawn").back(), 1);
  EXPECT_EQ(minutes_of(run, "access_denied").size(), 4U);
  const double back = minutes_of(run, "paths_restored").at(0);
  EXPECT_LT(minutes_of(run, "service_announced").back(), back + 2);
  for (std::size_t region = 0; region < 2; ++region) {
    EXPECT_GT(log.success(region, 1, 2), 0.3);  // caches of resolvers
    EXPECT_LT(log.success(region, 6, static_cast<std::size_t>(back)), 0.01);
    EXPECT_GT(log.success(region, 200, 240), 0.98);
  }
  expect_all_from(run, {"partition"});
}

TEST(gallery_control_planes, facebook_without_care_the_return_of_all_users_is_the_next_outage) {
  RegionMinutes log;
  const RunResults run = played(
      kFacebook,
      facebook({"spec.timeline=[{at: 0s, do: partition, target: {from: regions}, for: 50min}]",
                "spec.operations.steps=[]"}),
      &log);
  EXPECT_EQ(minutes_of(run, "service_announced").size(), 3U);
  EXPECT_GE(minutes_of(run, "service_saturated").size(), 2U);
  EXPECT_LT(log.success(0, 120, 240), 0.5);
}

TEST(gallery_control_planes, facebook_each_link_is_needed) {
  const Sets alone = facebook({"spec.operations.steps=[]", "spec.duration=30min"});
  for (const Incident& i : played(kFacebook, changed(alone, {"spec.timeline=[]"})).incidents)
    ADD_FAILURE() << i.kind << ": " << i.text;
  // Name servers that are content with reaching themselves.
  RegionMinutes stays;
  played(kFacebook, changed(alone, {"spec.services[0].health.reach_one_of=[dns-1, dns-2, dns-3]"}),
         &stays);
  EXPECT_GT(stays.success(0, 0, 30), 0.98);
  // People with another way in end it as soon as they have decided.
  const RunResults in_time =
      played(kFacebook,
             facebook({"spec.duration=30min", "spec.operations.steps[3].access.break_glass=1s"}));
  EXPECT_LT(minutes_of(in_time, "paths_restored").at(0), 20);
}

// ---- AWS, 20 October 2025 -----------------------------------------------------------------------
const char* const kAws = "06-aws-2025-10-20.yaml";

Sets aws(const Sets& more = {}) { return changed({"spec.scale=1/5", "spec.expect=[]"}, more); }

TEST(gallery_control_planes, aws_leases_collapse_until_throttled_and_the_network_comes_last) {
  RegionMinutes log;
  const RunResults run = played(kAws, {"spec.scale=1/5", "spec.duration=10h"}, &log);
  for (const std::string& wrong : run.failed_expectations) ADD_FAILURE() << wrong;
  const double lost = minutes_of(run, "leases_expired", "controllers/leases").at(0),
               late = minutes_of(run, "work_wasted", "controllers/leases").at(0),
               valid = minutes_of(run, "leases_valid", "controllers/leases").at(0),
               spread = minutes_of(run, "leases_valid", "controllers/network").at(0);
  EXPECT_LT(lost, 10);
  EXPECT_GT(late, 157);
  EXPECT_LT(late, 172);
  EXPECT_GT(valid, 266);
  EXPECT_LT(valid, 280);
  // Half of what the controller can do is what comes: its backlog takes as long as there was none.
  EXPECT_NEAR((spread - valid) / (valid - lost), 1, 0.15);
  // DynamoDB's users, as the resolvers forget that there is no record.
  EXPECT_LT(log.success(0, 2, 156), 0.01);
  EXPECT_LT(log.success(0, 158, 163), 0.1);
  EXPECT_GT(log.success(0, 175, 265), 0.99);
  // New servers that nobody reaches take down the checker, and with it servers that are well.
  EXPECT_GE(minutes_of(run, "checker_overloaded").size(), 1U);
  EXPECT_GT(minutes_of(run, "checker_overloaded").at(0), 266);
  EXPECT_LT(log.success(0, 268, 280), 0.97);
  EXPECT_GT(log.success(0, 500, 600), 0.99);
  expect_all_from(run,
                  {"clear_dns_record", "scale", "throttle", "restart_controller", "undo", "set"});
}

TEST(gallery_control_planes, aws_each_link_is_needed) {
  for (const Incident& i : played(kAws, aws({"spec.timeline=[]", "spec.duration=2h"})).incidents)
    ADD_FAILURE() << i.kind << ": " << i.text;
  const std::string empty =
      "{at: 0s, do: clear_dns_record, record: dynamodb.us-east-1.amazonaws.com, for: 157min}";
  const Sets six_hours{"spec.duration=6h"};
  // With neither throttle nor restart the leases do not come back, and a restart alone is no help.
  for (const std::string& more :
       {std::string(), std::string(", {at: 266min, do: restart_controller, controller: leases}")}) {
    const RunResults run =
        played(kAws, aws(changed({"spec.timeline=[" + empty + more + "]"}, six_hours)));
    EXPECT_TRUE(minutes_of(run, "leases_valid").empty()) << more;
  }
  // An empty record for half a minute does no harm to hosts.
  const RunResults brief =
      played(kAws, aws({"spec.timeline=[{at: 0s, do: clear_dns_record, record: "
                        "dynamodb.us-east-1.amazonaws.com, for: 30s}]",
                        "spec.dns[0].negative_ttl=5s", "spec.duration=1h"}));
  EXPECT_TRUE(minutes_of(brief, "leases_expired").empty());
  // Where the controller does not ask DynamoDB no lease expires.
  const RunResults apart = played(
      kAws,
      aws({"spec.timeline=[" + empty + "]", "spec.controllers[0].service=''", "spec.duration=3h"}));
  EXPECT_TRUE(minutes_of(apart, "leases_expired").empty());
  // A checker with enough workers takes out the new servers alone.
  RegionMinutes log;
  const RunResults wide =
      played(kAws, aws({"spec.balancer.health_checks.workers=200", "spec.duration=330min"}), &log);
  EXPECT_TRUE(minutes_of(wide, "checker_overloaded").empty());
  EXPECT_GE(minutes_of(wide, "targets_out").size(), 1U);
}

}  // namespace test_gallery_control_planes
}  // namespace stampede::test
