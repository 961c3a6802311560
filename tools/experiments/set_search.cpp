#include "tools/experiments/set_search.h"

#include <algorithm>
#include <map>

#include "tools/experiments/run_record.h"

namespace stampede {
namespace {

using Members = std::vector<std::size_t>;  // singles, in order

class Halving {
 public:
  using Add = std::function<std::optional<std::size_t>(const Members&)>;
  using Play = std::function<std::optional<CompareRun>(std::size_t, i64)>;
  Halving(const SetSearchPlan& plan, CompareRuns& runs, const Add& add, const Play& play)
      : plan_(plan), runs_(runs), add_(add), play_(play), singles_(runs.size() - 1) {}

  SetSearch search() {
    std::vector<std::size_t> level;
    for (std::size_t k = 1; k <= singles_; ++k) {
      level.push_back(k);
      members_[k] = {k};
    }
    for (std::size_t size = 1; !level.empty() && !found_.time_is_up; ++size) {
      const std::vector<std::size_t> best = best_of(level);
      found_.finalists.insert(found_.finalists.end(), best.begin(), best.end());
      if (size == plan_.most_members) break;
      level = larger(best);
    }
    return found_;
  }

 private:
  std::vector<std::size_t> best_of(std::vector<std::size_t> level) {
    for (std::size_t seeds = plan_.seeds;; seeds *= 2) {
      bring(level, seeds);
      std::stable_sort(level.begin(), level.end(),
                       [&](std::size_t a, std::size_t b) { return badness(a) < badness(b); });
      if (level.size() <= plan_.keep || found_.time_is_up) break;
      level.resize(std::max(plan_.keep, (level.size() + 1) / 2));
    }
    level.resize(std::min(level.size(), plan_.keep));
    return level;
  }

  // Share of outages, then the mean downtime; what was not played comes last.
  std::pair<double, double> badness(std::size_t policy) const {
    const auto& runs = runs_[policy];
    if (runs.empty()) return {2, 0};
    double outages = 0, downtime = 0;
    for (const CompareRun& run : runs) {
      outages += run.collapsed;
      downtime += run.values.front();
    }
    const auto n = static_cast<double>(runs.size());
    return {outages / n, downtime / n};
  }

  void bring(const std::vector<std::size_t>& level, std::size_t seeds) {
    for (std::size_t n = 0; n < seeds && !found_.time_is_up; ++n) {
      std::vector<std::size_t> next;
      if (runs_[0].size() == n) next.push_back(0);
      for (const std::size_t policy : level)
        if (runs_[policy].size() == n) next.push_back(policy);
      std::vector<std::optional<CompareRun>> played(next.size());
      for_each_parallel(next.size(), plan_.jobs, [&](std::size_t k) {
        played[k] = play_(next[k], plan_.first_seed + static_cast<i64>(n));
      });
      const bool base_lacks = !next.empty() && next.front() == 0 && !played.front();
      for (std::size_t k = 0; k < next.size(); ++k) {
        found_.time_is_up = found_.time_is_up || !played[k];
        if (played[k] && !base_lacks) runs_[next[k]].push_back(std::move(*played[k]));
      }
    }
  }

  bool enough(const Members& members) const {
    return std::any_of(members_.begin(), members_.end(), [&](const auto& known) {
      return runs_[known.first].size() >= plan_.seeds && badness(known.first).first == 0 &&
             std::includes(members.begin(), members.end(), known.second.begin(),
                           known.second.end());
    });
  }

  std::vector<std::size_t> larger(const std::vector<std::size_t>& best) {
    std::vector<std::size_t> level;
    for (const std::size_t set : best)
      for (std::size_t single = 1; single <= singles_; ++single) {
        Members members = members_[set];
        if (std::binary_search(members.begin(), members.end(), single)) continue;
        members.insert(std::upper_bound(members.begin(), members.end(), single), single);
        const bool known = std::any_of(members_.begin(), members_.end(),
                                       [&](const auto& other) { return other.second == members; });
        if (known || enough(members)) continue;
        if (const auto policy = add_(members)) {
          members_[*policy] = members;
          level.push_back(*policy);
        }
      }
    return level;
  }

  const SetSearchPlan& plan_;
  CompareRuns& runs_;
  const Add& add_;
  const Play& play_;
  const std::size_t singles_;
  std::map<std::size_t, Members> members_;  // by policy
  SetSearch found_;
};

}  // namespace

SetSearch search_sets(const SetSearchPlan& plan, CompareRuns& runs,
                      const std::function<std::optional<std::size_t>(const Members&)>& add,
                      const std::function<std::optional<CompareRun>(std::size_t, i64)>& play) {
  return Halving(plan, runs, add, play).search();
}

}  // namespace stampede
