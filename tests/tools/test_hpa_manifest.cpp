// A HorizontalPodAutoscaler manifest included as it is: what it becomes, and what is refused where.
#include <nlohmann/json.hpp>

#include "models/cluster/cluster.h"
#include "tests/directories.h"
#include "tests/tools/manifest_fixture.h"
#include "tools/language/hpa_manifest.h"
#include "tools/world/fleet.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_hpa_manifest {

using HpaManifest = test::ManifestFixture;
using test::kScenario;
using test::manifest;
namespace fs = std::filesystem;

// The first example of the Kubernetes documentation's walkthrough, as `kubectl get -o yaml` shows
// it.
constexpr const char* kPhpApache = R"(apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: php-apache
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: php-apache
  minReplicas: 1
  maxReplicas: 10
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 50
status:
  observedGeneration: 1
  currentReplicas: 1
  desiredReplicas: 1
  currentMetrics:
  - type: Resource
    resource:
      name: cpu
      current:
        averageUtilization: 0
        averageValue: 0
)";

TEST_F(HpaManifest, the_documentations_first_example) {
  const Loaded loaded = load(kPhpApache);
  EXPECT_EQ(scaler(loaded).min_replicas, 1);
  EXPECT_EQ(scaler(loaded).max_replicas, 10);
  EXPECT_EQ(scaler(loaded).cpu_utilization_percent, 50);
  EXPECT_EQ(scaler(loaded).waiting_requests, 0);
  EXPECT_FALSE(scaler(loaded).scale_up);
  EXPECT_FALSE(scaler(loaded).scale_down);
}

// The behaviour of the documentation's page on horizontal pod autoscaling, with a tolerance.
TEST_F(HpaManifest, policies_windows_and_tolerances) {
  const Loaded loaded =
      load(manifest("  minReplicas: 3\n  maxReplicas: 30\n"
                    "  metrics:\n"
                    "  - {type: Pods, pods: {metric: {name: num_requests_waiting}, target: {type: "
                    "AverageValue, averageValue: 2500m}}}\n"
                    "  behavior:\n"
                    "    scaleDown:\n"
                    "      stabilizationWindowSeconds: 60\n"
                    "      selectPolicy: Min\n"
                    "      policies:\n"
                    "      - {type: Percent, value: 10, periodSeconds: 60}\n"
                    "      - {type: Pods, value: 5, periodSeconds: 90}\n"
                    "      tolerance: \"0.05\"\n"
                    "    scaleUp: {selectPolicy: Disabled}\n"));
  const auto& hpa = scaler(loaded);
  EXPECT_EQ(hpa.min_replicas, 3);
  EXPECT_EQ(hpa.cpu_utilization_percent, 0);
  EXPECT_EQ(hpa.waiting_requests, 2.5);
  ASSERT_TRUE(hpa.scale_down && hpa.scale_up);
  EXPECT_EQ(hpa.scale_down->stabilization_window, 60_s);
  EXPECT_EQ(hpa.scale_down->select_policy, ScalingSelect::kMin);
  EXPECT_EQ(hpa.scale_down->tolerance, 0.05);
  ASSERT_EQ(hpa.scale_down->policies.size(), 2u);
  EXPECT_EQ(hpa.scale_down->policies[0].percent, 10);
  EXPECT_EQ(hpa.scale_down->policies[0].pods, 0);
  EXPECT_EQ(hpa.scale_down->policies[1].pods, 5);
  EXPECT_EQ(hpa.scale_down->policies[1].period, 90_s);
  EXPECT_EQ(hpa.scale_up->select_policy, ScalingSelect::kDisabled);
  EXPECT_TRUE(hpa.scale_up->policies.empty());
}

TEST_F(HpaManifest, what_is_left_out_takes_the_apis_default) {
  const Loaded loaded = load(manifest("  maxReplicas: 4\n  metrics: []\n  behavior: {}\n"));
  EXPECT_EQ(scaler(loaded).min_replicas, 1);
  EXPECT_EQ(scaler(loaded).cpu_utilization_percent, 80);
  EXPECT_EQ(scaler(loaded).waiting_requests, 0);
  EXPECT_TRUE(scaler(loaded).scale_up && scaler(loaded).scale_down);
}

TEST_F(HpaManifest, origins_name_its_lines_and_options_still_win) {
  const std::string at = "spec.cluster.workloads[0].autoscaler.";
  Loaded loaded = load(kPhpApache, ", sync_period: 30s",
                       {{"spec.cluster.workloads.replicas.autoscaler.max_replicas", "7"}});
  const std::string file = (directory_ / "hpa.yaml").string();
  EXPECT_EQ(loaded.origins.at(at + "min_replicas"), file + ":10");
  EXPECT_EQ(loaded.origins.at(at + "cpu_utilization_percent"), file + ":13");
  EXPECT_EQ(loaded.origins.at(at + "max_replicas"), "--set");
  EXPECT_EQ(loaded.origins.at(at + "sync_period"), (directory_ / "scenario.yaml").string() + ":11");
  EXPECT_EQ(scaler(loaded).max_replicas, 7);
  EXPECT_EQ(scaler(loaded).sync_period, 30_s);
}

TEST_F(HpaManifest, the_effective_scenario_holds_its_values_and_needs_no_file) {
  const Loaded loaded = load(kPhpApache);
  const std::string text = effective(loaded.scenario).dump();
  EXPECT_EQ(text.find("hpa.yaml"), std::string::npos);
  fs::remove(directory_ / "hpa.yaml");
  const Loaded again = load_scenario(SourceText{"manifest.json", text});
  EXPECT_EQ(effective(again.scenario).dump(), text);
  std::string other = kPhpApache;
  other.replace(other.find("Utilization: 50"), 15, "Utilization: 60");
  EXPECT_NE(effective(load(other).scenario).dump(), text);
}

i32 minimum_in(const Spec& spec) {
  Fleet fleet(spec);
  return fleet.observed().clusters.at(0)->state().workloads[0].params.autoscaler->min_replicas;
}

TEST_F(HpaManifest, its_minimum_counts_unless_the_region_has_its_own) {
  const Loaded loaded = load(manifest("  minReplicas: 3\n  maxReplicas: 4\n"));
  Spec spec = loaded.scenario.spec;
  EXPECT_EQ(minimum_in(spec), 3);
  spec.regions.at(0).pools.at(0).min_replicas = 2;
  EXPECT_EQ(minimum_in(spec), 2);
  spec.regions.at(0).pools.at(0).min_replicas = 5;
  const auto with_minimum = [&](const std::string& least) {
    return load_scenario(SourceText{"x.json", effective(loaded.scenario).dump()},
                         {{"spec.regions[0].pools[0].min_replicas", least, "--set"}});
  };
  EXPECT_NO_THROW(with_minimum("4"));
  EXPECT_THROW(with_minimum("5"), InputError);
}

// Of the documentation's example only the packets have no counterpart.
TEST_F(HpaManifest, a_metric_that_is_not_simulated_is_refused_in_place_with_a_way_out) {
  const std::string several = manifest(
      "  minReplicas: 1\n"                                           // line 6
      "  maxReplicas: 10\n"                                          //
      "  metrics:\n"                                                 //
      "  - type: Resource\n"                                         //
      "    resource:\n"                                              // 10
      "      name: cpu\n"                                            //
      "      target: {type: Utilization, averageUtilization: 50}\n"  //
      "  - type: Pods\n"                                             //
      "    pods:\n"                                                  //
      "      metric:\n"                                              // 15
      "        name: packets-per-second\n"                           //
      "      target: {type: AverageValue, averageValue: 1k}\n"       //
      "  - type: Object\n"                                           //
      "    object:\n"                                                //
      "      metric: {name: requests-per-second}\n"                  // 20
      "      describedObject: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: r}\n"
      "      target: {type: Value, value: 10k}\n");
  expect_fault(several, "hpa.yaml:16:15: spec.metrics[1].pods.metric.name: ",
               "'packets-per-second' is not a metric that is simulated");
  expect_fault(several, "", "metric_names: {\"packets-per-second\": waiting_requests}");
  const Loaded mapped =
      load(several, ", metric_names: {packets-per-second: 'rate(output_tokens_total[1m])'}");
  ASSERT_EQ(scaler(mapped).metrics.size(), 2u);
  EXPECT_EQ(scaler(mapped).metrics[0].query, "rate(output_tokens_total[1min])");
  EXPECT_EQ(scaler(mapped).metrics[0].value, 1000);
  EXPECT_EQ(scaler(mapped).metrics[1].query, "sum(rate(requests_total[5min]))");
  EXPECT_EQ(scaler(mapped).metrics[1].value, 10'000);
  const Loaded blind = load(several, ", metric_names: {packets-per-second: unreadable}");
  EXPECT_EQ(scaler(blind).metrics[0].query, "unreadable");
}

TEST_F(HpaManifest, faults_are_placed_in_the_manifest) {
  struct Case {
    std::string more, place, words;
  };
  const Case cases[] = {
      {"  maxReplicas: 4\n  minReplcas: 2\n",
       "hpa.yaml:7:3: spec.minReplcas: ", "did you mean 'minReplicas'"},
      {"  minReplicas: 2\n", "hpa.yaml:5:3: spec.maxReplicas: ", "required"},
      {"  maxReplicas: 4\n  minReplicas: 5\n", "hpa.yaml:6:16: spec.maxReplicas: ", "below"},
      {"  maxReplicas: 4\n  minReplicas: 0\n",
       "hpa.yaml:7:16: ", "only with an Object or External"},
      {"  maxReplicas: \"4\"\n", "hpa.yaml:6:16: ", "whole number"},
      {"  maxReplicas: 4\n  maxReplicas: 5\n", "hpa.yaml:7:3: ", "already given"},
      {"  maxReplicas: 4\n  behavior: {scaleUp: {stabilizationWindowSeconds: 3601}}\n",
       "hpa.yaml:7:52: spec.behavior.scaleUp.stabilizationWindowSeconds: ", "to 3600"},
      {"  maxReplicas: 4\n  behavior: {scaleUp: {selectPolicy: Most}}\n",
       "hpa.yaml:7:38: ", "Max, Min, Disabled"},
      {"  maxReplicas: 4\n  behavior: {scaleUp: {policies: []}}\n",
       "hpa.yaml:7:34: ", "at least one"},
      {"  maxReplicas: 4\n  behavior: {scaleUp: {policies: [{type: Pods, value: 0, "
       "periodSeconds: 15}]}}\n",
       "hpa.yaml:7:55: spec.behavior.scaleUp.policies[0].value: ", "from 1"},
      {"  maxReplicas: 4\n  behavior: {scaleDown: {tolerance: -0.1}}\n",
       "hpa.yaml:7:37: ", "quantity"},
      {"  maxReplicas: 4\n  behavior: {scaleDown: {tolerance: \"2\"}}\n",
       "hpa.yaml:7:37: ", "above the most allowed"},
      {"  maxReplicas: 4\n  metrics: [{type: Resource, resource: {name: hugepages, target: {type: "
       "Utilization, averageUtilization: 50}}}]\n",
       "hpa.yaml:7:47: spec.metrics[0].resource.name: ", "cpu and memory are"},
      {"  maxReplicas: 4\n  metrics: [{type: Pods}]\n", "spec.metrics[0].pods: ", "required"},
  };
  for (const Case& c : cases) expect_fault(manifest(c.more), c.place, c.words);
  expect_fault(
      "apiVersion: autoscaling/v3\nkind: HorizontalPodAutoscaler\nspec:\n  maxReplicas: 3\n",
      "hpa.yaml:1:13: apiVersion: ", "known are: v2, v2beta2, v2beta1, v1");
  expect_fault("apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 3}\n",
               "hpa.yaml:2:7: kind: ", "'Deployment' is no autoscaler");
  expect_fault("spec: [\n", "hpa.yaml:", "not YAML");
  expect_fault("- a\n", "hpa.yaml:1:1: ", "not a manifest; `apiVersion: autoscaling/v2` is wanted");
}

TEST_F(HpaManifest, the_scenario_is_told_what_is_wrong_with_the_inclusion) {
  EXPECT_NE(faults(kPhpApache, ", max_replicas: 3").find("scenario.yaml:11:"), std::string::npos);
  EXPECT_NE(faults(kPhpApache, ", max_replicas: 3").find("hpa.yaml:11 says this already"),
            std::string::npos)
      << faults(kPhpApache, ", max_replicas: 3");
  EXPECT_NE(faults(kPhpApache, ", manifest: b.yaml").find("more than once"), std::string::npos);
  std::string scenario = kScenario;
  scenario.replace(scenario.find("MANIFEST"), 8, "manifest: absent.yaml");
  try {
    load_scenario(write("scenario.yaml", scenario));
    FAIL() << "a manifest that is not there was accepted";
  } catch (const InputError& error) {
    const std::string found = error.what();
    EXPECT_NE(found.find("scenario.yaml:11:49: "), std::string::npos) << found;
    EXPECT_NE(found.find("No such file"), std::string::npos) << found;
  }
}

// The example under scenarios/: growth by a pod a minute, as its policy says.
TEST_F(HpaManifest, the_example_grows_as_its_policy_allows) {
  const std::string file = source_directory() + "/scenarios/autoscaler-manifest/fleet.yaml";
  const auto most = [&](const std::vector<Override>& sets, double until) {
    Fleet fleet(load_scenario(file, sets).scenario.spec);
    fleet.start();
    i32 desired = 0;
    while (fleet.world.now().seconds() < until) {
      fleet.world.scheduler.run_until(fleet.world.now() + 1_s);
      desired = std::max(desired, fleet.observed().clusters[0]->desired(0));
    }
    return desired;
  };
  const Override defaults{"spec.cluster.workloads.replicas.autoscaler.scale_up", "null"};
  // The step of load comes at 600 s; within a minute the policy allows one pod, the default all.
  EXPECT_EQ(most({}, 660), 9);
  EXPECT_GT(most({defaults}, 660), 9);
  EXPECT_GT(most({}, 900), 9);
}

TEST(quantity, is_read_as_the_api_reads_it) {
  EXPECT_EQ(parse_quantity("5"), 5);
  EXPECT_EQ(parse_quantity("+.5"), 0.5);
  EXPECT_EQ(parse_quantity("0.1"), 0.1);
  EXPECT_EQ(parse_quantity("1500m"), 1.5);
  EXPECT_EQ(parse_quantity("1k"), 1000);
  EXPECT_EQ(parse_quantity("2Ki"), 2048);
  EXPECT_EQ(parse_quantity("1e3"), 1000);
  EXPECT_EQ(parse_quantity("1u"), 0.001);  // rounded up
  for (const char* bad : {"", "five", "5 ", "5K", "5mi", "nan", "inf", "--5", "1e", "0x10"})
    EXPECT_FALSE(parse_quantity(bad)) << bad;
}

}  // namespace test_hpa_manifest
}  // namespace stampede
