#include "tools/world/trace_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "tools/traces/trace_reader.h"

namespace stampede {
namespace {

constexpr double kMostLooped = 1e6;  // [1/s] requests of a cut-out that is played over and over

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

// The first place where there is such a file; else the first place.
std::string found(const std::string& file, const std::vector<std::string>& directories) {
  if (file.starts_with('/') || directories.empty()) return file;
  const auto at = [&](const std::string& d) { return d == "." ? file : d + "/" + file; };
  const auto it = std::find_if(directories.begin(), directories.end(),
                               [&](const std::string& d) { return exists(at(d)); });
  return at(it == directories.end() ? directories.front() : *it);
}

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

// Whether a value was given by --set, itself or with what it is part of.
bool said_by_person(const Provenance& known, const std::string& path) {
  return known.locate(path, "").file.starts_with(std::string(kSetOption) + " ");
}

}  // namespace

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

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
    trace.path = found(trace.file, surroundings.directories);
    const bool ours = said_by_person(loaded.provenance, child_path(at, "file")) ||
                      surroundings.allowed.contain(trace.path);
    if (!ours && !(surroundings.known_content && !stated.empty())) {
      fault("file", outside(trace.path));
      continue;
    }
    if (!exists(trace.path)) {
      fault("file", fmt::format("there is no file {}", trace.path));
      continue;
    }
    try {
      scan_trace(trace);
    } catch (const InputError& error) {
      if (ours)
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
      fault(
          "content",
          ours ? fmt::format("{} has the content {}: it is another file", trace.path, trace.content)
               : fmt::format("{}: it is another file than that of the run", trace.path));
    if (stated.empty())
      loaded.origins[child_path(at, "content")] =
          loaded.provenance.origins[child_path(at, "content")] = "hash of " + trace.file;
  }
  if (!faults.empty()) throw InputError(std::move(faults));
}

}  // namespace stampede
