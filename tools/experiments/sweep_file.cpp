#include "tools/experiments/sweep_file.h"

namespace stampede {
namespace {

// Of an axis and of the members of a zip.
template <class P>
void describe_values(Schema<P>& s, bool required) {
  auto path = s.field("path", static_cast<std::string P::*>(&ValuesParams::path))
                  .help("what is varied, as in --set: spec.regions.apac.share");
  if (required) path.required();
  s.field("values", static_cast<std::vector<std::string> P::*>(&ValuesParams::values))
      .help("the values one by one, written as in a scenario; lists and mappings in quotes");
  s.field("from", static_cast<std::string P::*>(&ValuesParams::from))
      .help("first value of a range; needs `to`");
  s.field("to", static_cast<std::string P::*>(&ValuesParams::to)).help("last value of a range");
  s.field("scale", static_cast<AxisScale P::*>(&ValuesParams::scale))
      .help("how a range is divided: equal differences, or equal ratios");
}

}  // namespace

void ValuesParams::describe(Schema<ValuesParams>& s) { describe_values(s, true); }

void AxisParams::describe(Schema<AxisParams>& s) {
  describe_values(s, false);
  s.field("steps", &AxisParams::steps)
      .range(0, 1e6)
      .help("number of values in the range, with both ends; 0: `spec.sample` draws them");
  s.field("zip", &AxisParams::zip)
      .help(
          "instead of `path`: parameters that move together, the first value of each, then the "
          "second, ...");
}

void SampleParams::describe(Schema<SampleParams>& s) {
  s.field("method", &SampleParams::method)
      .help("how points fill the ranges without `steps`")
      .source("Joe and Kuo 2008: Sobol, with a random digital shift; McKay 1979: Latin hypercube");
  s.field("points", &SampleParams::points)
      .range(1, 1e6)
      .help("number of points; a power of two for Sobol's");
  s.field("seed", &SampleParams::seed)
      .at_least(0)
      .help("seed of the points; another seed gives other points");
}

void StopParams::describe(Schema<StopParams>& s) {
  s.field("scalar", &StopParams::scalar)
      .required()
      .help("number of the summary whose mean is measured: outage.downtime_seconds");
  s.field("precision", &StopParams::precision)
      .range(1e-4, 1)
      .help("repeat a point until the mean's relative error is at most this");
  s.field("confidence", &StopParams::confidence)
      .range(0.5, 0.9999)
      .help("confidence of that error");
  s.field("at_most", &StopParams::at_most).range(2, 1e6).help("runs of one point, at most");
}

void RefineParams::describe(Schema<RefineParams>& s) {
  s.field("axis", &RefineParams::axis)
      .required()
      .help("`path` of the range that is bisected, or of the first of a zip of ranges");
  s.field("scalar", &RefineParams::scalar)
      .required()
      .help("what changes at the boundary: outage.recovered");
  s.field("threshold", &RefineParams::threshold)
      .help("the boundary lies where the mean over the repeats crosses this");
  s.field("within", &RefineParams::within)
      .range(1e-5, 0.5)
      .help("bisect until the boundary is known to this share of the range");
}

void RecordParams::describe(Schema<RecordParams>& s) {
  s.field("incidents", &RecordParams::incidents).help("keep the incidents of each run");
  s.field("series", &RecordParams::series)
      .help("statistics whose time series are kept; `stampede list stats` names them");
}

void SweepSpec::describe(Schema<SweepSpec>& s) {
  s.field("base", &SweepSpec::base)
      .required()
      .help("the scenario, by its path from the sweep file's directory");
  s.field("set", &SweepSpec::set).help("changes of every run, each as in --set: PATH=VALUE");
  s.field("with", &SweepSpec::with).help("mitigations of every run");
  s.field("axes", &SweepSpec::axes).help("what is varied; every combination is a point");
  s.field("sample", &SweepSpec::sample)
      .help("fills the ranges without `steps` with points instead of a grid");
  s.field("where", &SweepSpec::where)
      .help(
          "conditions; a point that does not meet all of them is left out: spec.regions.apac.share "
          "<= 70%");
  s.field("seed", &SweepSpec::seed).at_least(0).help("seed of the first repeat");
  s.field("repeat", &SweepSpec::repeat)
      .range(1, 1e6)
      .help("runs of each point, each with its own seed");
  s.field("seeds", &SweepSpec::seeds)
      .help("whether points share their seeds (and so every draw that they have in common)")
      .source("Law: common random numbers");
  s.field("stop", &SweepSpec::stop).help("rule for repeating points whose mean is not yet precise");
  s.field("refine", &SweepSpec::refine).help("rule for adding points along a boundary");
  s.field("record", &SweepSpec::record).help("what is kept of a run in addition to its summary");
  s.field("report", &SweepSpec::report).help("scalars that `stampede sweep` prints by point");
}

void SweepFile::describe(Schema<SweepFile>& s) {
  s.field("apiVersion", &SweepFile::api_version).required().help("stampede/v1alpha1");
  s.field("kind", &SweepFile::kind).required().help("Sweep");
  s.field("metadata", &SweepFile::metadata).required().help("name and summary");
  s.field("spec", &SweepFile::spec).required().help("the scenario and what is varied of it");
}

}  // namespace stampede
