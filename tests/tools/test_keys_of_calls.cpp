// What a service asks for a call is about what the call is about: caches of both keep the same
// keys.
#include <gtest/gtest.h>

#include "tests/tools/played_text.h"

namespace stampede::test {
namespace test_keys_of_calls {

// Questions to a use and how many of them its cache answers.
struct Asked {
  double all, kept;
};

Asked asked(const std::string& outer, const std::string& inner, const std::string& timeline = "") {
  const std::string text = R"(
apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: keys}
spec:
  duration: 10min
  demand: {rate: 20/s, curve: flat}
  clients: [{name: web, first_prompt: {mean: 100}, answer: {mean: 5}, retry: {policy: none}}]
  serving: {pools: [{name: web, front_end: {cores: 8, cpu_per_request: 5ms}}]}
  regions: [{name: us, nodes: 1, pools: [{replicas: 4}]}]
  cluster: {gpus_per_node: 8, workloads: [{name: web, gpus_per_pod: 1}]}
  kv_cache: {capacity: 1TB, initial_sessions: 0, initial_bytes: 0B}
  safety: {enabled: false}
  timeline: [)" + timeline +
                           R"(]
  services:
    - {name: storage, servers: 60, service_time: 20ms}
    - {name: kv, servers: 100, service_time: 2ms}
  uses:
    - {name: front, service: kv, per: request, timeout: 2s)" +
                           outer + R"(}
    - {name: backing, service: storage, per: call, by: kv, timeout: 1s)" +
                           inner + "}\n";
  const RunResults run = run_simulation(load_scenario(SourceText{"keys.yaml", text}).scenario, {});
  const auto of = [&](const std::string& name) {
    const std::size_t columns = run.series_columns.size();
    for (std::size_t c = 0; c < columns; ++c)
      if (run.series_columns[c].component == "services/kv/uses/backing" &&
          run.series_columns[c].name == name)
        return run.series_values[run.series_values.size() - columns + c];
    ADD_FAILURE() << name;
    return 0.0;
  };
  return {of("asked_total"), of("cache_hits_total")};
}

const char* const kMany = ", cache: {size: 100000, keys: 100000, ttl: 1h, popularity: 0}";
const char* const kNone = "";

// 12,000 draws of 100,000 keys: one meets a key that was drawn before with a chance that rises to
// 11 %, about 6 % in the mean; those of one conversation are the same.
TEST(keys_of_calls, are_as_many_as_the_calls_are_about) {
  const Asked inner = asked(kNone, kMany);
  const Asked single = asked(kNone, ", cache: {size: 100000, keys: 1, ttl: 1h, popularity: 0}");
  EXPECT_GT(inner.all, 10'000);
  EXPECT_NEAR(single.kept, single.all, 5);
  EXPECT_LT(inner.kept, 0.9 * inner.all);
}

// What the outer cache asks for is new to it, and so to an inner one of the same keys.
TEST(keys_of_calls, are_those_of_the_call_that_leads_to_them) {
  const Asked both = asked(kMany, kMany);
  EXPECT_GT(both.all, 1000);
  EXPECT_LT(both.kept, 0.02 * both.all);
  const Asked few = asked(kMany, ", cache: {size: 10, keys: 10, ttl: 1h, popularity: 0}");
  EXPECT_GT(few.kept, 0.98 * few.all);
}

// Of keys that are all kept a loss of half of them is met by half of the questions.
TEST(keys_of_calls, of_which_a_share_is_lost_are_asked_for_again) {
  const std::string warm =
      ", cache: {size: 2000, keys: 2000, ttl: 10h, popularity: 0, initial: 100%}";
  const Asked whole = asked(kNone, warm);
  const Asked half = asked(kNone, warm, "{at: 5min, do: lose_cache, use: backing, share: 50%}");
  const double missed = half.all - half.kept - (whole.all - whole.kept);
  EXPECT_GT(missed, 500);
  EXPECT_LT(missed, 1200);
}

}  // namespace test_keys_of_calls
}  // namespace stampede::test
