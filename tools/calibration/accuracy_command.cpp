#include "tools/calibration/accuracy_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

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

// Absolute errors of the means of moderate runs [%].
struct RunErrors {
  std::vector<double> e2e, ttft, tpot;
  void add(const Measures& m, const Measures& p) {
    e2e.push_back(std::abs(error_percent(m.e2e, p.e2e)));
    ttft.push_back(std::abs(error_percent(m.ttft, p.ttft)));
    tpot.push_back(std::abs(error_percent(m.tpot, p.tpot)));
  }
};

std::string cells(const Prediction& shown) {
  const Measures &m = shown.measured, &p = shown.predicted;
  const auto pair = [](double x, double y) {
    return fmt::format("{:.4g} {:+.1f}", x, error_percent(x, y));
  };
  return fmt::format(
      "{:>15} {:>15} {:>15} {:>15} {:>15} {:>15}",
      fmt::format("{} {:+.1f}", m.answered,
                  error_percent(static_cast<double>(m.answered), static_cast<double>(p.answered))),
      pair(m.ttft, p.ttft), pair(m.ttft_p99, p.ttft_p99), pair(m.e2e, p.e2e),
      pair(m.e2e_p99, p.e2e_p99), pair(m.tpot * 1e3, p.tpot * 1e3));
}

void print_recordings(const AccuracyOptions& options) {
  const std::vector<Run> runs = read_runs(options.directory, options.texts);
  std::size_t width = 3, without = 0;
  for (const Run& r : runs) width = std::max(width, r.name.size());
  fmt::print(
      "Each run predicted with step times fitted to the other runs of its model at moderate "
      "load.\nmeasured, and how far the prediction is from it in %\n\n");
  fmt::print("{:<{}} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15}\n", "run", width, "answered",
             "TTFT mean s", "TTFT p99 s", "E2E mean s", "E2E p99 s", "TPOT mean ms");
  RunErrors errors;
  for (const Prediction& shown : predict_all(runs, held_by(options))) {
    fmt::print("{:<{}} {}{}\n", shown.run->name, width,
               shown.why_not.empty() ? cells(shown) : "not predicted: " + shown.why_not,
               shown.run->overloaded ? "  overloaded" : "");
    if (!shown.why_not.empty())
      ++without;
    else if (!shown.run->overloaded)
      errors.add(shown.measured, shown.predicted);
  }
  if (without == runs.size()) throw std::runtime_error("no run could be predicted from the others");
  fmt::print(
      "\n{} moderate runs, absolute error: E2E mean median {:.1f} %, worst {:.1f} %; TTFT mean "
      "median {:.1f} %; TPOT mean median {:.1f} %\n",
      errors.e2e.size(), quantile(errors.e2e, 0.5), quantile(errors.e2e, 1),
      quantile(errors.ttft, 0.5), quantile(errors.tpot, 0.5));
  if (without > 0)
    fmt::print("{} of {} runs are not predicted, and are in none of these errors\n", without,
               runs.size());
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

void add_shared_texts(CLI::App& sub, SharedTexts& texts) {
  constexpr u32 kMost = 1'000'000;
  sub.add_option("--distinct-prompts", texts.distinct_prompts,
                 "prompts that repeat, for an index without this column; 0: all differ")
      ->check(CLI::Range(0u, kMost));
  sub.add_option("--system-prompts", texts.system_prompts,
                 "beginnings of sys_prompt_len tokens that they share, for an index without it; 1")
      ->check(CLI::Range(1u, kMost));
}

CLI::App* add_accuracy(CLI::App& app, AccuracyOptions& options) {
  CLI::App* sub = app.add_subcommand("accuracy", "predict each run from the others of its model");
  sub->add_option("DIRECTORY", options.directory, "measurements")->required();
  add_shared_texts(*sub, options.texts);
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
