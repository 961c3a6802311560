// stampede check: find every fault of scenario and sweep files without running them.
#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/sweep.h"

namespace stampede {
namespace {

struct CheckOptions {
  std::vector<std::string> files, sets, allow;
};

// Its own faults, those of each value, and those that show once the first point is built.
void check_sweep(const Sweep& sweep) {
  const std::vector<double> first(sweep.axes().size());
  check_world(sweep.scenario(sweep.point(first), sweep.spec().seed));
}

int check(const CheckOptions& o) {
  int code = kFine;
  std::vector<Override> sets;
  for (const std::string& set : o.sets) sets.push_back(parse_set(set));
  for (const std::string& file : o.files) try {
      if (document_kind(read_source(file)) == "Sweep") {
        if (!sets.empty())
          throw InputError({{file, 0, 0, "", "--set is for scenarios; a sweep sets its own", ""}});
        check_sweep(Sweep(file, o.allow));
      } else {
        const Loaded loaded = load_scenario(file, sets, {}, o.allow);
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
  const auto o = std::make_shared<CheckOptions>();
  command.option("file", o->files, "scenarios or sweeps").required().type_name("FILE");
  command.option("--set", o->sets, "change one value; can be repeated").type_name("PATH=VALUE");
  add_allow_path(command, o->allow);
  command.runs([o] { return check(*o); });
}

}  // namespace stampede
