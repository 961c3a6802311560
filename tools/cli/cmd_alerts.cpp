// stampede alerts: which alerting rules of a user would have paged in a run, and how late.
#include <filesystem>
#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/python.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

struct AlertOptions {
  std::string directory, interval, format = "table";
  std::vector<std::string> rules;
};

int alerts_command(const AlertOptions& o) {
  require_run(o.directory, "stampede run --metrics --out");
  std::vector<std::string> arguments{fs::absolute(o.directory).string(), "--format", o.format};
  for (const std::string& file : o.rules) {
    read_source(file);  // what cannot be read is said as of every other file
    arguments.insert(arguments.end(), {"--rules", fs::absolute(file).string()});
  }
  if (!o.interval.empty()) arguments.insert(arguments.end(), {"--interval", o.interval});
  return print_from_python("stampede.alerts", arguments);
}

}  // namespace

void add_alerts_command(CommandLine& line) {
  Command command =
      line.command("alerts", "Judge alerting rules of Prometheus over a run: who paged, how late.",
                   {"stampede alerts out/fleet --rules rules.yml   # of a run with --metrics",
                    "stampede alerts out/fleet --rules rules.yml --interval 15s --format json"});
  const auto o = std::make_shared<AlertOptions>();
  command.option("directory", o->directory, "directory of `stampede run --metrics --out`")
      .required()
      .type_name("DIR");
  command.option("--rules", o->rules, "rules of Prometheus or a PrometheusRule; can be repeated")
      .required()
      .type_name("FILE");
  command
      .option("--interval", o->interval,
              "how often rules are evaluated; as their groups say by default, or 1m")
      .type_name("DURATION");
  command.option("--format", o->format, "table or json").one_of({"table", "json"});
  command.runs([o] { return alerts_command(*o); });
}

}  // namespace stampede
