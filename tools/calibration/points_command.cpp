#include "tools/calibration/points_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <system_error>

#include "tools/calibration/accuracy.h"
#include "tools/calibration/points.h"

namespace stampede::calibration {
namespace {

using Predictions = std::vector<const PointPrediction*>;

struct Errors {
  std::vector<double> of_signed, of_absolute;  // [%]
  void add(double measured, double predicted) {
    of_signed.push_back(error_percent(measured, predicted));
    of_absolute.push_back(std::abs(of_signed.back()));
  }
  double at(double q) const { return quantile(of_absolute, q); }
};

// Measured / predicted that a share `q` of points is below.
double ratio(const Predictions& of, double q) {
  std::vector<double> ratios;
  for (const PointPrediction* p : of) ratios.push_back(p->point->tpot / p->tpot);
  return quantile(ratios, q);
}

double inside(const Predictions& of, double low, double high) {
  double count = 0;
  for (const PointPrediction* p : of) {
    const double r = p->point->tpot / p->tpot;
    count += r >= low && r <= high ? 1 : 0;
  }
  return 100 * count / static_cast<double>(of.size());
}

std::string row(const std::string& name, const Predictions& of, double low, double high) {
  Errors tpot, ttft;
  for (const PointPrediction* p : of) {
    tpot.add(p->point->tpot, p->tpot);
    if (p->point->protocol_known) ttft.add(p->point->ttft, p->ttft);
  }
  const std::string first = ttft.of_signed.empty()
                                ? "| | | "
                                : fmt::format("| {} | {:+.1f} | {:.1f} ", ttft.of_signed.size(),
                                              quantile(ttft.of_signed, 0.5), ttft.at(0.5));
  return fmt::format("| {} | {} | {:+.1f} | {:.1f} | {:.1f} {}| {:.0f} |\n", name, of.size(),
                     quantile(tpot.of_signed, 0.5), tpot.at(0.5), tpot.at(0.9), first,
                     inside(of, low, high));
}

// `group` names what a row is of, in as many cells as `columns` has.
void table(const char* title, const std::string& columns, const Predictions& of, double low,
           double high, const std::function<std::string(const Point&)>& group) {
  std::map<std::string, Predictions> groups;
  for (const PointPrediction* p : of) groups[group(*p->point)].push_back(p);
  const std::string head =
      "| " + columns +
      " | points | TPOT, median signed [%] | TPOT, median [%] | TPOT, 90 % of points below [%] | "
      "points with TTFT | TTFT, median signed [%] | TTFT, median [%] | in the band [%] |";
  const auto cells = std::count(head.begin(), head.end(), '|') - 1;
  fmt::print("\n{}\n\n{}\n|", title, head);
  for (std::ptrdiff_t i = 0; i < cells; ++i) fmt::print("---|");
  fmt::print("\n");
  for (const auto& [name, members] : groups) fmt::print("{}", row(name, members, low, high));
  const bool two = columns.find('|') != columns.npos;
  fmt::print("{}", row(two ? "all |" : "all", of, low, high));
}

void write_rows(const std::string& path, const PointStudy& study) {
  std::ofstream out(path);
  out << "family,system,engine,precision,gpus,prompt,answer,clients,not_covered,tpot_ms,"
         "tpot_error_percent,ttft_ms,ttft_error_percent,protocol_known,part\n";
  for (const PointPrediction& p : study.predictions) {
    const Point& m = *p.point;
    out << fmt::format("{},{},{},{},{},{},{},{},{},{:.2f},{:.1f},{:.1f},{:.1f},{},{}\n", m.family,
                       m.system, m.backend, m.server.precision, m.server.gpus, m.prompt, m.answer,
                       m.clients, m.not_covered, m.tpot * 1e3, error_percent(m.tpot, p.tpot),
                       m.ttft * 1e3, error_percent(m.ttft, p.ttft), m.protocol_known ? 1 : 0,
                       m.development ? "development" : "held out");
  }
  if (!out.flush()) throw std::system_error(errno, std::generic_category(), path);
}

}  // namespace

CLI::App* add_points(CLI::App& app, PointsOptions& options) {
  CLI::App* sub = app.add_subcommand(
      "points", "fit the constants of `predict` and predict each family without itself");
  sub->add_option("POINTS", options.points, "CSV of measured points as aiconfigurator has them")
      ->required();
  sub->add_option("--sizes", options.sizes, "directory with models/ and gpus/");
  sub->add_option("--rows", options.rows, "file for the errors of every point, as CSV");
  return sub;
}

void print_points(const PointsOptions& options) {
  const std::vector<Point> points = read_points(options.points, options.sizes);
  const PointStudy result = study(points);
  Predictions covered, others;
  for (const PointPrediction& p : result.predictions)
    (p.point->not_covered.empty() ? covered : others).push_back(&p);
  fmt::print("{} of {} points are covered. Rounds of the fits:", covered.size(), points.size());
  for (const PointStudy::Family& f : result.families) fmt::print(" {} {},", f.name, f.rounds);
  fmt::print("\nConstants:");
  for (const double c : result.constants) fmt::print(" {:.4g}", c);
  const double low = ratio(covered, 0.1), high = ratio(covered, 0.9);
  fmt::print("\nBand: {:.3f} {:.3f} {:.3f}\n", low, ratio(covered, 0.5), high);
  const auto where = [](const Point& p) { return p.family + " | " + p.system; };
  table("Covered", "family | system", covered, low, high, where);
  const auto part = [](const Point& p) {
    return std::string(p.development ? "development" : "held out");
  };
  table("Covered, by part", "part", covered, low, high, part);
  Predictions first;
  for (const PointPrediction& p : result.held_out) first.push_back(&p);
  table("Held out, with constants of development points alone", "family | system", first, low, high,
        where);
  table("Not covered", "family | system", others, low, high, where);
  table("Covered, by engine", "engine", covered, low, high,
        [](const Point& p) { return p.backend; });
  if (!options.rows.empty()) write_rows(options.rows, result);
}

}  // namespace stampede::calibration
