// Each person's delay: how many minutes of downtime a minute of it is worth, and how much longer it
// could be before anything changes.
#include <fmt/format.h>

#include "tools/cli/explain.h"
#include "tools/experiments/shown.h"

namespace stampede {
namespace {

constexpr double kFactors[] = {0.7, 1.3, 2, 0};  // of the delay

struct StepDelay {
  std::string name, path;
  double seconds = 0;
  std::vector<double> differences[std::size(kFactors)];  // [factor] x [seed], s of downtime
  std::vector<double> slopes;                            // [seed], from the first two factors
};

std::vector<StepDelay> delays_of(const Scenario& scenario) {
  std::vector<StepDelay> steps;
  const auto& all = scenario.spec.operations.steps;
  for (std::size_t k = 0; k < all.size(); ++k)
    if (all[k].delay.ns > 0)
      steps.push_back({all[k].name,
                       fmt::format("spec.operations.steps[{}].delay", k),
                       all[k].delay.seconds(),
                       {},
                       {}});
  return steps;
}

std::string slack_text(const StepDelay& step) {
  const auto still = [&](std::size_t f) {
    for (const double d : step.differences[f])
      if (d > 0) return false;
    return !step.differences[f].empty();
  };
  if (still(2)) return fmt::format("{} or more", minutes_text(step.seconds, false));
  if (still(1)) return fmt::format("{} or more", minutes_text(0.3 * step.seconds, false));
  return fmt::format("below {}", minutes_text(0.3 * step.seconds, false));
}

}  // namespace

Explained explain_delays(const ExplainOptions& o, TrialSession& session) {
  std::vector<StepDelay> steps = delays_of(session.trials().scenario());
  const double duration = session.trials().scenario().spec.duration.seconds();
  std::vector<double> base;
  for (i64 n = 0; n < o.runs && !session.budget().over() && !steps.empty(); ++n) {
    const i64 seed = session.trials().seed() + n;
    std::vector<TrialSession::Question> questions{{{}, seed}};
    for (const StepDelay& step : steps)
      for (const double factor : kFactors)
        questions.push_back(
            {{{{step.path, fmt::format("{:.6g}s", factor * step.seconds), "--of delays"}}, {}},
             seed});
    const auto answers = session.ask(questions);
    bool whole = true;  // a seed counts if all of it was played
    for (const auto& answer : answers) whole = whole && answer;
    if (!whole) break;
    base.push_back(answers[0]->downtime_seconds);
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto at = [&](std::size_t f) {
        return answers[1 + k * std::size(kFactors) + f]->downtime_seconds;
      };
      for (std::size_t f = 0; f < std::size(kFactors); ++f)
        steps[k].differences[f].push_back(at(f) - base.back());
      steps[k].slopes.push_back((at(1) - at(0)) / (0.6 * steps[k].seconds));
    }
  }
  Explained out;
  std::vector<std::vector<std::string>> rows{{"step", "delay [min]", "minutes a minute", "range",
                                              "-30 %", "+30 %", "none at all", "slack [min]"}};
  out.json = nlohmann::ordered_json::array();
  for (const StepDelay& step : steps) {
    if (base.empty()) continue;
    Paired change[std::size(kFactors)];
    for (std::size_t f = 0; f < std::size(kFactors); ++f)
      change[f] = paired(step.differences[f], duration);
    const MeanEstimate slope = mean_estimate(step.slopes);
    const auto [least, most] = std::minmax_element(step.slopes.begin(), step.slopes.end());
    rows.push_back({step.name, minutes_text(step.seconds, false), fmt::format("{:.2f}", slope.mean),
                    fmt::format("[{:.2f}, {:.2f}]", *least, *most), minutes_text(change[0].mean),
                    minutes_text(change[1].mean), minutes_text(change[3].mean), slack_text(step)});
    out.json.push_back({{"step", step.name},
                        {"delay_seconds", step.seconds},
                        {"minutes_a_minute", slope.mean},
                        {"least", *least},
                        {"most", *most},
                        {"shorter_by_30_percent", json_of(change[0])},
                        {"longer_by_30_percent", json_of(change[1])},
                        {"twice", json_of(change[2])},
                        {"none", json_of(change[3])},
                        {"slack", slack_text(step)}});
  }
  if (steps.empty()) {
    out.table = "nobody has a delay in this scenario\n";
  } else if (base.empty()) {
    out.over_before = "one seed of every delay was played";
    out.least_runs = 1 + steps.size() * std::size(kFactors);
  } else {
    out.table = fmt::format("people's delays, {} seeds, {} min down as it is\n\n", base.size(),
                            minutes_text(mean_estimate(base).mean, false)) +
                aligned(rows) +
                "  changes of downtime in minutes; a minute of delay is worth the slope between "
                "-30 % and +30 %,\n  with its smallest and largest value over the seeds; slack: "
                "no seed was down for longer\n";
  }
  return out;
}

}  // namespace stampede
