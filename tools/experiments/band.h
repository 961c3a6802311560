// What a run says if its step times are as far off as their source states (`engine.step_error`):
// the run again with step times through their distribution, and 10 to 90 % of each figure.
// The true step time is stated x factor; the factor's logarithm is normal on each side of 0,
// through `low` at 10 % and `high` at 90 %. Every repeat has a seed of its own, so chance is in the
// band.
// **Limits** one factor for all pools with an error, and for all five terms of a step; what a
// timeline sets stays as it is written.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/world/scenario.h"

namespace stampede {

// Repeats of a band; the second least and the second most are its ends.
inline constexpr std::size_t kBandRuns = 11;

// True step time / stated step time at `quantile` between 0 and 1.
double step_factor(const StepErrorParams& error, double quantile);

// Makes all step times those of `quantile`, in every region. Returns how many pools state an error.
std::size_t stretch_steps(Spec& spec, double quantile);

// Plays the repeats: `play` gives the summary of a scenario. As JSON:
//   {"runs": 11, "requests.succeeded": {"low": 10 %, "median": 50 %, "high": 90 %}, ...}
// with those figures of the summary that every repeat has.
nlohmann::ordered_json band_of(const Scenario& scenario,
                               const std::function<std::string(const Scenario&)>& play);

// The same for people; empty for an empty band.
std::string band_table(const nlohmann::ordered_json& band);

}  // namespace stampede
