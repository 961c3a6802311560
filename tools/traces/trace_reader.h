// Recordings from files: checked once when a scenario is loaded, then streamed row by row as the
// run needs them.
// Limits: rows must be in order of time.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/clients/trace_params.h"
#include "models/ports/trace_source_port.h"
#include "tools/language/diagnostics.h"

namespace stampede {

// Opens `params.path`. Throws InputError here, in next() and in rewind(), with file and line.
std::unique_ptr<TraceSource> open_trace(const TraceParams& params);

// Reads the whole file once: `content`, `rows` and `length` of `params` are filled in. Throws
// InputError with the faults of the first bad rows, or when the cut-out has no row to play.
void scan_trace(TraceParams& params);

}  // namespace stampede
