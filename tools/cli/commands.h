// The subcommands of `stampede`, one file each, and what they share.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tools/results/shell.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {

class Command;
class CommandLine;

// Exit codes: a contract with scripts.
inline constexpr int kFine = 0;
inline constexpr int kExpectFailed = 1;
inline constexpr int kInvalidInput = 2;
inline constexpr int kRunsFailed = 3;  // a sweep finished, some of its runs did not
inline constexpr int kInvariantBroken = 70;
inline constexpr int kFileSystem = 74;
inline constexpr int kInterrupted = 130;

// Each adds its subcommand.
void add_run_command(CommandLine& line);
void add_compare_command(CommandLine& line);
void add_check_command(CommandLine& line);
void add_list_commands(CommandLine& line);  // list, describe, schema
void add_init_command(CommandLine& line);
void add_replay_command(CommandLine& line);
void add_diff_command(CommandLine& line);
void add_report_command(CommandLine& line);
void add_alerts_command(CommandLine& line);
void add_history_command(CommandLine& line);
void add_sweep_command(CommandLine& line);
void add_tipping_point_command(CommandLine& line);
void add_when_command(CommandLine& line);
void add_survive_command(CommandLine& line);
void add_reopen_command(CommandLine& line);
void add_analyze_command(CommandLine& line);
void add_audit_command(CommandLine& line);
void add_explain_command(CommandLine& line);
void add_generated_commands(CommandLine& line);  // completion, man

// Everything that a person reads leaves through these: text of files cannot steer the terminal.
// Writes the result to stdout. Throws FileError when it cannot be written, ClosedPipe when nobody
// reads it any more.
void print_result(const std::string& text);
// Writes to stderr.
void narrate(const std::string& text);
// Writes to stderr as it is: for bars, which move the cursor.
void draw(const std::string& bar);

// --allow-path DIR of every command that reads scenarios.
void add_allow_path(Command& command, std::vector<std::string>& directories);
// The same as words of a command.
std::string allow_path_words(const std::vector<std::string>& directories);

// The names of lists such as `a,b`.
std::vector<std::string> split_names(const std::vector<std::string>& lists);

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

// The reader of stdout is gone, as in `stampede describe spec | head`. The program ends as others
// do, by SIGPIPE.
struct ClosedPipe {};

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
                           RequestLog* log = nullptr, Exported exported = Exported::kNothing);

// Builds the world without running it. Throws InputError.
void check_world(const Loaded& loaded);

}  // namespace stampede
