// What the two forms of `stampede tipping-point` share: one parameter, and the map of two.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/trial_command.h"
#include "tools/experiments/tipping.h"

namespace stampede {

struct TippingOptions : TrialOptions {
  std::vector<std::string> params, betweens, policies;
  std::string within = "1%";
  i64 per_point = 40;
  std::optional<i64> points;  // of a map
  bool log = false;
  i64 rows() const { return points.value_or(7); }
};

// The range of the k-th parameter. Throws InputError.
Axis tipping_axis(const TippingOptions& o, std::size_t k, const Trials& trials);
TippingPlan tipping_plan(const TippingOptions& o);
std::string text_at(const Axis& axis, double at);
// What follows the command that all questions share.
std::string tipping_words(const TippingOptions& o);

// Where the first parameter tips, for each of several values of the second; prints it and returns
// the exit code.
int tipping_map(const TippingOptions& o, TrialSession& session);

}  // namespace stampede
