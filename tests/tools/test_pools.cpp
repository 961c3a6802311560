// Several pools in one region: by model, by class, by the length of a prompt, in pairs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_pools {

// Two models, of which one is split into prefill and decode, and a pool for long prompts.
constexpr const char* kModels = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: models}
spec:
  duration: 15min
  demand: {rate: 12/s, curve: flat}
  clients:
    - name: chat
      share: 50%
      model: small
      first_prompt: {mean: 400, cv: 0.5}
      answer: {mean: 50}
      total_timeout: 60s
    - name: code
      share: 30%
      model: large
      first_prompt: {mean: 900, cv: 0.5}
      answer: {mean: 50}
      total_timeout: 60s
    - name: papers
      share: 20%
      model: small
      first_prompt: {mean: 6000, cv: 0.2, minimum: 3000, maximum: 9000}
      answer: {mean: 50}
      total_timeout: 60s
  kv_cache: {initial_sessions: 0, initial_bytes: 0B}
  safety: {enabled: false}
  serving:
    pools:
      - {name: short, model: small, max_prompt: 2000, engine: {max_num_seqs: 64}}
      - {name: long, model: small, engine: {max_num_seqs: 16, step_base: 40ms}}
      - {name: large-prefill, model: large, engine: {role: prefill}}
      - {name: large-decode, model: large, engine: {role: decode, max_num_seqs: 64}}
  cluster:
    workloads:
      - {autoscaler: {max_replicas: 12, cpu_utilization_percent: 0, waiting_requests: 5}}
      - {autoscaler: {max_replicas: 12, cpu_utilization_percent: 0, waiting_requests: 5}}
  regions:
    - name: eu
      nodes: 6
      pools: [{replicas: 4}, {replicas: 4}, {replicas: 4}, {replicas: 4}]
)";

Loaded load(const std::vector<Override>& sets = {}, const std::string& text = kModels) {
  return load_scenario(SourceText{"models.yaml", text}, sets);
}

struct Played {
  explicit Played(const std::vector<Override>& sets = {})
      : run(run_simulation(load(sets).scenario, {})) {}
  std::vector<double> series(const std::string& component, const std::string& name) const {
    std::vector<double> values;
    for (std::size_t c = 0; c < run.series_columns.size(); ++c)
      if (run.series_columns[c].component == component && run.series_columns[c].name == name)
        for (std::size_t i = c; i < run.series_values.size(); i += run.series_columns.size())
          values.push_back(run.series_values[i]);
    EXPECT_FALSE(values.empty()) << component << " " << name;
    return values;
  }
  double most(const std::string& name) const {
    const auto values = series("eu", name);
    return values.empty() ? -1 : *std::max_element(values.begin(), values.end());
  }
  double ended(const std::string& outcome) const {
    return series("clients", "requests_" + outcome + "_total").back();
  }
  RunResults run;
};

TEST(Pools, take_what_they_are_for) {
  const Played all;
  for (const char* pool : {"short", "long", "large-prefill", "large-decode"})
    EXPECT_GT(all.most(std::string(pool) + "_load_ratio"), 0.01) << pool;
  EXPECT_EQ(all.ended("rejected_503"), 0);
  // Without one class only the pools that are for it fall idle.
  const Played no_code(std::vector<Override>{{"spec.clients.code.share", "0%"}});
  EXPECT_EQ(no_code.most("large-prefill_load_ratio"), 0);
  EXPECT_EQ(no_code.most("large-decode_load_ratio"), 0);
  EXPECT_GT(no_code.most("short_load_ratio"), 0.01);
  const Played no_papers(
      {{"spec.clients.papers.share", "0%"}, {"spec.clients.chat.max_context", "2000"}});
  EXPECT_EQ(no_papers.most("long_load_ratio"), 0) << "every prompt of chat is short";
  const Played no_chat(std::vector<Override>{{"spec.clients.chat.share", "0%"}});
  EXPECT_EQ(no_chat.most("short_load_ratio"), 0) << "every prompt of papers is long";
}

TEST(Pools, by_class_come_before_those_for_all) {
  const Played run({{"spec.serving.pools.short.classes", "[papers]"},
                    {"spec.serving.pools.short.max_prompt", "0"},
                    {"spec.clients.papers.share", "0%"}});
  EXPECT_EQ(run.most("short_load_ratio"), 0);
  EXPECT_GT(run.most("long_load_ratio"), 0.01) << "chat goes there";
}

// A wrong route: the pool for short prompts takes none any more, until that is taken back.
TEST(Pools, the_longest_prompt_may_change_while_requests_come) {
  const Played run(std::vector<Override>{
      {"spec.clients.papers.share", "0%"},
      {"spec.timeline",
       "[{at: 3min, do: set, path: spec.serving.pools.short.max_prompt, value: 1, name: route}, "
       "{at: 6min, do: undo, name: route}]"}});
  const std::vector<double> load = run.series("eu", "short_load_ratio");
  const auto between = [&](double from, double until) {
    double most = 0;
    for (std::size_t i = 0; i < load.size(); ++i)
      if (run.run.series_times[i] > 60 * from && run.run.series_times[i] < 60 * until)
        most = std::max(most, load[i]);
    return most;
  };
  EXPECT_GT(between(1, 3), 0.01);
  EXPECT_LT(between(5.5, 6), between(1, 3) / 10) << "an average that runs out";
  EXPECT_GT(between(7, 15), 0.01);
  EXPECT_EQ(run.ended("rejected_503"), 0) << "the pool for long ones took them";
}

TEST(Pools, one_alone_refuses_what_is_too_long_from_then_on) {
  const auto share = [](const std::string& timeline) {
    const Played run(std::vector<Override>{{"spec.serving.pools", "[{name: only}]"},
                                           {"spec.cluster.workloads", "[{}]"},
                                           {"spec.regions.eu.pools", "[{replicas: 12}]"},
                                           {"spec.duration", "10min"},
                                           {"spec.timeline", timeline}});
    return run.ended("rejected_503") / run.series("clients", "requests_offered_total").back();
  };
  EXPECT_EQ(share("[]"), 0);
  // Papers are a fifth of the requests, for half of the run.
  EXPECT_NEAR(share("[{at: 5min, do: set, path: spec.serving.pools.only.max_prompt, value: 2900}]"),
              0.1, 0.02);
}

// A pool that is not there leaves its requests to the next that takes them; a model that nobody
// serves is refused, and nobody else notices.
TEST(Pools, without_endpoints_are_passed_over) {
  const Played no_short({{"spec.regions.eu.pools[0].replicas", "0"},
                         {"spec.cluster.workloads[0].autoscaler", "null"}});
  EXPECT_EQ(no_short.ended("rejected_503"), 0);
  EXPECT_GT(no_short.most("long_load_ratio"), 0.01);
  const Played no_large(std::vector<Override>{{"spec.regions.eu.pools[2].replicas", "0"}});
  const double offered = no_large.series("clients", "requests_offered_total").back();
  EXPECT_NEAR(no_large.ended("rejected_503") / offered, 0.3, 0.03) << "all that asked for it";
  const Played no_decode(std::vector<Override>{{"spec.regions.eu.pools[3].replicas", "0"}});
  EXPECT_NEAR(no_decode.ended("truncated") / offered, 0.3, 0.03);
}

TEST(Pools, scale_each_by_itself) {
  const Played run({{"spec.serving.pools.long.engine.step_per_prompt_token", "20us"},
                    {"spec.serving.pools.short.engine.max_num_seqs", "1"},
                    {"spec.serving.pools.short.engine.max_num_batched_tokens", "4096"},
                    {"spec.serving.pools.short.engine.step_base", "60ms"}});
  EXPECT_GT(run.most("short_pods_desired"), 4);
  EXPECT_EQ(run.most("long_pods_desired"), 4);
}

// Two pairs of one model: each prefill pool hands over to the decode pool that it names.
TEST(Pools, hand_over_to_their_own_partner) {
  const std::vector<Override> pairs = {{"spec.serving.pools",
                                        "[{name: p1, model: small, classes: [chat, papers], "
                                        "hands_over_to: d1, engine: {role: prefill}}, "
                                        "{name: d2, engine: {role: decode}}, {name: p2, model: "
                                        "large, hands_over_to: d2, engine: {role: prefill}}, "
                                        "{name: d1, engine: {role: decode}}]"},
                                       {"spec.cluster.workloads", "[]"}};
  const Played run(pairs);
  for (const char* pool : {"p1", "p2", "d1", "d2"})
    EXPECT_GT(run.most(std::string(pool) + "_load_ratio"), 0.001) << pool;
  auto no_code = pairs;
  no_code.push_back({"spec.clients.code.share", "0%"});
  const Played chat(no_code);
  EXPECT_EQ(chat.most("p2_load_ratio"), 0);
  EXPECT_EQ(chat.most("d2_load_ratio"), 0);
}

// The balancer knows what all pools take, each at its own rate.
TEST(Pools, are_told_to_the_balancer_each_at_its_rate) {
  const Loaded loaded = load();
  const Spec& spec = loaded.scenario.spec;
  EXPECT_FALSE(spec.balancer.max_rate_per_endpoint);
  const auto rate = [&](std::size_t w) { return spec.serving.pools[w].max_rate_per_endpoint; };
  ASSERT_TRUE(rate(0) && rate(1) && rate(2));
  EXPECT_FALSE(rate(3)) << "a decode pool takes none from clients";
  EXPECT_NE(rate(0)->per_second, rate(1)->per_second);
  EXPECT_NE(loaded.origins.at("spec.serving.pools[0].max_rate_per_endpoint").find("computed"),
            std::string::npos);
}

TEST(Pools, that_a_region_lacks_are_warned_of) {
  EXPECT_TRUE(load().warnings.empty());
  const Loaded lacking = load({{"spec.regions.eu.pools[2].replicas", "0"}});
  ASSERT_EQ(lacking.warnings.size(), 1u);
  EXPECT_EQ(lacking.warnings[0].path, "spec.regions[0].pools");
  EXPECT_NE(lacking.warnings[0].message.find("'code' at home in 'eu'"), std::string::npos);
}

struct Bad {
  std::vector<Override> sets;
  const char* told;
};

TEST(Pools, say_what_does_not_fit_together) {
  const std::vector<Bad> cases = {
      {{{"spec.clients.code.model", "larg"}},
       "spec.clients[1].model: no pool serves a model 'larg'; did you mean 'large'?"},
      {{{"spec.serving.pools.short.classes", "[chatt]"}},
       "spec.serving.pools[0].classes: no class of clients is called 'chatt'; did you mean "
       "'chat'?"},
      {{{"spec.serving.pools.large-decode.engine.role", "mixed"}},
       "spec.serving.pools[2].engine.role: 'large-prefill' needs one pool of its model"},
      {{{"spec.serving.pools.large-prefill.engine.role", "mixed"}},
       "spec.serving.pools[3].engine.role: no prefill pool hands over to 'large-decode'"},
      {{{"spec.serving.pools.large-prefill.hands_over_to", "large-decod"}},
       "no decode pool is called 'large-decod'; did you mean 'large-decode'?"},
      {{{"spec.serving.pools.short.hands_over_to", "large-decode"}},
       "spec.serving.pools[0].hands_over_to: only a prefill pool hands over; 'short' is mixed"},
      {{{"spec.serving.pools.long.engine.role", "prefill"},
        {"spec.serving.pools.long.hands_over_to", "large-decode"}},
       "'large-decode' already goes on with the requests of 'long'"},
      {{{"spec.serving.pools.large-prefill.classes", "[chat]"}},
       "spec.clients[1]: no pool takes the requests of 'code'"},
      {{{"spec.regions.eu.serving.pools.large-decode.engine.role", "mixed"}},
       "spec.regions[0].serving.pools[2].engine.role: 'large-prefill' needs one pool"},
  };
  for (const Bad& bad : cases) {
    try {
      load(bad.sets);
      ADD_FAILURE() << bad.told;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(bad.told), std::string::npos) << error.what();
    }
  }
}

// Pods that die in one pool are no cause of trouble in another.
TEST(pools, overload_of_a_pool_does_not_name_what_happened_to_another) {
  const Played played(
      {parse_set("spec.duration=40min"), parse_set("spec.demand.rate=6/s"),
       parse_set("spec.serving.pools[0].front_end={cores: 1, cpu_per_request: 200ms}"),
       parse_set("spec.timeline=[{at: 5min, do: kill_pods, target: {pool: long, "
                 "count: 1}}, {at: 10min, do: spike, class: chat, factor: 12, for: "
                 "10min}]")});
  bool overloaded = false;
  for (const Incident& i : played.run.incidents) {
    if (i.kind != "replica_overloaded") continue;
    overloaded = true;
    for (const IncidentId cause : i.causes)
      EXPECT_EQ(played.run.incidents[cause - 1].kind, "spike");
  }
  EXPECT_TRUE(overloaded);
}

}  // namespace test_pools
}  // namespace stampede
