// The `stampede` command: parses the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tools/cli/commands.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

// Subcommands are listed by their first line, not with all their examples.
class BriefFormatter : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* sub) const override {
    const std::string text = sub->get_description();
    return fmt::format("  {:<12}{}\n", sub->get_name(), text.substr(0, text.find('\n')));
  }
};

int usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  std::string message = error.what();
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  const std::string word = argc > 1 ? argv[1] : "";
  if (word.empty()) {
    narrate(app.help());
    return kInvalidInput;
  }
  const bool known = std::find(names.begin(), names.end(), word) != names.end();
  if (!known && word[0] != '-')
    message = fmt::format("no command is named '{}'{}", word, suggestion(word, names));
  narrate(fmt::format("stampede: {}\nRun `stampede {}--help` for examples.\n", message,
                      known ? word + " " : ""));
  return kInvalidInput;
}

int run_command_line(int argc, char** argv) {
  CLI::App app{
      "Play outages of AI-inference services: what fails, how it spreads, what stops it.\n\n"
      "Examples:\n"
      "  stampede init eu-cluster                            # a scenario to start from\n"
      "  stampede run eu-cluster.yaml --out out/eu-cluster   # play it, keep the results\n"
      "  stampede describe spec                              # what can be set\n"};
  app.name("stampede");
  app.formatter(std::make_shared<BriefFormatter>());
  app.set_version_flag("--version",
                       fmt::format("stampede {}\nbuild {}, commit {}\n{}", stampede_version(),
                                   stampede_build(), stampede_commit(), stampede_compiler()));
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 fine, 1 an expectation failed, 2 invalid usage or scenario, 3 runs of a "
      "sweep\n"
      "failed, 70 broken invariant, 74 file system, 130 interrupted.");
  int exit_code = kFine;
  add_init_command(app, exit_code);
  add_run_command(app, exit_code);
  add_compare_command(app, exit_code);
  add_check_command(app, exit_code);
  add_list_commands(app, exit_code);
  add_diff_command(app, exit_code);
  add_replay_command(app, exit_code);
  add_sweep_command(app, exit_code);
  add_generated_commands(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print_result(app.help());  // of the subcommand that was asked
  } catch (const CLI::CallForVersion& version) {
    print_result(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  return exit_code;
}

}  // namespace

}  // namespace stampede

int main(int argc, char** argv) {
  stampede::catch_interrupts();
  return stampede::guarded([&] { return stampede::run_command_line(argc, argv); });
}
