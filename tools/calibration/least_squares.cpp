#include "tools/calibration/least_squares.h"

#include <limits>
#include <stdexcept>
#include <vector>

namespace stampede::calibration {

Eigen::VectorXd bounded_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& y,
                                      const Eigen::VectorXd& low, const Eigen::VectorXd& high) {
  const Eigen::Index n = a.cols();
  if (n > 6 || low.size() != n || high.size() != n || a.rows() != y.size())
    throw std::invalid_argument("bounded_least_squares: sizes");
  // In units in which every column has length one.
  const Eigen::VectorXd unit = a.colwise().norm().cwiseMax(1e-300).transpose();
  const Eigen::MatrixXd scaled = a * unit.cwiseInverse().asDiagonal();
  const Eigen::MatrixXd gram = scaled.transpose() * scaled;
  const Eigen::VectorXd target = scaled.transpose() * y;
  const Eigen::VectorXd least = low.cwiseProduct(unit), most = high.cwiseProduct(unit);
  Eigen::VectorXd best = least;
  double best_value = std::numeric_limits<double>::infinity();
  int sets = 1;
  for (Eigen::Index i = 0; i < n; ++i) sets *= 3;
  for (int set = 0; set < sets; ++set) {
    Eigen::VectorXd x(n);
    std::vector<Eigen::Index> free;
    int code = set;
    for (Eigen::Index i = 0; i < n; ++i, code /= 3) {
      x(i) = code % 3 == 1 ? least(i) : code % 3 == 2 ? most(i) : 0;
      if (code % 3 == 0) free.push_back(i);
    }
    const auto m = static_cast<Eigen::Index>(free.size());
    if (m > 0) {
      Eigen::MatrixXd g(m, m);
      Eigen::VectorXd t(m);
      const Eigen::VectorXd rest = target - gram * x;
      for (Eigen::Index i = 0; i < m; ++i) {
        t(i) = rest(free[static_cast<std::size_t>(i)]);
        for (Eigen::Index j = 0; j < m; ++j)
          g(i, j) = gram(free[static_cast<std::size_t>(i)], free[static_cast<std::size_t>(j)]);
      }
      const Eigen::VectorXd solved = g.ldlt().solve(t);
      for (Eigen::Index i = 0; i < m; ++i) x(free[static_cast<std::size_t>(i)]) = solved(i);
    }
    if ((x.array() < least.array() - 1e-12).any() || (x.array() > most.array() + 1e-12).any() ||
        !x.allFinite())
      continue;
    const double value = x.dot(gram * x) - 2 * target.dot(x);
    if (value < best_value) best_value = value, best = x;
  }
  return best.cwiseQuotient(unit);
}

}  // namespace stampede::calibration
