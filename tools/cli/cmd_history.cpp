// stampede history: how far a run is from what was measured, signal by signal.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/python.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

struct HistoryOptions {
  std::string directory, starts, tolerance, format = "table";
  std::vector<std::string> measured, signals;
};

int history_command(const HistoryOptions& o) {
  require_run(o.directory, "stampede run --out");
  std::vector<std::string> arguments{fs::absolute(o.directory).string(), "--format", o.format};
  for (const std::string& file : o.measured) {
    read_source(file);  // what cannot be read is said as of every other file
    arguments.insert(arguments.end(), {"--measured", fs::absolute(file).string()});
  }
  for (const std::string& signal : o.signals) arguments.push_back("--signal=" + signal);
  if (!o.starts.empty()) arguments.push_back("--starts=" + o.starts);
  if (!o.tolerance.empty()) {
    Share share;
    std::string wrong = parse_share(o.tolerance, share);
    if (wrong.empty() && !(share.value >= 0 && share.value <= 1)) wrong = "a share from 0% to 100%";
    if (!wrong.empty()) throw InputError({{"--tolerance " + o.tolerance, 0, 0, "", wrong, ""}});
    arguments.push_back(fmt::format("--tolerance={}", share.value));
  }
  return print_from_python("stampede.history", arguments);
}

}  // namespace

void add_history_command(CommandLine& line) {
  Command command = line.command(
      "history", "Lay measured series over a run: how far apart, and since when.",
      {"stampede history out/fleet --measured rps.csv --signal rate:clients/requests_offered_total",
       "stampede history out/fleet --measured range.json --signal 'up{a=\"1\"}=eu/success_ratio'"});
  const auto o = std::make_shared<HistoryOptions>();
  command.option("directory", o->directory, "directory of `stampede run --out`")
      .required()
      .type_name("DIR");
  command
      .option(
          "--measured", o->measured,
          "CSV with a column of times, or an answer of Prometheus' query_range; can be repeated")
      .required()
      .type_name("FILE");
  command
      .option("--signal", o->signals,
              "what it is compared with: NAME=COMPONENT/STAT, rate:... of a total; can be repeated")
      .required()
      .type_name("SIGNAL");
  command.option("--starts", o->starts, "the measured time that is the run's start")
      .type_name("TIME");
  command
      .option("--tolerance", o->tolerance,
              "share of the measured range from which a signal counts as away; 20%")
      .type_name("SHARE");
  command.option("--format", o->format, "table or json").one_of({"table", "json"});
  command.runs([o] { return history_command(*o); });
}

}  // namespace stampede
