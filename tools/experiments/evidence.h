// What may be said of runs that are looked at again and again: intervals and tests that hold at any
// time, whatever rule ended the runs. Pure functions of values in the order in which they came.
// Source: Ville (1939): a bet that is fair under a hypothesis reaches 1/a with probability a at
//   most, at any time; Waudby-Smith and Ramdas (JRSS B 86, 2024) for means of bounded values, by
//   bets in shares of the capital; Robbins (1970) for the mixture over a probability.
// Limits: replications are independent. What holds at any time is wider than what holds for one
//   number of runs that was fixed before: of a share by a fifth at ten runs and a third at twenty.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "tools/experiments/statistics.h"

namespace stampede {

// Logarithm of the largest capital that bets against "the mean is not above 0" have had. Values
// within [-1, 1]. The capital is the mean of 18 gamblers', each of whom stakes a fixed share.
double log_largest_capital(const std::vector<double>& values);

// p value of "the mean is not above 0" that holds at any time: 1 / the largest capital.
double anytime_p(const std::vector<double>& values);

// Of a mean of values within [low, high]; [low, high] itself without values.
Interval anytime_mean(const std::vector<double>& values, double low, double high,
                      double confidence = kConfidence);

// Of a probability after `hits` of `n`: the mixture with a Beta(1/2, 1/2) weight.
Interval anytime_share(std::size_t hits, std::size_t n, double confidence = kConfidence);

// Of the median, by ranks; absent: too few values. `value` is the sample's median.
QuantileEstimate anytime_median(std::vector<double> values, double confidence = kConfidence);

}  // namespace stampede
