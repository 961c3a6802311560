// Screening and variance shares on functions whose indices are known in closed form.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tools/experiments/axis.h"
#include "tools/experiments/sensitivity.h"

namespace stampede {
namespace test_sensitivity {

// Ishigami and Homma (1990), a = 7, b = 0.1: first-order indices 0.3139, 0.4424, 0, total indices
// 0.5576, 0.4424, 0.2437 (Saltelli et al., Global Sensitivity Analysis, 2008).
double ishigami(const std::vector<double>& u) {
  const auto x = [&](std::size_t i) { return M_PI * (2 * u[i] - 1); };
  return std::sin(x(0)) + 7 * std::sin(x(1)) * std::sin(x(1)) +
         0.1 * std::pow(x(2), 4) * std::sin(x(0));
}
constexpr double kIshigamiFirst[] = {0.3139, 0.4424, 0},
                 kIshigamiTotal[] = {0.5576, 0.4424, 0.2437};

// Sobol's g-function: V_i = 1 / (3 (1 + a_i)^2), V = prod (1 + V_i) - 1.
const std::vector<double> kA{0, 1, 4.5, 9, 99, 99, 99, 99};
double g_function(const std::vector<double>& u) {
  double product = 1;
  for (std::size_t i = 0; i < u.size(); ++i)
    product *= (std::abs(4 * u[i] - 2) + kA[i]) / (1 + kA[i]);
  return product;
}
double part(std::size_t i) { return 1 / (3 * (1 + kA[i]) * (1 + kA[i])); }
double whole() {
  double product = 1;
  for (std::size_t i = 0; i < kA.size(); ++i) product *= 1 + part(i);
  return product - 1;
}
double g_first(std::size_t i) { return part(i) / whole(); }
double g_total(std::size_t i) { return part(i) / (1 + part(i)) * (1 + whole()) / whole(); }

template <class Function>
Answers answers_of(const Points& points, const Function& f) {
  Answers answers;
  for (const auto& point : points) answers.push_back(f(point));
  return answers;
}

TEST(sensitivity, sobol_indices_of_ishigamis_function) {
  const auto found = sobol_indices(3, answers_of(sobol_design(4096, 3, 1), ishigami));
  ASSERT_EQ(found.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(found[i].first, kIshigamiFirst[i], 0.02) << i;
    EXPECT_NEAR(found[i].total, kIshigamiTotal[i], 0.02) << i;
  }
}

TEST(sensitivity, sobol_indices_of_the_g_function) {
  const auto found = sobol_indices(8, answers_of(sobol_design(2048, 8, 1), g_function));
  ASSERT_EQ(found.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(found[i].first, g_first(i), 0.02) << i;
    EXPECT_NEAR(found[i].total, g_total(i), 0.02) << i;
  }
}

// Of 1,000 designs of 64 rows each; the points of a design are a digitally shifted sequence, whose
// errors are smaller than those of independent rows, for which the bootstrap allows.
TEST(sensitivity, bootstrap_intervals_cover_at_least_as_often_as_they_say) {
  constexpr int kExperiments = 1000;
  int first = 0, total = 0;
  for (int k = 0; k < kExperiments; ++k) {
    const auto found =
        sobol_indices(3, answers_of(sobol_design(64, 3, static_cast<u64>(k)), ishigami));
    const Interval f = found[1].first_interval, t = found[0].total_interval;
    first += f.low <= kIshigamiFirst[1] && kIshigamiFirst[1] <= f.high;
    total += t.low <= kIshigamiTotal[0] && kIshigamiTotal[0] <= t.high;
  }
  fmt::print("coverage: first-order {:.1f} %, total {:.1f} %\n", first / 10.0, total / 10.0);
  EXPECT_GE(first, 930);
  EXPECT_GE(total, 930);
}

TEST(sensitivity, first_order_indices_by_ranks_from_any_sample) {
  constexpr int kExperiments = 1000;
  int covered = 0;
  double mean = 0;
  for (int k = 0; k < kExperiments; ++k) {
    const Points points = latin_hypercube(64, 3, static_cast<u64>(k));
    std::vector<double> x, y;
    for (const auto& point : points) {
      x.push_back(point[1]);
      y.push_back(ishigami(point));
    }
    const auto index = rank_index(x, y);
    ASSERT_TRUE(index);
    mean += index->first / kExperiments;
    covered +=
        index->interval.low <= kIshigamiFirst[1] && kIshigamiFirst[1] <= index->interval.high;
  }
  fmt::print("mean {:.3f}, coverage {:.1f} %\n", mean, covered / 10.0);
  EXPECT_NEAR(mean, kIshigamiFirst[1], 0.05);
  EXPECT_GE(covered, 930);
  EXPECT_FALSE(rank_index({1, 2, 3}, {1, 2, 3}));
  EXPECT_FALSE(rank_index(std::vector<double>(9, 1.0), std::vector<double>(9, 2.0)));
}

TEST(sensitivity, screening_ranks_the_g_function_and_sees_a_straight_line) {
  const Points points = morris_points(20, 8, 1);
  ASSERT_EQ(points.size(), 20u * 9);
  const auto effects = morris_effects(points, answers_of(points, g_function));
  for (std::size_t i = 0; i + 1 < 4; ++i) EXPECT_GT(effects[i].absolute, effects[i + 1].absolute);
  for (std::size_t i = 4; i < 8; ++i) EXPECT_LT(effects[i].absolute, effects[3].absolute);
  const auto line =
      morris_effects(points, answers_of(points, [](const auto& u) { return 3 * u[2] - u[5] + 1; }));
  EXPECT_NEAR(line[2].mean, 3, 1e-12);
  EXPECT_NEAR(line[5].mean, -1, 1e-12);
  EXPECT_NEAR(line[5].absolute, 1, 1e-12);
  EXPECT_NEAR(line[2].deviation, 0, 1e-12);
  EXPECT_EQ(line[0].absolute, 0);
  EXPECT_EQ(line[2].steps, 20u);
}

TEST(sensitivity, a_missing_answer_takes_its_step_or_row_with_it) {
  const Points path = morris_points(2, 3, 5);
  Answers answers = answers_of(path, ishigami);
  answers[1] = std::nullopt;
  std::size_t steps = 0;
  for (const MorrisEffect& e : morris_effects(path, answers)) steps += e.steps;
  EXPECT_EQ(steps, 4u);
  Answers few = answers_of(sobol_design(2, 3, 1), ishigami);
  few[0] = std::nullopt;
  EXPECT_TRUE(sobol_indices(3, few).empty());
  EXPECT_TRUE(sobol_indices(3, Answers(20, 7.0)).empty());
}

}  // namespace test_sensitivity
}  // namespace stampede
