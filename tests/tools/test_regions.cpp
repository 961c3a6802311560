// Regions of their own: what a region says overrides what the service says, and nothing else.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tools/language/effective.h"
#include "tools/language/value_at.h"
#include "tools/world/load_scenario.h"
#include "tools/world/scale.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_regions {

// Two regions that share no traffic: each has room enough for its own clients.
constexpr const char* kTwo = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: two}
spec:
  duration: 10min
  demand: {rate: 20/s, curve: flat}
  clients:
    - {name: web, first_prompt: {mean: 100}, answer: {mean: 20}, total_timeout: 60s}
  gateway: {max_queue: 50}
  control_plane: {etcd: {fsync: 2ms}, seats: 300}
  cluster: {workloads: [{autoscaler: {max_replicas: 8}}]}
  serving:
    pools:
      - {name: chat, engine: {max_num_seqs: 64, step_base: 30ms}}
  kv_cache: {initial_sessions: 0, initial_bytes: 0B}
  regions:
    - {name: us, share: 50%, nodes: 2, pools: [{replicas: 6}]}
    - name: eu
      share: 50%
      nodes: 2
      pools: [{replicas: 6}]
      gateway: {max_queue: 7}
      control_plane: {etcd: {fsync: 8ms}}
      cluster: {workloads: [{autoscaler: {min_replicas: 3, scale_up: {policies: [{pods: 1}]}}}]}
      serving: {pools: [{name: chat, engine: {step_base: 60ms}}]}
)";

Loaded load(const std::vector<Override>& sets = {}, const std::vector<std::string>& with = {},
            const std::string& text = kTwo) {
  return load_scenario(SourceText{"two.yaml", text}, sets, with);
}

std::string replaced(std::string text, const std::string& was, const std::string& is) {
  const auto at = text.find(was);
  EXPECT_NE(at, std::string::npos) << was;
  return at == std::string::npos ? text : text.replace(at, was.size(), is);
}

TEST(Regions, override_single_values_and_inherit_the_others) {
  const Loaded loaded = load();
  const Spec& spec = loaded.scenario.spec;
  EXPECT_EQ(spec.control_plane_of(0).etcd.fsync, 2_ms);
  EXPECT_EQ(spec.control_plane_of(1).etcd.fsync, 8_ms);
  EXPECT_EQ(spec.control_plane_of(1).seats, 300);
  EXPECT_EQ(spec.cluster_of(1).workloads[0].autoscaler->min_replicas, 3);
  EXPECT_EQ(spec.cluster_of(1).workloads[0].autoscaler->max_replicas, 8);
  EXPECT_EQ(spec.serving_of(1).pools[0].engine.step_base, 60_ms);
  EXPECT_EQ(spec.serving_of(1).pools[0].engine.max_num_seqs, 64u);
  EXPECT_EQ(spec.serving_of(0).pools[0].engine.step_base, 30_ms);
  EXPECT_EQ(spec.gateway_of(0).max_queue, 50);
  EXPECT_EQ(loaded.origins.at("spec.regions[1].control_plane.etcd.fsync"), "two.yaml:23");
  EXPECT_FALSE(loaded.origins.contains("spec.regions[1].control_plane.seats")) << "inherited";
  EXPECT_FALSE(spec.regions[0].control_plane.has_value());
}

TEST(Regions, are_set_by_name_by_index_and_all_at_once) {
  const std::string fsync = ".control_plane.etcd.fsync";
  const Loaded loaded = load({{"spec.regions.us" + fsync, "5ms"},
                              {"spec.regions[1].control_plane.seats", "77"},
                              {"spec.regions[*].replica_choice.policy", "least_request"},
                              {"spec.control_plane.etcd.members", "1"}});
  const Spec& spec = loaded.scenario.spec;
  EXPECT_EQ(spec.control_plane_of(0).etcd.fsync, 5_ms);
  EXPECT_EQ(spec.control_plane_of(1).etcd.fsync, 8_ms);
  EXPECT_EQ(spec.control_plane_of(1).seats, 77);
  for (std::size_t r : {0u, 1u}) {
    EXPECT_EQ(spec.replica_choice_of(r).policy, ChoiceKind::kLeastRequest);
    EXPECT_EQ(spec.control_plane_of(r).etcd.members, 1) << "set for the service, inherited";
  }
  EXPECT_EQ(loaded.origins.at("spec.regions[0]" + fsync), "--set");
  const auto read = value_at(type_of<Scenario>(), &loaded.scenario, "spec.regions.us" + fsync);
  EXPECT_EQ(read->text(), "5ms");
  const Scenario plain = load().scenario;
  EXPECT_EQ(value_at(type_of<Scenario>(), &plain, "spec.regions.us" + fsync)->text(), "2ms")
      << "what is inherited is what holds";
  EXPECT_FALSE(load({{"spec.regions.eu.control_plane", "null"}})
                   .scenario.spec.regions[1]
                   .control_plane.has_value());
}

TEST(Regions, manifest_says_only_what_differs_and_reads_back) {
  const Loaded loaded = load();
  const nlohmann::ordered_json json = effective(loaded.scenario);
  EXPECT_FALSE(json["spec"]["regions"][0].contains("control_plane"));
  EXPECT_EQ(json["spec"]["regions"][1]["control_plane"].dump(), R"({"etcd":{"fsync":"8ms"}})");
  EXPECT_EQ(json["spec"]["regions"][1]["cluster"]["workloads"][0]["autoscaler"]["min_replicas"], 3);
  const Loaded again = load({}, {}, json.dump());
  EXPECT_EQ(effective(again.scenario).dump(), json.dump());
  const std::string yaml = effective_yaml(type_of<Scenario>(), &loaded.scenario, loaded.origins);
  EXPECT_NE(yaml.find("fsync: 8ms                         # two.yaml:23"), std::string::npos)
      << yaml;
  EXPECT_EQ(effective(load({}, {}, yaml).scenario).dump(), json.dump());
}

TEST(Regions, policies_reach_those_that_say_otherwise) {
  const Loaded loaded =
      load({{"spec.regions.us.gateway.max_queue", "9"}},
           {"queue_limit", "hpa_scale_up_limit", "events_etcd_split", "adaptive_lifo"});
  const Spec& spec = loaded.scenario.spec;
  EXPECT_EQ(spec.gateway_of(1).max_queue, 100) << "not the region's 7";
  EXPECT_EQ(loaded.origins.at("spec.regions[1].gateway.max_queue"), "mitigation queue_limit");
  EXPECT_EQ(spec.gateway_of(0).max_queue, 9) << "said after the policy";
  const auto& policies = spec.cluster_of(1).workloads[0].autoscaler->scale_up->policies;
  ASSERT_EQ(policies.size(), 1u);
  EXPECT_EQ(policies[0].percent, 10);
  EXPECT_EQ(policies[0].pods, 0);
  EXPECT_EQ(spec.cluster_of(1).workloads[0].autoscaler->min_replicas, 3) << "its own stays";
  EXPECT_EQ(spec.control_plane_of(1).events_etcd, EventsEtcd::kSplit);
  EXPECT_EQ(spec.control_plane_of(1).etcd.fsync, 8_ms);
  EXPECT_EQ(spec.serving_of(1).pools[0].engine.lifo_after, spec.serving.pools[0].engine.lifo_after);
  EXPECT_GT(spec.serving_of(1).pools[0].engine.lifo_after.ns, 0);
  // What the command line says of the service comes after a policy, there too.
  EXPECT_EQ(load({{"spec.gateway.max_queue", "33"}}, {"queue_limit"})
                .scenario.spec.gateway_of(1)
                .max_queue,
            33);
  EXPECT_EQ(load({{"spec.gateway.max_queue", "33"}}).scenario.spec.gateway_of(1).max_queue, 7);
}

TEST(Regions, a_manifest_says_all_of_an_autoscaler) {
  const std::string hpa = source_directory() + "/scenarios/autoscaler-manifest/hpa.yaml";
  const Spec spec =
      load({{"spec.cluster.workloads[0].autoscaler.sync_period", "77s"},
            {"spec.cluster.workloads[0].autoscaler.tolerance", "0.5"},
            {"spec.regions.us.cluster.workloads[0].autoscaler", "{manifest: " + hpa + "}"},
            {"spec.regions.us.pools[0].replicas", "8"}})
          .scenario.spec;
  EXPECT_EQ(spec.cluster_of(0).workloads[0].autoscaler->max_replicas, 40);
  EXPECT_NE(spec.cluster_of(0).workloads[0].autoscaler->sync_period, 77_s) << "not inherited";
  EXPECT_EQ(spec.cluster_of(1).workloads[0].autoscaler->sync_period, 77_s);
}

// Said as it is inherited, against the profile: the manifest must not lose it.
TEST(Regions, manifest_keeps_what_stands_against_a_profile) {
  const std::string text =
      replaced(kTwo, "{name: chat, engine: {step_base: 60ms}}",
               "{name: chat, profile: llama-3.1-8b-l40s-tp1, engine: {max_num_seqs: 64}}");
  const Loaded loaded = load({}, {}, text);
  EXPECT_EQ(loaded.scenario.spec.serving_of(1).pools[0].engine.max_num_seqs, 64u);
  const nlohmann::ordered_json json = effective(loaded.scenario);
  const Loaded again = load({}, {}, json.dump());
  EXPECT_EQ(again.scenario.spec.serving_of(1).pools[0].engine.max_num_seqs, 64u);
  EXPECT_EQ(effective(again.scenario).dump(), json.dump());
}

TEST(Regions, another_profile_comes_before_what_is_inherited) {
  const Loaded loaded = load({{"spec.regions.us.serving.pools.chat.profile", "qwen3-14b-l40s-tp1"},
                              {"spec.regions.us.serving.pools[0].engine.max_num_seqs", "11"}});
  const EngineParams& engine = loaded.scenario.spec.serving_of(0).pools[0].engine;
  EXPECT_NE(engine.step_base, 30_ms);
  EXPECT_EQ(engine.max_num_seqs, 11u);
  EXPECT_EQ(loaded.origins.at("spec.regions[0].serving.pools[0].engine.step_base"),
            "profile qwen3-14b-l40s-tp1");
  // The balancer is told what one of its pods takes.
  const Spec& spec = loaded.scenario.spec;
  ASSERT_TRUE(spec.serving_of(0).pools[0].max_rate_per_endpoint);
  EXPECT_NE(spec.serving_of(0).pools[0].max_rate_per_endpoint->per_second,
            spec.balancer.max_rate_per_endpoint->per_second);
  EXPECT_FALSE(load({{"spec.balancer.max_rate_per_endpoint", "3/s"}})
                   .scenario.spec.serving_of(1)
                   .pools[0]
                   .max_rate_per_endpoint)
      << "stated for all";
}

// What a region says is made smaller as what it inherits is.
TEST(Regions, scale_reaches_overrides) {
  const Loaded loaded = load({{"spec.scale", "1/10"},
                              {"spec.control_plane.seats", "5000"},
                              {"spec.regions.eu.control_plane.seats", "3000"},
                              {"spec.regions.eu.gateway.rate_limit.requests", "700"},
                              {"spec.regions.eu.kv_cache.capacity", "50GB"}});
  const Spec small = scaled(loaded.scenario.spec);
  EXPECT_EQ(small.control_plane_of(0).seats, 500);
  EXPECT_EQ(small.control_plane_of(1).seats, 300);
  EXPECT_EQ(small.gateway_of(1).rate_limit.requests, 70);
  EXPECT_EQ(small.regions[1].kv_cache.capacity->value, 5'000'000'000);
  EXPECT_EQ(loaded.scenario.spec.control_plane_of(1).seats, 3000);
}

// Every value of every group said again for every region: the same run to the last digit.
TEST(Regions, that_say_what_they_would_inherit_change_nothing) {
  const std::string root = source_directory() + "/scenarios/";
  const std::vector<std::pair<std::string, std::vector<Override>>> runs = {
      {"templates/init.yaml", {}},
      {"01-deepseek-2026-03-29.yaml", {{"spec.scale", "1/200"}, {"spec.duration", "45min"}}},
      {"table/autoscaler-gap.yaml", {}},
  };
  for (auto [file, sets] : runs) {
    const Scenario plain = load_scenario(root + file, sets).scenario;
    const nlohmann::ordered_json whole = effective(plain);
    for (const char* group : {"gateway", "replica_choice", "serving", "cluster", "control_plane"})
      sets.push_back({std::string("spec.regions[*].") + group, whole["spec"][group].dump()});
    const Scenario said = load_scenario(root + file, sets).scenario;
    for (const RegionParams& region : said.spec.regions) EXPECT_TRUE(region.control_plane);
    const RunResults a = run_simulation(plain, {}), b = run_simulation(said, {});
    EXPECT_EQ(a.digest, b.digest) << file;
    EXPECT_EQ(a.results_digest, b.results_digest) << file;
  }
}

using Series = std::map<std::string, std::vector<double>>;

Series series_of(const RunResults& run, const std::string& region) {
  Series found;
  for (std::size_t c = 0; c < run.series_columns.size(); ++c) {
    const std::string& component = run.series_columns[c].component;
    if (component != region && !component.starts_with(region + "/")) continue;
    std::vector<double>& values = found[component + "." + run.series_columns[c].name];
    for (std::size_t i = c; i < run.series_values.size(); i += run.series_columns.size())
      values.push_back(std::isnan(run.series_values[i]) ? -1 : run.series_values[i]);
  }
  return found;
}

TEST(Regions, what_one_overrides_does_not_touch_another) {
  const std::vector<std::vector<Override>> changes = {
      {{"spec.regions.eu.control_plane.etcd.fsync", "40ms"}},
      {{"spec.regions.eu.cluster.kubelet.probe_period", "3s"}},
      {{"spec.regions.eu.serving.pools.chat.engine.step_base", "20ms"}},
      {{"spec.regions.eu.serving.pools.chat.front_end.cpu_per_request", "50ms"}},
      {{"spec.regions.eu.gateway.rate_limit.requests", "3"}},
      {{"spec.regions.eu.replica_choice.policy", "session_affinity"}}};
  const RunResults plain = run_simulation(load().scenario, {});
  const Series us = series_of(plain, "us"), eu = series_of(plain, "eu");
  ASSERT_GT(us.size(), 20u);
  for (const auto& change : changes) {
    const RunResults run = run_simulation(load(change).scenario, {});
    EXPECT_TRUE(series_of(run, "us") == us) << change[0].path;
    EXPECT_FALSE(series_of(run, "eu") == eu) << change[0].path << ": it changed nothing at all";
  }
}

TEST(Regions, keep_stores_of_their_own) {
  const std::string text = replaced(kTwo, "gateway: {max_queue: 7}", "kv_cache: {capacity: 1GB}");
  const auto stored = [](const Loaded& loaded) {
    const RunResults run = run_simulation(loaded.scenario, {});
    return series_of(run, "kv_cache").at("kv_cache.stored_bytes").back();
  };
  EXPECT_LT(stored(load({}, {}, text)), 0.8 * stored(load())) << "one region of two is full";
}

// As many as there may be, each small: a region with a name, a share and two pods.
std::string with_regions(std::size_t n) {
  std::string text = kTwo;
  text.resize(text.find("  regions:\n"));
  text += "  balancer: {rule: waterfall}\n  regions:\n";
  for (std::size_t r = 0; r < n; ++r)
    text += fmt::format("    - {{name: r{}, share: {}, nodes: 1, pools: [{{replicas: 2}}]}}\n", r,
                        1.0 / static_cast<double>(n));
  return text;
}

TEST(Regions, may_be_64) {
  const std::vector<Override> sets = {
      {"spec.demand.rate", "64/s"},
      {"spec.duration", "5min"},
      {"spec.regions.r63.control_plane.etcd.fsync", "8ms"},
      {"spec.timeline",
       "[{at: 1min, do: push_routing_policy, target: {region: r40}, policy: {export: none}}]"}};
  const Scenario full = load(sets, {}, with_regions(64)).scenario;
  const RunResults run = run_simulation(full, {});  // what must be conserved is checked in it
  const auto total = [&](const std::string& component, const std::string& name) {
    return series_of(run, component).at(component + "." + name).back();
  };
  EXPECT_GT(total("r63", "completed_total"), 100);
  EXPECT_GT(total("balancer", "moved_total"), 100) << "clients of r40 went elsewhere";
  EXPECT_LT(total("r40", "completed_total"), 0.6 * total("r41", "completed_total"));
  Scenario half = full;
  half.spec.scale = 0.5;
  const RunResults small = run_simulation(half, {});
  const double of_full = series_of(run, "clients").at("clients.requests_offered_total").back();
  const double of_half = series_of(small, "clients").at("clients.requests_offered_total").back();
  EXPECT_NEAR(of_half / of_full, 0.5, 0.03);
  EXPECT_THROW(load({}, {}, with_regions(65)), InputError);
}

// Zones of one place are regions that share a site.
TEST(Regions, at_one_site_are_met_together) {
  const std::string text =
      replaced(replaced(with_regions(3), "{name: r0,", "{name: r0, site: paris,"), "{name: r1,",
               "{name: r1, site: paris,");
  const auto slowed = [&](const std::string& target) {
    const RunResults run = run_simulation(
        load({{"spec.timeline", "[{at: 1min, do: slow_disk, by: 1s, target: {" + target + "}}]"}},
             {}, text)
            .scenario,
        {});
    std::string found;
    for (const Incident& i : run.incidents)
      if (i.kind == "disk_slowed") found += i.component + " ";
    return found;
  };
  EXPECT_EQ(slowed("site: paris"), slowed("region: r0") + slowed("region: r1"));
  EXPECT_EQ(slowed("site: paris, region: r1"), slowed("region: r1"));
  EXPECT_EQ(slowed("region: r1"), "r1/api ");
  for (const auto& [target, told] : std::vector<std::pair<std::string, std::string>>{
           {"site: pari", "no region has the site 'pari'; did you mean 'paris'?"},
           {"site: paris, region: r2", "'r2' is not at 'paris'"},
           {"zone: 1", "this acts on whole regions"}}) {
    try {
      slowed(target);
      ADD_FAILURE() << target;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(told), std::string::npos) << error.what();
    }
  }
}

struct Bad {
  std::string was, is, told;  // with its place
};

TEST(Regions, say_what_is_wrong_with_an_override_and_where) {
  const std::vector<Bad> cases = {
      {"fsync: 8ms", "fsync: 8", "two.yaml:23:37: spec.regions[1].control_plane.etcd.fsync: '8': "},
      {"fsync: 8ms", "fsnc: 8ms",
       "two.yaml:23:30: spec.regions[1].control_plane.etcd.fsnc: "
       "unknown key; did you mean 'fsync'?"},
      {"fsync: 8ms", "members: 2", "two.yaml:23:39: spec.regions[1].control_plane.etcd.members: "},
      {"min_replicas: 3", "min_replicas: 9",
       "spec.regions[1].cluster.workloads[0].autoscaler.min_replicas: 9 is above"},
      {"pools: [{name: chat, engine: {step_base: 60", "pools: [{name: chad, engine: {step_base: 60",
       "none of those inherited is named 'chad'; did you mean 'chat'?"},
      {"engine: {step_base: 60ms}", "engine: {max_num_batched_tokens: 32}",
       "spec.regions[1].serving.pools[0].engine.max_num_batched_tokens: 32 is below"},
      {"gateway: {max_queue: 7}", "cluster: {nodes: 9}", "the key is already given"},
      {"gateway: {max_queue: 7}", "kv_cache: {fencing: true}",
       "two.yaml:22:18: spec.regions[1].kv_cache.fencing: one store for all regions"},
      {"gateway: {max_queue: 7}", "safety: {}", "spec.regions[1].safety: one safety layer"},
      {"gateway: {max_queue: 7}", "gateway: 7", "spec.regions[1].gateway: a mapping is wanted"},
      {"cluster: {workloads: [{autoscaler: {min",
       "cluster: {nodes: 9, workloads: [{autoscaler: {min",
       "two.yaml:24:24: spec.regions[1].cluster.nodes: a region's size is `nodes`"},
      {"serving: {pools: [{name: chat, engine",
       "serving: {pools: [{name: chat}, {name: chat, engine",
       "spec.regions[1].serving.pools[1]: this element is already given"},
  };
  for (const Bad& bad : cases) {
    try {
      load({}, {}, replaced(kTwo, bad.was, bad.is));
      ADD_FAILURE() << bad.is;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(bad.told), std::string::npos) << error.what();
    }
  }
  try {
    load({{"spec.regions.eux.gateway.max_queue", "1"}});
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("no element is named 'eux'; did you mean 'eu'?"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace test_regions
}  // namespace stampede
