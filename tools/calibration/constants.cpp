#include "tools/calibration/constants.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace stampede::calibration {
namespace {

constexpr int kRounds = 200;
constexpr double kStill = 1e-3;       // of itself, that a constant may move in the last round
constexpr double kLeastError = 1e-3;  // relative; smaller ones weigh no more
constexpr int kSweeps = 100'000;

using Vector = Eigen::Matrix<double, kTerms, 1>;
using Matrix = Eigen::Matrix<double, kTerms, kTerms>;

// Minimises x'Gx/2 - b'x with x >= low, one coordinate after the other; G has a zero row where
// nothing is known of a constant, which then stays at its bound.
void descend(const Matrix& gram, const Vector& target, const Vector& low, Vector& x) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double moved = 0;
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      if (gram(i, i) <= 0) continue;
      const double rest = target(i) - gram.row(i).dot(x) + gram(i, i) * x(i);
      const double next = std::max(low(i), rest / gram(i, i));
      moved = std::max(moved, std::abs(next - x(i)));
      x(i) = next;
    }
    if (moved < 1e-10) return;
  }
  throw std::runtime_error("fit: the least squares of a round do not converge");
}

}  // namespace

ConstantsFit fit_constants(const std::vector<MeasuredTerms>& rows) {
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd a(n, kTerms);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < a.cols(); ++j)
      a(i, j) = rows[static_cast<std::size_t>(i)].terms[static_cast<std::size_t>(j)] /
                rows[static_cast<std::size_t>(i)].measured;
  // In units in which every column has length one.
  Vector unit = a.colwise().norm().transpose(), low;
  const Terms least = least_constants();
  for (Eigen::Index j = 0; j < unit.size(); ++j) {
    if (unit(j) <= 0) unit(j) = 1;
    a.col(j) /= unit(j);
    low(j) = least[static_cast<std::size_t>(j)] * unit(j);
  }
  Vector x = low;
  Eigen::VectorXd weight = Eigen::VectorXd::Ones(n);
  for (int round = 1; round <= kRounds; ++round) {
    const Vector before = x;
    const Eigen::MatrixXd weighed = weight.asDiagonal() * a;
    descend(a.transpose() * weighed, weighed.colwise().sum().transpose(), low, x);
    const Eigen::ArrayXd error = (a * x).array() - 1;
    weight = error.abs().max(kLeastError).inverse().matrix();
    if (((x - before).array().abs() <= kStill * x.array().abs()).all()) {
      ConstantsFit fit{{}, round};
      for (Eigen::Index j = 0; j < x.size(); ++j)
        fit.constants[static_cast<std::size_t>(j)] = x(j) / unit(j);
      return fit;
    }
  }
  throw std::runtime_error("fit: the constants still move after 200 rounds");
}

}  // namespace stampede::calibration
