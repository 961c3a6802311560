// Queueing theory's exact results, computed by others: stations and retrying clients must reproduce
// every one that they can express, to a standard error below 1 %, and all together at 5 % after
// Holm's correction. The slowly mixing rows need more customers than the default tier has time for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <thread>

#include "tests/oracle/queueing_models.h"
#include "tests/oracle/retry_models.h"
#include "tests/support.h"

namespace stampede::test {
namespace test_queueing {

struct Verdict {
  OracleRow row;
  Estimate got;
  double p = 1;
};

double p_value(const Verdict& v) {
  if (v.got.error == 0) return v.got.mean == v.row.value ? 1 : 0;  // the same in every sample
  const boost::math::students_t t(v.got.degrees);
  return 2 * cdf(complement(t, std::abs(v.got.mean - v.row.value) / v.got.error));
}

// Rows rejected by Holm's step-down at `level`.
std::vector<Verdict> holm(std::vector<Verdict> all, double level) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.p < b.p; });
  std::size_t i = 0;
  while (i < all.size() && all[i].p < level / static_cast<double>(all.size() - i)) ++i;
  all.resize(i);
  return all;
}

using Models = std::map<std::string, std::vector<OracleRow>>;

struct Simulated {
  const Models::value_type* model = nullptr;
  std::vector<Estimate> estimates;  // of its rows
  double customers = 0;
};

// Every model with a seed of its own, on two threads.
std::vector<Simulated> simulate_all(const Models& models, double cap) {
  std::vector<Simulated> all;
  for (const auto& model : models) all.push_back({&model, {}, 0});
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < all.size(); i = next++) {
      std::string reason;
      const auto& rows = all[i].model->second;
      all[i].estimates =
          simulate(*express(rows.front(), reason), rows, 0.0095, cap, i + 1, all[i].customers);
    }
  };
  std::thread other(work);
  work();
  other.join();
  return all;
}

TEST(queueing, oracles) {
  const auto file = shared_dir() / "vectors" / "queueing_oracles.csv";
  const auto rows = read_oracles(file.string());
  if (rows.empty()) GTEST_SKIP() << file << " is absent";

  std::map<std::string, int> left_out;
  std::map<std::string, std::vector<OracleRow>> by_model;
  std::vector<Verdict> tested;
  double total = 0;
  for (const OracleRow& row : rows) {
    std::string reason;
    if (const auto retries = simulate_retries(row, 1 + tested.size(), total)) {
      EXPECT_LT(retries->error, 0.01 * std::abs(retries->mean)) << row.model << " " << row.params;
      tested.push_back({row, *retries, 1});
      tested.back().p = p_value(tested.back());
    } else if (express(row, reason))
      by_model[row.model + " " + row.params].push_back(row);
    else
      ++left_out[reason];
  }
  int zero_quantiles = 0;
  const char* tier = std::getenv("STAMPEDE_TIER");
  const double cap = tier && std::string(tier) == "full" ? 4e8 : 5e7;  // customers of a model
  for (const Simulated& done : simulate_all(by_model, cap)) {
    const auto& [name, of_model] = *done.model;
    total += done.customers;
    for (std::size_t i = 0; i < of_model.size(); ++i) {
      const Verdict v{of_model[i], done.estimates[i], 1};
      if (v.row.value == 0) {
        // A quantile of zero: fewer wait than the share that lies above it.
        const double above = estimator_of(v.row).tail->probability;
        EXPECT_LT(v.got.mean + 4 * v.got.error, above) << name << " " << v.row.metric;
        ++zero_quantiles;
      } else if (v.got.error > 0 && v.got.error < 0.01 * std::abs(v.got.mean)) {
        tested.push_back(v);
        tested.back().p = p_value(v);
      } else {
        ++left_out[fmt::format(
            "too rare or too slowly mixing for a standard error of 1 % in {:.0f} M customers",
            cap * 1e-6)];
        fmt::print("  not precise enough: {} {}: {:.4g} +- {:.1f} %, oracle {:.4g}\n", name,
                   v.row.metric, v.got.mean, 100 * v.got.error / v.got.mean, v.row.value);
      }
    }
  }
  fmt::print("{} of {} rows tested and {} quantiles of zero, {:.0f} M customers\n", tested.size(),
             rows.size(), zero_quantiles, total * 1e-6);
  for (const auto& [reason, count] : left_out) fmt::print("{} rows left out: {}\n", count, reason);
  std::sort(tested.begin(), tested.end(), [](const auto& a, const auto& b) { return a.p < b.p; });
  for (std::size_t i = 0; i < std::min<std::size_t>(3, tested.size()); ++i)
    fmt::print("  furthest: {} {} {}: {:.6g} +- {:.2g}, oracle {:.6g}, p = {:.3g}\n",
               tested[i].row.model, tested[i].row.params, tested[i].row.metric, tested[i].got.mean,
               tested[i].got.error, tested[i].row.value, tested[i].p);
  for (const Verdict& v : holm(tested, 0.05))
    ADD_FAILURE() << v.row.model << " " << v.row.params << " " << v.row.metric << ": " << v.got.mean
                  << " +- " << v.got.error << ", oracle " << v.row.value;
  EXPECT_GE(tested.size(), 265u);
}

}  // namespace test_queueing
}  // namespace stampede::test
