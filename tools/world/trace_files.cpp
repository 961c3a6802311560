#include "tools/world/trace_files.h"

#include <fmt/format.h>

#include "tools/traces/trace_reader.h"
#include "tools/world/named_files.h"

namespace stampede {
namespace {

constexpr double kMostLooped = 1e6;  // [1/s] requests of a cut-out that is played over and over

// Rows that a run does not come to: a sentence, or nothing.
std::string not_reached(const TraceParams& trace, Duration run) {
  if (trace.loop || trace.rows == 0) return "";
  const double gap = trace.length.seconds() / static_cast<double>(trace.rows);
  const double last = trace.start.seconds() + (trace.length.seconds() - gap) * trace.time_scale;
  if (last <= run.seconds()) return "";
  return fmt::format(
      "its last row comes at {:.0f} s, and the run ends at {:.0f} s: what comes later is not "
      "played",
      last, run.seconds());
}

}  // namespace

void find_traces(Loaded& loaded, const Surroundings& surroundings) {
  std::vector<Diagnostic> faults;
  auto& classes = loaded.scenario.spec.clients;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (!classes[k].trace) continue;
    TraceParams& trace = *classes[k].trace;
    const std::string at = element_path("spec.clients", k) + ".trace";
    const auto fault = [&](const std::string& key, const std::string& message) {
      faults.push_back(loaded.provenance.locate(child_path(at, key), message));
    };
    if (trace.to.ns > 0 && trace.to <= trace.from) {
      fault("to", "the cut-out ends before it begins");
      continue;
    }
    if (trace.format == TraceFormat::kColumns && !trace.columns) {
      fault("format", "`format: columns` wants `columns:`, with time, input and output");
      continue;
    }
    const std::string stated = trace.content;
    const NamedFile named =
        find_named(loaded, surroundings, child_path(at, "file"), trace.file, !stated.empty());
    trace.path = named.path;
    if (!named.wrong.empty()) {
      fault("file", named.wrong);
      continue;
    }
    try {
      scan_trace(trace);
    } catch (const InputError& error) {
      if (named.ours)
        faults.insert(faults.end(), error.diagnostics.begin(), error.diagnostics.end());
      else
        fault("file", fmt::format("{}: it is another file than that of the run", trace.path));
      continue;
    }
    for (const std::string& note : trace.notes)
      loaded.warnings.push_back(loaded.provenance.locate(child_path(at, "file"), note));
    if (const std::string note = not_reached(trace, loaded.scenario.spec.duration); !note.empty())
      loaded.warnings.push_back(loaded.provenance.locate(child_path(at, "file"), note));
    if (trace.loop && trace.length.ns <= 0)
      fault("loop", "a cut-out without length cannot loop");
    else if (trace.loop && static_cast<double>(trace.rows) > kMostLooped * trace.length.seconds())
      fault("loop", fmt::format("{} requests in {:g} s, over and over: more than {:g} a second",
                                trace.rows, trace.length.seconds(), kMostLooped));
    if (!stated.empty() && stated != trace.content)
      fault("content",
            named.ours ? fmt::format("{} has the content {}: it is another file", trace.path,
                                     trace.content)
                       : fmt::format("{}: it is another file than that of the run", trace.path));
    if (stated.empty()) note_content(loaded, child_path(at, "content"), trace.file);
  }
  if (!faults.empty()) throw InputError(std::move(faults));
}

}  // namespace stampede
