// Time series and incidents of a run as text: CSV, OpenMetrics, JSON lines.
#pragma once
#include <string>
#include <vector>

#include "tools/world/simulation.h"

namespace stampede {

// `time_seconds,component,stat,value`, ordered by time, then column; absent values are left out.
std::string series_csv(const RunResults& results);

// One JSON object a line: {id, time_seconds, kind, component, causes, text}.
std::string incidents_jsonl(const RunResults& results);

// OpenMetrics with timestamps from the scenario's start on, ended by `# EOF`; promtool takes it.
// Statistics of a region have it as a label if `regions` names them; what systems would export
// follows where the run kept it.
std::string open_metrics(const RunResults& results, UtcTime start,
                         const std::vector<std::string>& regions = {});

}  // namespace stampede
