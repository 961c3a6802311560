// Step times from sizes: what the data sheet says is a lower bound, and what is unknown is refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tools/calibration/model_config.h"
#include "tools/calibration/roofline.h"
#include "tools/calibration/step_line.h"

namespace stampede::calibration {
namespace test_roofline {

struct roofline : testing::Test {
  ModelShape config(const std::string& text) const {
    std::ofstream(path) << text;
    return read_model_config(path);
  }
  void TearDown() override { std::filesystem::remove(path); }
  std::string path = testing::TempDir() + "stampede-roofline-" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
  GpuSheet h100{84.9e9, 3.35e12, 450e9, 989e12, 1979e12, 0};
  std::string llama = R"("num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
      "num_key_value_heads": 8, "vocab_size": 128256)";
  std::string dense = "{" + llama + R"(, "intermediate_size": 14336})";
  std::string mixture = "{" + llama + R"(, "num_local_experts": 8, "num_experts_per_tok": 2,
      "intermediate_size": 14336})";
};

TEST_F(roofline, llama_reads_its_weights_and_contexts) {
  const Server server{config(dense), h100};
  // Published: 8.03e9 with the embedding, of which a step reads one row a token (0.525e9).
  EXPECT_NEAR(server.model.common_weights(), 7.504e9, 0.01e9);
  const StepLine line = step_line(server, least_constants(), {});
  EXPECT_NEAR(line.time.base, 2 * 7.504e9 / 3.35e12, 2e-5);
  EXPECT_NEAR(line.time.context_token, 131'072 / 3.35e12, 1e-12);
  // Each token is multiplied with the weights, and its vector is read and written six times a
  // layer.
  const double token = 2 * 7.504e9 / 989e12 + 6 * 32 * 4096 * 2 / 3.35e12;
  EXPECT_NEAR(line.time.sequence, token, 2e-8);
  EXPECT_NEAR(line.time.prompt_token, token, 2e-8);
  EXPECT_NEAR(line.time.pair, 4 * 4096.0 * 32 / 989e12, 1e-15);
  EXPECT_LT(line.error, 1e-9);
}

TEST_F(roofline, nothing_beats_the_data_sheet) {
  const Terms least = least_constants(), fitted = fitted_constants();
  for (std::size_t term = 0; term < kTerms; ++term) EXPECT_GE(fitted[term], least[term]) << term;
}

TEST_F(roofline, experts_are_touched_one_after_the_other) {
  Server server{config(mixture), h100};
  const double one = step_terms(server, {1})[kExperts];
  EXPECT_NEAR(one, 32 * 2 * 3 * 4096.0 * 14336 * 2 / 3.35e12, 1e-9);
  EXPECT_NEAR(step_terms(server, {2})[kExperts] / one, 1.75, 1e-9);
  EXPECT_NEAR(step_terms(server, {256})[kExperts] / one, 4, 1e-9);
  server.gpus = 2;
  EXPECT_NEAR(step_terms(server, {1})[kExperts], one / 2, 1e-12);
  EXPECT_GT(step_terms(server, {1})[kLink], 0);
}

// A line that is laid where many experts are read is far too slow for one sequence.
TEST_F(roofline, the_line_says_how_far_it_is_from_few_sequences) {
  const Terms constants = fitted_constants();
  const Server server{config(mixture), h100};
  const LineRange range{32, 128, 1024, 900};
  const StepLine line = step_line(server, constants, range);
  const double laid = line.time.base + line.time.sequence + 900 * line.time.context_token;
  EXPECT_EQ(line.lowest, 1);
  EXPECT_NEAR(line.low, seconds(step_terms(server, {1, 900}), constants) / laid, 1e-12);
  EXPECT_LT(line.low, 0.5);
  EXPECT_GE(line.high, 1);
  const StepLine even = step_line({config(dense), h100}, constants, range);
  EXPECT_NEAR(even.low, 1, 1e-9);
  EXPECT_NEAR(even.high, 1, 1e-9);
}

TEST_F(roofline, experts_take_the_place_of_a_feed_forward) {
  Server server{config(mixture), h100};
  EXPECT_EQ(step_terms({config(dense), h100}, {1})[kKernel], 9 * 32);
  EXPECT_EQ(step_terms(server, {1})[kKernel], 12 * 32);
  server.model.shared_experts = 1;
  EXPECT_EQ(step_terms(server, {1})[kKernel], 15 * 32) << "these are a feed-forward as well";
  server.engine = engine_named("trtllm");
  EXPECT_EQ(step_terms(server, {1})[kKernel], 0);
  EXPECT_EQ(step_terms(server, {1})[kChainedKernel], 15 * 32);
  EXPECT_THROW(engine_named("tgi"), std::runtime_error);
}

TEST_F(roofline, groups_share_the_copies_for_experts) {
  Server server{config(mixture), h100, "bf16", 4};
  const double token = 6 * 32 * 4096 * 2 / 3.35e12, parts = 2 * 32 * 3 * 14336 / 4 * 2 / 3.35e12;
  const double copies = 2 * 32 * 3 * 4096 * 2 / 3.35e12;
  EXPECT_NEAR(step_terms(server, {10})[kActivations], 10 * (token + parts + copies), 1e-12);
  server.expert_parallel = 4;
  EXPECT_NEAR(step_terms(server, {10})[kActivations], 10 * (token + parts + copies / 4), 1e-12);
  server.expert_parallel = 3;
  EXPECT_THROW(step_line(server, least_constants(), {}), std::runtime_error);
}

TEST_F(roofline, a_step_with_prompts_is_launched_once_for_all_of_them) {
  const Server server{config(dense), h100};
  EXPECT_EQ(step_terms(server, {8, 100})[kPromptKernel], 0);
  EXPECT_EQ(step_terms(server, {8, 100, 1000, 3})[kPromptKernel], 9 * 32);
  Terms constants = least_constants();
  const double alone = step_line(server, constants, {}).time.prompt_token;
  constants[kPromptKernel] = 1e-5;
  LineRange range;
  EXPECT_NEAR(step_line(server, constants, range).time.prompt_token - alone, 9 * 32 * 1e-5 / 1024,
              1e-10);
  range.prompts = 4;
  EXPECT_NEAR(step_line(server, constants, range).time.prompt_token - alone, 9 * 32 * 1e-5 / 4096,
              1e-10);
  EXPECT_NEAR(step_line(server, constants, range).time.pair, 4 * 4096.0 * 32 / 989e12, 1e-15);
}

// The line gives a step of prompts alone, which reads weights once more; vLLM's share a step.
TEST_F(roofline, prompts_of_sglang_have_steps_of_their_own) {
  const Server server{config(dense), h100, "bf16", 1, EngineKind::kSglang};
  const Terms constants = fitted_constants();
  const LineRange range{32, 128, 1024, 1024, 4};
  const StepTime t = step_line(server, constants, range).time;
  const double alone = seconds(step_terms(server, {0, 0, 1024, 4}), constants);
  EXPECT_NEAR(t.base + 4 * t.sequence + 4096 * t.prompt_token + 4 * t.pair * 1024 * 512, alone,
              1e-9);
  Server mixing = server;
  mixing.engine = EngineKind::kVllm;
  const StepTime m = step_line(mixing, constants, range).time;
  EXPECT_EQ(m.base, t.base);
  const double mixed = seconds(step_terms(mixing, {128, 0, 1024, 4}), constants);
  EXPECT_NEAR(m.base + 128 * m.sequence + 4096 * m.prompt_token + 4 * m.pair * 1024 * 512, mixed,
              1e-9);
}

TEST_F(roofline, keys_and_values_have_a_precision_of_their_own) {
  Server server{config(dense), h100, "fp8"};
  const double one = step_terms(server, {1, 1000})[kContext];
  EXPECT_EQ(step_terms({config(dense), h100}, {1, 1000})[kContext], one);
  server.key_value_bytes = 1;
  EXPECT_NEAR(step_terms(server, {1, 1000})[kContext], one / 2, 1e-12);
}

TEST_F(roofline, a_latent_is_not_split) {
  const std::string latent = "{" + llama + R"(, "intermediate_size": 18432, "kv_lora_rank": 512,
      "q_lora_rank": 1536, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128})";
  Server server{config(latent), h100};
  const double one = step_terms(server, {1, 1000})[kContext];
  EXPECT_NEAR(one, 576 * 2 * 32 * 1000 / 3.35e12, 1e-12);
  server.gpus = 8;
  EXPECT_EQ(step_terms(server, {1, 1000})[kContext], one);
  const Server grouped{config(dense), h100, "bf16", 8};
  EXPECT_NEAR(step_terms(grouped, {1, 1000})[kContext], 131'072 * 1000 / 8 / 3.35e12, 1e-12);
}

TEST_F(roofline, what_is_unknown_is_refused) {
  EXPECT_THROW(config("{" + llama + "}"), std::runtime_error);
  EXPECT_THROW(config(R"({"hidden_size": 4096})"), std::runtime_error);
  EXPECT_THROW(read_gpu_sheet(path), std::runtime_error);
  const ModelShape hybrid =
      config("{" + llama + R"(, "intermediate_size": 1, "layer_types": ["linear_attention"]})");
  EXPECT_THROW(step_line({hybrid, h100}, fitted_constants(), {}), std::runtime_error);
  const ModelShape known = config(dense);
  EXPECT_THROW(step_line({known, h100, "fp6"}, fitted_constants(), {}), std::runtime_error);
  EXPECT_THROW(step_line({known, h100, "bf16", 16}, fitted_constants(), {}), std::runtime_error);
  EXPECT_THROW(band(0.25), std::runtime_error);
}

TEST_F(roofline, sizes_of_no_server_are_refused) {
  const auto with = [&](const std::string& more) { return "{" + llama + ", " + more + "}"; };
  EXPECT_NO_THROW(config(with(R"("intermediate_size": 14336, "head_dim": 128)")));
  for (const char* wrong :
       {R"("intermediate_size": -1)", R"("intermediate_size": 0)", R"("intermediate_size": 1e12)",
        R"("intermediate_size": 14336, "head_dim": 0)",
        R"("intermediate_size": 14336, "num_local_experts": 2, "num_experts_per_tok": 3)",
        R"("intermediate_size": 14336, "num_local_experts": 8, "num_experts_per_tok": 2,
           "n_shared_experts": -1)",
        R"("intermediate_size": 14336, "num_local_experts": 8, "num_experts_per_tok": 2,
           "first_k_dense_replace": 33)"})
    EXPECT_THROW(config(with(wrong)), std::runtime_error) << wrong;
  EXPECT_THROW(config(R"({"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 8,
      "num_key_value_heads": 32, "vocab_size": 128256, "intermediate_size": 14336})"),
               std::runtime_error);
  // GB/s for B/s: a step would take hours.
  const ModelShape known = config(dense);
  EXPECT_NO_THROW(step_line({known, h100}, fitted_constants(), {}));
  EXPECT_THROW(step_line({known, {3350, 450, 989, 1979, 0}}, fitted_constants(), {}),
               std::runtime_error);
  EXPECT_THROW(step_line({known, {-3.35e12, 450e9, 989e12, 0, 0}}, fitted_constants(), {}),
               std::runtime_error);
}

}  // namespace test_roofline
}  // namespace stampede::calibration
