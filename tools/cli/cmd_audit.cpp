// stampede audit: latent risks of a scenario, without a run.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/audit.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct AuditOptions {
  std::string file, format = "table";
  std::vector<std::string> sets, allow;
};

int audit_command(const AuditOptions& o) {
  std::vector<Override> sets;
  std::string words = shell_quoted(o.file);
  for (const std::string& set : o.sets) {
    sets.push_back(parse_set(set));
    words += " --set " + shell_quoted(set);
  }
  words += allow_path_words(o.allow);
  const Loaded loaded = load_scenario(o.file, sets, {}, o.allow);
  check_world(loaded);
  const std::vector<Risk> found = audit(loaded.scenario, words);
  std::string table;
  ordered_json findings = ordered_json::array();
  for (const Risk& f : found) {
    const Diagnostic at = loaded.provenance.locate(f.path, f.message);
    const std::string place = at.line > 0 ? fmt::format("{}:{}", at.file, at.line) : at.file;
    table += fmt::format("{}{}  {}: {}\n  {}: {}\n  {}\n", table.empty() ? "" : "\n", f.rule,
                         fmt::format("{:.4g} {}", f.number, f.unit), place, f.path, f.message,
                         f.command);
    findings.push_back({{"rule", f.rule},
                        {"number", f.number},
                        {"unit", f.unit},
                        {"file", at.file},
                        {"line", at.line},
                        {"path", f.path},
                        {"message", f.message},
                        {"command", f.command}});
  }
  const ordered_json out = {{"schema", "stampede.audit/1"},
                            {"version", stampede_version()},
                            {"scenario", loaded.scenario.metadata.name},
                            {"findings", findings}};
  print_result(o.format == "json"
                   ? out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n"
                   : table);
  return found.empty() ? kFine : kExpectFailed;
}

}  // namespace

void add_audit_command(CommandLine& line) {
  Command command = line.command(
      "audit", "List latent risks of a scenario without running it; exits with 1 if there are any.",
      {"stampede audit fleet.yaml", "stampede audit fleet.yaml --format json"});
  const auto o = std::make_shared<AuditOptions>();
  command.option("file", o->file, "scenario (YAML or JSON)").required().type_name("FILE");
  command.option("--set", o->sets, "change one value; can be repeated").type_name("PATH=VALUE");
  add_allow_path(command, o->allow);
  command.option("--format", o->format, "table or json").one_of({"table", "json"});
  command.runs([o] { return audit_command(*o); });
}

}  // namespace stampede
