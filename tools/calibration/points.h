// Measured points of TTFT and TPOT at given concurrency, predicted without their family of models.
// docs/measurements/step_time_rule.md is the rule.
#pragma once
#include <string>
#include <vector>

#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct Point {
  std::string family, system, backend, not_covered;  // not_covered: why; empty: it is
  Server server;
  double prompt = 0, answer = 0;  // longest [tokens]
  int clients = 0;
  double ttft = 0, tpot = 0;  // measured [s]
  bool protocol_known = false;
  bool development = false;  // what was looked at while terms were chosen; else held out
};

// The `agg` rows of a file in the form of NVIDIA's aiconfigurator, plain or compressed by gzip.
// `sizes` holds models/ and gpus/. Throws std::runtime_error.
std::vector<Point> read_points(const std::string& path, const std::string& sizes);

struct PointPrediction {
  const Point* point;
  double ttft = 0, tpot = 0;  // [s]
};

struct PointStudy {
  struct Family {
    std::string name;
    Terms constants{};  // fitted without it
    int rounds = 0;
  };
  std::vector<Family> families;              // that have a covered point
  Terms constants{};                         // fitted to all covered points
  std::vector<PointPrediction> predictions;  // of all points, each without its family if it counts
  // Covered points that are held out, with constants fitted to development points of other
  // families.
  std::vector<PointPrediction> held_out;
};
// Fits, and plays every point through closed-loop clients. Throws std::runtime_error if a fit does
// not converge.
PointStudy study(const std::vector<Point>& points);

}  // namespace stampede::calibration
