// Time series and incidents of a run as text: CSV, OpenMetrics, JSON lines, Chrome trace.
#pragma once
#include <string>

#include "tools/world/simulation.h"

namespace stampede {

// `time_seconds,component,stat,value`, ordered by time, then column; absent values are left out.
std::string series_csv(const RunResults& results);

// One JSON object a line: {id, time_seconds, kind, component, causes, text}.
std::string incidents_jsonl(const RunResults& results);

// OpenMetrics with timestamps from the scenario's start on, ended by `# EOF`; promtool takes it.
std::string open_metrics(const RunResults& results, UtcTime start);

// Incidents as instants on one track a component, with arrows from cause to effect
// (ui.perfetto.dev).
std::string chrome_trace(const RunResults& results);

}  // namespace stampede
