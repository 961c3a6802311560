// A published figure: what a run's series or incidents say of it, shown beside what was published.
#include <fmt/format.h>

#include <algorithm>

#include "sim/math.h"
#include "tools/judgement/register_expectation.h"

namespace stampede {
namespace {

enum class FigureTake : u8 {
  kIncrease,  // last less first sample of the window
  kMean,
  kPeak,
  kLast,
  kRiseAt  // when it grew most from one sample to the next [s]
};

struct FigureReading {
  std::string component, stat;
  FigureTake take = FigureTake::kIncrease;
  std::vector<Duration> between;
  Duration since{};
  static void describe(Schema<FigureReading>& s) {
    s.field("component", &FigureReading::component).required().help("component of series.csv");
    s.field("stat", &FigureReading::stat).required().help("statistic of series.csv");
    s.field("take", &FigureReading::take)
        .help(
            "what is taken of its samples; rise_at: the middle of the interval in which it grew "
            "most "
            "[s]");
    s.field("between", &FigureReading::between)
        .help("first and last time of a sample; absent: all");
    s.field("since", &FigureReading::since).help("rise_at: from which the time is counted");
  }
};

struct FigureIncident {
  std::string kind;
  Duration since{};
  static void describe(Schema<FigureIncident>& s) {
    s.field("kind", &FigureIncident::kind)
        .required()
        .help("kind of incident, the first from then on");
    s.field("since", &FigureIncident::since)
        .help("from which its time is counted, in seconds from the start of the run");
  }
};

struct FigureParams {
  std::string name, published;
  std::optional<FigureReading> of, over, less;
  std::optional<FigureIncident> incident;
  bool logarithm = false;
  double times = 1;
  std::vector<double> between;
  static void describe(Schema<FigureParams>& s) {
    s.field("name", &FigureParams::name).required().help("what the figure is");
    s.field("published", &FigureParams::published).required().help("as it was published");
    s.field("of", &FigureParams::of).help("the reading");
    s.field("over", &FigureParams::over).help("another, by which it is divided");
    s.field("less", &FigureParams::less).help("another, which is taken from the result");
    s.field("incident", &FigureParams::incident)
        .help("instead of a reading: how long after a time an incident happened [s]");
    s.field("logarithm", &FigureParams::logarithm).help("its natural logarithm is taken");
    s.field("times", &FigureParams::times).help("factor on the result, for its unit");
    s.field("between", &FigureParams::between)
        .required()
        .help("lowest and highest value that agrees with what was published");
  }
};

using FigureValue = std::optional<double>;

FigureValue read(const FigureReading& r, const Facts& f, std::string& wrong) {
  const auto samples = f.samples(r.component, r.stat);
  std::vector<std::pair<double, double>> in;  // time, value
  for (const auto& [at, value] : samples)
    if (r.between.size() != 2 ||
        (at >= r.between[0].seconds() - 1e-9 && at <= r.between[1].seconds() + 1e-9))
      in.emplace_back(at, value);
  if (in.size() < 2) {
    wrong = fmt::format("there are no two samples of '{} {}'{}", r.component, r.stat,
                        r.between.size() == 2 ? " in this window" : "");
    return std::nullopt;
  }
  double sum = 0, peak = in.front().second, rise = 0, rise_at = in.front().first;
  for (std::size_t k = 0; k < in.size(); ++k) {
    sum += in[k].second;
    peak = std::max(peak, in[k].second);
    if (k == 0 || in[k].second - in[k - 1].second <= rise) continue;
    rise = in[k].second - in[k - 1].second;
    rise_at = (in[k - 1].first + in[k].first) / 2;
  }
  switch (r.take) {
    case FigureTake::kIncrease:
      return in.back().second - in.front().second;
    case FigureTake::kMean:
      return sum / static_cast<double>(in.size());
    case FigureTake::kPeak:
      return peak;
    case FigureTake::kLast:
      return in.back().second;
    case FigureTake::kRiseAt:
      return rise_at - r.since.seconds();
  }
  return std::nullopt;
}

FigureValue first_after(const FigureIncident& p, const Facts& f, std::string& wrong) {
  for (const Incident& i : *f.incidents)
    if (i.kind == p.kind && i.at >= Instant{} + p.since)
      return (i.at - (Instant{} + p.since)).seconds();
  wrong = "no incident of kind " + p.kind + " from then on";
  return std::nullopt;
}

FigureValue value_of(const FigureParams& p, const Facts& f, std::string& wrong) {
  if (p.of.has_value() == p.incident.has_value()) {
    wrong = "either `of` or `incident` is wanted";
    return std::nullopt;
  }
  FigureValue value = p.of ? read(*p.of, f, wrong) : first_after(*p.incident, f, wrong);
  const FigureValue over = p.over ? read(*p.over, f, wrong) : FigureValue(1);
  const FigureValue less = p.less ? read(*p.less, f, wrong) : FigureValue(0);
  if (!value || !over || !less) return std::nullopt;
  if (*over == 0) {
    wrong = fmt::format("'{} {}' is 0", p.over->component, p.over->stat);
    return std::nullopt;
  }
  const double result = *value / *over - *less;
  return p.times * (p.logarithm ? math::log(result) : result);
}

const RegisterExpectation<FigureParams> figure{
    "figure", "a published figure comes out of the run; it is shown beside what was published",
    [](const FigureParams& p, const Facts& f) -> Judged {
      Judged judged;
      if (p.between.size() != 2) {
        judged.wrong = "`between` takes the lowest and the highest value";
        return judged;
      }
      const FigureValue value = value_of(p, f, judged.wrong);
      if (value && !(*value >= p.between[0] && *value <= p.between[1]))
        judged.wrong = fmt::format("{} is {:.4g}, expected between {:.6g} and {:.6g}", p.name,
                                   *value, p.between[0], p.between[1]);
      judged.report =
          fmt::format("  {}: published {}, run {}, agrees from {:.6g} to {:.6g}{}\n", p.name,
                      p.published, value ? fmt::format("{:.4g}", *value) : "-", p.between[0],
                      p.between[1], judged.wrong.empty() ? "" : "  not met");
      return judged;
    }};

}  // namespace
}  // namespace stampede
