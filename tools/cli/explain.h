// stampede explain: the questions that it answers, one file each. Each plays runs until the budget
// of the session is used up or `runs` of each kind are there, prints its table or JSON, and says
// what it rests on.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/trial_command.h"

namespace stampede {

struct ExplainOptions : TrialOptions {
  std::string of;
  std::vector<std::string> policies;  // --with: levers, or the one that is judged
  i64 runs = 20;
  std::optional<i64> leaders, sets_of;
  std::size_t most_leaders() const { return static_cast<std::size_t>(leaders.value_or(6)); }
  i64 most_levers() const { return sets_of.value_or(2); }
};

struct Explained {
  std::string table;
  nlohmann::ordered_json json;  // what is below "result"
  // The time was over before the least that is an answer, and how many runs that takes.
  std::string over_before;
  std::size_t least_runs = 0;
};

Explained explain_delays(const ExplainOptions& o, TrialSession& session);
Explained explain_links(const ExplainOptions& o, TrialSession& session);
Explained explain_assumptions(const ExplainOptions& o, TrialSession& session);
Explained explain_worlds(const ExplainOptions& o, TrialSession& session);

// The parameters of assumptions.h that this scenario has, as axes; `left_out` gets the others.
std::vector<Axis> assumed_axes(const Trials& trials, std::vector<std::string>& left_out);
Variation change_at(const std::vector<Axis>& axes, const std::vector<double>& at);

// A change in downtime as minutes with an interval that holds at any time.
struct Paired {
  double mean = 0;  // s
  Interval interval;
  std::size_t runs = 0;
};
Paired paired(const std::vector<double>& differences, double duration_seconds);
std::string minutes_text(double seconds, bool sign = true);
std::string minutes_text(const Interval& seconds);
nlohmann::ordered_json json_of(const Paired& p);

}  // namespace stampede
