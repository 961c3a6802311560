// The dimensions of a sweep: from a coordinate between 0 and 1 on each to values of parameters, and
// the points that fill them (grid, Sobol, Latin hypercube).
// **Source**: Joe and Kuo (2008) by Boost.Random for Sobol's sequence, with a random digital shift
// (Owen 1995), so that seeds give independent sets of points and none lies on an edge; McKay,
// Beckman and Conover (1979) for Latin hypercubes.
#pragma once
#include <string>
#include <vector>

#include "tools/experiments/sweep_file.h"

namespace stampede {

// A value for a parameter, and where the sweep file says so (spec.axes[0].values[2]).
struct Setting {
  std::string path, value, place;
};

struct AxisMember {
  std::string path;                 // as written
  std::string place;                // in the sweep file: spec.axes[0].zip[1]
  std::vector<std::string> values;  // empty for a range
  std::string from, to;
  double low = 0, high = 0;  // of a range, in base units
  bool log = false;
  ValueKind kind = ValueKind::kText;
};

struct Axis {
  std::vector<AxisMember> members;  // several in a zip
  std::size_t levels = 0;           // number of values; 0: drawn by a sample
  // Ranges throughout: any coordinate has a value.
  bool continuous() const;
};

// Values at a coordinate. Of a list, the one whose place in it is nearest. Values within a range
// have six significant digits; those of whole numbers and bytes are whole.
std::vector<Setting> settings_at(const Axis& axis, double coordinate);

// The coordinates of all points, an axis a column: the grid of the axes with levels, times the
// points of the sample over the others; the last axis varies fastest, the sample slowest.
std::vector<std::vector<double>> coordinates(const std::vector<Axis>& axes,
                                             const std::optional<SampleParams>& sample);

// Points in (0,1)^dimensions, [point] x [dimension].
std::vector<std::vector<double>> sobol_points(std::size_t points, std::size_t dimensions, u64 seed);
std::vector<std::vector<double>> latin_hypercube(std::size_t points, std::size_t dimensions,
                                                 u64 seed);

}  // namespace stampede
