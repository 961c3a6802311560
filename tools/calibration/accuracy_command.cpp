#include "tools/calibration/accuracy_command.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

#include "tools/calibration/accuracy.h"
#include "tools/calibration/summaries.h"

namespace stampede::calibration {
namespace {

Held held_by(const AccuracyOptions& options) {
  Held held;
  held.sequence = options.per_sequence * 1e-6;
  for (const std::string& word : options.per_prompt_token) {
    const std::size_t equals = word.find('=');
    double microseconds = -1;
    const char* end = word.data() + word.size();
    if (equals != word.npos &&
        std::from_chars(word.data() + equals + 1, end, microseconds).ptr != end)
      microseconds = -1;
    if (!(microseconds >= 0 && microseconds < 1e6))
      throw std::runtime_error(word + ": MODEL=MICROSECONDS is expected");
    held.prompt_token[word.substr(0, equals)] = microseconds * 1e-6;
  }
  return held;
}

void print_recordings(const AccuracyOptions& options) {
  const std::vector<Run> runs = read_runs(options.directory);
  fmt::print(
      "Each run predicted with step times fitted to the other runs of its model at moderate "
      "load.\nmeasured, and how far the prediction is from it in %\n\n");
  fmt::print("{:<28} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15}\n", "run", "answered", "TTFT mean s",
             "TTFT p99 s", "E2E mean s", "E2E p99 s", "TPOT mean ms");
  std::vector<double> e2e, ttft, tpot;
  for (const Prediction& shown : predict_all(runs, held_by(options))) {
    const Measures &m = shown.measured, &p = shown.predicted;
    const auto pair = [](double x, double y) {
      return fmt::format("{:.4g} {:+.1f}", x, error_percent(x, y));
    };
    fmt::print("{:<28} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15}{}\n", shown.run->name.substr(16),
               fmt::format(
                   "{} {:+.1f}", m.answered,
                   error_percent(static_cast<double>(m.answered), static_cast<double>(p.answered))),
               pair(m.ttft, p.ttft), pair(m.ttft_p99, p.ttft_p99), pair(m.e2e, p.e2e),
               pair(m.e2e_p99, p.e2e_p99), pair(m.tpot * 1e3, p.tpot * 1e3),
               shown.run->overloaded ? "  overloaded" : "");
    if (shown.run->overloaded) continue;
    e2e.push_back(std::abs(error_percent(m.e2e, p.e2e)));
    ttft.push_back(std::abs(error_percent(m.ttft, p.ttft)));
    tpot.push_back(std::abs(error_percent(m.tpot, p.tpot)));
  }
  fmt::print(
      "\nmoderate runs, absolute error: E2E mean median {:.1f} %, worst {:.1f} %; TTFT mean "
      "median {:.1f} %; TPOT mean median {:.1f} %\n",
      quantile(e2e, 0.5), quantile(e2e, 1), quantile(ttft, 0.5), quantile(tpot, 0.5));
}

// Errors of one source of step times [%].
struct StageErrors {
  std::vector<double> ttft, e2e;
  std::string add(const SummaryStage& s, const std::optional<StageMeans>& predicted) {
    if (!predicted) return fmt::format("{:>9} {:>9}", "-", "-");
    const double first = error_percent(s.ttft, predicted->ttft);
    const double whole = error_percent(s.e2e, predicted->e2e);
    ttft.push_back(std::abs(first));
    e2e.push_back(std::abs(whole));
    return fmt::format("{:>+9.1f} {:>+9.1f}", first, whole);
  }
  std::string text(const char* source) const {
    return fmt::format(
        "{}: {} stages, absolute error: E2E mean median {:.1f} %, 90 % of stages below {:.1f} %; "
        "TTFT mean median {:.1f} %, 90 % below {:.1f} %\n",
        source, e2e.size(), quantile(e2e, 0.5), quantile(e2e, 0.9), quantile(ttft, 0.5),
        quantile(ttft, 0.9));
  }
};

void print_summaries(const AccuracyOptions& options) {
  const std::vector<SummaryStage> stages = read_summaries(options.summaries);
  fmt::print(
      "\nEach stage predicted without its run: errors in % of TTFT and E2E means, from the other\n"
      "runs of the same model and GPUs, and from sizes alone\n\n{:<44} {:>9} {:>5} {:>9} {:>9}  "
      "{:^19}  {:^19}\n",
      "stage", "GPUs", "1/s", "TTFT s", "E2E s", "others", "sizes");
  StageErrors others, sizes;
  for (const SummaryPrediction& p : predict_summaries(stages, options.sizes)) {
    const SummaryStage& s = *p.stage;
    fmt::print("{:<44} {:>9} {:>5} {:>9.4g} {:>9.4g}  {}  {}\n",
               fmt::format("{} {}", s.experiment, s.stage),
               fmt::format("{} {}", s.gpus, s.gpu.substr(0, s.gpu.find('-'))), s.rate, s.ttft,
               s.e2e, others.add(s, p.others), sizes.add(s, p.sizes));
  }
  fmt::print("\n{}{}", others.text("from other runs"), sizes.text("from sizes"));
}

}  // namespace

CLI::App* add_accuracy(CLI::App& app, AccuracyOptions& options) {
  CLI::App* sub = app.add_subcommand("accuracy", "predict each run from the others of its model");
  sub->add_option("DIRECTORY", options.directory, "measurements")->required();
  sub->add_option("--summaries", options.summaries,
                  "CSV of measured means a stage: each predicted without its run too");
  sub->add_option("--sizes", options.sizes, "directory with models/ and gpus/");
  sub->add_option("--per-sequence", options.per_sequence, "b, which is not fitted, in us")
      ->check(CLI::Range(0.0, 1e6));
  sub->add_option("--per-prompt-token", options.per_prompt_token,
                  "MODEL=C: a c in us that is not fitted, such as meta-llama/Llama-2-7b-hf=18.1");
  return sub;
}

void print_accuracy(const AccuracyOptions& options) {
  print_recordings(options);
  if (!options.summaries.empty()) print_summaries(options);
}

}  // namespace stampede::calibration
