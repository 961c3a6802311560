// stampede completion, man: generated from the tree of commands, so that they cannot go stale.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "tools/cli/commands.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

struct Word {
  std::string text, help;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::vector<Word> options_of(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      words.push_back({"--" + name, option->get_description()});
    for (const std::string& name : option->get_snames())
      words.push_back({"-" + name, option->get_description()});
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

std::string bash_completion(const CLI::App& root) {
  std::vector<Word> commands;
  std::string cases;
  for (const CLI::App* sub : root.get_subcommands({})) {
    commands.push_back({sub->get_name(), ""});
    cases += fmt::format("    {}) options='{}' ;;\n", sub->get_name(), joined(options_of(*sub)));
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
                     joined(commands), joined(options_of(root)), cases, names_joined("mitigation"),
                     names_joined("mitigation"), names_joined("action"), names_joined("model"));
}

std::string zsh_word(const Word& word) {
  std::string help;
  for (const char c : first_line(word.help)) help += (c == '\'' || c == ':') ? ' ' : c;
  return fmt::format("'{}:{}'", word.text, help);
}

std::string zsh_completion(const CLI::App& root) {
  std::string commands, cases;
  for (const CLI::App* sub : root.get_subcommands({})) {
    commands += fmt::format("    {}\n", zsh_word({sub->get_name(), sub->get_description()}));
    std::string options;
    for (const Word& option : options_of(*sub)) options += " " + zsh_word(option);
    cases += fmt::format("    {}) options=({} ) ;;\n", sub->get_name(), options);
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

std::string fish_completion(const CLI::App& root) {
  std::string text =
      "# fish completion of stampede: stampede completion fish | source\n"
      "complete -c stampede -f\n";
  for (const CLI::App* sub : root.get_subcommands({})) {
    const std::string name = sub->get_name();
    text += fmt::format("complete -c stampede -n __fish_use_subcommand -a {} -d {}\n", name,
                        fish_quoted(first_line(sub->get_description())));
    const std::string inside =
        fmt::format("complete -c stampede -n '__fish_seen_subcommand_from {}' ", name);
    for (const CLI::Option* option : sub->get_options()) {
      if (option->get_positional()) text += inside + fish_values(name) + "\n";
      std::string names;
      for (const std::string& word : option->get_lnames()) names += "-l " + word + " ";
      for (const std::string& word : option->get_snames()) names += "-s " + word + " ";
      if (names.empty()) continue;
      const bool flag = option->get_type_name().empty();
      const std::string value =
          flag ? "" : "-r " + fish_values("--" + option->get_single_name()) + " ";
      text += inside + names + value + "-d " + fish_quoted(first_line(option->get_description())) +
              "\n";
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

std::string man_page(const CLI::App& root) {
  std::string text = fmt::format(
      ".TH STAMPEDE 1 \"\" \"stampede {}\" \"User Commands\"\n.SH NAME\nstampede \\- {}\n"
      ".SH SYNOPSIS\n.B stampede\n.I COMMAND\n.RI [ OPTION ]...\n.SH COMMANDS\n",
      stampede_version(), roff("simulate overload and cascading failure of AI inference services"));
  for (const CLI::App* sub : root.get_subcommands({})) {
    std::string usage;
    for (const CLI::Option* option : sub->get_options())
      if (option->get_positional())
        usage += " " + roff(option->get_required() ? option->get_type_name()
                                                   : "[" + option->get_type_name() + "]");
    text += fmt::format(".SS \"stampede {}{}\"\n{}\n", sub->get_name(), usage,
                        roff(first_line(sub->get_description())));
    for (const CLI::Option* option : sub->get_options()) {
      if (option->get_positional()) continue;
      text += fmt::format(".TP\n.B {}\n{}\n", roff(option->get_name(false, true)),
                          roff(option->get_description()));
    }
    if (examples_of(sub->get_name()).empty()) continue;
    text += ".PP\nExamples:\n.PP\n.nf\n";
    for (const std::string& example : examples_of(sub->get_name()))
      text += "    " + roff(example) + "\n";
    text += ".fi\n";
  }
  text += ".SH EXIT STATUS\n";
  const std::vector<Word> codes = {{"0", "fine"},
                                   {"1", "an expectation failed"},
                                   {"2", "invalid usage or scenario"},
                                   {"70", "an invariant of the simulator is broken"},
                                   {"74", "a file cannot be written"},
                                   {"130", "interrupted"}};
  for (const Word& code : codes) text += fmt::format(".TP\n.B {}\n{}\n", code.text, code.help);
  text += ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colours on standard error\n";
  return text;
}

}  // namespace

void add_generated_commands(CLI::App& app, int& exit_code) {
  CLI::App* completion = add_command(
      app, "completion", "Print shell completion.",
      {"source <(stampede completion bash)", "stampede completion zsh > ~/.zfunc/_stampede",
       "stampede completion fish | source"});
  const auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([shell, &app, &exit_code] {
    print_result(*shell == "bash"  ? bash_completion(app)
                 : *shell == "zsh" ? zsh_completion(app)
                                   : fish_completion(app));
    exit_code = kFine;
  });
  CLI::App* man = add_command(app, "man", "Print the manual page.",
                              {"stampede man | man -l -", "stampede man > stampede.1"});
  man->callback([&app, &exit_code] {
    print_result(man_page(app));
    exit_code = kFine;
  });
}

}  // namespace stampede
