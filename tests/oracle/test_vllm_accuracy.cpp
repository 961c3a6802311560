// Measured vLLM servers, predicted without the run that is compared: moderate load and goodput
// collapse. The bounds are those of the project's goals, not of what was reached.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "tools/calibration/accuracy.h"

namespace stampede::calibration {
namespace {

std::string measurements(const char* directory) {
  const char* shared = std::getenv("STAMPEDE_SHARED");
  const std::filesystem::path root =
      shared != nullptr ? shared : std::string(STAMPEDE_SOURCE_DIR) + "/../shared";
  return (root / "reference" / directory).string();
}

struct vllm_accuracy : testing::Test {
  static void SetUpTestSuite() {
    const std::string directory = measurements("vllm_replay");
    if (!std::filesystem::exists(directory + "/index.csv")) return;
    runs = read_runs(directory);
    predictions = predict_all(runs);
  }
  void SetUp() override {
    if (predictions.empty()) GTEST_SKIP() << "no measurements: set STAMPEDE_SHARED";
  }
  static std::vector<double> errors(double Measures::*value) {
    std::vector<double> all;
    for (const Prediction& p : predictions)
      if (!p.run->overloaded)
        all.push_back(std::abs(error_percent(p.measured.*value, p.predicted.*value)));
    return all;
  }
  static inline std::vector<calibration::Run> runs;
  static inline std::vector<Prediction> predictions;
};

TEST_F(vllm_accuracy, moderate_load) {
  EXPECT_EQ(errors(&Measures::e2e).size(), 10u);
  EXPECT_LT(quantile(errors(&Measures::e2e), 0.5), 3);
  EXPECT_LT(quantile(errors(&Measures::e2e), 1), 8);
  EXPECT_LT(quantile(errors(&Measures::ttft), 0.5), 10);
  EXPECT_LT(quantile(errors(&Measures::tpot), 0.5), 5);
  for (const Prediction& p : predictions)
    if (!p.run->overloaded) {
      EXPECT_EQ(p.predicted.answered, p.measured.answered) << p.run->name;
    }
}

TEST_F(vllm_accuracy, goodput_collapse) {
  int seen = 0;
  for (const Prediction& p : predictions) {
    if (!p.run->overloaded) continue;
    ++seen;
    EXPECT_NEAR(
        static_cast<double>(p.predicted.answered) / static_cast<double>(p.measured.answered), 1,
        0.05)
        << p.run->name;
    EXPECT_NEAR(p.predicted.ttft / p.measured.ttft, 1, 0.07) << p.run->name;
    EXPECT_NEAR(p.predicted.ttft_p99 / p.measured.ttft_p99, 1, 0.05) << p.run->name;
  }
  EXPECT_EQ(seen, 2);
}

// Memory for a twentieth of what is asked at once: preemption, whole prompts reserved. Step times
// from the requests of the first four seconds, before the memory was full.
TEST(vllm_memory_full, first_tokens_of_the_run) {
  const std::string log = measurements("vllm_timeline") + "/RTX4090_Llama-3.1-8B_requests.jsonl";
  if (!std::filesystem::exists(log)) GTEST_SKIP() << "no measurements: set STAMPEDE_SHARED";
  const std::vector<RecordedRequest> recording = read_engine_log(log);
  PlaybackParams params = engine_of_log(2588, 256);
  set_step_time(params, fit_beginning(recording, params, "meta-llama/Llama-3.1-8B", "RTX-4090", 4));
  const Playback played = play(recording, params);
  const Measures m = measure(recording, 0), p = measure(played.requests, 0);
  EXPECT_NEAR(p.ttft / m.ttft, 1, 0.05);
  EXPECT_GT(played.preemptions, 100u);
}

}  // namespace
}  // namespace stampede::calibration
