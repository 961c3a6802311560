// Least squares with bounds for a handful of unknowns.
#pragma once
#include <Eigen/Dense>

namespace stampede::calibration {

// Minimises |A x - y| with low <= x <= high by trying every set of bounds that may bind (3^n: at
// most 6 unknowns). Throws std::invalid_argument if there are more, or sizes differ.
Eigen::VectorXd bounded_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& y,
                                      const Eigen::VectorXd& low, const Eigen::VectorXd& high);

}  // namespace stampede::calibration
