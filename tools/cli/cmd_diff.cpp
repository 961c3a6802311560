// stampede diff: which values of two runs' summaries differ.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/results/build.h"
#include "tools/results/run_table.h"

namespace stampede {
namespace {

std::string summary_of(const std::string& directory) {
  SourceText source = read_source(directory + "/summary.json");
  parse_yaml(source);  // bounds on size and nesting
  const auto json = nlohmann::json::parse(source.text, nullptr, false);
  if (!json.is_object() || json.value("schema", nlohmann::json()) != "stampede.summary/1")
    throw InputError({{source.name, 0, 0, "", "no summary of a run", ""}});
  return source.text;
}

// The build that a directory's manifest names; `unknown` without one.
std::string build_of(const std::string& directory) {
  const std::string path = directory + "/manifest.json";
  if (::access(path.c_str(), R_OK) != 0) return kUnknownBuild;
  const auto json = nlohmann::json::parse(read_source(path).text, nullptr, false);
  const auto it = json.is_object() ? json.find("build") : json.end();
  return it != json.end() && it->is_string() ? it->get<std::string>() : kUnknownBuild;
}

int diff(const std::string& a, const std::string& b, bool exit_code) {
  const std::string first = summary_of(a), second = summary_of(b);
  const std::string text = diff_table(first, second);
  if (build_of(a) != build_of(b))
    narrate(fmt::format("stampede: the runs are of different builds, {} and {}\n", build_of(a),
                        build_of(b)));
  print_result(text.empty() ? "no differences\n" : text);
  return text.empty() || !exit_code ? kFine : kExpectFailed;
}

}  // namespace

void add_diff_command(CommandLine& line) {
  Command command =
      line.command("diff", "Show which values of two runs' summaries differ.",
                   {"stampede diff out/before out/after",
                    "stampede diff golden out/now --exit-code  # 1 when they differ"});
  const auto a = std::make_shared<std::string>();
  const auto b = std::make_shared<std::string>();
  const auto strict = std::make_shared<bool>(false);
  command.option("first", *a, "directory of a run").required().type_name("DIR");
  command.option("second", *b, "directory of a run").required().type_name("DIR");
  command.flag("--exit-code", *strict, "exit with 1 when they differ");
  command.runs([a, b, strict] { return diff(*a, *b, *strict); });
}

}  // namespace stampede
