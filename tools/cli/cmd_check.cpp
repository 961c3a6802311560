// stampede check: find every fault of scenario and sweep files without running them.
#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/sweep.h"

namespace stampede {
namespace {

// Its own faults, those of each value, and those that show once the first point is built.
void check_sweep(const Sweep& sweep) {
  const std::vector<double> first(sweep.axes().size());
  check_world(sweep.scenario(sweep.point(first), sweep.spec().seed));
}

int check(const std::vector<std::string>& files, const std::vector<std::string>& allow) {
  int code = kFine;
  for (const std::string& file : files) try {
      if (document_kind(read_source(file)) == "Sweep") {
        check_sweep(Sweep(file, allow));
      } else {
        const Loaded loaded = load_scenario(file, {}, {}, allow);
        check_world(loaded);
        warn(loaded);
      }
      print_result(file + ": fine\n");
    } catch (const InputError& error) {
      narrate(error.what());
      code = kInvalidInput;
    }
  return code;
}

}  // namespace

void add_check_command(CommandLine& line) {
  Command command =
      line.command("check", "Find every fault of scenarios and sweeps without running them.",
                   {"stampede check fleet.yaml", "stampede check scenarios/*.yaml"});
  const auto files = std::make_shared<std::vector<std::string>>();
  command.option("file", *files, "scenarios or sweeps").required().type_name("FILE");
  const auto allow = std::make_shared<std::vector<std::string>>();
  add_allow_path(command, *allow);
  command.runs([files, allow] { return check(*files, *allow); });
}

}  // namespace stampede
