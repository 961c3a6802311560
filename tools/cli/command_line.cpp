#include "tools/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "tools/cli/commands.h"

namespace stampede {
namespace {

// Subcommands are listed by their first line, not with all their examples.
class BriefFormatter : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* sub) const override {
    const std::string text = sub->get_description();
    return fmt::format("  {:<15}{}\n", sub->get_name(), text.substr(0, text.find('\n')));
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

// CLI11 takes the nearest number that fits for one that does not.
std::string beyond_64_bits(const std::string& text) {
  errno = 0;
  std::strtoll(text.c_str(), nullptr, 0);
  return errno == ERANGE ? "'" + text + "' is out of range" : "";
}

template <class T>
CLI::Option* add_whole_number(CLI::App& app, const std::string& names, T& value,
                              const std::string& help) {
  return app.add_option(names, value, help)->check(CLI::Validator(beyond_64_bits, ""));
}

std::vector<OptionInfo> options_of(const CLI::App& app) {
  std::vector<OptionInfo> found;
  for (const CLI::Option* option : app.get_options())
    found.push_back({option->get_lnames(), option->get_snames(), option->get_name(false, true),
                     option->get_description(), option->get_type_name(), option->get_positional(),
                     option->get_required()});
  return found;
}

}  // namespace

Option& Option::required() {
  option_.required();
  return *this;
}
Option& Option::type_name(const std::string& name) {
  option_.type_name(name);
  return *this;
}
Option& Option::one_of(const std::vector<std::string>& values) {
  option_.check(CLI::IsMember(values));
  return *this;
}
Option& Option::between(int low, int high) {
  option_.check(CLI::Range(low, high));
  return *this;
}
Option& Option::shows_default() {
  option_.capture_default_str();
  return *this;
}

Option Command::option(const std::string& names, std::string& value, const std::string& help) {
  return Option(*app_.add_option(names, value, help));
}
Option Command::option(const std::string& names, i64& value, const std::string& help) {
  return Option(*add_whole_number(app_, names, value, help));
}
Option Command::option(const std::string& names, int& value, const std::string& help) {
  return Option(*add_whole_number(app_, names, value, help));
}
Option Command::option(const std::string& names, std::optional<i64>& value,
                       const std::string& help) {
  return Option(*add_whole_number(app_, names, value, help));
}
Option Command::option(const std::string& names, std::vector<std::string>& values,
                       const std::string& help) {
  CLI::Option* option = app_.add_option(names, values, help);
  if (!option->get_positional()) option->allow_extra_args(false);
  return Option(*option);
}
Option Command::flag(const std::string& names, bool& value, const std::string& help) {
  return Option(*app_.add_flag(names, value, help));
}
Option Command::flag(const std::string& names, std::string& value, const std::string& help) {
  return Option(*app_.add_flag(names, value, help));
}
void Command::runs(std::function<int()> action) {
  app_.callback([action = std::move(action), &code = exit_code_] { code = action(); });
}

CommandLine::CommandLine(const std::string& description, const std::string& version,
                         const std::string& footer)
    : app_(std::make_unique<CLI::App>(description)), exit_code_(kFine) {
  app_->name("stampede");
  app_->formatter(std::make_shared<BriefFormatter>());
  app_->set_version_flag("--version", version);
  app_->require_subcommand(1);
  app_->footer(footer);
}
CommandLine::~CommandLine() = default;

Command CommandLine::command(const std::string& name, const std::string& summary,
                             const std::vector<std::string>& examples) {
  std::string text = summary + "\n\nExamples:";
  for (const std::string& example : examples) text += "\n  " + example;
  described_.push_back({name, summary, examples, {}});
  return {*app_->add_subcommand(name, text), exit_code_};
}

std::vector<CommandInfo> CommandLine::commands() const {
  std::vector<CommandInfo> found = described_;
  for (CommandInfo& info : found) info.options = options_of(*app_->get_subcommand(info.name));
  return found;
}

std::vector<OptionInfo> CommandLine::options() const { return options_of(*app_); }

int CommandLine::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print_result(app_->help());  // of the subcommand that was asked
  } catch (const CLI::CallForVersion& shown) {
    print_result(std::string(shown.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return usage_error(*app_, error, argc, argv);
  }
  return exit_code_;
}

}  // namespace stampede
