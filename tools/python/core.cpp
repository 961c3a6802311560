// The module stampede._core: runs scenarios inside the Python process. Its one function returns
// plain data; stampede/core.py makes frames and exceptions for people of it.
// The interpreter's lock is released during a run, so that runs in threads use several cores; it is
// taken back ten times a second to ask for Ctrl-C and to call `progress`.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "tools/experiments/run_record.h"
#include "tools/results/build.h"
#include "tools/results/manifest.h"
#include "tools/results/series.h"

namespace py = pybind11;

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;
using Change = std::array<std::string, 3>;  // path, value as YAML, option that it stands for

constexpr std::chrono::milliseconds kAskPeriod{100};

// Asks Python now and then whether the run shall go on. What Python raises is kept for later:
// nothing may be thrown through the simulator's loop.
class Listener {
 public:
  explicit Listener(py::object progress) : progress_(std::move(progress)) {}

  // Without the lock. Returns false when Python raised something.
  bool operator()(double simulated_seconds) {
    const auto now = Clock::now();
    if (now - asked_ < kAskPeriod) return true;
    asked_ = now;
    const py::gil_scoped_acquire lock;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      if (!progress_.is_none()) progress_(simulated_seconds);
    } catch (py::error_already_set& error) {
      error.restore();
      PyErr_Fetch(&type_, &value_, &trace_);
      return false;
    }
    return true;
  }
  // With the lock.
  [[noreturn]] void raise() {
    PyErr_Restore(type_, value_, trace_);
    throw py::error_already_set();
  }

 private:
  py::object progress_;
  Clock::time_point asked_ = Clock::now();
  PyObject *type_ = nullptr, *value_ = nullptr, *trace_ = nullptr;
};

Loaded load(const std::string& name, const std::optional<std::string>& text,
            const std::vector<Change>& sets, const std::vector<std::string>& mitigations,
            const std::vector<std::string>& allow) {
  std::vector<Override> overrides;
  for (const auto& [path, value, option] : sets) overrides.push_back({path, value, option});
  return text ? load_scenario(SourceText{name, *text}, overrides, mitigations, around("", allow))
              : load_scenario(name, overrides, mitigations, allow);
}

template <typename T>
py::array_t<T> array_of(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::list columns_of(const RunResults& results) {
  py::list columns;
  for (const StatInfo& c : results.series_columns)
    columns.append(py::make_tuple(c.component, c.name, c.unit));
  return columns;
}

py::dict run(const std::string& name, const std::optional<std::string>& text,
             const std::vector<Change>& sets, const std::vector<std::string>& mitigations,
             const std::string& command, const std::vector<std::string>& allow,
             const py::object& progress) {
  Listener listener(progress);
  std::optional<Loaded> loaded;
  std::optional<RunRecord> record;
  std::string manifest, incidents;
  {
    const py::gil_scoped_release unlocked;
    loaded = load(name, text, sets, mitigations, allow);
    record = execute(*loaded, [&](double at) { return listener(at); });
    if (record && record->error.empty()) {
      manifest = manifest_json(*loaded, record->results, command,
                               {record->wall_clock_seconds, peak_memory_bytes()});
      incidents = incidents_jsonl(record->results);
    }
  }
  if (!record) listener.raise();
  py::dict out;
  out["error"] = record->error;
  out["manifest"] = manifest;
  out["summary"] = record->results.summary_json;
  out["incidents"] = incidents;
  out["columns"] = columns_of(record->results);
  out["times"] = array_of(record->results.series_times);
  out["values"] = array_of(record->results.series_values);
  out["failed_expectations"] = record->results.failed_expectations;
  return out;
}

// InputError becomes stampede.errors.ScenarioError with all its diagnostics.
void raise_in_python(const InputError& error) {
  py::list found;
  for (const Diagnostic& d : error.diagnostics)
    found.append(py::make_tuple(d.file, d.line, d.column, d.path, d.message, d.source_line));
  const py::object type = py::module_::import("stampede.errors").attr("ScenarioError");
  PyErr_SetObject(type.ptr(), type(error.what(), found).ptr());
}

}  // namespace
}  // namespace stampede

PYBIND11_MODULE(_core, module) {
  module.doc() = "Runs scenarios in this process; use stampede.run.";
  module.attr("version") = stampede::stampede_version();
  module.attr("build") = stampede::stampede_build();
  module.attr("commit") = stampede::stampede_commit();
  module.attr("compiler") = stampede::stampede_compiler();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      std::rethrow_exception(pointer);
    } catch (const stampede::InputError& error) {
      stampede::raise_in_python(error);
    }
  });
  module.def("run", &stampede::run, py::arg("name"), py::arg("text"), py::arg("sets"),
             py::arg("mitigations"), py::arg("command"), py::arg("allow"), py::arg("progress"));
}
