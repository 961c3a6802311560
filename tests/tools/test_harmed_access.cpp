// A way that lets hardly anything through is none for those who want to act, nor for what they
// look at; one that is a little worse is.
#include <gtest/gtest.h>

#include "tests/tools/played_text.h"

namespace stampede::test {
namespace test_harmed_access {

// People and their monitoring stand in the west and need something of the core.
Played degraded(const std::string& how, const std::string& need) {
  return play_text(R"(
apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: access}
spec:
  duration: 30min
  demand: {rate: 20/s, curve: flat}
  clients: [{name: web, first_prompt: {mean: 100}, answer: {mean: 20}, retry: {policy: none}}]
  balancer: {mode: home}
  serving: {pools: [{name: web, front_end: {cores: 8, cpu_per_request: 5ms}}]}
  regions:
    - {name: core, share: 50%, nodes: 1, pools: [{replicas: 4}]}
    - {name: west, share: 50%, nodes: 1, pools: [{replicas: 4}]}
  cluster: {gpus_per_node: 8, workloads: [{name: web, gpus_per_pod: 1}]}
  kv_cache: {capacity: 1TB, initial_sessions: 0, initial_bytes: 0B, fencing: true}
  safety: {enabled: false}
  services: [{name: vpn, region: core, servers: 20}]
  operations:
    location: west
    monitoring: {location: west}
    steps:
      - {name: fix, when: {signal: success_ratio, region: west, below: 101%}, delay: 8min,
         access: {needs: [{)" +
                   need + R"(}]}, do: page}
      - {name: blind, when: {signal: success_ratio, region: core, absent: true, for: 1min},
         do: page}
  timeline: [{at: 5min, do: degrade_link, target: {region: core}, )" +
                   how + "}]\n");
}

bool denied(const Played& run) { return run.count("access_denied") > 0; }

bool blind(const Played& run) {
  return std::any_of(run.incidents.begin(), run.incidents.end(), [](const Incident& i) {
    return i.kind == "paged" && i.text.starts_with("blind");
  });
}

class Harmed : public testing::TestWithParam<const char*> {};

TEST_P(Harmed, so_much_that_nothing_gets_through_it_is_no_way) {
  for (const char* how : {"loss: 90%", "bandwidth: 1B/s"}) {
    const Played run = degraded(how, GetParam());
    EXPECT_TRUE(denied(run)) << how;
    EXPECT_TRUE(blind(run)) << how;
    for (const Incident& i : run.incidents)
      if (i.kind == "access_denied") {
        EXPECT_TRUE(roots_of(run.incidents, i).contains("degrade_link")) << how;
      }
  }
}

TEST_P(Harmed, a_little_it_is_a_way) {
  for (const char* how : {"loss: 10%", "latency: 200ms", "bandwidth: 1GB/s"}) {
    const Played run = degraded(how, GetParam());
    EXPECT_FALSE(denied(run)) << how;
    EXPECT_FALSE(blind(run)) << how;
  }
}

INSTANTIATE_TEST_SUITE_P(all, Harmed,
                         testing::Values("path_to: core", "service: vpn", "api_server: core"));

}  // namespace test_harmed_access
}  // namespace stampede::test
