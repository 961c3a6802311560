// stampede completion, man: generated from the tree of commands, so that they cannot go stale.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

struct Word {
  std::string text, help;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::vector<Word> words_of(const std::vector<OptionInfo>& options) {
  std::vector<Word> words;
  for (const OptionInfo& option : options) {
    for (const std::string& name : option.long_names) words.push_back({"--" + name, option.help});
    for (const std::string& name : option.short_names) words.push_back({"-" + name, option.help});
  }
  return words;
}

std::string joined(const std::vector<Word>& words) {
  std::string out;
  for (const Word& w : words) out += (out.empty() ? "" : " ") + w.text;
  return out;
}

std::string names_joined(const std::string& category) {
  return fmt::format("{}", fmt::join(registered_names(category), " "));
}

std::string bash_completion(const CommandLine& line) {
  std::vector<Word> commands;
  std::string cases;
  for (const CommandInfo& command : line.commands()) {
    commands.push_back({command.name, ""});
    cases +=
        fmt::format("    {}) options='{}' ;;\n", command.name, joined(words_of(command.options)));
  }
  return fmt::format(R"sh(# bash completion of stampede: source <(stampede completion bash)
_stampede() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" options=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '{} {}' -- "$word")
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  case "$before" in
    --format) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$word"); return ;;
    --with) mapfile -t COMPREPLY < <(compgen -W '{}' -- "$word"); return ;;
    --out) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --engine) mapfile -t COMPREPLY < <(compgen -W 'local slurm' -- "$word"); return ;;
    schema) mapfile -t COMPREPLY < <(compgen -W 'scenario sweep' -- "$word"); return ;;
    list)
      mapfile -t COMPREPLY < <(compgen -W 'models mitigations actions stats' -- "$word")
      return ;;
    describe) mapfile -t COMPREPLY < <(compgen -W '{} {} {} spec' -- "$word"); return ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word"); return ;;
  esac
  case "$word" in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
  esac
}}
complete -o filenames -F _stampede stampede
)sh",
                     joined(commands), joined(words_of(line.options())), cases,
                     names_joined("mitigation"), names_joined("mitigation"), names_joined("action"),
                     names_joined("model"));
}

std::string zsh_word(const Word& word) {
  std::string help;
  for (const char c : first_line(word.help)) help += (c == '\'' || c == ':') ? ' ' : c;
  return fmt::format("'{}:{}'", word.text, help);
}

std::string zsh_completion(const CommandLine& line) {
  std::string commands, cases;
  for (const CommandInfo& command : line.commands()) {
    commands += fmt::format("    {}\n", zsh_word({command.name, command.summary}));
    std::string options;
    for (const Word& option : words_of(command.options)) options += " " + zsh_word(option);
    cases += fmt::format("    {}) options=({} ) ;;\n", command.name, options);
  }
  return fmt::format(R"sh(#compdef stampede
# zsh completion of stampede: source <(stampede completion zsh)
_stampede() {{
  local -a commands options names
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$words[2]" in
{}  esac
  case "$words[CURRENT-1]" in
    --format) names=(table json); _describe 'format' names; return ;;
    --with) names=({}); _describe 'mitigation' names; return ;;
    --out) _files; return ;;
    --engine) names=(local slurm); _describe 'engine' names; return ;;
    schema) names=(scenario sweep); _describe 'kind' names; return ;;
    list) names=(models mitigations actions expectations stats); _describe 'what' names; return ;;
    describe) names=({} {} {} spec); _describe 'name' names; return ;;
    completion) names=(bash zsh fish); _describe 'shell' names; return ;;
  esac
  if [[ "$words[CURRENT]" == -* ]]; then
    _describe 'option' options
  else
    _files
  fi
}}
# From a directory of $fpath this file is the function; otherwise it defines it.
if [ "$funcstack[1]" = _stampede ]; then
  _stampede "$@"
else
  compdef _stampede stampede
fi
)sh",
                     commands, cases, names_joined("mitigation"), names_joined("mitigation"),
                     names_joined("action"), names_joined("model"));
}

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += (c == '\'' || c == '\\') ? std::string{'\\', c} : std::string{c};
  return out + "'";
}

// What may follow an option that takes a value, or a subcommand: words, else files.
std::string fish_values(const std::string& after) {
  const std::map<std::string, std::string> words = {
      {"--format", "table json"},
      {"--engine", "local slurm"},
      {"--with", names_joined("mitigation")},
      {"schema", "scenario sweep"},
      {"list", "models mitigations actions expectations stats"},
      {"describe", names_joined("mitigation") + " " + names_joined("action") + " " +
                       names_joined("model") + " spec"},
      {"completion", "bash zsh fish"}};
  const auto it = words.find(after);
  return it == words.end() ? "-F" : "-xa " + fish_quoted(it->second);
}

std::string fish_completion(const CommandLine& line) {
  std::string text =
      "# fish completion of stampede: stampede completion fish | source\n"
      "complete -c stampede -f\n";
  for (const CommandInfo& command : line.commands()) {
    const std::string name = command.name;
    text += fmt::format("complete -c stampede -n __fish_use_subcommand -a {} -d {}\n", name,
                        fish_quoted(first_line(command.summary)));
    const std::string inside =
        fmt::format("complete -c stampede -n '__fish_seen_subcommand_from {}' ", name);
    for (const OptionInfo& option : command.options) {
      if (option.argument) text += inside + fish_values(name) + "\n";
      std::string names;
      for (const std::string& word : option.long_names) names += "-l " + word + " ";
      for (const std::string& word : option.short_names) names += "-s " + word + " ";
      if (names.empty()) continue;
      const bool flag = option.type_name.empty();
      const std::string value = flag ? "" : "-r " + fish_values("--" + option.single_name()) + " ";
      text += inside + names + value + "-d " + fish_quoted(first_line(option.help)) + "\n";
    }
  }
  return text;
}

std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  // A line that begins with a dot or a quote would be a request.
  if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
  return out;
}

// `FILE`, without the values that it may have.
std::string plain_type(const OptionInfo& option) {
  return option.type_name.substr(0, option.type_name.find(':'));
}

// `one, two` of TEXT:{one,two}: words between which a line may end.
std::string choices_of(const OptionInfo& option) {
  std::string text;
  for (const char c : option.type_name.substr(plain_type(option).size()))
    if (c == ',')
      text += ", ";
    else if (c != '{' && c != '}' && c != ':')
      text += c;
  return text.empty() ? "" : ": " + text;
}

// Usage of a command's arguments, as `FILE [DIR]`.
std::string usage_of(const CommandInfo& command) {
  std::string usage;
  for (const OptionInfo& option : command.options) {
    if (!option.argument) continue;
    const std::string name = plain_type(option);
    usage += " " + roff(option.required ? name : "[" + name + "]");
  }
  return usage;
}

std::string options_of(const CommandInfo& command) {
  std::string text;
  for (const OptionInfo& option : command.options)
    if (!option.argument)
      text += fmt::format(".TP\n.B {}\n{}\n", roff(option.names), roff(option.help));
  return text;
}

std::string examples_of(const CommandInfo& command) {
  std::string text;
  for (const std::string& example : command.examples) text += "    " + roff(example) + "\n";
  return text;
}

std::string end_of_page() {
  std::string text = ".SH EXIT STATUS\n";
  const std::vector<Word> codes = {{"0", "fine"},
                                   {"1", "an expectation failed"},
                                   {"2", "invalid usage or scenario"},
                                   {"3", "runs of a sweep failed"},
                                   {"70", "an invariant of the simulator is broken"},
                                   {"74", "a file cannot be written"},
                                   {"130", "interrupted"}};
  for (const Word& code : codes) text += fmt::format(".TP\n.B {}\n{}\n", code.text, code.help);
  return text + ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colours on standard error\n";
}

std::string head_of_page(const std::string& title, const std::string& name,
                         const std::string& summary) {
  return fmt::format(
      ".TH {} 1 \"\" \"stampede {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", title,
      stampede_version(), name, roff(summary));
}

std::string man_page(const CommandLine& line) {
  std::string text =
      head_of_page("STAMPEDE", "stampede",
                   "simulate overload and cascading failure of AI inference services") +
      ".B stampede\n.I COMMAND\n.RI [ OPTION ]...\n.SH COMMANDS\n";
  for (const CommandInfo& command : line.commands()) {
    text += fmt::format(".SS \"stampede {}{}\"\n{}\n", command.name, usage_of(command),
                        roff(first_line(command.summary)));
    text += options_of(command);
    if (!command.examples.empty())
      text += ".PP\nExamples:\n.PP\n.nf\n" + examples_of(command) + ".fi\n";
  }
  return text + end_of_page();
}

// A page of its own: stampede-NAME(1).
std::string man_page_of(const CommandInfo& command) {
  const std::string name = "stampede\\-" + command.name;
  std::string title = "STAMPEDE-";
  for (const char c : command.name) title += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  std::string text = head_of_page(title, name, first_line(command.summary)) +
                     fmt::format(".B stampede {}\n.RI [ OPTION ]...{}\n.SH DESCRIPTION\n{}\n",
                                 command.name, usage_of(command), roff(command.summary));
  std::string arguments;
  for (const OptionInfo& option : command.options)
    if (option.argument)
      arguments += fmt::format(".TP\n.I {}\n{}{}\n", roff(plain_type(option)), roff(option.help),
                               roff(choices_of(option)));
  if (!arguments.empty()) text += ".SH ARGUMENTS\n" + arguments;
  text += ".SH OPTIONS\n" + options_of(command);
  if (!command.examples.empty()) text += ".SH EXAMPLES\n.nf\n" + examples_of(command) + ".fi\n";
  return text + end_of_page() + ".SH SEE ALSO\n.BR stampede (1)\n";
}

}  // namespace

void add_generated_commands(CommandLine& line) {
  Command completion = line.command(
      "completion", "Print shell completion.",
      {"source <(stampede completion bash)", "stampede completion zsh > ~/.zfunc/_stampede",
       "stampede completion fish | source"});
  const auto shell = std::make_shared<std::string>();
  completion.option("shell", *shell, "bash, zsh or fish")
      .required()
      .one_of({"bash", "zsh", "fish"});
  completion.runs([shell, &line] {
    print_result(*shell == "bash"  ? bash_completion(line)
                 : *shell == "zsh" ? zsh_completion(line)
                                   : fish_completion(line));
    return kFine;
  });
  Command man = line.command("man", "Print the manual page, or that of one command.",
                             {"stampede man | man -l -", "stampede man run > stampede-run.1"});
  const auto of = std::make_shared<std::string>();
  man.option("command", *of, "a command; the page of the whole program without one")
      .type_name("COMMAND");
  man.runs([of, &line] {
    if (of->empty()) {
      print_result(man_page(line));
      return kFine;
    }
    std::vector<std::string> names;
    for (const CommandInfo& command : line.commands()) {
      names.push_back(command.name);
      if (command.name != *of) continue;
      print_result(man_page_of(command));
      return kFine;
    }
    throw InputError(
        {{"man " + *of, 0, 0, "", "no command has this name" + suggestion(*of, names), ""}});
  });
}

}  // namespace stampede
