// The rows of queueing_oracles.csv as models of this project: which customers and stations express
// a row, and which ratio of counts estimates its metric.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/dependencies/station_customers.h"

namespace stampede::test {

struct OracleRow {
  std::string model, params, metric;
  double value = 0;
};

// Counts that a run accumulates; a metric is a ratio of two of them.
enum Feature : int {
  kSeconds,
  kPresent,
  kWaiting,
  kBusy,
  kAllBusy,
  kOrbit,  // time and integrals over it [s]
  kOffered,
  kRefused,
  kDelayed,
  kAbandoned,  // arrivals at the first station
  kServed,
  kSojourn,
  kPassed,
  kWaited,  // of jobs that left it
  kHighCount,
  kHighSojourn,
  kHighWaited,
  kLowCount,
  kLowSojourn,
  kLowWaited,
  kGone,
  kInSystem,  // customers that left for good
  kBigCount,
  kBigSojourn,
  kBigWork,  // jobs of about five times the mean work
  kExtraArrivals,
  kExtraWork,      // over what the rates promise: mean zero
  kFixedFeatures,  // then two a tail metric
};
using Features = std::vector<double>;

// A probability of exceeding `at`, or the quantile there.
struct Tail {
  bool sojourn = true;  // else the wait
  double at = 0;
  double probability =
      -1;  // of a quantile: what must lie above it; < 0: the probability is the metric
};

struct Estimator {
  int numerator = 0, denominator = 0;
  double scale = 1;
  std::optional<Tail> tail{};
};

struct Expressed {
  CustomersParams params;
  double customers_per_second = 1;
  double load = 0;        // of the servers where there is no loss, else 0
  double mean_work = 1;   // [s]
  double relaxation = 0;  // customers that come while the station forgets its state
};

// "lambda=5 mu=10" as numbers by name.
std::map<std::string, double> numbers(const std::string& text);
// All rows of the file; empty if it cannot be read.
std::vector<OracleRow> read_oracles(const std::string& file);
// Empty, with the reason, if no model of the project expresses it.
std::optional<Expressed> express(const OracleRow& row, std::string& reason);
Estimator estimator_of(const OracleRow& row);

// Runs a model until each metric's standard error is below `precision` of its mean, or `cap`
// customers came. Result: mean and standard error by row.
struct Estimate {
  double mean = 0, error = 0;
  double degrees = 0;
};
std::vector<Estimate> simulate(const Expressed& model, const std::vector<OracleRow>& rows,
                               double precision, double cap, u64 seed, double& customers);

}  // namespace stampede::test
