// The subcommands of `stampede`, one file each, and what they share.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tools/results/shell.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace CLI {
class App;
}

namespace stampede {

// Exit codes: a contract with scripts.
inline constexpr int kFine = 0;
inline constexpr int kExpectFailed = 1;
inline constexpr int kInvalidInput = 2;
inline constexpr int kRunsFailed = 3;  // a sweep finished, some of its runs did not
inline constexpr int kInvariantBroken = 70;
inline constexpr int kFileSystem = 74;
inline constexpr int kInterrupted = 130;

// Each adds its subcommand; the callback leaves the exit code in `exit_code`.
void add_run_command(CLI::App& app, int& exit_code);
void add_compare_command(CLI::App& app, int& exit_code);
void add_check_command(CLI::App& app, int& exit_code);
void add_list_commands(CLI::App& app, int& exit_code);  // list, describe, schema
void add_init_command(CLI::App& app, int& exit_code);
void add_replay_command(CLI::App& app, int& exit_code);
void add_diff_command(CLI::App& app, int& exit_code);
void add_sweep_command(CLI::App& app, int& exit_code);
void add_generated_commands(CLI::App& app, int& exit_code);  // completion, man

// A subcommand whose --help begins with examples, one a line: `command  # what it does`.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples);
// The examples of a subcommand, for the man page.
const std::vector<std::string>& examples_of(const std::string& name);

// Writes the result to stdout. Throws FileError when it cannot be written.
void print_result(const std::string& text);
// Writes to stderr.
void narrate(const std::string& text);

// Writes what is doubtful about a scenario to stderr.
void warn(const Loaded& loaded);

// Runs a command; every error that it throws becomes a message on stderr and its exit code.
int guarded(const std::function<int()>& command);

// Ctrl-C was pressed (or the process was asked to end).
struct Interrupted {
  bool resumable = false;  // what had ended is kept
};
void catch_interrupts();
bool interrupted();

// A run that broke an invariant, with how far it had come.
struct BrokenRun {
  std::string what, replay;
  double simulated_seconds = 0;
  i64 seed = 0;
};

struct TimedRun {
  RunResults results;
  double wall_clock_seconds = 0;
};
// Runs with progress on stderr. Faults that need the built world become InputError with their
// place. Throws Interrupted, BrokenRun.
TimedRun run_with_progress(const Loaded& loaded, const std::string& replay, bool quiet,
                           RequestLog* log = nullptr);

// Builds the world without running it. Throws InputError.
void check_world(const Loaded& loaded);

}  // namespace stampede
