// Which inputs an output hangs on: designs in the unit cube and what follows from the answers.
// Source: Morris (Technometrics 33, 1991) with the absolute mean of Campolongo, Cariboni and
//   Saltelli (2007); Saltelli et al. (Comput. Phys. Commun. 181, 2010) for the design, the
//   estimator of first-order indices and Jansen's of total ones, with bootstrap intervals over the
//   rows (an input that changes nothing has exactly 0); Gamboa,
//   Gremaud, Klein and Lagnoux (Bernoulli 28, 2022) for first-order indices by ranks from any
//   sample.
// Limits: inputs are independent and uniform. An answer that is missing takes its row or its step
//   with it. Bootstrap intervals of fewer than some hundred rows are too narrow.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "sim/units.h"
#include "tools/experiments/statistics.h"

namespace stampede {

using Points = std::vector<std::vector<double>>;     // [point] x [input]
using Answers = std::vector<std::optional<double>>;  // [point]

// `paths` walks through a grid of four levels that change one input at a time: a path is
// inputs + 1 points, one after the other.
Points morris_points(std::size_t paths, std::size_t inputs, u64 seed);
struct MorrisEffect {
  std::size_t steps = 0;          // that have both answers
  double mean = 0, absolute = 0;  // of (answer after - answer before) / step
  double deviation = 0;           // between paths: interactions, or a bent response
};
std::vector<MorrisEffect> morris_effects(const Points& points, const Answers& answers);

// `rows` of two independent samples, and of the first with one column of the second, in turn:
// rows x (inputs + 2) points, a row's together. A prefix of whole rows is a design as well.
Points sobol_design(std::size_t rows, std::size_t inputs, u64 seed);
struct SobolIndex {
  double first = 0, total = 0;
  Interval first_interval, total_interval;
};
// Nothing if fewer than two rows are whole, or the answers do not vary.
std::vector<SobolIndex> sobol_indices(std::size_t inputs, const Answers& answers,
                                      double confidence = kConfidence);

// Share of the variance of y that x explains alone, from any sample of x.
struct RankIndex {
  double first = 0;
  Interval interval;
};
// At least 8 pairs and some variance, else nothing.
std::optional<RankIndex> rank_index(const std::vector<double>& x, const std::vector<double>& y,
                                    double confidence = kConfidence);

}  // namespace stampede
