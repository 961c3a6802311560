// Benchmarks with a fixed number of clients, constants from measured points, and what benchmark
// programs leave.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "sim/random.h"
#include "tests/directories.h"
#include "tools/calibration/bench_result.h"
#include "tools/calibration/benchmark_settings.h"
#include "tools/calibration/constants.h"
#include "tools/calibration/playback.h"
#include "tools/calibration/points.h"
#include "tools/calibration/summaries.h"

namespace stampede::calibration {
namespace test_closed_loop {

// Steps of 10 ms whatever is in them.
PlaybackParams ten_milliseconds() {
  PlaybackParams server;
  server.engine.step_base = 10_ms;
  server.engine.step_per_sequence = server.engine.step_per_prompt_token = {};
  server.engine.kv_blocks = 1u << 20;
  return server;
}

TEST(closed_loop, one_client_waits_for_its_own_steps) {
  PlaybackParams server = ten_milliseconds();
  const ClosedLoopMeans bare = play_closed_loop(server, {1, 100, 50});
  EXPECT_NEAR(bare.ttft, 0.010, 1e-9);
  EXPECT_NEAR(bare.tpot, 0.010, 1e-9);
  server.front_end = 0.007;
  EXPECT_NEAR(play_closed_loop(server, {1, 100, 50}).ttft, 0.017, 1e-9);
  EXPECT_NEAR(play_closed_loop(server, {1, 100, 50}).tpot, 0.010, 1e-9);
}

// Without a step's own time a prompt takes 1 ms a token and a step holds one: of eight clients that
// begin at once the k-th has its answer of one token after k prompts.
TEST(closed_loop, all_clients_begin_at_once) {
  PlaybackParams server = ten_milliseconds();
  server.engine.step_base = {1};
  server.engine.step_per_prompt_token = 1_ms;
  server.engine.max_num_batched_tokens = 256;
  server.engine.max_num_seqs = 8;
  EXPECT_NEAR(play_closed_loop(server, {8, 256, 1, 1, 1}).ttft, 0.256 * 4.5, 1e-6);
  // Later each waits for those who began anew before it.
  EXPECT_NEAR(play_closed_loop(server, {8, 256, 1, 1, 100}).ttft, 0.256 * 8, 0.02);
  // Long answers keep them apart: a prompt then waits for few others.
  EXPECT_LT(play_closed_loop(server, {8, 256, 1000}).ttft, 0.256 * 4.5);
}

// Looks are 100 ms apart. An answer takes 40 to 50 steps, all as likely, so that the next request
// comes 0, 90, 80 ... 10 or 0 ms before a look.
TEST(closed_loop, an_engine_that_seldom_looks_sees_requests_late) {
  ClosedLoop loop{1, 100, 50};
  loop.each = 200;
  loop.look = 0.1;
  const ClosedLoopMeans late = play_closed_loop(ten_milliseconds(), loop);
  EXPECT_NEAR(late.ttft, 0.010 + 0.450 / 11, 0.006);
  EXPECT_NEAR(late.tpot, 0.010, 1e-9);
}

TEST(benchmark_settings, are_those_of_the_launch_scripts) {
  BenchmarkServer s{"MiniMax-M2.5", true, EngineKind::kVllm, 1024, 64};
  EXPECT_EQ(token_budget(s), 2048u);
  EXPECT_EQ(key_value_bytes(s), 2);
  s.precision = "fp8";
  EXPECT_EQ(key_value_bytes(s), 1);
  EXPECT_EQ(steps_between_looks(s), 1);
  s.blackwell = false;
  EXPECT_EQ(token_budget(s), 8192u);
  EXPECT_EQ(key_value_bytes(s), 2);
  BenchmarkServer deepseek{"DeepSeek", true, EngineKind::kSglang, 8192, 8};
  EXPECT_EQ(steps_between_looks(deepseek), 10);
  deepseek.clients = 16;
  EXPECT_EQ(steps_between_looks(deepseek), 30);
  deepseek.engine = EngineKind::kTensorRt;
  EXPECT_EQ(token_budget(deepseek), 8320u) << "a prompt, all clients and a little more";
  deepseek.clients = 20'000;
  deepseek.engine = EngineKind::kVllm;
  EXPECT_EQ(token_budget(deepseek), 20'000u) << "never below the sequences";
}

struct points : testing::Test {
  void TearDown() override { std::filesystem::remove(path); }
  std::string path = testing::TempDir() + "stampede-points.csv";
};

TEST_F(points, a_group_is_held_out_by_its_name) {
  std::ofstream(path)
      << "mode,model_path,system,backend,precision,isl,osl,batch_size,tp_size,pp_size,"
         "attention_dp_size,moe_ep_size,silicon_ttft_ms,silicon_tpot_ms\n"
         "agg,o/Kimi-K2.5,b200_sxm,vllm,fp4,1024,1024,4,4,1,1,4,80,8\n"
         "agg,o/Kimi-K2.5,b300_sxm,vllm,fp4,2000,1000,4,8,1,8,,80,8\n"
         "disagg,o/Kimi-K2.5,b300_sxm,vllm,fp4,2000,1000,4,8,1,8,,80,8\n";
  const auto read = read_points(path, source_directory() + "/tools/calibration");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_TRUE(read[0].development);
  EXPECT_TRUE(read[0].protocol_known);
  EXPECT_EQ(read[0].server.expert_parallel, 4);
  EXPECT_EQ(read[0].not_covered, "");
  EXPECT_FALSE(read[1].development);
  EXPECT_FALSE(read[1].protocol_known);
  EXPECT_EQ(read[1].server.expert_parallel, 1);
  EXPECT_EQ(read[1].not_covered, "data-parallel attention");
}

TEST(constants, come_back_from_sums_of_their_terms) {
  Terms truth = least_constants();
  truth[kHost] = 1e-3;
  truth[kWeights] = 1.3;
  truth[kContext] = 1.6;
  std::vector<MeasuredTerms> rows;
  for (u64 i = 0; i < 60; ++i) {
    const auto draw = [&](u64 of) {
      return static_cast<double>(mix64(8 * i + of) >> 11) * 0x1p-53;
    };
    MeasuredTerms row;
    row.terms[kHost] = 1;
    row.terms[kWeights] = 0.01 * draw(1);
    row.terms[kContext] = 0.02 * draw(2);
    row.measured = seconds(row.terms, truth);
    if (i % 10 == 0) row.measured *= 3;  // a few that no form meets: errors count, not squares
    rows.push_back(row);
  }
  const ConstantsFit fit = fit_constants(rows);
  EXPECT_LT(fit.rounds, 200);
  for (const Term term : {kHost, kWeights, kContext})
    EXPECT_NEAR(fit.constants[term] / truth[term], 1, 1e-3) << term;
  EXPECT_EQ(fit.constants[kArithmetic], 1) << "nothing is known of it: its least";
}

struct bench_result : testing::Test {
  std::vector<RecordedRequest> read(const std::string& text, std::size_t benchmark = 0) const {
    std::ofstream(path) << text;
    return read_bench_result(path, benchmark);
  }
  void TearDown() override { std::filesystem::remove(path); }
  std::string path = testing::TempDir() + "stampede-bench-" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(bench_result, of_vllm) {
  const auto rows = read(R"({"start_times": [12.5, 12.0, 12.25], "input_lens": [100, 200, 50],
      "output_lens": [3, 2, 0], "ttfts": [0.05, 0.04, 0.0], "itls": [[0.01, 0.02], [0.03], []]})");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].prompt, 200u);
  EXPECT_EQ(rows[0].at, 0);
  EXPECT_NEAR(rows[0].e2e, 0.07, 1e-12);
  EXPECT_TRUE(rows[1].failed);
  EXPECT_NEAR(rows[2].at, 0.5, 1e-12);
  EXPECT_NEAR(rows[2].e2e, 0.08, 1e-12);
  EXPECT_EQ(recording_csv(rows),
            "arrival_us,input_tokens,output_tokens,error,ttft_us,e2e_us\n"
            "0,200,2,0,40000,70000\n250000,50,0,1,0,0\n500000,100,3,0,50000,80000\n");
}

TEST_F(bench_result, of_guidellm) {
  const std::string text = R"({"benchmarks": [{"requests": {"successful": []}}, {"requests": {
      "successful": [{"request_start_time": 5.5, "prompt_tokens": 10, "output_tokens": 4,
                      "time_to_first_token_ms": 30.0, "request_latency": 0.2}],
      "errored": [{"request_start_time": 5.0, "prompt_tokens": 9, "output_tokens": null,
                   "time_to_first_token_ms": null, "request_latency": null}]}}]})";
  const auto rows = read(text, 1);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].failed);
  EXPECT_FALSE(rows[1].failed);
  EXPECT_NEAR(rows[1].at, 0.5, 1e-12);
  EXPECT_NEAR(rows[1].ttft, 0.03, 1e-12);
  EXPECT_THROW(read(text, 0), std::runtime_error) << "no requests";
  EXPECT_THROW(read(text, 2), std::runtime_error);
}

TEST_F(bench_result, what_is_missing_is_said) {
  EXPECT_THROW(read("{"), std::runtime_error);
  EXPECT_THROW(read(R"({"start_times": [1], "input_lens": [1]})"), std::runtime_error);
  EXPECT_THROW(read(R"({"start_times": [1], "input_lens": [], "output_lens": [1], "ttfts": [1],
                        "itls": [[]]})"),
               std::runtime_error);
  try {
    read(R"({"completed": 10})");
    FAIL() << "read";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("--save-detailed"), std::string::npos);
  }
}

struct summaries : bench_result {
  std::vector<SummaryStage> stages(const std::string& rows) const {
    std::ofstream(path) << "experiment,model,gpu,tp,max_num_batched_tokens,dp,precision,stage,"
                           "ttft_mean_ms,e2e_mean_ms,system_prompt_len,question_len,output_len,"
                           "rate,duration_s\n"
                        << rows;
    return read_summaries(path);
  }
};

// Steps of 10 ms + 0.05 ms a sequence, which the other run tells.
TEST_F(summaries, a_run_is_predicted_by_the_others) {
  const auto read = stages(
      "a,o/qwen3-14b,H100,1,2048,,FP16,0,30,2560,100,500,248,5,60\n"
      "a,o/qwen3-14b,H100,1,2048,,FP16,-1,30,2560,100,500,248,5,60\n"
      "b,o/qwen3-14b,H100,1,2048,,FP16,0,30,2540,100,500,248,2,60\n"
      "b,o/qwen3-14b,H100,1,2048,,FP16,1,30,2600,100,500,248,9,60\n"
      "c,o/unknown,H100,1,2048,,FP16,0,30,2600,100,500,248,9,60\n"
      "d,o/qwen3-14b,H100,1,2048,,FP8,0,30,2600,100,500,248,9,60\n");
  ASSERT_EQ(read.size(), 4u) << "single bf16 servers, each stage once";
  std::ofstream(path) << "";
  const std::string sizes = source_directory() + "/tools/calibration";
  const auto predicted = predict_summaries(read, sizes);
  ASSERT_TRUE(predicted[0].others);
  // Of 13 prompts that come while one is answered a third is new, and takes about 35 ms.
  EXPECT_NEAR(predicted[0].others->e2e, 2.56 + 13 / 3.0 * 0.035, 0.1);
  EXPECT_TRUE(predicted[0].sizes);
  EXPECT_FALSE(predicted[1].others) << "one stage of another run is no line";
  EXPECT_FALSE(predicted[3].sizes) << "a model without sizes";
}

}  // namespace test_closed_loop
}  // namespace stampede::calibration
