// A sweep file read and checked against its base scenario, and the scenarios of its points.
#pragma once
#include <string>
#include <vector>

#include "tools/experiments/axis.h"
#include "tools/experiments/condition.h"
#include "tools/results/build.h"
#include "tools/world/load_scenario.h"

namespace stampede {

struct SweepPoint {
  std::vector<double> coordinates;  // one an axis, between 0 and 1
  std::vector<Setting> settings;    // what the point changes of the base
};

class Sweep {
 public:
  // Reads a sweep file. Its base lies below its own directory, the working directory or one of
  // `allow`; so do, seen from the base, the files that that names. Throws InputError with every
  // fault: of the file itself, of its base, of each value of each axis.
  explicit Sweep(const std::string& path, std::vector<std::string> allow = {},
                 std::string build = stampede_build());

  const std::string& build() const { return build_; }  // of the program that makes the runs
  const SweepFile& file() const { return file_; }
  const SweepSpec& spec() const { return file_.spec; }
  const std::vector<Axis>& axes() const { return axes_; }
  const std::string& path() const { return path_; }
  const std::vector<std::string>& allow() const { return allow_; }
  std::string text() const { return provenance_.source.text + base_.text; }  // all that was read

  SweepPoint point(std::vector<double> at) const;
  // The scenario of a point. Throws InputError whose places are those of the sweep file.
  Loaded scenario(const SweepPoint& point, i64 seed) const;
  // Whether all of `where` holds. Throws InputError.
  bool admits(const Loaded& loaded) const;
  // Seed of the k-th repeat of a point.
  i64 seed(const SweepPoint& point, i64 repeat) const;
  // The command that plays a run of a point again.
  std::string replay(const SweepPoint& point, i64 seed) const;
  // The axis that `refine` bisects; only if there is a `refine`.
  std::size_t refined_axis() const;
  // Faults of a scenario of this sweep, told of the places of the sweep file that brought them.
  InputError placed(const InputError& error) const;
  // A fault at a place of the sweep file.
  InputError fault(const std::string& place, const std::string& message) const;

 private:
  void read_axes(std::vector<Diagnostic>& faults);
  void check_refine(std::vector<Diagnostic>& faults) const;
  AxisMember member(const ValuesParams& values, const std::string& place,
                    std::vector<Diagnostic>& faults) const;

  std::string path_, build_, base_path_;
  std::vector<std::string> allow_;
  SweepFile file_;
  Provenance provenance_;
  SourceText base_;
  std::vector<Axis> axes_;
  std::vector<Condition> conditions_;
};

}  // namespace stampede
