// A sweep file (`kind: Sweep`) as a described struct: which runs to make of one scenario. Read,
// checked, documented and completed by the same machinery as scenarios.
// Source: OMNeT++'s iteration variables, constraint, repeat and seed-set; Law, Simulation Modeling
//   and Analysis, for common random numbers and sequential stopping.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"
#include "tools/world/scenario.h"

namespace stampede {

enum class AxisScale : u8 { kLinear, kLog };

enum class SampleMethod : u8 { kSobol, kLatinHypercube };

enum class SeedRule : u8 { kCommon, kDistinct };

// The values of one parameter: a list, or a range.
struct ValuesParams {
  std::string path;
  std::vector<std::string> values;
  std::string from, to;
  AxisScale scale = AxisScale::kLinear;
  static void describe(Schema<ValuesParams>& s);
};

// One dimension of the design: one parameter, or several that move together.
struct AxisParams : ValuesParams {
  i64 steps = 0;
  std::vector<ValuesParams> zip;
  static void describe(Schema<AxisParams>& s);
};

struct SampleParams {
  SampleMethod method = SampleMethod::kSobol;
  i64 points = 16;
  i64 seed = 1;
  static void describe(Schema<SampleParams>& s);
};

struct StopParams {
  std::string scalar;
  Share precision{0.05};
  Share confidence{0.95};
  i64 at_most = 100;
  static void describe(Schema<StopParams>& s);
};

struct RefineParams {
  std::string axis;
  std::string scalar;
  double threshold = 0.5;
  Share within{0.02};
  static void describe(Schema<RefineParams>& s);
};

struct RecordParams {
  bool incidents = true;
  std::vector<std::string> series;
  static void describe(Schema<RecordParams>& s);
};

struct SweepSpec {
  std::string base;
  std::vector<std::string> set;
  std::vector<std::string> with;
  std::vector<AxisParams> axes;
  std::optional<SampleParams> sample;
  std::vector<std::string> where;
  i64 seed = 1;
  i64 repeat = 1;
  SeedRule seeds = SeedRule::kCommon;
  std::optional<StopParams> stop;
  std::optional<RefineParams> refine;
  RecordParams record;
  std::vector<std::string> report{"outage.downtime_seconds", "outage.recovered"};
  static void describe(Schema<SweepSpec>& s);
};

struct SweepFile {
  std::string api_version, kind;
  Metadata metadata;
  SweepSpec spec;
  static void describe(Schema<SweepFile>& s);
};

}  // namespace stampede
