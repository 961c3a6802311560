#include "tools/judgement/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/judgement/expectation_names.h"
#include "tools/judgement/register_expectation.h"

namespace stampede {
namespace {

std::string outside(const char* what, double got, double low, double high) {
  if (got >= low && got <= high) return "";
  return fmt::format("{} is {:.6g}, expected between {:.6g} and {:.6g}", what, got, low, high);
}

struct DurationRange {
  std::vector<Duration> between;
  static void describe(Schema<DurationRange>& s) {
    s.field("between", &DurationRange::between).required().help("lowest and highest");
  }
};
struct NumberRange {
  std::vector<double> between;
  static void describe(Schema<NumberRange>& s) {
    s.field("between", &NumberRange::between).required().help("lowest and highest");
  }
};
struct Nothing {
  static void describe(Schema<Nothing>&) {}
};
struct ValueRange {
  std::string of;
  std::vector<double> between;
  bool counts = false;
  static void describe(Schema<ValueRange>& s) {
    s.field("of", &ValueRange::of)
        .required()
        .help("path of a number in summary.json, such as tokens.output");
    s.field("between", &ValueRange::between).required().help("lowest and highest");
    s.field("counts", &ValueRange::counts)
        .help("whether the number counts things and is divided by spec.scale before it is judged");
  }
};
struct SeriesRange {
  std::string component, stat;
  std::vector<double> mean, peak;
  bool counts = false;
  static void describe(Schema<SeriesRange>& s) {
    s.field("component", &SeriesRange::component).required().help("component of series.csv");
    s.field("stat", &SeriesRange::stat).required().help("statistic of series.csv");
    s.field("mean", &SeriesRange::mean).help("lowest and highest mean of its samples");
    s.field("peak", &SeriesRange::peak).help("lowest and highest value of its largest sample");
    s.field("counts", &SeriesRange::counts)
        .help("whether the number counts things and is divided by spec.scale before it is judged");
  }
};

template <class Range>
bool complete(const Range& r) {
  return r.between.size() == 2;
}
const std::string kTwo = "`between` takes the lowest and the highest value";

const RegisterExpectation<DurationRange> downtime{
    "downtime", "minutes in which every region was down or the breaker was open globally",
    [](const DurationRange& p, const Facts& f) {
      return complete(p) ? outside("downtime_seconds", f.downtime_seconds, p.between[0].seconds(),
                                   p.between[1].seconds())
                         : kTwo;
    }};
const RegisterExpectation<DurationRange> flush{
    "flush", "time that flushing the KV cache took", [](const DurationRange& p, const Facts& f) {
      return complete(p) ? outside("flush_seconds", f.flush_seconds, p.between[0].seconds(),
                                   p.between[1].seconds())
                         : kTwo;
    }};
const RegisterExpectation<NumberRange> surge{
    "surge", "average surge of the surviving regions", [](const NumberRange& p, const Facts& f) {
      return complete(p) ? outside("surge", f.surge_average, p.between[0], p.between[1]) : kTwo;
    }};
const RegisterExpectation<NumberRange> availability{
    "availability", "share of requests that succeeded, not counting those served elsewhere",
    [](const NumberRange& p, const Facts& f) {
      return complete(p) ? outside("availability", f.availability, p.between[0], p.between[1])
                         : kTwo;
    }};
const RegisterExpectation<NumberRange> hit_ratio{
    "hit_ratio", "share of prompt tokens found in the KV cache",
    [](const NumberRange& p, const Facts& f) {
      return complete(p) ? outside("hit_ratio", f.hit_ratio, p.between[0], p.between[1]) : kTwo;
    }};
const RegisterExpectation<ValueRange> summary_value{
    "value", "a number of the summary lies within bounds", [](const ValueRange& p, const Facts& f) {
      if (!complete(p)) return kTwo;
      const nlohmann::json summary = nlohmann::json::parse(f.summary_json);
      const std::optional<double> number = number_in(summary, p.of);
      if (!number) return "the summary has no number '" + p.of + "'";
      return outside(p.of.c_str(), *number / (p.counts ? f.scale : 1), p.between[0], p.between[1]);
    }};
const RegisterExpectation<SeriesRange> series{
    "series", "mean and peak of a recorded series lie within bounds",
    [](const SeriesRange& p, const Facts& f) {
      const std::string name = p.component + " " + p.stat;
      const auto samples = f.series(p.component, p.stat);
      if (!samples) return "there is no series '" + name + "'";
      if ((p.mean.empty() && p.peak.empty()) || p.mean.size() % 2 != 0 || p.peak.size() % 2 != 0 ||
          p.mean.size() > 2 || p.peak.size() > 2)
        return std::string(
            "`mean` and `peak` take the lowest and the highest value; one is needed");
      const double by = p.counts ? f.scale : 1;
      std::string wrong;
      if (!p.mean.empty())
        wrong = outside(("mean of " + name).c_str(), samples->mean / by, p.mean[0], p.mean[1]);
      if (wrong.empty() && !p.peak.empty())
        wrong = outside(("peak of " + name).c_str(), samples->peak / by, p.peak[0], p.peak[1]);
      return wrong;
    }};
const RegisterExpectation<Nothing> requests_conserved{
    "requests_conserved", "every offered request is counted exactly once at its end",
    [](const Nothing&, const Facts& f) {
      return std::string(f.conserved ? "" : "requests are not conserved");
    }};
const RegisterExpectation<Nothing> no_incidents{
    "no_incidents", "no incident happened", [](const Nothing&, const Facts& f) {
      return f.incidents->empty()
                 ? std::string()
                 : fmt::format("{} incidents, the first: {} of {}", f.incidents->size(),
                               f.incidents->front().kind, f.incidents->front().component);
    }};
const RegisterExpectation<Nothing> recovered{
    "recovered", "the service met its target again before the end",
    [](const Nothing&, const Facts& f) {
      return std::string(f.recovered ? "" : "the service did not recover");
    }};

}  // namespace

std::map<std::string, Judge>& judges() {
  static std::map<std::string, Judge> map;
  return map;
}

Judged judge(const ExpectationSelection& expectation, const Facts& facts) {
  const auto it = judges().find(expectation.name);
  STAMPEDE_CHECK(it != judges().end(), "unknown expectation " + expectation.name);
  Judged judged = it->second(expectation.params.get(), facts);
  if (!judged.wrong.empty()) judged.wrong = expectation.name + ": " + judged.wrong;
  return judged;
}

}  // namespace stampede
