// What a run shows of its pools and of the stages of its requests, each counted a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/tools/trace_file.h"
#include "tools/results/series.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_pools_shown {

// `serving` and what is asked of it, in one region without any way to it.
std::string scenario(const std::string& serving, const std::string& pools,
                     const std::string& more) {
  return "apiVersion: stampede/v1alpha1\n"
         "kind: Scenario\n"
         "metadata: {name: shown, summary: pools}\n"
         "spec:\n"
         "  duration: 20min\n"
         "  network:\n"
         "    bgp: {propagation_min: 0s, propagation_max: 0s}\n"
         "    intra_region_one_way: 0s\n"
         "    inter_region_one_way: 0s\n"
         "  gateway: {sessions: {hold: 0s}}\n"
         "  kv_cache: {initial_bytes: 0B, initial_sessions: 0}\n"
         "  regions: [{name: server, nodes: 1, pools: " +
         pools + "}]\n  serving:\n" + serving + more;
}

struct Shown final : RequestLog {
  std::vector<RequestRecord> rows;
  RunResults run;
  nlohmann::json summary;
  explicit Shown(const std::string& text) {
    run = run_simulation(load_scenario(SourceText{"shown.yaml", text}).scenario, {}, this);
    summary = nlohmann::json::parse(run.summary_json);
  }
  void ended(const RequestRecord& r) override { rows.push_back(r); }
  // The last value of a statistic of the region.
  double last(const std::string& stat) const {
    for (std::size_t k = 0; k < run.series_columns.size(); ++k)
      if (run.series_columns[k].component == "server" && run.series_columns[k].name == stat)
        return run.series_values[run.series_values.size() - run.series_columns.size() + k];
    ADD_FAILURE() << "no statistic " << stat;
    return -1;
  }
};

const char* const kSplit =
    "    kv_transfer: {bandwidth: 1GB/s, token_bytes: 131072B}\n"
    "    handover: 20ms\n"
    "    pools:\n"
    "      - name: prefill\n"
    "        engine: {role: prefill, step_base: 5ms, step_per_prompt_token: 18us}\n"
    "      - name: decode\n"
    "        engine: {role: decode, step_base: 7ms, step_per_sequence: 0s}\n";
const char* const kFew =
    "  demand: {rate: 0.2/s}\n"
    "  clients:\n"
    "    - name: chat\n"
    "      first_prompt: {mean: 2000, cv: 0.2}\n"
    "      answer: {mean: 100, cv: 0.2}\n"
    "      retry: {policy: none}\n";

// Nobody queues: a transfer takes the hand-over, the prompt's bytes at the link's bandwidth, and
// then at most a step of 7 ms until the decode pod goes on.
TEST(pools_shown, stages_of_a_hand_over) {
  const Shown s(scenario(kSplit, "[{replicas: 2}, {replicas: 1}]", kFew));
  ASSERT_GT(s.rows.size(), 150U);
  std::size_t alone = 0;
  for (const RequestRecord& r : s.rows) {
    if (r.open) continue;
    const double least = 0.02 + r.prompt * 131072.0 / 1e9;
    const double transfer = r.stages.between(Stage::kPrefilled, Stage::kTakenUp).seconds();
    EXPECT_GE(transfer, least - 1e-6);
    alone += transfer <= least + 0.007 + 1e-6 ? 1 : 0;
    // A step of the prompt, after at most the rest of another's.
    EXPECT_GE(r.stages.between(Stage::kScheduled, Stage::kPrefilled).seconds(),
              0.005 + r.prompt * 18e-6 - 1e-6);
    EXPECT_LT(r.stages.prefilled_by, 2U);
    EXPECT_EQ(r.replica, 2U);
    // What is left is the way back, which takes next to nothing here.
    EXPECT_LT((r.ttft - (r.stages.of(Stage::kTakenUp) - r.offered)).ns, 1000);
    EXPECT_GE(r.ttft, r.stages.of(Stage::kTakenUp) - r.offered);
    EXPECT_LT((r.e2e - (r.stages.of(Stage::kEnded) - r.offered)).ns, 1000);
    EXPECT_GE(r.e2e, r.stages.of(Stage::kEnded) - r.offered);
  }
  EXPECT_GT(alone, s.rows.size() * 9 / 10);
}

// An answer of one token has its end where its prompt is computed.
TEST(pools_shown, answers_of_one_token_are_not_handed_over) {
  std::string few = kFew;
  few.replace(few.find("{mean: 100, cv: 0.2}"), 20, "{mean: 1, cv: 0, minimum: 1, maximum: 1}");
  for (const char* mode : {"pull", "push"}) {
    std::string split = kSplit;
    split.insert(split.find("token_bytes"), std::string("mode: ") + mode + ", ");
    const Shown s(scenario(split, "[{replicas: 2}, {replicas: 1}]", few));
    EXPECT_EQ(s.summary["requests"]["succeeded"], s.summary["requests"]["offered"]) << mode;
    EXPECT_EQ(s.summary["tokens"]["output"], s.summary["requests"]["offered"]) << mode;
    EXPECT_EQ(s.summary["pools"]["decode"]["steps"], 0) << mode;
    EXPECT_EQ(s.last("prefill_kv_use_ratio"), 0) << mode;
  }
  const Shown s(
      scenario("    pools: [{name: mixed, engine: {step_base: 5ms}}]\n", "[{replicas: 1}]", few));
  EXPECT_EQ(s.summary["requests"]["succeeded"], s.summary["requests"]["offered"]);
  for (const RequestRecord& r : s.rows) EXPECT_EQ(r.ttft, r.e2e);
}

// Too much for the memory: what requests were preempted, found and asked is what their pool counts.
TEST(pools_shown, a_pool_counts_what_its_requests_do) {
  const Shown s(scenario(
      "    pools:\n"
      "      - name: replicas\n"
      "        engine: {step_base: 7ms, step_per_prompt_token: 18us, step_per_sequence: 0s, "
      "kv_blocks: 700, prefix_caching: true}\n",
      "[{replicas: 2}]",
      "  demand: {rate: 9/s, stages: [{for: 10min, factor: 1}, {for: 10min, factor: 0}]}\n"
      "  clients:\n"
      "    - name: chat\n"
      "      first_prompt: {mean: 600, cv: 0.3}\n"
      "      answer: {mean: 300, cv: 0.5}\n"
      "      continue_probability: 60%\n"
      "      think_time: 1s\n"
      "      retry: {policy: none}\n"));
  double cached = 0, prompts = 0, preempted = 0;
  for (const RequestRecord& r : s.rows) {
    cached += r.stages.cached_tokens;
    prompts += r.prompt;
    preempted += r.stages.preemptions;
  }
  const auto& pool = s.summary["pools"]["replicas"];
  EXPECT_GT(preempted, 100);
  EXPECT_EQ(pool["preemptions"], preempted);
  EXPECT_EQ(s.last("replicas_preemptions_total"), preempted);
  EXPECT_GT(cached, 0);
  EXPECT_EQ(s.last("replicas_cached_tokens_total"), cached);
  EXPECT_EQ(s.last("replicas_looked_up_tokens_total"), prompts);
  EXPECT_DOUBLE_EQ(pool["hit_ratio"].get<double>(), cached / prompts);
  EXPECT_EQ(s.summary["kv_cache"]["hit_ratio"], pool["hit_ratio"]);
  EXPECT_EQ(pool["waiting"], 0);
  EXPECT_EQ(s.last("replicas_running_requests"), 0);
  EXPECT_DOUBLE_EQ(s.last("replicas_busy_seconds_total"),
                   pool["steps"].get<double>() * pool["step_seconds"].get<double>());
}

TEST(pools_shown, metrics_have_the_names_of_engines) {
  const Shown s(scenario(kSplit, "[{replicas: 2}, {replicas: 1}]", kFew));
  const std::string text = open_metrics(s.run, UtcTime{0});
  for (const char* line :
       {"# TYPE vllm:num_requests_waiting gauge\n", "# TYPE vllm:prefix_cache_hits counter\n",
        "vllm:kv_cache_usage_perc{component=\"server\",pool=\"decode\"} ",
        "vllm:num_preemptions_total{component=\"server\",pool=\"prefill\"} "})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

// Those that wait longest give up: the mean of all that heard a first token is not that of those
// who were answered.
TEST(pools_shown, first_tokens_of_the_answered_stand_apart) {
  std::string some = kFew;
  some.replace(some.find("0.2/s"), 5, "3/s");
  some += "      total_timeout: 8s\n      cancel_on_timeout: 100%\n";
  const Shown s(
      scenario("    pools: [{name: mixed, engine: {step_base: 30ms, step_per_prompt_token: 40us, "
               "max_num_seqs: 16}}]\n",
               "[{replicas: 1}]", some));
  double all = 0, answered = 0, n = 0, m = 0;
  for (const RequestRecord& r : s.rows) {
    if (r.ttft.ns < 0) continue;
    all += r.ttft.seconds();
    ++n;
    if (r.open || r.outcome != Outcome::kSucceeded) continue;
    answered += r.ttft.seconds();
    ++m;
  }
  ASSERT_GT(n, m);
  ASSERT_GT(m, 100);
  const auto& latency = s.summary["latency"];
  EXPECT_NEAR(latency["ttft_seconds"]["mean"].get<double>(), all / n, 1e-6);
  EXPECT_NEAR(latency["ttft_answered_seconds"]["mean"].get<double>(), answered / m, 1e-6);
  EXPECT_GT(latency["ttft_seconds"]["mean"].get<double>(), answered / m);
}

// Rows at 0, 10, .. 90 s: a run of 60 s does not come to the last three.
TEST(pools_shown, a_recording_that_goes_on_after_the_run_is_warned_of) {
  std::string rows = "arrival_seconds,input_tokens,output_tokens\n";
  for (int k = 0; k < 10; ++k) rows += std::to_string(10 * k) + ",100,10\n";
  const test::TraceFile file(".csv", rows);
  const auto warnings = [&](const std::string& duration, const std::string& more) {
    const std::string text = scenario(
        "    pools: [{name: mixed}]\n", "[{replicas: 1}]",
        "  clients: [{name: recorded, trace: {file: none.csv, format: requests" + more + "}}]\n");
    const Loaded loaded =
        load_scenario(SourceText{"shown.yaml", text},
                      {parse_set("spec.duration=" + duration),
                       parse_set("spec.clients.recorded.trace.file=" + file.path())});
    return std::count_if(loaded.warnings.begin(), loaded.warnings.end(), [](const Diagnostic& d) {
      return d.message.find("its last row comes at") != std::string::npos;
    });
  };
  EXPECT_EQ(warnings("60s", ""), 1);
  EXPECT_EQ(warnings("90s", ""), 0);
  EXPECT_EQ(warnings("90s", ", time_scale: 2"), 1);
  EXPECT_EQ(warnings("60s", ", loop: true"), 0);
  EXPECT_EQ(warnings("60s", ", to: 50s"), 0);
}

}  // namespace test_pools_shown
}  // namespace stampede
