// Whether the times of a recording can be in the unit that they are read in.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/clients/trace_params.h"
#include "sim/units.h"

namespace stampede {

// What the times of a recording say, read in `unit`.
struct RecordedTimes {
  TimeUnit unit = TimeUnit::kS;
  const char* by = "the format has them";  // what says so
  u64 rows = 0;
  double seconds = 0;    // from the first row to the last
  double duration = 0;   // [s] that the file states; 0: it does not
  bool certain = false;  // sizes of the numbers allow no other unit
};

struct UnitDoubt {
  std::string what;              // why `unit` can hardly be meant
  TimeUnit read;                 // `unit`
  std::vector<TimeUnit> others;  // which ones would do
  // What to do: `option` stands before the name of a unit and `end` behind it.
  std::string question(const std::string& option, const std::string& end) const;
};

double seconds_of(TimeUnit unit);

// Nothing where the times can be what they are read as. Too few rows are not judged by their rate,
// nor rows that all have the same time.
std::optional<UnitDoubt> doubt_of(const RecordedTimes& times);

}  // namespace stampede
