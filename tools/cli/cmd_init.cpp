// stampede init: a commented scenario of one's own fleet, ready to run.
#include <fmt/format.h>

#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/language/init_template.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

void replace(std::string& text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

int init(const std::string& name, const std::string& kind, bool force) {
  const bool has_suffix = name.ends_with(".yaml") || name.ends_with(".yml");
  const std::string path = has_suffix ? name : name + ".yaml";
  const auto slash = path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  const std::string stem = path.substr(begin, path.rfind('.') - begin);
  if (stem.empty() || stem.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789_-.") != std::string::npos)
    throw InputError(
        {{"init " + name, 0, 0, "", "a name is made of letters, digits, `-`, `_` and `.`", ""}});
  const bool server = kind == "vllm";
  std::string text = scenario_templates().at(kind == "fleet" ? "init" : kind);
  const std::string before = "metadata: {name: ";
  const auto named = text.find(before) + before.size();
  text.replace(named, text.find(',', named) - named, "\"" + stem + "\"");
  std::string written = path + "\n";
  // With --force whatever the file says, as long as it is a file.
  const std::optional<std::string_view> replaces = force ? std::optional("") : std::nullopt;
  if (server) {  // with the recording that it plays beside it
    const std::string recording = path.substr(0, path.rfind('.')) + ".csv";
    replace(text, "file: my-server.csv", "file: \"" + stem + ".csv\"");
    write_file(recording, vllm_recording(), replaces);
    written += recording + "\n";
  }
  write_file(path, text, replaces);
  print_result(written);
  narrate(fmt::format("Now: stampede run {}\n", shell_quoted(path)));
  return kFine;
}

}  // namespace

void add_init_command(CommandLine& line) {
  Command command =
      line.command("init", "Write a commented scenario of your own fleet, ready to run.",
                   {"stampede init", "stampede init eu-cluster && stampede run eu-cluster.yaml",
                    "stampede init my-service --template database",
                    "stampede init my-server --template vllm   # one server before a recording"});
  const auto name = std::make_shared<std::string>("my-fleet");
  const auto kind = std::make_shared<std::string>("fleet");
  command
      .option("--template", *kind,
              "fleet: two regions and a routing mistake; region: one that loses servers; "
              "three-regions: with autoscalers, one loses zones; database: a service behind the "
              "gateway is slow; vllm: one server before recorded requests")
      .one_of({"fleet", "region", "three-regions", "database", "vllm"})
      .shows_default();
  const auto force = std::make_shared<bool>(false);
  command.option("name", *name, "writes NAME.yaml").type_name("NAME").shows_default();
  command.flag("--force", *force, "replace an existing file");
  command.runs([name, kind, force] { return init(*name, *kind, *force); });
}

}  // namespace stampede
