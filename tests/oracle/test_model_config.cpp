// Sizes of models as their families write them: the same shape under other names, parts that are
// left out, and architectures that no term stands for.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tools/calibration/model_config.h"

namespace stampede::calibration {
namespace test_model_config {

class ModelConfig : public testing::Test {
 protected:
  static ModelShape of(const std::string& text) {
    std::ofstream(path()) << "{" << text << "}";
    return read_model_config(path());
  }
  static std::string path() {
    return testing::TempDir() + "stampede-model-config-" +
           testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void TearDown() override { std::filesystem::remove(path()); }
  static std::string refused(const std::string& text) {
    try {
      of(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
};

const std::string kLlama =
    R"("num_hidden_layers": 8, "hidden_size": 512, "num_attention_heads": 8, "vocab_size": 1000)";

TEST_F(ModelConfig, has_the_same_sizes_under_other_names) {
  const ModelShape plain = of(kLlama + R"(, "num_key_value_heads": 2, "intermediate_size": 2048)");
  const ModelShape falcon = of(R"("model_type": "falcon", "n_layers": 8, "d_model": 512,
      "n_heads": 8, "vocab_size": 1000, "num_kv_heads": 2)");
  EXPECT_EQ(falcon.kv_heads, 2);
  EXPECT_EQ(falcon.feed_forward, 2048);  // four times the width
  EXPECT_EQ(plain.common_weights() - falcon.common_weights(), 8 * 512 * 2048);  // no gate
  EXPECT_EQ(plain.kv_values(), falcon.kv_values());
  const ModelShape nested = of(R"("vision_config": {"hidden_size": 7}, "text_config": {)" + kLlama +
                               R"(, "num_key_value_heads": 2, "intermediate_size": 2048})");
  EXPECT_EQ(nested.common_weights(), plain.common_weights());
}

TEST_F(ModelConfig, has_a_kv_head_for_each_head_or_one_for_all) {
  EXPECT_EQ(of(kLlama + R"(, "model_type": "opt", "ffn_dim": 2048)").kv_heads, 8);
  EXPECT_EQ(of(kLlama + R"(, "n_inner": 2048, "multi_query": true)").kv_heads, 1);
}

TEST_F(ModelConfig, counts_the_layers_with_experts) {
  const std::string experts =
      R"(, "num_experts": 64, "num_experts_per_tok": 4, "moe_intermediate_size": 128,
      "intermediate_size": 2048)";
  EXPECT_EQ(of(kLlama + experts).expert_layers(), 8);
  EXPECT_EQ(of(kLlama + experts + R"(, "first_k_dense_replace": 3)").expert_layers(), 5);
  EXPECT_EQ(of(kLlama + experts + R"(, "mlp_only_layers": [0, 1])").expert_layers(), 6);
  EXPECT_EQ(of(kLlama + experts + R"(, "decoder_sparse_step": 2)").expert_layers(), 4);
  EXPECT_EQ(
      of(kLlama + experts + R"(, "moe_layer_freq": [0, 0, 1, 1, 1, 1, 1, 1])").expert_layers(), 6);
  // A shared expert is as wide as four of the others.
  EXPECT_EQ(of(kLlama + experts + R"(, "shared_expert_intermediate_size": 512)").shared_experts, 4);
  const ModelShape scout = of(R"("text_config": {"model_type": "llama4_text",)" + kLlama + R"(,
      "num_local_experts": 16, "num_experts_per_tok": 1, "intermediate_size": 128,
      "intermediate_size_mlp": 2048, "interleave_moe_layer_step": 2})");
  EXPECT_EQ(scout.expert_layers(), 4);
  EXPECT_EQ(scout.feed_forward, 2048);
  EXPECT_EQ(scout.shared_experts, 1);
  const ModelShape dbrx = of(R"("n_layers": 8, "d_model": 512, "n_heads": 8, "vocab_size": 1000,
      "attn_config": {"kv_n_heads": 2},
      "ffn_config": {"ffn_hidden_size": 128, "moe_num_experts": 16, "moe_top_k": 4})");
  EXPECT_EQ(dbrx.experts, 16);
  EXPECT_EQ(dbrx.experts_per_token, 4);
  EXPECT_EQ(dbrx.expert_width, 128);
  EXPECT_EQ(dbrx.kv_heads, 2);
}

TEST_F(ModelConfig, knows_which_layers_read_a_window) {
  const std::string dense = kLlama + R"(, "intermediate_size": 2048, "sliding_window": 100)";
  EXPECT_EQ(of(dense).read_layers(1000), 8 * 100);
  EXPECT_EQ(of(dense + R"(, "use_sliding_window": false)").read_layers(1000), 8 * 1000);
  EXPECT_EQ(of(dense + R"(, "sliding_window_pattern": 4)").read_layers(1000), 2 * 1000 + 6 * 100);
  EXPECT_EQ(of(dense + R"(, "model_type": "gemma2")").read_layers(1000), 4 * 1000 + 4 * 100);
}

TEST_F(ModelConfig, names_what_no_term_stands_for) {
  const std::string dense = kLlama + R"(, "intermediate_size": 2048)";
  EXPECT_TRUE(of(dense).not_covered.empty());
  for (const char* hybrid :
       {R"("mamba_d_state": 16)", R"("full_attention_interval": 4)", R"("attn_layer_period": 8)",
        R"("hybrid_override_pattern": "M-M*")", R"("attn_type_list": [0, 1])",
        R"("model_type": "mamba2")", R"("model_type": "t5")", R"("index_topk": 2048)",
        R"("layer_types": ["linear_attention"])", R"("block_configs": [{}])",
        R"("is_encoder_decoder": true)", R"("num_decoder_layers": 8)"})
    EXPECT_EQ(of(dense + ", " + hybrid).not_covered.size(), 1U) << hybrid;
}

TEST_F(ModelConfig, without_a_size_says_which_and_what_to_do) {
  EXPECT_NE(refused(R"("hidden_size": 512)").find("no \"num_hidden_layers\" (also called n_layer"),
            std::string::npos);
  EXPECT_NE(refused(kLlama).find("no \"intermediate_size\""), std::string::npos);
  EXPECT_NE(refused(kLlama).find("write it in"), std::string::npos);
  for (const char* absurd :
       {R"("num_hidden_layers": -1)", R"("num_hidden_layers": 1e300)", R"("num_hidden_layers": 0)",
        R"("num_hidden_layers": 3.5)", R"("num_hidden_layers": 8, "num_key_value_heads": 3)"})
    EXPECT_NE(refused(absurd + (", " + kLlama.substr(kLlama.find(',') + 2)) +
                      R"(, "intermediate_size": 2048)"),
              "")
        << absurd;
}

}  // namespace test_model_config
}  // namespace stampede::calibration
