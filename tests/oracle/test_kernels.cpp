// Step times from measured kernels: kernels that lie on the equation give its coefficients back.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tools/calibration/accuracy.h"
#include "tools/calibration/kernels.h"

namespace stampede::calibration {
namespace test_kernels {

constexpr double kMicro = 1e-6;

struct kernels : testing::Test {
  void SetUp() override {
    directory = testing::TempDir() + "stampede-kernels-" +
                testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(directory);
    std::ofstream dense(file("dense.csv"));
    dense << "layer,tokens,time_us\r\n";  // as Python writes them
    for (const char* layer : {"embedding", "layernorm", "rotary_emb", "o_proj", "gate_up_proj",
                              "act_fn", "down_proj", "final_layernorm"})
      dense << layer << ",1,0\r\n" << layer << ",4096,0\r\n";
    dense << "qkv_proj,1,5002\r\nqkv_proj,4096,13192\r\n";  // 5 ms and 2 us a token, a layer
    std::ofstream per_sequence(file("per_sequence.csv"));
    per_sequence << "layer,sequences,time_us\nlm_head,1,0\nlm_head,64,0\n"
                 << "sampler,1,30\nsampler,64,1920\n";
    std::ofstream attention(file("attention.csv"));
    attention << "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n";
    // 0.05 us a context token and 0.001 us a pair, a layer.
    for (int decodes = 0; decodes <= 16; decodes += 16)
      for (int context = 0; context <= (decodes > 0 ? 1024 : 0); context += 1024)
        for (int prompt = 0; prompt <= 2048; prompt += 32)
          for (int before = 0; before <= 1024; before += 1024)
            attention << prompt << ',' << before << ',' << decodes << ',' << context << ','
                      << 0.05 * decodes * context + 0.001 * prompt * (before + prompt / 2) << '\n';
  }
  void TearDown() override { std::filesystem::remove_all(directory); }
  std::string file(const char* name) const { return directory + "/" + name; }
  std::string directory;
};

TEST_F(kernels, a_step_is_the_sum_of_its_kernels) {
  const KernelProfile profile(directory, 2);
  EXPECT_NEAR(profile.seconds({0, 0, 10, 500}), (10'040 + 300 + 500) * kMicro, 1e-9);
  EXPECT_NEAR(profile.seconds({64, 100, 10, 500}), (10'296 + 330 + 500 + 16.896) * kMicro, 1e-9);
}

TEST_F(kernels, straight_lines_go_on_beyond_what_was_measured) {
  const KernelProfile profile(directory, 2);
  EXPECT_NEAR(profile.seconds({0, 0, 100, 3000}), (10'400 + 3000 + 30'000) * kMicro, 1e-9);
}

TEST_F(kernels, a_kernel_that_is_missing_is_named) {
  std::ofstream(file("per_sequence.csv")) << "layer,sequences,time_us\nlm_head,1,0\n";
  try {
    KernelProfile(directory, 2);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("sampler"), std::string::npos);
  }
}

TEST_F(kernels, a_cell_that_is_no_number_is_named) {
  std::ofstream(file("attention.csv"))
      << "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,1,16,9.3x\n";
  try {
    KernelProfile(directory, 2);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("attention.csv:2: time_us: not a number: \"9.3x\""),
              std::string::npos)
        << e.what();
  }
}

TEST_F(kernels, the_equation_comes_back) {
  std::vector<RecordedRequest> recording;
  for (u32 i = 0; i < 120; ++i) {
    RecordedRequest r;
    r.at = 0.15 * i + (i % 7 == 0 ? 0.1 : 0);
    r.prompt = 200 + 137 * (i % 13);
    r.output = 50 + 29 * (i % 5);
    r.ttft = r.e2e = -1;  // not looked at
    recording.push_back(r);
  }
  const KernelFit fit =
      fit_kernels(KernelProfile(directory, 2), recording, engine_of_log(20'000, 64));
  EXPECT_LT(fit.decode_error, 1e-6);
  EXPECT_LT(fit.prompt_error, 1e-2);
  EXPECT_NEAR(fit.time.base, 10e-3, 1e-8);
  EXPECT_NEAR(fit.time.sequence, 34 * kMicro, 1e-9);  // a token of dense kernels and a sample
  EXPECT_NEAR(fit.time.context_token, 0.1 * kMicro, 1e-11);
  EXPECT_NEAR(fit.time.prompt_token / kMicro, 4, 0.04);
  EXPECT_NEAR(fit.time.pair / kMicro, 0.002, 0.0001);
}

}  // namespace test_kernels
}  // namespace stampede::calibration
