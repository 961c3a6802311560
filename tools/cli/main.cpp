// The `stampede` command: its subcommands in the order in which --help lists them.
#include <fmt/format.h>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

int run_command_line(int argc, char** argv) {
  CommandLine line(
      "Play outages of AI-inference services: what fails, how it spreads, what stops it.\n\n"
      "Examples:\n"
      "  stampede init eu-cluster                            # a scenario to start from\n"
      "  stampede run eu-cluster.yaml --out out/eu-cluster   # play it, keep the results\n"
      "  stampede describe spec                              # what can be set\n",
      fmt::format("stampede {}\nbuild {}, commit {}\n{}", stampede_version(), stampede_build(),
                  stampede_commit(), stampede_compiler()),
      "Exit codes: 0 fine, 1 an expectation failed, 2 invalid usage or scenario, 3 runs of a "
      "sweep\n"
      "failed, 70 broken invariant, 74 file system, 130 interrupted.");
  add_init_command(line);
  add_run_command(line);
  add_compare_command(line);
  add_check_command(line);
  add_list_commands(line);
  add_diff_command(line);
  add_report_command(line);
  add_alerts_command(line);
  add_history_command(line);
  add_replay_command(line);
  add_sweep_command(line);
  add_analyze_command(line);
  add_audit_command(line);
  add_tipping_point_command(line);
  add_explain_command(line);
  add_when_command(line);
  add_survive_command(line);
  add_reopen_command(line);
  add_generated_commands(line);
  return line.run(argc, argv);
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  stampede::catch_interrupts();
  return stampede::guarded([&] { return stampede::run_command_line(argc, argv); });
}
