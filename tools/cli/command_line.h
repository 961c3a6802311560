// The command line: subcommands, their options and where the values go. CLI11, which parses it,
// costs seconds in every file that includes it; only command_line.cpp does.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/units.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stampede {

// One option, argument or flag. Each call says more of it.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(option) {}
  Option& required();
  Option& type_name(const std::string& name);  // of its value in --help
  Option& one_of(const std::vector<std::string>& values);
  Option& between(int low, int high);
  Option& shows_default();  // in --help

 private:
  CLI::Option& option_;
};

// A subcommand. Values are read into places that must outlive the parsing.
class Command {
 public:
  Command(CLI::App& app, int& exit_code) : app_(app), exit_code_(exit_code) {}

  // Names are `-q,--quiet`, or one without dashes for an argument. Options with a list can be
  // repeated, each time with one value; a list of arguments takes all that there are.
  Option option(const std::string& names, std::string& value, const std::string& help);
  Option option(const std::string& names, i64& value, const std::string& help);
  Option option(const std::string& names, int& value, const std::string& help);
  Option option(const std::string& names, std::optional<i64>& value, const std::string& help);
  Option option(const std::string& names, std::vector<std::string>& values,
                const std::string& help);
  Option flag(const std::string& names, bool& value, const std::string& help);
  // `--plan{table}`: the flag alone stands for --plan=table.
  Option flag(const std::string& names, std::string& value, const std::string& help);
  // What the command does once its options are read; returns the exit code.
  void runs(std::function<int()> action);

 private:
  CLI::App& app_;
  int& exit_code_;
};

// What is known of a command, for the manual and the completion of shells.
struct OptionInfo {
  std::vector<std::string> long_names, short_names;  // without dashes
  std::string names;                                 // as --help shows them
  std::string help, type_name;
  bool argument = false, required = false;
  const std::string& single_name() const {
    return long_names.empty() ? short_names.at(0) : long_names[0];
  }
};
struct CommandInfo {
  std::string name, summary;
  std::vector<std::string> examples;
  std::vector<OptionInfo> options;
};

class CommandLine {
 public:
  CommandLine(const std::string& description, const std::string& version,
              const std::string& footer);
  ~CommandLine();
  // A subcommand whose --help begins with examples, one a line: `command  # what it does`.
  Command command(const std::string& name, const std::string& summary,
                  const std::vector<std::string>& examples);
  std::vector<CommandInfo> commands() const;
  std::vector<OptionInfo> options() const;  // those before a subcommand
  // Parses, runs the command that is asked for, and returns its exit code.
  int run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
  std::vector<CommandInfo> described_;
  int exit_code_;
};

}  // namespace stampede
