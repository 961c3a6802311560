// What checkpoints, files of GPUs and indexes of recordings say, and what they leave out.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "tests/directories.h"
#include "tools/calibration/accuracy.h"
#include "tools/calibration/json_file.h"
#include "tools/calibration/memory.h"
#include "tools/calibration/quantization.h"
#include "tools/calibration/sharding.h"

namespace stampede::calibration {
namespace test_checkpoints {

struct checkpoints : testing::Test {
  void SetUp() override { std::filesystem::create_directory(path); }
  void TearDown() override { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
    return path + "/" + name;
  }
  Quantization of(const std::string& quantization) const {
    const std::string text = R"({"quantization_config": )" + quantization + "}";
    return read_quantization(JsonFile(write("config.json", text)));
  }
  static std::string message(const std::function<void()>& act) {
    try {
      act();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
  std::string path = testing::TempDir() + "stampede-checkpoints-" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
  ModelShape qwen =
      read_model_config(source_directory() + "/tools/calibration/models/qwen3-235b-a22b.json");
};

TEST_F(checkpoints, keys_and_values_are_small_only_where_it_is_said) {
  EXPECT_EQ(of("null").key_value_bytes, 2);
  EXPECT_EQ(of(R"({"quant_method": "fp8"})").key_value_bytes, 2);
  EXPECT_EQ(of(R"({"quant_method": "modelopt", "quant_algo": "NVFP4"})").key_value_bytes, 2);
  EXPECT_EQ(of(R"({"quant_method": "fp8", "kv_cache_quant_algo": "FP8"})").key_value_bytes, 1);
  EXPECT_EQ(of(R"({"quant_method": "compressed-tensors",
                   "kv_cache_scheme": {"num_bits": 8, "type": "float"}})")
                .key_value_bytes,
            1);
  EXPECT_NE(message([&] {
              of(R"({"kv_cache_scheme": {"num_bits": 8, "type": "int"}})");
            }).find("config.json:1:45: \"kv_cache_scheme\""),
            std::string::npos);
}

TEST_F(checkpoints, weights_take_their_scales_along) {
  EXPECT_EQ(of(R"({"quant_method": "mxfp4"})").weight_bytes, 4.25 / 8);
  EXPECT_EQ(of(R"({"quant_method": "modelopt", "quant_algo": "NVFP4"})").weight_bytes, 4.5 / 8);
  EXPECT_EQ(of(R"({"quant_method": "awq", "bits": 4, "group_size": 128})").weight_bytes,
            (4 + 20.0 / 128) / 8);
  EXPECT_EQ(of(R"({"quant_method": "gptq", "bits": 4, "group_size": -1})").weight_bytes, 0.5);
  EXPECT_EQ(of(R"({"config_groups": {"a": {"weights": {"num_bits": 4, "group_size": 32}}}})")
                .weight_bytes,
            4.5 / 8);
}

TEST_F(checkpoints, a_module_is_named_by_itself_its_whole_or_a_pattern) {
  const std::string query = "model.layers.12.self_attn.q_proj";
  for (const char* name :
       {"model.layers.12.self_attn.q_proj", "model.layers.12.self_attn", "self_attn", "q_proj",
        "model.layers.*.self_attn", "*self_attn*", "model.layers.12*", "re:.*self_attn.*",
        "language_model.model.layers.12.self_attn", "model.language_model.layers.12.self_attn"})
    EXPECT_TRUE(keeps({"lm_head", name}, query)) << name;
  for (const char* name : {"model.layers.1", "model.layers.1.self_attn", "attn", "re:self_attn",
                           "mlp", "model.layers.1.*", "model.layers.*.mlp", ""})
    EXPECT_FALSE(keeps({"lm_head", name}, query)) << name;
}

TEST_F(checkpoints, what_is_shared_by_gpus_can_be_divided) {
  Server server{qwen, {262e9, 8e12, 900e9, 2250e12, 4500e12, 0}, "bf16", 8};
  const auto said = [&] { return message([&] { check_sharding(server); }); };
  EXPECT_EQ(said(), "");
  EXPECT_EQ(sequence_memory(server, 100) / 100, 94 * 2 * 128 * 8 * 2) << "4 KV heads, each twice";
  server.precision = "fp8";
  EXPECT_EQ(said(), "");
  server.model.quantization.precision = "fp8";
  server.model.quantization.block = 128;
  EXPECT_NE(said().find("192, not divisible by weight_block_size (128)"), std::string::npos);
  server.expert_parallel = 8;
  EXPECT_EQ(said(), "");
  server.gpus = 6;
  server.expert_parallel = 1;
  EXPECT_NE(said().find("attention heads (64) must be divisible by tensor parallel size (6)"),
            std::string::npos);
}

TEST_F(checkpoints, prompts_differ_unless_the_index_says_that_they_repeat) {
  write("a.csv.gz",
        "arrival_us,input_tokens,output_tokens,error,ttft_us,e2e_us\n0,100,10,0,20000,90000\n");
  const std::string head =
      "experiment,model,gpu,tp,max_num_seqs,max_num_batched_tokens,kv_blocks,sys_prompt_len,"
      "target_output_len,n,n_ok";
  const std::string row = "\na,Qwen/Qwen3-14B,H100,1,128,2048,27000,100,0,1,1";
  write("index.csv", head + row + "\n");
  EXPECT_EQ(read_runs(path).at(0).limits.distinct_prompts, 0u);
  EXPECT_EQ(read_runs(path).at(0).limits.system_prompts, 1u);
  EXPECT_EQ(read_runs(path, {100, 10}).at(0).limits.distinct_prompts, 100u);
  write("index.csv", head + ",distinct_prompts,system_prompts" + row + ",7,3\n");
  EXPECT_EQ(read_runs(path, {100, 10}).at(0).limits.distinct_prompts, 7u);
  EXPECT_EQ(read_runs(path, {100, 10}).at(0).limits.system_prompts, 3u);
}

TEST_F(checkpoints, a_value_has_its_line_and_column) {
  const JsonFile file(
      write("a.json", "{\"ä\": [1, {\"b\": \"x\\\"}\"}],\n  \"c/d\" : {\"e\":\n null}}"));
  EXPECT_EQ(file.place("/ä/1/b"), path + "/a.json:1:17");
  EXPECT_EQ(file.key_place("/ä/1/b"), path + "/a.json:1:12");
  EXPECT_EQ(file.place("/c/d/e"), path + "/a.json:3:2");
  EXPECT_EQ(file.place("/ä/1/none"), path + "/a.json:1:11") << "what would hold it";
  EXPECT_EQ(file.place("/none"), path + "/a.json:1:1");
}

}  // namespace test_checkpoints
}  // namespace stampede::calibration
