#include "tools/experiments/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/random/sobol.hpp>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "sim/math.h"
#include "sim/random.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

std::string value_of_range(const AxisMember& m, double coordinate) {
  if (coordinate <= 0) return m.from;
  if (coordinate >= 1) return m.to;
  const double exact = m.log ? m.low * math::exp(coordinate * math::log(m.high / m.low))
                             : m.low + coordinate * (m.high - m.low);
  if (m.kind == ValueKind::kInteger) return fmt::format("{:.0f}", exact);
  if (m.kind == ValueKind::kBytes) return fmt::format("{:.0f}B", exact);
  const double rounded = std::strtod(fmt::format("{:.6g}", exact).c_str(), nullptr);
  return m.kind == ValueKind::kDuration ? print_number(rounded) + "s" : bound_text(m.kind, rounded);
}

// 0, 1/(n-1), ... 1; a single level is at 0.
double level_coordinate(std::size_t level, std::size_t levels) {
  return levels > 1 ? static_cast<double>(level) / static_cast<double>(levels - 1) : 0;
}

}  // namespace

bool Axis::continuous() const {
  return std::all_of(members.begin(), members.end(),
                     [](const AxisMember& m) { return m.values.empty(); });
}

std::vector<Setting> settings_at(const Axis& axis, double coordinate) {
  std::vector<Setting> settings;
  for (const AxisMember& m : axis.members) {
    if (m.values.empty()) {
      settings.push_back({m.path, value_of_range(m, coordinate), m.place});
      continue;
    }
    const auto last = static_cast<double>(m.values.size() - 1);
    const auto k = static_cast<std::size_t>(std::lround(coordinate * last));
    settings.push_back({m.path, m.values[k], fmt::format("{}.values[{}]", m.place, k)});
  }
  return settings;
}

std::vector<std::vector<double>> sobol_points(std::size_t points, std::size_t dimensions,
                                              u64 seed) {
  std::vector<std::vector<double>> found(points, std::vector<double>(dimensions));
  if (dimensions == 0) return found;
  boost::random::sobol_engine<u64, 64> engine(dimensions);
  std::vector<u64> shift;
  const StreamKey key = stream_key(seed, "sweep", "digital shift");
  for (std::size_t d = 0; d < dimensions; ++d) {
    const Words w = draw(key, d);
    shift.push_back((u64{w[0]} << 32) | w[1]);
  }
  for (std::size_t p = 0; p < points; ++p)
    for (std::size_t d = 0; d < dimensions; ++d) {
      // Boost leaves out the first point of the sequence, the origin, which the balance of the
      // first 2^k points needs.
      const u64 bits = (p == 0 ? 0 : engine()) ^ shift[d];
      found[p][d] = (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
    }
  return found;
}

std::vector<std::vector<double>> latin_hypercube(std::size_t points, std::size_t dimensions,
                                                 u64 seed) {
  std::vector<std::vector<double>> found(points, std::vector<double>(dimensions));
  for (std::size_t d = 0; d < dimensions; ++d) {
    const StreamKey order = stream_key(seed, "sweep", "latin hypercube order");
    const StreamKey within = stream_key(seed, "sweep", "latin hypercube place");
    std::vector<std::size_t> cells(points);
    std::iota(cells.begin(), cells.end(), std::size_t{0});
    for (std::size_t k = points; k > 1; --k) {
      const double u = uniform(draw(order, k, static_cast<u32>(d)));
      std::swap(cells[k - 1], cells[static_cast<std::size_t>(u * static_cast<double>(k))]);
    }
    for (std::size_t p = 0; p < points; ++p)
      found[p][d] =
          (static_cast<double>(cells[p]) + uniform(draw(within, p, static_cast<u32>(d)))) /
          static_cast<double>(points);
  }
  return found;
}

std::vector<std::vector<double>> coordinates(const std::vector<Axis>& axes,
                                             const std::optional<SampleParams>& sample) {
  std::size_t sampled = 0, grid = 1;
  for (const Axis& a : axes)
    if (a.levels == 0)
      ++sampled;
    else
      grid *= a.levels;
  std::vector<std::vector<double>> drawn(1);
  if (sampled > 0 && sample) {
    const auto points = static_cast<std::size_t>(sample->points);
    const auto seed = static_cast<u64>(sample->seed);
    drawn = sample->method == SampleMethod::kSobol ? sobol_points(points, sampled, seed)
                                                   : latin_hypercube(points, sampled, seed);
  }
  std::vector<std::vector<double>> found;
  for (const std::vector<double>& draws : drawn)
    for (std::size_t cell = 0; cell < grid; ++cell) {
      std::vector<double> point(axes.size());
      std::size_t rest = cell, next = sampled;
      for (std::size_t a = axes.size(); a-- > 0;) {
        if (axes[a].levels == 0) {
          point[a] = draws[--next];
          continue;
        }
        point[a] = level_coordinate(rest % axes[a].levels, axes[a].levels);
        rest /= axes[a].levels;
      }
      found.push_back(std::move(point));
    }
  return found;
}

}  // namespace stampede
