#include "tools/calibration/fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "tools/calibration/least_squares.h"

namespace stampede::calibration {
namespace {

constexpr double kFrontEndMost = 0.05;  // [s]
constexpr int kRounds = 30;
constexpr int kWholeRounds = 3;       // then by half: a line that comes and goes makes rounds swing
constexpr double kStill = 2e-3;       // of base and context, between two rounds
constexpr double kStillPrompt = 0.1;  // of a prompt token, whose fit is loose: most are cached
constexpr double kStillTime = 1e-4;   // of the front end [s]

enum Kind : std::size_t { kFirst, kRest };  // until the first token, from there to the end

// steps, prompt tokens, context tokens, front end; time [s]
struct Row {
  std::array<double, 5> terms;
  double weight;  // each recording counts alike
  Kind kind;
};

bool counts(const RecordedRequest& r, FitWindow window) {
  return !r.failed && r.at >= window.from && r.at < window.to && r.output > 1;
}

double median(std::vector<double> values) {
  if (values.empty()) throw NoFit("no answered request after the first minute");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void add_rows(const std::vector<RecordedRequest>& recording, const Playback& played,
              const StepBounds& bounds, FitWindow window, std::vector<Row>& rows) {
  std::vector<double> firsts;
  for (const RecordedRequest& r : recording)
    if (counts(r, window)) firsts.push_back(r.ttft);
  const double first = median(firsts);
  const double weight = 1 / std::sqrt(static_cast<double>(firsts.size()));
  const auto row = [&](Kind kind, const Work& w, double front_end, double seconds) {
    rows.push_back({{w.steps, w.prompt_tokens, w.context_tokens, front_end,
                     seconds - bounds.sequence * w.sequences},
                    weight,
                    kind});
  };
  for (std::size_t i = 0; i < recording.size(); ++i) {
    const RecordedRequest& r = recording[i];
    const PlayedRequest& p = played.requests[i];
    if (!counts(r, window) || !p.finished) continue;
    if (r.ttft < 2 * first && p.ttft < 4 * first) row(kFirst, p.until_first, 1, r.ttft);
    row(kRest, p.after_first, 0, r.e2e - r.ttft);
  }
}

// `spread`: of each kind of time around the fitted one, by which it is weighed [s].
StepTime solve(const std::vector<Row>& rows, const StepBounds& bounds,
               std::array<double, 2>& spread) {
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd a(n, 4);
  Eigen::VectorXd y(n), low(4), high(4);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    const double scale = row.weight / spread[row.kind];
    for (Eigen::Index j = 0; j < 4; ++j) a(i, j) = scale * row.terms[static_cast<std::size_t>(j)];
    y(i) = scale * row.terms[4];
  }
  low << bounds.base_low, bounds.prompt_low, bounds.context_low, 0;
  high << 1, bounds.prompt_high, bounds.context_high, kFrontEndMost;
  const Eigen::VectorXd x = bounded_least_squares(a, y, low, high);
  std::array<double, 2> squares{}, weights{};
  const Eigen::VectorXd rest = y - a * x;
  for (Eigen::Index i = 0; i < n; ++i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    const double seconds = rest(i) * spread[row.kind];  // times the weight
    squares[row.kind] += seconds * seconds;
    weights[row.kind] += row.weight * row.weight;
  }
  for (const Kind kind : {kFirst, kRest}) spread[kind] = std::sqrt(squares[kind] / weights[kind]);
  return {x(0), x(1), x(2), x(3), bounds.sequence};
}

bool stands_still(const StepTime& before, const StepTime& after) {
  const auto close = [](double x, double y, double by) { return std::abs(x - y) <= by * x; };
  return close(before.base, after.base, kStill) &&
         close(before.context_token, after.context_token, kStill) &&
         close(before.prompt_token, after.prompt_token, kStillPrompt) &&
         std::abs(before.front_end - after.front_end) <= kStillTime;
}

StepTime between(const StepTime& x, const StepTime& y) {
  const auto middle = [](double u, double v) { return (u + v) / 2; };
  return {middle(x.base, y.base), middle(x.prompt_token, y.prompt_token),
          middle(x.context_token, y.context_token), middle(x.front_end, y.front_end), x.sequence};
}

}  // namespace

void set_step_time(PlaybackParams& params, const StepTime& t) {
  const auto nanoseconds = [](double seconds) {
    return Duration{static_cast<i64>(std::llround(seconds * 1e9))};
  };
  params.engine.step_base = nanoseconds(t.base);
  params.engine.step_per_sequence = nanoseconds(t.sequence);
  params.engine.step_per_prompt_token = nanoseconds(t.prompt_token);
  params.engine.step_per_million_pairs = nanoseconds(t.pair * 1e6);
  params.engine.step_per_thousand_context_tokens = nanoseconds(t.context_token * 1000);
  params.front_end = t.front_end;
}

StepTime fit(const std::vector<FitRun>& runs, const StepBounds& bounds, FitWindow window) {
  std::vector<double> per_token;
  for (const FitRun& run : runs)
    for (const RecordedRequest& r : *run.recording)
      if (counts(r, window)) per_token.push_back((r.e2e - r.ttft) / (r.output - 1));
  // From below: an engine that is thought too slow would make a line where there was none.
  StepTime t{0.8 * median(per_token), bounds.prompt_low, bounds.context_low, 0.005,
             bounds.sequence};
  std::array<double, 2> spread{0.01, 0.1};
  for (int round = 1; round <= kRounds; ++round) {
    std::vector<Row> rows;
    for (const FitRun& run : runs) {
      PlaybackParams params = run.limits;
      set_step_time(params, t);
      add_rows(*run.recording, play(*run.recording, params, true), bounds, window, rows);
    }
    const StepTime next = solve(rows, bounds, spread);
    if (stands_still(t, next)) return next;
    t = round <= kWholeRounds ? next : between(t, next);
  }
  throw NoFit("the fit does not stand still: its coefficients still move after 30 rounds");
}

}  // namespace stampede::calibration
