// stampede list, describe, schema: what there is to choose from and what it means.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/registry.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/sweep_file.h"
#include "tools/language/describe.h"
#include "tools/language/described_place.h"
#include "tools/language/init_template.h"
#include "tools/language/profiles.h"
#include "tools/language/schema.h"
#include "tools/world/needs.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct ListOptions {
  std::string name, format = "table";
};

struct Listed {
  std::string category, name, help, source;
  std::string slot{};                // of a mitigation, as the next
  std::vector<std::string> lacks{};  // what of each a scenario may not lack
};

void add_facts(Listed& mitigation) {
  const MitigationFacts& facts = mitigation_facts().at(mitigation.name);
  mitigation.slot = name_of(facts.slot);
  for (const Need need : facts.needs) mitigation.lacks.emplace_back(lack_of(need));
}

std::vector<Listed> registered(const std::string& category) {
  std::vector<Listed> found;
  for (const auto& [key, entry] : Registry::global().all())
    if (category.empty() || key.first == category) {
      found.push_back({entry.category, entry.name, entry.help, entry.source});
      if (key.first == "mitigation") add_facts(found.back());
    }
  return found;
}

// Statistics exist once a world is built; that of `init` has one of each kind.
// Of a fleet that has one of each kind. `signals`: those that a monitor can show.
std::vector<Listed> statistics(bool signals) {
  std::vector<Override> one_of_each;
  for (const char* set :
       {"spec.services=[{name: store}]", "spec.uses=[{name: store, service: store}]",
        "spec.controllers=[{name: leases, items: 10, rate: 10/s}]",
        "spec.balancer.health_checks={}", "spec.dns=[{name: api, records: [store]}]"})
    one_of_each.push_back(parse_set(set));
  const Loaded loaded =
      load_scenario(SourceText{"the scenario of `init`", init_template()}, one_of_each);
  const RunResults results = run_simulation(loaded.scenario, [](double) { return false; });
  std::map<std::string, Listed> by_name;
  for (const StatInfo& s : results.series_columns) {
    if (signals && s.truth) continue;
    const std::string help = s.help.empty() ? "of " + s.component : s.help;
    const char* truth = s.truth ? ", known to the simulation alone: no signal" : "";
    by_name.emplace(s.name, Listed{"stat", s.name, help + truth, s.unit});
  }
  std::vector<Listed> found;
  for (auto& [name, stat] : by_name) found.push_back(std::move(stat));
  return found;
}

// Each text begins with a comment that says what it is.
std::vector<Listed> profiles() {
  std::vector<Listed> found;
  for (const auto& [name, text] : serving_profiles())
    found.push_back({"profile", name, text.substr(2, text.find('\n') - 2),
                     "scenarios/profiles/" + name + ".yaml"});
  return found;
}

// What `do: set` can change, of whatever a scenario may have.
std::vector<Listed> live_parameters() {
  Scenario defaults;
  std::vector<Listed> found;
  for (const ParameterRow& row : parameter_rows(type_of<Scenario>(), &defaults))
    if (!row.live.empty())
      found.push_back(
          {"live", row.key, row.help, row.kind + (row.range.empty() ? "" : ", " + row.range)});
  return found;
}

int list(const ListOptions& o) {
  std::string category = o.name;
  if (category.ends_with("s")) category.pop_back();
  const bool signals = category == "signal";
  if (signals) category = "stat";
  const std::vector<Listed> found = category == "stat"      ? statistics(signals)
                                    : category == "live"    ? live_parameters()
                                    : category == "profile" ? profiles()
                                                            : registered(category);
  if (o.format == "json") {
    ordered_json out = ordered_json::array();
    for (const Listed& l : found) {
      out.push_back({{"category", l.category},
                     {"name", l.name},
                     {"help", l.help},
                     {category == "stat"   ? "unit"
                      : category == "live" ? "values"
                                           : "source",
                      l.source}});
      if (l.slot.empty()) continue;
      out.back()["slot"] = l.slot;
      out.back()["cannot_be_used_where"] = l.lacks;
    }
    print_result(out.dump(2) + "\n");
    return kFine;
  }
  std::size_t width = 0, slots = 0;
  for (const Listed& l : found) {
    width = std::max(width, l.name.size());
    slots = std::max(slots, l.slot.size());
  }
  std::string text, current;
  for (const Listed& l : found) {
    if (category.empty() && l.category != current) text += l.category + "\n";
    current = l.category;
    text += fmt::format("{}{:<{}}  ", category.empty() ? "  " : "", l.name, width);
    if (!l.slot.empty()) text += fmt::format("{:<{}}  ", l.slot, slots);
    text += l.help;
    if (!l.source.empty())
      text += " [" + l.source + "]";
    else if (l.category != "stat" && l.category != "incident")
      text += " [assumed]";
    text += "\n";
  }
  print_result(text);
  return kFine;
}

void print_rows(const std::string& heading, const std::vector<ParameterRow>& rows,
                const std::string& format) {
  if (format == "json") return print_result(json_table(rows).dump(2) + "\n");
  const std::string table = rows.empty()           ? "It has no parameters.\n"
                            : format == "markdown" ? markdown_table(rows)
                                                   : text_table(rows);
  print_result(heading + table);
}

// A key that stands somewhere in a scenario, such as `when`: each place with what is below it.
bool describe_key(const std::vector<ParameterRow>& rows, const ListOptions& o) {
  std::vector<std::string> places;
  for (const ParameterRow& row : rows)
    for (std::size_t at = row.key.find("." + o.name); at != std::string::npos;
         at = row.key.find("." + o.name, at + 1)) {
      const std::size_t end = at + 1 + o.name.size();
      if (end < row.key.size() && row.key[end] != '.' && row.key[end] != '[') continue;
      const std::string place = row.key.substr(0, end);
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
    }
  std::vector<ParameterRow> below;
  for (const std::string& place : places)
    for (const ParameterRow& row : rows)
      if (row.key == place || row.key.starts_with(place + ".") || row.key.starts_with(place + "["))
        below.push_back(row);
  if (!below.empty()) print_rows("", below, o.format);
  return !below.empty();
}

// A kind of named things, or the key that chooses one: what there is of it.
bool describe_kind(const ListOptions& o) {
  static const std::map<std::string, std::string> kinds = {
      {"action", "actions"},    {"do", "actions"},         {"mitigation", "mitigations"},
      {"use", "mitigations"},   {"incident", "incidents"}, {"expectation", "expectations"},
      {"that", "expectations"}, {"model", "models"},       {"stat", "stats"},
      {"signal", "signals"},    {"profile", "profiles"}};
  auto kind = kinds.find(o.name);
  if (kind == kinds.end() && o.name.ends_with('s'))
    kind = kinds.find(o.name.substr(0, o.name.size() - 1));
  if (kind == kinds.end()) return false;
  list({kind->second, o.format == "json" ? "json" : "table"});
  return true;
}

bool describe_statistic(const ListOptions& o) {
  for (const Listed& stat : statistics(false)) {
    if (stat.name != o.name) continue;
    print_result(fmt::format("{} (statistic): {} [{}]\n", stat.name, stat.help, stat.source));
    return true;
  }
  return false;
}

// What regions inherit is described where it is inherited from: `spec.regions[].cluster.start` is
// `spec.cluster.start`.
std::string described_name(const std::string& name) {
  for (const FieldInfo& f : type_of<RegionParams>().fields)
    for (const std::string& list : {std::string("spec.regions[]."), std::string("regions[].")})
      if (const std::string own = list + f.key;
          !f.inherits.empty() && (name == own || name.starts_with(own + ".")))
        return f.inherits + name.substr(own.size());
  return name;
}

// A parameter of whatever is chosen at a place, in each entry that has it.
bool describe_choice(const DescribedPlace& place, const ListOptions& o) {
  bool found = false;
  for (const auto& [key, entry] : Registry::global().all()) {
    if (entry.category != place.category) continue;
    const std::shared_ptr<void> params = entry.make_params();
    std::vector<ParameterRow> below;
    for (ParameterRow& row : parameter_rows(*entry.params, params.get()))
      if (row.key == place.below || row.key.starts_with(place.below + ".") ||
          row.key.starts_with(place.below + "["))
        below.push_back(std::move(row));
    if (place.below.empty() || below.empty()) continue;
    print_rows(fmt::format("{}{} of {} {}\n\n", found ? "\n" : "", place.below, entry.category,
                           entry.name),
               below, o.format);
    found = true;
  }
  return found || (place.below.empty() && describe_kind({place.category, o.format}));
}

// Of a mitigation: what it decides about and where it cannot be used.
std::string facts_text(const RegistryEntry& entry) {
  if (entry.category != "mitigation") return "";
  const MitigationFacts& facts = mitigation_facts().at(entry.name);
  std::string text = fmt::format("Slot: {}\n", name_of(facts.slot));
  for (const Need need : facts.needs)
    text += fmt::format("Cannot be used where {}\n", lack_of(need));
  return text;
}

int describe(const ListOptions& o) {
  bool found = false, incident = false;
  std::vector<std::string> names;
  for (const auto& [key, entry] : Registry::global().all()) {
    names.push_back(entry.name);
    if (entry.name != o.name) continue;
    found = true;
    if (entry.category == "incident") {
      incident = true;
      print_result(fmt::format("{} (incident): {}\n", entry.name, entry.help));
      continue;
    }
    const std::shared_ptr<void> params = entry.make_params();
    const std::string source = entry.source.empty() ? "assumed" : entry.source;
    print_rows(fmt::format("{} ({}): {}\nSource: {}\n{}\n", entry.name, entry.category, entry.help,
                           source, facts_text(entry)),
               parameter_rows(*entry.params, params.get()), o.format);
  }
  if (incident) describe_statistic(o);
  if (found) return kFine;
  // Any place of the scenario: spec.balancer, or without `spec`, or a single leaf. A sweep file's
  // places begin with its kind: sweep.axes.
  Scenario defaults;
  std::vector<ParameterRow> rows = parameter_rows(type_of<Scenario>(), &defaults);
  SweepSpec sweep_defaults;
  for (ParameterRow& row : parameter_rows(type_of<SweepSpec>(), &sweep_defaults)) {
    row.key = "sweep." + row.key;
    rows.push_back(std::move(row));
  }
  for (const std::string& prefix : {std::string(), std::string("spec.")}) {
    const auto place = described_place(type_of<Scenario>(), prefix + o.name);
    if (place && !place->category.empty()) {
      if (!describe_choice(*place, o)) continue;
      return kFine;
    }
    const std::string path = place ? described_name(place->key) : prefix + described_name(o.name);
    std::vector<ParameterRow> below;
    for (const ParameterRow& row : rows) {
      const bool starts = row.key.starts_with(path);
      if (starts && (row.key.size() == path.size() || row.key[path.size()] == '.' ||
                     row.key[path.size()] == '['))
        below.push_back(row);
      // The leaf, and every place above it.
      for (std::size_t end = row.key.size(); end != std::string::npos && end > 0;
           end = row.key.find_last_of(".[", end - 1)) {
        const std::string part = row.key.substr(0, end);
        names.push_back(part);
        if (part.starts_with("spec.")) names.push_back(part.substr(5));
      }
    }
    if (below.empty()) continue;
    print_rows(path + "\n\n", below, o.format);
    return kFine;
  }
  if (describe_kind(o) || describe_key(rows, o) || describe_statistic(o)) return kFine;
  for (const Listed& stat : statistics(false)) names.push_back(stat.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  throw InputError(
      {{"describe " + o.name, 0, 0, "", "nothing has this name" + suggestion(o.name, names), ""}});
}

}  // namespace

void add_list_commands(CommandLine& line) {
  Command list_command = line.command(
      "list",
      "List models, mitigations, actions, incidents, live parameters, statistics or profiles.",
      {"stampede list mitigations", "stampede list actions --format json"});
  const auto o = std::make_shared<ListOptions>();
  list_command.option("what", o->name, "what to list; all without it")
      .one_of({"models", "mitigations", "actions", "incidents", "expectations", "stats", "signals",
               "profiles", "live"});
  list_command.option("--format", o->format, "table or json").one_of({"table", "json"});
  list_command.runs([o] { return list(*o); });

  Command describe_command =
      line.command("describe", "Show parameters with units, ranges, defaults and sources.",
                   {"stampede describe kv_epoch_fencing", "stampede describe spec.balancer",
                    "stampede describe spec --format markdown", "stampede describe sweep"});
  const auto d = std::make_shared<ListOptions>();
  describe_command
      .option("name", d->name, "mitigation, action, statistic, key or path in a scenario or sweep")
      .required()
      .type_name("NAME");
  describe_command.option("--format", d->format, "table, markdown or json")
      .one_of({"table", "markdown", "json"});
  describe_command.runs([d] { return describe(*d); });

  Command schema_command = line.command(
      "schema", "Print the JSON Schema (draft-07) of scenarios, for editors.",
      {"stampede schema > scenario.schema.json", "stampede schema sweep > sweep.schema.json"});
  const auto kind = std::make_shared<std::string>("scenario");
  schema_command.option("kind", *kind, "scenario or sweep").one_of({"scenario", "sweep"});
  schema_command.runs([kind] {
    print_result((*kind == "sweep" ? json_schema(type_of<SweepFile>(), "Stampede sweep")
                                   : json_schema(type_of<Scenario>(), "Stampede scenario"))
                     .dump(2) +
                 "\n");
    return kFine;
  });
}

}  // namespace stampede
