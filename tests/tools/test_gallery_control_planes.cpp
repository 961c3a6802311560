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

}  // namespace test_gallery_control_planes
}  // namespace stampede::test
