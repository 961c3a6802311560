// stampede init: a commented scenario of one's own fleet, ready to run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/cli/commands.h"
#include "tools/results/output_directory.h"
#include "tools/scenario/init_template.h"

namespace stampede {
namespace {

int init(const std::string& name, bool force) {
  const bool has_suffix = name.ends_with(".yaml") || name.ends_with(".yml");
  const std::string path = has_suffix ? name : name + ".yaml";
  const auto slash = path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  const std::string stem = path.substr(begin, path.rfind('.') - begin);
  if (stem.empty() || stem.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789_-.") != std::string::npos)
    throw InputError(
        {{"init " + name, 0, 0, "", "a name is made of letters, digits, `-`, `_` and `.`", ""}});
  std::string text = init_template();
  const std::string placeholder = "name: my-fleet";
  if (const auto at = text.find(placeholder); at != std::string::npos)
    text.replace(at, placeholder.size(), "name: \"" + stem + "\"");
  write_file(path, text, force);
  print_result(path + "\n");
  narrate(fmt::format("Now: stampede run {}\n", shell_quoted(path)));
  return kFine;
}

}  // namespace

void add_init_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      add_command(app, "init", "Write a commented scenario of your own fleet, ready to run.",
                  {"stampede init", "stampede init eu-cluster && stampede run eu-cluster.yaml"});
  const auto name = std::make_shared<std::string>("my-fleet");
  const auto force = std::make_shared<bool>(false);
  command->add_option("name", *name, "writes NAME.yaml")->type_name("NAME")->capture_default_str();
  command->add_flag("--force", *force, "replace an existing file");
  command->callback([name, force, &exit_code] { exit_code = init(*name, *force); });
}

}  // namespace stampede
