#include "tools/experiments/band.h"

#define BOOST_MATH_PROMOTE_DOUBLE_POLICY false  // see statistics.cpp

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr double kTenth = 1.2815515655446004;  // standard deviations to the 90 % quantile

struct Figure {
  const char *path, *title;  // in summary.json; for people
};
constexpr Figure kFigures[] = {
    {"requests.succeeded", "answered"},
    {"requests.availability_ratio", "availability"},
    {"outage.downtime_seconds", "downtime [s]"},
    {"latency.ttft_answered_seconds.mean", "TTFT mean [s]"},
    {"latency.ttft_answered_seconds.p99", "TTFT p99 [s]"},
    {"latency.e2e_seconds.mean", "E2E mean [s]"},
    {"latency.e2e_seconds.p99", "E2E p99 [s]"},
    {"latency.tpot_seconds.mean", "time per token mean [s]"},
};

ordered_json::json_pointer pointer(std::string path) {
  std::replace(path.begin(), path.end(), '.', '/');
  return ordered_json::json_pointer("/" + path);
}

std::size_t stretch(ServingParams& serving, double quantile) {
  std::size_t stated = 0;
  for (PoolParams& pool : serving.pools) {
    EngineParams& e = pool.engine;
    if (!e.step_error) continue;
    ++stated;
    const double factor = step_factor(*e.step_error, quantile);
    for (Duration* part : {&e.step_base, &e.step_per_sequence, &e.step_per_prompt_token,
                           &e.step_per_million_pairs, &e.step_per_thousand_context_tokens})
      part->ns = std::llround(static_cast<double>(part->ns) * factor);
  }
  return stated;
}

}  // namespace

double step_factor(const StepErrorParams& error, double quantile) {
  const double z = boost::math::quantile(boost::math::normal(), quantile) / kTenth;
  return z < 0 ? pow(error.low.value, -z) : pow(error.high.value, z);
}

std::size_t stretch_steps(Spec& spec, double quantile) {
  std::size_t stated = stretch(spec.serving, quantile);
  for (RegionParams& region : spec.regions)
    if (region.serving) stated += stretch(*region.serving, quantile);
  return stated;
}

ordered_json band_of(const Scenario& scenario,
                     const std::function<std::string(const Scenario&)>& play) {
  std::vector<ordered_json> summaries;
  for (std::size_t k = 0; k < kBandRuns; ++k) {
    Scenario repeat = scenario;
    repeat.spec.seed += static_cast<i64>(k);
    stretch_steps(repeat.spec, (static_cast<double>(k) + 0.5) / kBandRuns);
    summaries.push_back(ordered_json::parse(play(repeat)));
  }
  ordered_json band = {{"runs", kBandRuns}};
  for (const Figure& figure : kFigures) {
    std::vector<double> values;
    for (const ordered_json& s : summaries)
      if (const auto at = pointer(figure.path); s.contains(at) && s.at(at).is_number())
        values.push_back(s.at(at).get<double>());
    if (values.size() < kBandRuns) continue;
    std::sort(values.begin(), values.end());
    band[figure.path] = {
        {"low", values[1]}, {"median", values[kBandRuns / 2]}, {"high", values[kBandRuns - 2]}};
  }
  return band;
}

std::string band_table(const ordered_json& band) {
  if (band.empty()) return "";
  std::string text = fmt::format(
      "\nBand: 10 to 90 % of {} runs with the stated error of step times\n", band.value("runs", 0));
  for (const Figure& figure : kFigures)
    if (const auto it = band.find(figure.path); it != band.end())
      text += fmt::format("  {:<26}{:>12.6g} to {:<12.6g} median {:.6g}\n", figure.title,
                          it->value("low", 0.0), it->value("high", 0.0), it->value("median", 0.0));
  return text;
}

}  // namespace stampede
