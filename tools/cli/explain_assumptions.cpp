// On which of the assumed parameters the downtime rests: all of them screened, the leaders moved to
// both ends of their ranges, the first of those given shares of the variance.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tools/cli/explain.h"
#include "tools/experiments/sensitivity.h"
#include "tools/experiments/shown.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostShared = 4;  // leaders that get shares of the variance
constexpr std::size_t kRowsARun = 16;   // of their design, for each of --runs
// How much of the budget each part may have used when it ends.
constexpr double kScreened = 0.5, kMoved = 0.7;

class Assumed {
 public:
  Assumed(const ExplainOptions& o, TrialSession& session)
      : options_(o), session_(session), axes_(assumed_axes(session.trials(), left_out_)) {
    // Where the scenario stands on each range: what is not varied stays there.
    order_.resize(axes_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  // Whether one path at least was played.
  bool screen() {
    const auto paths = static_cast<std::size_t>(options_.runs);
    const Points points = morris_points(paths, axes_.size(), 1);
    const std::size_t length = axes_.size() + 1;
    Answers answers;
    while (screened_ < paths && share_used() < kScreened) {
      std::vector<TrialSession::Question> questions;
      for (std::size_t k = 0; k < length; ++k)
        questions.push_back({change_at(axes_, points[screened_ * length + k]),
                             session_.trials().seed() + static_cast<i64>(screened_)});
      const auto trials = session_.ask(questions);
      if (session_.budget().over()) break;  // a path that was cut off says nothing
      for (const auto& trial : trials)
        answers.push_back(trial ? std::optional(trial->downtime_seconds) : std::nullopt);
      ++screened_;
    }
    effects_ = morris_effects(points, answers);
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      return effects_[a].absolute > effects_[b].absolute;
    });
    order_.resize(std::min(order_.size(), options_.most_leaders()));
    return screened_ > 0;
  }

  // Each leader alone at both ends, the others as the scenario has them.
  void move() {
    low_.resize(order_.size());
    high_.resize(order_.size());
    for (i64 n = 0; n < options_.runs && share_used() < kMoved; ++n) {
      const i64 seed = session_.trials().seed() + n;
      std::vector<TrialSession::Question> questions{{{}, seed}};
      for (const std::size_t a : order_)
        for (const double end : {0.0, 1.0})
          questions.push_back({change_at({axes_[a]}, {end}), seed});
      const auto answers = session_.ask(questions);
      if (!answers[0] || session_.budget().over()) break;
      ++moved_;
      base_.push_back(answers[0]->downtime_seconds);
      for (std::size_t k = 0; k < order_.size(); ++k) {
        const auto& low = answers[1 + 2 * k];
        const auto& high = answers[2 + 2 * k];
        if (low) low_[k].push_back(low->downtime_seconds - base_.back());
        if (high) high_[k].push_back(high->downtime_seconds - base_.back());
      }
    }
  }

  // Shares of the variance over the ranges of the first leaders, the others as the scenario has
  // them.
  void share() {
    const std::size_t inputs = std::min(order_.size(), kMostShared);
    if (inputs == 0) return;
    std::vector<Axis> axes;
    for (std::size_t k = 0; k < inputs; ++k) axes.push_back(axes_[order_[k]]);
    const std::size_t most = kRowsARun * static_cast<std::size_t>(options_.runs);
    const Points points = sobol_design(most, inputs, 1);
    Answers answers;
    while (rows_ < most && !session_.budget().over()) {
      const std::size_t batch = std::min<std::size_t>(most - rows_, 4);
      std::vector<TrialSession::Question> questions;
      for (std::size_t k = 0; k < batch * (inputs + 2); ++k) {
        const std::size_t at = rows_ * (inputs + 2) + k;
        questions.push_back({change_at(axes, points[at]),
                             session_.trials().seed() + static_cast<i64>(at / (inputs + 2))});
      }
      const auto trials = session_.ask(questions);
      if (session_.budget().over()) break;
      for (const auto& trial : trials)
        answers.push_back(trial ? std::optional(trial->downtime_seconds) : std::nullopt);
      rows_ += batch;
    }
    indices_ = sobol_indices(inputs, answers);
  }

  Explained explained() const {
    Explained out;
    out.json = {{"paths", screened_},
                {"seeds", moved_},
                {"rows", rows_},
                {"left_out", left_out_},
                {"parameters", ordered_json::array()}};
    if (screened_ == 0) {
      out.over_before = "one path of the screening was played";
      out.least_runs = 2 * (axes_.size() + 1);  // for which it has half of the budget
      return out;
    }
    const double duration = session_.trials().scenario().spec.duration.seconds();
    std::vector<std::vector<std::string>> rows{{"parameter", "range", "screening [min]", "spread",
                                                "at the low end [min]", "at the high end [min]",
                                                "first-order share", "total share"}};
    for (std::size_t k = 0; k < order_.size(); ++k) {
      const std::size_t a = order_[k];
      const MorrisEffect& e = effects_[a];
      const std::string name = axes_[a].members.front().place;
      const std::string low = settings_at(axes_[a], 0).front().value,
                        high = settings_at(axes_[a], 1).front().value;
      std::vector<std::string> row{name, low + " to " + high, minutes_text(e.absolute, false),
                                   minutes_text(e.deviation, false)};
      ordered_json json = {{"path", name},
                           {"low", low},
                           {"high", high},
                           {"absolute_effect_seconds", e.absolute},
                           {"mean_effect_seconds", e.mean},
                           {"deviation_seconds", e.deviation},
                           {"steps", e.steps}};
      for (const auto& [key, moved] : {std::pair{"at_low", &low_}, std::pair{"at_high", &high_}}) {
        const std::vector<double> none;
        const Paired p = paired(k < moved->size() ? (*moved)[k] : none, duration);
        row.push_back(p.runs > 0 ? minutes_text(p.mean) + " " + minutes_text(p.interval) : "-");
        json[key] = p.runs > 0 ? json_of(p) : ordered_json(nullptr);
      }
      const bool shared = k < indices_.size();
      row.push_back(shared ? share_text(indices_[k].first, indices_[k].first_interval) : "-");
      row.push_back(shared ? share_text(indices_[k].total, indices_[k].total_interval) : "-");
      json["first_order"] = shared ? index_json(indices_[k].first, indices_[k].first_interval)
                                   : ordered_json(nullptr);
      json["total"] = shared ? index_json(indices_[k].total, indices_[k].total_interval)
                             : ordered_json(nullptr);
      rows.push_back(std::move(row));
      out.json["parameters"].push_back(std::move(json));
    }
    out.table =
        fmt::format("{} assumed parameters, the {} that matter most\n\n", axes_.size(),
                    order_.size()) +
        aligned(rows) +
        fmt::format(
            "  screening: mean size of the change over a whole range, {} paths (Morris); "
            "spread: how much it\n  depends on the others. Ends: the others as the "
            "scenario has them, {} seeds. Shares of the\n  variance: {} rows (Saltelli, Jansen).\n",
            screened_, moved_, rows_);
    if (session_.impossible() > 0)
      out.table += fmt::format("  {} combinations are no valid scenario and count for nothing\n",
                               session_.impossible());
    if (!left_out_.empty())
      out.table += fmt::format(
          "  not varied, since the scenario has no such part or no such "
          "range: {}\n",
          listed(left_out_));
    return out;
  }

 private:
  double share_used() const {
    const double used = session_.budget().used();
    return used / (used + std::max(0.0, session_.budget().left()));
  }
  static std::string share_text(double share, const Interval& i) {
    return fmt::format("{:.2f} [{:.2f}, {:.2f}]", share, i.low, i.high);
  }
  static ordered_json index_json(double share, const Interval& i) {
    return {{"share", share}, {"low", i.low}, {"high", i.high}};
  }

  const ExplainOptions& options_;
  TrialSession& session_;
  std::vector<std::string> left_out_;
  std::vector<Axis> axes_;
  std::vector<std::size_t> order_;  // axes, the leaders first
  std::vector<MorrisEffect> effects_;
  std::vector<double> base_;
  std::vector<std::vector<double>> low_, high_;  // [leader] x [seed], s of downtime more
  std::vector<SobolIndex> indices_;
  std::size_t screened_ = 0, moved_ = 0, rows_ = 0;
};

}  // namespace

Explained explain_assumptions(const ExplainOptions& o, TrialSession& session) {
  Assumed assumed(o, session);
  if (assumed.screen()) {
    assumed.move();
    assumed.share();
  }
  return assumed.explained();
}

}  // namespace stampede
