// Every kind of autoscaler manifest: what it becomes, and what the API server would refuse.
#include "models/cluster/cluster.h"
#include "tests/tools/manifest_fixture.h"
#include "tools/language/manifest_reader.h"
#include "tools/language/metric_names.h"

namespace stampede {
namespace test_manifest_kinds {

using cluster::AutoscalerParams;
using cluster::MetricParams;
using test::manifest;

class ManifestKinds : public test::ManifestFixture {
 protected:
  std::string of_version(const std::string& version, const std::string& more) {
    std::string text = manifest(more);
    return text.replace(text.find("/v2"), 3, "/" + version);
  }
  // The one metric of a manifest with this entry of `metrics`, as text.
  std::string metric(const std::string& entry, const std::string& beside = "",
                     const std::string& version = "v2") {
    const Loaded loaded =
        load(of_version(version, "  maxReplicas: 4\n  metrics:\n  - " + entry + "\n"), beside);
    const AutoscalerParams& p = scaler(loaded);
    if (p.cpu_utilization_percent > 0)
      return "cpu " + std::to_string(p.cpu_utilization_percent) + "%";
    if (p.waiting_requests > 0) return "waiting " + print_number(p.waiting_requests);
    return p.metrics.size() == 1 ? text_of(p.metrics[0]) : "?";
  }
  static std::string text_of(const MetricParams& m) {
    static const char* const kSources[] = {"resource", "pods", "object", "external"};
    static const char* const kTargets[] = {"%", " a pod", " in all"};
    return std::string(kSources[static_cast<int>(m.source)]) + " " + m.query + ": " +
           print_number(m.value) + kTargets[static_cast<int>(m.target)];
  }
  std::string pods(const std::string& name) {
    return metric("{type: Pods, pods: {metric: {name: \"" + name +
                  "\"}, target: {type: AverageValue, averageValue: 7}}}");
  }
  std::string external(const std::string& name) {
    return metric("{type: External, external: {metric: {name: \"" + name +
                  "\"}, target: {type: AverageValue, averageValue: 7}}}");
  }
};

TEST_F(ManifestKinds, sources_and_targets_of_v2) {
  for (const std::string version : {"v2", "v2beta2"}) {
    const auto m = [&](const std::string& entry) { return metric(entry, "", version); };
    EXPECT_EQ(m("{type: Resource, resource: {name: cpu, target: {type: Utilization, "
                "averageUtilization: 65}}}"),
              "cpu 65%");
    EXPECT_EQ(m("{type: Resource, resource: {name: cpu, target: {type: AverageValue, "
                "averageValue: 500m}}}"),
              "resource cpu: 0.5 a pod");
    EXPECT_EQ(m("{type: Resource, resource: {name: memory, target: {type: Utilization, "
                "averageUtilization: 80}}}"),
              "resource memory: 80%");
    EXPECT_EQ(m("{type: Resource, resource: {name: memory, target: {type: AverageValue, "
                "averageValue: 10Gi}}}"),
              "resource memory: 10737418240 a pod");
    EXPECT_EQ(m("{type: ContainerResource, containerResource: {name: memory, container: server, "
                "target: {type: Utilization, averageUtilization: 70}}}"),
              "resource memory: 70%");
    EXPECT_EQ(m("{type: Pods, pods: {metric: {name: vllm:num_requests_waiting, selector: "
                "{matchLabels: {a: b}}}, target: {type: AverageValue, averageValue: '2'}}}"),
              "waiting 2");
    EXPECT_EQ(m("{type: Object, object: {metric: {name: vllm_num_requests_waiting}, "
                "describedObject: {apiVersion: v1, kind: Namespace, name: d}, target: {type: "
                "Value, value: 1k}}}"),
              "object sum(waiting_requests): 1000 in all");
    EXPECT_EQ(m("{type: External, external: {metric: {name: tgi_queue_size}, target: {type: "
                "AverageValue, averageValue: 1500m}}}"),
              "external sum(waiting_requests): 1.5 a pod");
  }
}

TEST_F(ManifestKinds, beta1_names_targets_one_by_one) {
  const auto m = [&](const std::string& entry) { return metric(entry, "", "v2beta1"); };
  EXPECT_EQ(m("{type: Resource, resource: {name: cpu, targetAverageUtilization: 55}}"), "cpu 55%");
  EXPECT_EQ(m("{type: Resource, resource: {name: memory, targetAverageValue: 1Gi}}"),
            "resource memory: 1073741824 a pod");
  EXPECT_EQ(m("{type: Pods, pods: {metricName: num_requests_running, targetAverageValue: 4}}"),
            "pods running_requests: 4 a pod");
  EXPECT_EQ(m("{type: Object, object: {metricName: requests-per-second, target: {apiVersion: v1, "
              "kind: Service, name: s}, targetValue: 2k}}"),
            "object sum(rate(requests_total[5min])): 2000 in all");
  EXPECT_EQ(m("{type: External, external: {metricName: sglang:num_queue_reqs, metricSelector: "
              "{matchLabels: {a: b}}, targetAverageValue: 3}}"),
            "external sum(waiting_requests): 3 a pod");
  expect_fault(of_version("v2beta1", "  maxReplicas: 4\n  behavior: {}\n"), "spec.behavior",
               "unknown field");
}

TEST_F(ManifestKinds, v1_has_cpu_and_the_rest_in_annotations) {
  const Loaded plain = load(of_version("v1",
                                       "  maxReplicas: 6\n  minReplicas: 2\n"
                                       "  targetCPUUtilizationPercentage: 70\n"));
  EXPECT_EQ(scaler(plain).cpu_utilization_percent, 70);
  EXPECT_EQ(scaler(plain).min_replicas, 2);
  EXPECT_EQ(scaler(load(of_version("v1", "  maxReplicas: 6\n"))).cpu_utilization_percent, 80);
  std::string text = of_version("v1", "  maxReplicas: 6\n");
  text.replace(
      text.find("{name: m}"), 9,
      "{name: m, annotations: {autoscaling.alpha.kubernetes.io/metrics: "
      "'[{\"type\":\"Pods\",\"pods\":{\"metricName\":\"vllm:num_requests_waiting\","
      "\"targetAverageValue\":\"9\"}}]', autoscaling.alpha.kubernetes.io/behavior: "
      "'{\"ScaleUp\":{\"StabilizationWindowSeconds\":30,\"SelectPolicy\":\"Max\",\"Policies\":[{"
      "\"Type\":\"Pods\",\"Value\":2,\"PeriodSeconds\":60}]}}'}}");
  const Loaded annotated = load(text);
  EXPECT_EQ(scaler(annotated).waiting_requests, 9);
  EXPECT_EQ(scaler(annotated).cpu_utilization_percent, 0);
  ASSERT_TRUE(scaler(annotated).scale_up);
  EXPECT_EQ(scaler(annotated).scale_up->stabilization_window, 30_s);
  EXPECT_EQ(scaler(annotated).scale_up->policies.at(0).pods, 2);
  EXPECT_EQ(annotated.origins.at("spec.cluster.workloads[0].autoscaler.waiting_requests"),
            (directory_ / "hpa.yaml").string() + ":3");
}

TEST_F(ManifestKinds, several_metrics_stay_apart) {
  const Loaded loaded = load(
      manifest("  maxReplicas: 4\n  metrics:\n"
               "  - {type: Pods, pods: {metric: {name: vllm:num_requests_waiting}, target: {type: "
               "AverageValue, averageValue: 5}}}\n"
               "  - {type: Pods, pods: {metric: {name: num_requests_waiting}, target: {type: "
               "AverageValue, averageValue: 6}}}\n"
               "  - {type: Resource, resource: {name: cpu, target: {type: Utilization, "
               "averageUtilization: 50}}}\n"
               "  - {type: Pods, pods: {metric: {name: vllm:kv_cache_usage_perc}, target: {type: "
               "AverageValue, averageValue: 800m}}}\n"));
  EXPECT_EQ(scaler(loaded).waiting_requests, 5);
  EXPECT_EQ(scaler(loaded).cpu_utilization_percent, 50);
  ASSERT_EQ(scaler(loaded).metrics.size(), 2u);
  EXPECT_EQ(text_of(scaler(loaded).metrics[0]), "pods waiting_requests: 6 a pod");
  EXPECT_EQ(text_of(scaler(loaded).metrics[1]), "pods kv_use: 0.8 a pod");
}

TEST_F(ManifestKinds, names_of_servers_adapters_and_clouds) {
  EXPECT_EQ(pods("prometheus.googleapis.com|vllm:num_requests_waiting|gauge"), "waiting 7");
  EXPECT_EQ(pods("prometheus.googleapis.com/vllm:num_requests_waiting/gauge"), "waiting 7");
  EXPECT_EQ(pods("prometheus.googleapis.com|tgi_queue_size|gauge"), "waiting 7");
  EXPECT_EQ(pods("vllm_num_requests_running"), "pods running_requests: 7 a pod");
  EXPECT_EQ(pods("sglang:token_usage"), "pods kv_use: 7 a pod");
  EXPECT_EQ(pods("gpu_utilization_percent"), "pods gpu_use_percent: 7 a pod");
  EXPECT_EQ(pods("DCGM_FI_DEV_GPU_UTIL"), "pods gpu_use_percent: 7 a pod");
  EXPECT_EQ(pods("kubernetes.io|container|accelerator|duty_cycle"),
            "pods gpu_use_percent: 7 a pod");
  EXPECT_EQ(pods("vllm_request_success_per_second"), "pods rate(requests_total[5min]): 7 a pod");
  EXPECT_EQ(pods("http_requests"), "pods rate(requests_total[5min]): 7 a pod");
  EXPECT_EQ(pods("vllm_ttft_p95_ms"),
            "pods histogram_quantile(0.95, sum by (pod) (rate(ttft_milliseconds_bucket[1min]))): 7 "
            "a pod");
  EXPECT_EQ(
      external("queue_time_seconds_p90"),
      "external histogram_quantile(0.9, sum(rate(queue_time_seconds_bucket[1min]))): 7 a pod");
  EXPECT_EQ(pods("avg_time_queue_us"),
            "pods sum by (pod) (rate(queue_time_microseconds_sum[1min])) / sum by (pod) "
            "(rate(queue_time_microseconds_count[1min])): 7 a pod");
  EXPECT_EQ(pods("vllm:avg_generation_throughput_toks_per_s"),
            "pods rate(output_tokens_total[1min]): 7 a pod");
  EXPECT_EQ(pods("triton:queue_compute:ratio"),
            "pods rate(queue_time_seconds_sum[1min]) / (rate(request_seconds_sum[1min]) - "
            "rate(queue_time_seconds_sum[1min])): 7 a pod");
  EXPECT_EQ(external("s1-prometheus-vllm_num_requests_running"),
            "external sum(running_requests): 7 a pod");
  EXPECT_EQ(external("s0-prometheus"), "external sum(waiting_requests): 7 a pod");
  EXPECT_NE(
      notes(manifest("  maxReplicas: 4\n  metrics:\n  - {type: External, external: {metric: "
                     "{name: s0-prometheus}, target: {type: AverageValue, averageValue: 7}}}\n"))
          .find("does not say what is measured"),
      std::string::npos);
  for (const KnownName& known : known_metric_names())
    EXPECT_TRUE(known.stands_for[0] != '\0' &&
                dashboard_query(known.stands_for, {}).error.empty() !=
                    (std::string(known.stands_for).ends_with("seconds")))
        << known.name;
}

TEST_F(ManifestKinds, one_of_several_objects) {
  const std::string service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}\n";
  const std::string first = manifest("  maxReplicas: 4\n"), second = manifest("  maxReplicas: 5\n");
  std::string other = second;
  other.replace(other.find("{name: m}"), 9, "{name: o}");
  const std::string both = "---\n" + service + "---\n" + first + "---\n" + other + "---\n";
  EXPECT_EQ(scaler(load(service + "---\n" + first)).max_replicas, 4);
  EXPECT_NE(notes(service + "---\n" + first).find("left out of this file: Service"),
            std::string::npos);
  expect_fault(both, "hpa.yaml:", "several autoscalers: m, o; say which");
  EXPECT_EQ(scaler(load(both, ", manifest_name: o")).max_replicas, 5);
  EXPECT_NE(faults(both, ", manifest_name: p").find("no autoscaler is called 'p'"),
            std::string::npos);
  const std::string list =
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: "
      "c}}\n- apiVersion: autoscaling/v1\n  kind: HorizontalPodAutoscaler\n  metadata: {name: l}\n"
      "  spec: {scaleTargetRef: {kind: Deployment, name: l}, maxReplicas: 9}\n";
  EXPECT_EQ(scaler(load(list)).max_replicas, 9);
  std::string typed = list;
  typed.replace(typed.find("kind: List"), 10, "kind: HorizontalPodAutoscalerList");
  EXPECT_EQ(scaler(load(typed)).max_replicas, 9);
}

TEST_F(ManifestKinds, text_as_kubectl_reads_it) {
  EXPECT_EQ(scaler(load("{\"apiVersion\": \"autoscaling/v1\",\n\t\"kind\": "
                        "\"HorizontalPodAutoscaler\",\n\t\"spec\": {\n\t\t\"scaleTargetRef\": "
                        "{\"kind\": \"Deployment\", \"name\": \"x\"}, \"maxReplicas\": 6}}\n"))
                .max_replicas,
            6);
  const std::string one = manifest("  maxReplicas: 0x1F\n  minReplicas: 010\n");
  EXPECT_EQ(scaler(load("\xef\xbb\xbf---\n" + one + "---\n")).max_replicas, 31);
  EXPECT_EQ(scaler(load(one)).min_replicas, 8);
  std::string crlf;
  for (const char c : "# chart\n---\n" + one)
    crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(scaler(load(crlf)).max_replicas, 31);
  EXPECT_EQ(parse_yaml_integer("1_000"), 1000);
  EXPECT_EQ(parse_yaml_integer("80.0"), 80);
  EXPECT_EQ(parse_yaml_integer("0b11"), 3);
  EXPECT_EQ(parse_yaml_integer("-2"), -2);
  for (const char* bad : {"", "1e1", "80.5", "yes", "0x", "09", "9999999999", "--1", "1 "})
    EXPECT_FALSE(parse_yaml_integer(bad)) << bad;
  for (const char* more : {"  maxReplicas: 1e1\n", "  maxReplicas: '4'\n", "  maxReplicas: yes\n"})
    expect_fault(manifest(more), "spec.maxReplicas", "whole number");
  expect_fault(manifest("  maxReplicas: 4\n  metrics: [{type: Pods, pods: {metric: {name: 5}, "
                        "target: {type: AverageValue, averageValue: 1}}}]\n"),
               "metric.name", "write \"5\" in quotes");
}

TEST_F(ManifestKinds, what_a_template_leaves_is_one_sentence) {
  for (const char* more :
       {"  maxReplicas: {{ .Values.max }}\n", "  maxReplicas: 4\n  {{- if .a }}\n",
        "  maxReplicas: 4\n  metrics: \"{{ .Values.metrics }}\"\n"}) {
    const std::string found = faults(manifest(more));
    EXPECT_NE(found.find("helm template"), std::string::npos) << found;
    EXPECT_EQ(found.find('\n'), found.rfind('\n')) << found;
  }
  // In another object, and in a comment, they do no harm.
  EXPECT_EQ(faults("# {{ .Release.Name }}\n" + manifest("  maxReplicas: 4\n") +
                   "---\napiVersion: v1\nkind: ConfigMap\ndata: {a: \"{{ $labels.pod }}\"}\n"),
            "");
}

TEST_F(ManifestKinds, what_the_api_server_refuses) {
  const std::pair<const char*, const char*> cases[] = {
      {"{type: Pods, pods: {metric: {name: queue_depth}, target: {type: Value, value: 4}}}",
       "no such target"},
      {"{type: Pods, pods: {metric: {name: queue_depth}, target: {type: AverageValue}}}",
       "a target is wanted: averageValue"},
      {"{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50, "
       "averageValue: 1}}}",
       "both given"},
      {"{type: Object, object: {metric: {name: queue_depth}, target: {type: Value, value: 4}}}",
       "describedObject: the field is required"},
      {"{type: ContainerResource, containerResource: {name: cpu, target: {type: Utilization, "
       "averageUtilization: 50}}}",
       "container: the field is required"},
      {"{type: Pods, pods: {metric: {name: queue_depth}, target: {type: AverageValue, "
       "averageValue: "
       "0}}}",
       "above 0"}};
  for (const auto& [entry, words] : cases)
    expect_fault(manifest("  maxReplicas: 4\n  metrics:\n  - " + std::string(entry) + "\n"), "",
                 words);
  EXPECT_EQ(scaler(load(manifest(
                       "  maxReplicas: 4\n  minReplicas: 0\n  metrics: [{type: External, external: "
                       "{metric: {name: queue_depth}, target: {type: AverageValue, averageValue: "
                       "4}}}]\n")))
                .min_replicas,
            0);
}

TEST_F(ManifestKinds, keys_are_merged_as_kubectl_does) {
  const auto p =
      scaler(load(manifest("  maxReplicas: 4\n  <<: &d {minReplicas: 2, maxReplicas: 6}\n"
                           "  metrics:\n  - <<: [{type: Pods}, {type: External}]\n"
                           "    pods: {metric: {name: kv_use}, target: {type: "
                           "AverageValue, averageValue: 800m}}\n")));
  EXPECT_EQ(p.min_replicas, 2);
  EXPECT_EQ(p.max_replicas, 4) << "its own key wins";
  EXPECT_EQ(text_of(p.metrics.at(0)), "pods kv_use: 0.8 a pod");
  expect_fault(manifest("  maxReplicas: 4\n  <<: 3\n"), "spec.<<", "unknown field");
}

TEST_F(ManifestKinds, other_kinds_get_a_next_step) {
  const std::pair<const char*, const char*> cases[] = {
      {"apiVersion: serving.knative.dev/v1\nkind: Service\n", "inflight_requests"},
      {"apiVersion: autoscaling.aibrix.ai/v1alpha1\nkind: PodAutoscaler\n", "targetValue"},
      {"apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n", "kubectl get hpa"},
      {"apiVersion: llmd.ai/v1alpha1\nkind: VariantAutoscaling\n", "metric_names"},
      {"apiVersion: http.keda.sh/v1alpha1\nkind: HTTPScaledObject\n", "requestRate"},
      {"apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\n", "ScaledObject"},
      {"apiVersion: apps/v1\nkind: Deployment\n", "'Deployment' is no autoscaler"}};
  for (const auto& [text, words] : cases)
    expect_fault(text + std::string("metadata: {name: x}\nspec: {}\n"), "kind", words);
}

TEST_F(ManifestKinds, targets_on_another_scale_are_told) {
  const auto told = [&](const std::string& name, const char* target) {
    return notes(
        manifest("  maxReplicas: 4\n  metrics:\n  - {type: Pods, pods: {metric: {name: \"" + name +
                 "\"}, target: {type: AverageValue, averageValue: " + target + "}}}\n"));
  };
  EXPECT_NE(told("vllm:kv_cache_usage_perc", "80")
                .find("kv_use is at most 1, so that a target of 80 never asks for more replicas; "
                      "0.8 is as many percent"),
            std::string::npos);
  EXPECT_NE(told("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "80").find("gpu_use is at most 1"),
            std::string::npos);
  EXPECT_NE(told("DCGM_FI_DEV_GPU_UTIL", "800m").find("a target of 0.8 is 0.8 percent"),
            std::string::npos);
  for (const char* fine : {"800m", "1"}) EXPECT_EQ(told("vllm:kv_cache_usage_perc", fine), "");
  EXPECT_EQ(told("DCGM_FI_DEV_GPU_UTIL", "80"), "");
  EXPECT_EQ(told("vllm:num_requests_waiting", "80"), "");
}

// ---- KEDA ------------------------------------------------------------------------------------
class KedaManifest : public ManifestKinds {
 protected:
  static std::string object(const std::string& more, const std::string& trigger) {
    return "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: so}\nspec:\n"
           "  scaleTargetRef: {name: vllm}\n" +
           more + "  triggers:\n  - " + trigger + "\n";
  }
  static std::string prometheus(const std::string& query, const std::string& more = "") {
    return "{type: prometheus, metadata: {serverAddress: \"http://p:9090\", query: '" + query +
           "', threshold: '5'" + more + "}}";
  }
  std::string query_of(const std::string& query, const std::string& beside = "") {
    return scaler(load(object("", prometheus(query)), beside)).metrics.at(0).query;
  }
};

TEST_F(KedaManifest, is_the_autoscaler_that_it_makes) {
  const Loaded loaded =
      load(object("  minReplicaCount: 2\n  maxReplicaCount: 8\n"
                  "  pollingInterval: 15\n  cooldownPeriod: 360\n"
                  "  fallback: {failureThreshold: 3, replicas: 6}\n"
                  "  advanced: {horizontalPodAutoscalerConfig: {behavior: "
                  "{scaleDown: {stabilizationWindowSeconds: 60}}}}\n",
                  prometheus("vllm:num_requests_waiting", ", activationThreshold: '2'")));
  const AutoscalerParams& p = scaler(loaded);
  EXPECT_EQ(p.min_replicas, 2);
  EXPECT_EQ(p.max_replicas, 8);
  EXPECT_EQ(p.cpu_utilization_percent, 0);
  EXPECT_EQ(p.waiting_requests, 0);
  ASSERT_EQ(p.metrics.size(), 1u);
  EXPECT_EQ(text_of(p.metrics[0]), "external sum(waiting_requests): 5 a pod");
  EXPECT_EQ(p.metrics[0].activation, 2);
  EXPECT_TRUE(p.metrics[0].zero_if_absent);
  ASSERT_TRUE(p.keda);
  EXPECT_EQ(p.keda->polling_interval, 15_s);
  EXPECT_EQ(p.keda->cooldown, 360_s);
  EXPECT_EQ(p.keda->min_replicas, 2);
  EXPECT_EQ(p.keda->fallback_failures, 3);
  EXPECT_EQ(p.keda->fallback_replicas, 6);
  EXPECT_EQ(p.scale_down->stabilization_window, 60_s);
  const Loaded defaults = load(object("", prometheus("sum(vllm:num_requests_waiting)")));
  EXPECT_EQ(scaler(defaults).min_replicas, 1);
  EXPECT_EQ(scaler(defaults).max_replicas, 100);
  EXPECT_EQ(scaler(defaults).keda->min_replicas, 0);
  EXPECT_EQ(scaler(defaults).keda->polling_interval, 30_s);
}

TEST_F(KedaManifest, queries_are_recognised) {
  EXPECT_EQ(query_of("sum(vllm:num_requests_waiting{namespace=\"a\", model=~\"b.*\"}) by (x)"),
            "sum(waiting_requests)");
  EXPECT_EQ(query_of("avg(avg_over_time(vllm:gpu_cache_usage_perc[2m])) * 100"),
            "avg(avg_over_time(kv_use[2min])) * 100");
  EXPECT_EQ(query_of("sum(rate(vllm:request_success_total{x!=\"y\"}[1m]))"),
            "sum(rate(requests_total[1min]))");
  EXPECT_EQ(query_of("histogram_quantile(0.95, sum by (le) "
                     "(rate(vllm:time_to_first_token_seconds_bucket[5m])))"),
            "histogram_quantile(0.95, sum(rate(ttft_seconds_bucket[5min])))");
  EXPECT_EQ(query_of("max by (pod) (sglang:num_queue_reqs) or vector(0)"),
            "sum(max by (pod) (waiting_requests) or vector(0))");
  EXPECT_EQ(query_of("sum(nv_trt_llm_request_metrics{request_type=\"waiting\"})"),
            "sum(waiting_requests)");
  EXPECT_EQ(query_of("sum(tgi_queue_size) + sum(tgi_batch_current_size)"),
            "sum(waiting_requests) + sum(running_requests)");
  EXPECT_EQ(query_of("sum(rate(vllm:request_queue_time_seconds_sum[1m])) / "
                     "sum(rate(vllm:request_queue_time_seconds_count[1m]))"),
            "sum(rate(queue_time_seconds_sum[1min])) / sum(rate(queue_time_seconds_count[1min]))");
  EXPECT_EQ(query_of("sum(mine)", ", metric_names: {mine: running_requests}"),
            "sum(running_requests)");
  EXPECT_EQ(query_of("odd{", ", metric_names: {s0-prometheus: sum(kv_use)}"), "sum(kv_use)");
  expect_fault(object("", prometheus("sum(rabbitmq_queue_messages)")),
               "spec.triggers[0].metadata.query",
               "'rabbitmq_queue_messages' is not a metric that is simulated; say what it stands "
               "for beside `manifest:`, such as `metric_names: {\"s0-prometheus\"");
}

TEST_F(KedaManifest, paused) {
  std::string paused = object("", prometheus("sum(kv_use)"));
  paused.replace(paused.find("{name: so}"), 10,
                 "{name: so, annotations: {autoscaling.keda.sh/paused: \"true\"}}");
  EXPECT_FALSE(scaler(load(paused)).enabled);
  EXPECT_NE(notes(paused).find("paused"), std::string::npos);
}

// A ScaledObject with this annotation of KEDA.
std::string annotated(std::string text, const std::string& annotation) {
  return text.replace(text.find("{name: so}"), 10,
                      "{name: so, annotations: {autoscaling.keda.sh/" + annotation + "}}");
}

TEST_F(KedaManifest, paused_at_a_number_it_stays_there) {
  const std::string whole = object("  minReplicaCount: 0\n", prometheus("sum(kv_use)"));
  const auto three = scaler(load(annotated(whole, "paused-replicas: \"3\"")));
  EXPECT_TRUE(three.enabled);
  EXPECT_EQ(three.min_replicas, 3);
  EXPECT_EQ(three.max_replicas, 3);
  EXPECT_FALSE(three.keda);
  EXPECT_NE(notes(annotated(whole, "paused-replicas: \"3\"")).find("it keeps 3 replicas"),
            std::string::npos);
  EXPECT_FALSE(scaler(load(annotated(whole, "paused-replicas: \"0\""))).enabled);
  expect_fault(annotated(whole, "paused-replicas: \"many\""), "metadata.annotations",
               "a whole number of replicas");
  EXPECT_NE(notes(annotated(whole, "force-activation: \"true\"")).find("is not simulated"),
            std::string::npos);
}

TEST_F(KedaManifest, paused_in_one_direction) {
  const std::string rules =
      "  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: "
      "{selectPolicy: Min, stabilizationWindowSeconds: 60}}}}\n";
  for (const std::string& more : {std::string(), rules}) {
    const std::string whole = object(more, prometheus("sum(kv_use)"));
    const auto in = scaler(load(annotated(whole, "paused-scale-in: \"true\"")));
    ASSERT_TRUE(in.scale_down && in.scale_up);
    EXPECT_EQ(in.scale_down->select_policy, ScalingSelect::kDisabled);
    EXPECT_EQ(in.scale_up->select_policy, ScalingSelect::kMax);
    EXPECT_EQ(in.keda->min_replicas, 1) << "KEDA does not take the last pod away";
    const auto out = scaler(load(annotated(whole, "paused-scale-out: \"true\"")));
    EXPECT_EQ(out.scale_up->select_policy, ScalingSelect::kDisabled);
    EXPECT_NE(out.scale_down->select_policy, ScalingSelect::kDisabled);
    const auto neither = scaler(load(annotated(whole, "paused-scale-in: \"false\"")));
    EXPECT_EQ(neither.scale_down.has_value(), !more.empty());
  }
}

TEST_F(KedaManifest, cpu_alone_wakes_nobody) {
  const char* cpu = "{type: cpu, metricType: Utilization, metadata: {value: \"60\"}}";
  for (const char* least : {"", "  minReplicaCount: 0\n"})
    expect_fault(object(least, cpu), "spec.minReplicaCount", "write `minReplicaCount: 1`");
  EXPECT_EQ(faults(object("  minReplicaCount: 1\n", cpu)), "");
  EXPECT_EQ(faults(object("", std::string(cpu) + "\n  - " + prometheus("sum(kv_use)"))), "");
}

TEST_F(KedaManifest, triggers_that_only_their_scaler_knows) {
  const std::string external = object("", "{type: external-push, metadata: {scalerAddress: a}}");
  expect_fault(external, "spec.triggers[0]",
               "such as `metric_names: {\"s0-external-push\": sum(waiting_requests) / 10}`");
  EXPECT_EQ(text_of(scaler(load(external,
                                ", metric_names: {s0-external-push: sum(waiting_requests) / 10}"))
                        .metrics.at(0)),
            "external sum(waiting_requests) / 10: 1 a pod");
  expect_fault(object("", "{type: kafka, metadata: {topic: t}}"), "spec.triggers[0]",
               "wants a number to aim at");
}

TEST_F(KedaManifest, formulas) {
  const auto with = [&](const std::string& formula) {
    return object("  advanced: {scalingModifiers: {formula: '" + formula + "', target: '10'}}\n",
                  "{type: prometheus, name: w, metadata: {serverAddress: a, query: "
                  "sum(vllm:num_requests_waiting), threshold: '1'}}\n"
                  "  - {type: prometheus, name: r, metadata: {serverAddress: a, query: "
                  "sum(vllm:num_requests_running), threshold: '1'}}");
  };
  const auto query = [&](const std::string& formula) {
    return scaler(load(with(formula))).metrics.at(0).query;
  };
  const std::string w = "sum(waiting_requests)", r = "sum(running_requests)";
  EXPECT_EQ(query("max([w, r])"), "(" + w + " and (" + w + " >= " + r + ")) or " + r);
  EXPECT_EQ(query("min(w, r)"), "(" + w + " and (" + w + " <= " + r + ")) or " + r);
  EXPECT_EQ(query("sum([w, r]) / 2"), "(" + w + " + " + r + ") / 2");
  EXPECT_EQ(query("avg([w, r])"), "(" + w + " + " + r + ") / 2");
  EXPECT_EQ(query("w > 2 ? w + r : 1"),
            "((" + w + " + " + r + ") and (" + w + " > 2)) or vector(1)");
  EXPECT_EQ(query("count([w,r],{#>1}) > 1 ? 5 : 0"),
            "(vector(5) and ((((vector(1) and (" + w + " > 1)) or vector(0)) + ((vector(1) and (" +
                r + " > 1)) or vector(0))) > 1)) or vector(0)");
  for (const char* unknown : {"median([w, r])", "w > 1", "max([w, r]", "w ** 2", "other + 1"})
    expect_fault(with(unknown), "spec.advanced.scalingModifiers.formula",
                 "metric_names: {\"composite-metric\"");
  EXPECT_EQ(scaler(load(with("median([w, r])"),
                        ", metric_names: {composite-metric: sum(waiting_requests)}"))
                .metrics.at(0)
                .query,
            w);
}

TEST_F(KedaManifest, other_triggers) {
  const auto cpu = scaler(load(object("  minReplicaCount: 1\n",
                                      "{type: cpu, metricType: Utilization, metadata: {value: "
                                      "\"60\"}}")));
  EXPECT_EQ(cpu.cpu_utilization_percent, 60);
  EXPECT_FALSE(cpu.keda);
  EXPECT_EQ(text_of(scaler(load(object("  minReplicaCount: 1\n",
                                       "{type: memory, metricType: AverageValue, metadata: "
                                       "{value: 8Gi}}")))
                        .metrics.at(0)),
            "resource memory: 8589934592 a pod");
  EXPECT_EQ(text_of(scaler(load(object("",
                                       "{type: metrics-api, metadata: {targetValue: '4', url: "
                                       "'http://x', valueLocation: 'stats.num_requests_waiting'"
                                       "}}")))
                        .metrics.at(0)),
            "external sum(waiting_requests): 4 a pod");
  const std::string rabbit =
      object("", "{type: rabbitmq, metadata: {queueName: q, mode: QueueLength, value: '20'}}");
  expect_fault(rabbit, "spec.triggers[0]", "'rabbitmq'");
  EXPECT_EQ(text_of(scaler(load(rabbit, ", metric_names: {s0-rabbitmq: sum(waiting_requests)}"))
                        .metrics.at(0)),
            "external sum(waiting_requests): 20 a pod");
  EXPECT_EQ(scaler(load(rabbit, ", metric_names: {s0-rabbitmq: unreadable}")).metrics.at(0).query,
            "unreadable");
  const std::string cron =
      object("",
             "{type: cron, metadata: {timezone: UTC, start: 0 8 * * *, end: 0 20 * * *, "
             "desiredReplicas: '10'}}");
  EXPECT_EQ(text_of(scaler(load(cron)).metrics.at(0)),
            "external 10 * cron(\"0 8 * * *\", \"0 20 * * *\", \"UTC\"): 1 a pod");
  const auto cron_with = [&](const std::string& from, const std::string& to) {
    std::string text = cron;
    return text.replace(text.find(from), from.size(), to);
  };
  expect_fault(cron_with("timezone: UTC, ", ""), "spec.triggers[0].metadata.timezone", "required");
  expect_fault(cron_with("UTC", "Mars/Base"), "spec.triggers[0].metadata",
               "'Mars/Base' is not known");
  expect_fault(cron_with("0 8 * * *", "0 8 * *"), "spec.triggers[0].metadata", "five fields");
  expect_fault(cron_with("0 8 * * *", "0 25 * * *"), "spec.triggers[0].metadata",
               "'25' is no hour");
  expect_fault(cron_with("0 8 * * *", "0 20 * * *"), "spec.triggers[0].metadata", "the same time");
  expect_fault(cron_with(", desiredReplicas: '10'", ""),
               "spec.triggers[0].metadata.desiredReplicas", "required");
  EXPECT_EQ(text_of(scaler(load(cron, ", metric_names: {s0-cron: vector(10)}")).metrics.at(0)),
            "external vector(10): 1 a pod");
  expect_fault(object("", "{type: prometheus, metadata: {query: q, threshold: 5}}"),
               "spec.triggers[0].metadata.threshold", "in quotes");
  expect_fault(object("  minReplicaCount: 3\n  maxReplicaCount: 2\n", prometheus("kv_use")),
               "spec.maxReplicaCount", "below minReplicaCount");
  const Loaded formula = load(
      object("  advanced: {scalingModifiers: {formula: 'waiting + 2 * running', target: '10'}}\n",
             "{type: prometheus, name: waiting, metadata: {serverAddress: a, query: "
             "sum(vllm:num_requests_waiting), threshold: '1'}}\n"
             "  - {type: prometheus, name: running, metadata: {serverAddress: a, query: "
             "sum(vllm:num_requests_running), threshold: '1'}}"));
  ASSERT_EQ(scaler(formula).metrics.size(), 1u);
  EXPECT_EQ(scaler(formula).metrics[0].query,
            "sum(waiting_requests) + (2 * sum(running_requests))");
}

}  // namespace test_manifest_kinds
}  // namespace stampede
