#include "tools/experiments/decide.h"

#include <algorithm>
#include <numeric>

#include "sim/check.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/run_record.h"

namespace stampede {
namespace {

// The answer to a question on one seed, within [-1, 1]: above 0 where the policy is better.
double gain(Question question, const CompareRun& base, const CompareRun& run,
            double duration_seconds) {
  const double less = base.values.front() - run.values.front();
  switch (question) {
    case Question::kOutage:
      return static_cast<double>(base.collapsed) - static_cast<double>(run.collapsed);
    case Question::kDowntime:
      return std::clamp(less / duration_seconds, -1.0, 1.0);
    case Question::kSeeds:
      break;
  }
  return less > 0 ? 1 : less < 0 ? -1 : 0;
}

std::vector<double> gains(Question question, const std::vector<CompareRun>& base,
                          const std::vector<CompareRun>& runs, double duration_seconds) {
  std::vector<double> values;
  for (std::size_t n = 0; n < runs.size(); ++n)
    values.push_back(gain(question, base[n], runs[n], duration_seconds));
  return values;
}

Outlook verdict_of(const Ruling& ruling, double mean_gain) {
  const auto some = [&](Outlook wanted) {
    return std::find(ruling.answers.begin(), ruling.answers.end(), wanted) != ruling.answers.end();
  };
  const bool better = some(Outlook::kBetter), worse = some(Outlook::kWorse);
  if (better && !worse && mean_gain >= 0) return Outlook::kBetter;
  if (worse && !better && mean_gain <= 0) return Outlook::kWorse;
  return Outlook::kUndecided;
}

}  // namespace

std::vector<Ruling> rule(const CompareRuns& runs, double duration_seconds, double confidence) {
  STAMPEDE_CHECK(!runs.empty() && duration_seconds > 0, "nothing to rule on");
  std::vector<double> p;  // [policy] x [question] x {better, worse}
  std::vector<double> mean_gains;
  std::vector<Ruling> rulings(runs.size());
  for (std::size_t k = 1; k < runs.size(); ++k) {
    STAMPEDE_CHECK(runs[k].size() <= runs[0].size(), "a pair lacks its partner");
    for (std::size_t q = 0; q < kQuestions; ++q) {
      std::vector<double> values =
          gains(static_cast<Question>(q), runs[0], runs[k], duration_seconds);
      const double sum = std::accumulate(values.begin(), values.end(), 0.0);
      if (static_cast<Question>(q) == Question::kDowntime) mean_gains.push_back(sum);
      if (static_cast<Question>(q) == Question::kSeeds) {
        rulings[k].less = static_cast<std::size_t>(std::count(values.begin(), values.end(), 1.0));
        rulings[k].more = static_cast<std::size_t>(std::count(values.begin(), values.end(), -1.0));
      }
      p.push_back(anytime_p(values));
      for (double& v : values) v = -v;
      p.push_back(anytime_p(values));
    }
  }
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t k = 1; k < runs.size(); ++k) {
    Ruling& ruling = rulings[k];
    for (std::size_t q = 0; q < kQuestions; ++q) {
      const std::size_t at = ((k - 1) * kQuestions + q) * 2;
      ruling.p_better = std::min(ruling.p_better, adjusted[at]);
      ruling.p_worse = std::min(ruling.p_worse, adjusted[at + 1]);
      if (adjusted[at] <= 1 - confidence) ruling.answers[q] = Outlook::kBetter;
      if (adjusted[at + 1] <= 1 - confidence) ruling.answers[q] = Outlook::kWorse;
    }
    ruling.verdict = verdict_of(ruling, mean_gains[k - 1]);
  }
  return rulings;
}

bool acts_on_nothing(const CompareRuns& runs, std::size_t policy) {
  const auto& of_policy = runs[policy];
  return !of_policy.empty() && std::equal(of_policy.begin(), of_policy.end(), runs[0].begin(),
                                          [](const CompareRun& a, const CompareRun& b) {
                                            return !a.digest.empty() && a.digest == b.digest;
                                          });
}

StoppedBy decide(const DecidePlan& plan, CompareRuns& runs, std::vector<std::size_t>& open,
                 const std::function<std::optional<CompareRun>(std::size_t, i64)>& play) {
  for (;;) {
    const auto settle = rule(runs, plan.duration_seconds);
    std::erase_if(open, [&](std::size_t k) {
      return settle[k].verdict != Outlook::kUndecided ||
             (runs[k].size() >= kIdleRuns && acts_on_nothing(runs, k));
    });
    if (open.empty()) return StoppedBy::kDecided;
    std::size_t round = plan.limit;  // seeds of the policy that has fewest
    for (const std::size_t k : open) round = std::min(round, runs[k].size());
    if (round >= plan.limit) return StoppedBy::kLimit;
    std::vector<std::size_t> next;
    if (runs[0].size() == round) next.push_back(0);
    for (const std::size_t k : open)
      if (runs[k].size() == round) next.push_back(k);
    std::vector<std::optional<CompareRun>> played(next.size());
    const i64 seed = plan.first_seed + static_cast<i64>(round);
    for_each_parallel(next.size(), plan.jobs,
                      [&](std::size_t i) { played[i] = play(next[i], seed); });
    const bool base_lacks = next.front() == 0 && !played.front();
    for (std::size_t i = 0; i < next.size() && !base_lacks; ++i)
      if (played[i]) runs[next[i]].push_back(std::move(*played[i]));
    if (std::any_of(played.begin(), played.end(), [](const auto& run) { return !run; }))
      return StoppedBy::kBudget;
  }
}

}  // namespace stampede
