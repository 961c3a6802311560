#include "tools/experiments/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/check.h"
#include "sim/random.h"
#include "tools/experiments/axis.h"

namespace stampede {
namespace {

constexpr double kMorrisStep = 2.0 / 3;  // of four levels: 0, 1/3, 2/3, 1
constexpr std::size_t kResamples = 500, kHalves = 200;

std::size_t below(double u, std::size_t n) {
  return std::min(n - 1, static_cast<std::size_t>(u * static_cast<double>(n)));
}

// One row of a design: the first sample's answer, the second's, and those of the mixtures.
struct SobolRow {
  double a = 0, b = 0;
  std::vector<double> mixed;
};

std::vector<SobolRow> whole_rows(std::size_t inputs, const Answers& answers) {
  std::vector<SobolRow> rows;
  for (std::size_t at = 0; at + inputs + 2 <= answers.size(); at += inputs + 2) {
    const auto begin = answers.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(inputs + 2);
    if (!std::all_of(begin, end, [](const auto& y) { return y.has_value(); })) continue;
    SobolRow row{**begin, **(begin + 1), {}};
    for (auto it = begin + 2; it != end; ++it) row.mixed.push_back(**it);
    rows.push_back(std::move(row));
  }
  return rows;
}

// Over the rows that are named; none without variance.
std::vector<SobolIndex> indices_of(const std::vector<SobolRow>& rows,
                                   const std::vector<std::size_t>& chosen) {
  const auto n = static_cast<double>(chosen.size());
  double sum = 0, square = 0;
  for (const std::size_t r : chosen) {
    const double a = rows[r].a - rows[0].a, b = rows[r].b - rows[0].a;
    sum += a + b;
    square += a * a + b * b;
  }
  const double variance = square / (2 * n) - (sum / (2 * n)) * (sum / (2 * n));
  if (!(variance > 0)) return {};
  const double mean = rows[0].a + sum / (2 * n);
  std::vector<SobolIndex> indices(rows[0].mixed.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    double together = 0, apart = 0;
    for (const std::size_t r : chosen) {
      const double step = rows[r].mixed[i] - rows[r].a;
      together += (rows[r].b - mean) * step;
      apart += step * step;
    }
    indices[i].first = together / (n * variance);
    indices[i].total = apart / (2 * n * variance);
  }
  return indices;
}

Interval middle(std::vector<double> values, double confidence) {
  std::sort(values.begin(), values.end());
  const double tail = (1 - confidence) / 2;
  const auto last = static_cast<double>(values.size() - 1);
  return {values[static_cast<std::size_t>(std::floor(tail * last))],
          values[static_cast<std::size_t>(std::ceil((1 - tail) * last))]};
}

double by_ranks(const std::vector<std::size_t>& order, const std::vector<double>& y) {
  const std::size_t n = order.size();
  double mean = 0;
  for (const std::size_t k : order) mean += y[k] / static_cast<double>(n);
  double product = 0, square = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double here = y[order[j]] - mean;
    product += here * (y[order[(j + 1) % n]] - mean);
    square += here * here;
  }
  return square > 0 ? product / square : 0;
}

}  // namespace

Points morris_points(std::size_t paths, std::size_t inputs, u64 seed) {
  const StreamKey start = stream_key(seed, "morris", "start");
  const StreamKey order = stream_key(seed, "morris", "order");
  Points points;
  for (std::size_t p = 0; p < paths; ++p) {
    std::vector<double> at(inputs);
    for (std::size_t i = 0; i < inputs; ++i)
      at[i] = static_cast<double>(below(uniform(draw(start, p, static_cast<u32>(i))), 4)) / 3;
    std::vector<std::size_t> turn(inputs);
    std::iota(turn.begin(), turn.end(), std::size_t{0});
    for (std::size_t k = inputs; k > 1; --k)
      std::swap(turn[k - 1], turn[below(uniform(draw(order, p, static_cast<u32>(k))), k)]);
    points.push_back(at);
    for (const std::size_t i : turn) {
      at[i] += at[i] < 0.5 ? kMorrisStep : -kMorrisStep;
      points.push_back(at);
    }
  }
  return points;
}

std::vector<MorrisEffect> morris_effects(const Points& points, const Answers& answers) {
  STAMPEDE_CHECK(answers.size() <= points.size(), "answers without a point");
  if (points.empty()) return {};
  const std::size_t inputs = points.front().size();
  std::vector<std::vector<double>> effects(inputs);
  for (std::size_t p = 1; p < answers.size(); ++p) {
    if (p % (inputs + 1) == 0 || !answers[p] || !answers[p - 1]) continue;
    for (std::size_t i = 0; i < inputs; ++i)
      if (const double step = points[p][i] - points[p - 1][i]; step != 0)
        effects[i].push_back((*answers[p] - *answers[p - 1]) / step);
  }
  std::vector<MorrisEffect> found(inputs);
  for (std::size_t i = 0; i < inputs; ++i) {
    MorrisEffect& e = found[i];
    e.steps = effects[i].size();
    if (e.steps == 0) continue;
    const auto n = static_cast<double>(e.steps);
    for (const double effect : effects[i]) {
      e.mean += effect / n;
      e.absolute += std::abs(effect) / n;
    }
    for (const double effect : effects[i])
      e.deviation += (effect - e.mean) * (effect - e.mean) / std::max(1.0, n - 1);
    e.deviation = std::sqrt(e.deviation);
  }
  return found;
}

Points sobol_design(std::size_t rows, std::size_t inputs, u64 seed) {
  const Points both = sobol_points(rows, 2 * inputs, seed);
  Points points;
  for (const std::vector<double>& row : both) {
    const auto half = row.begin() + static_cast<std::ptrdiff_t>(inputs);
    const std::vector<double> a(row.begin(), half), b(half, row.end());
    points.push_back(a);
    points.push_back(b);
    for (std::size_t i = 0; i < inputs; ++i) {
      std::vector<double> mixed = a;
      mixed[i] = b[i];
      points.push_back(std::move(mixed));
    }
  }
  return points;
}

std::vector<SobolIndex> sobol_indices(std::size_t inputs, const Answers& answers,
                                      double confidence) {
  const std::vector<SobolRow> rows = whole_rows(inputs, answers);
  if (rows.size() < 2) return {};
  std::vector<std::size_t> chosen(rows.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  std::vector<SobolIndex> indices = indices_of(rows, chosen);
  if (indices.empty()) return {};
  std::vector<std::vector<double>> firsts(inputs), totals(inputs);
  Sequence sequence(stream_key(rows.size(), "sobol", "bootstrap"));
  for (std::size_t k = 0; k < kResamples; ++k) {
    for (std::size_t& row : chosen) row = below(sequence.next(), rows.size());
    const std::vector<SobolIndex> again = indices_of(rows, chosen);
    for (std::size_t i = 0; i < again.size(); ++i) {
      firsts[i].push_back(again[i].first);
      totals[i].push_back(again[i].total);
    }
  }
  for (std::size_t i = 0; i < inputs && !firsts[i].empty(); ++i) {
    indices[i].first_interval = middle(firsts[i], confidence);
    indices[i].total_interval = middle(totals[i], confidence);
  }
  return indices;
}

std::optional<RankIndex> rank_index(const std::vector<double>& x, const std::vector<double>& y,
                                    double confidence) {
  STAMPEDE_CHECK(x.size() == y.size(), "a pair lacks its partner");
  const std::size_t n = x.size();
  if (n < 8 || std::all_of(y.begin(), y.end(), [&](double v) { return v == y.front(); }))
    return std::nullopt;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  RankIndex index;
  index.first = by_ranks(order, y);
  // Halves without repetition: ties, which a bootstrap makes, would be neighbours of themselves.
  // A half's estimate varies about the whole's as the whole's does about the truth.
  Sequence sequence(stream_key(n, "rank index", "halves"));
  double square = 0;
  for (std::size_t k = 0; k < kHalves; ++k) {
    std::vector<std::size_t> half;
    std::size_t wanted = n / 2;
    for (std::size_t j = 0; j < n; ++j)
      if (sequence.next() * static_cast<double>(n - j) < static_cast<double>(wanted)) {
        half.push_back(order[j]);
        --wanted;
      }
    const double difference = by_ranks(half, y) - index.first;
    square += difference * difference / static_cast<double>(kHalves);
  }
  const double z = standard_normal((1 + confidence) / 2);
  index.interval = {index.first - z * std::sqrt(square), index.first + z * std::sqrt(square)};
  return index;
}

}  // namespace stampede
