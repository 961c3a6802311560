// A scenario file with the changes of the command line -> checked parameters with their origins.
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/language/yaml_loader.h"
#include "tools/world/scenario.h"

namespace stampede {

struct Loaded {
  Scenario scenario;
  std::map<std::string, std::string> origins;  // leaf -> `default`, `file:line`, `--set`, ...
  Provenance provenance;                       // to show a fault found later where it was written
  std::vector<Diagnostic> warnings;            // values that are allowed but hardly meant
  std::string directory = ".";                 // of the scenario, where its recordings are
};

// Where the files are that a scenario names.
struct Surroundings {
  std::vector<std::string> directories{"."};  // relative names are looked for in each in turn
  AllowedPaths allowed{{"."}};                // where they may lie
  // A recording may lie elsewhere if its content is the one that the scenario states: what a run
  // has read its replay may read.
  bool known_content = false;
};
// Of a scenario file; `allow` are more directories in which its files may lie.
Surroundings around(const std::string& path, const std::vector<std::string>& allow = {});

// Changes are applied in order: mitigations, then overrides; of two overrides of one value the
// later wins. Throws InputError with every fault.
Loaded load_scenario(const SourceText& source, const std::vector<Override>& sets = {},
                     const std::vector<std::string>& mitigations = {},
                     const Surroundings& surroundings = {});
Loaded load_scenario(const std::string& path, const std::vector<Override>& sets = {},
                     const std::vector<std::string>& mitigations = {},
                     const std::vector<std::string>& allow = {});

// The `kind` that a document says it is of; empty when it says none. Throws InputError for text
// that is no YAML.
std::string document_kind(const SourceText& source);

// Throws InputError unless the document is a mapping whose apiVersion and kind, where they are
// given, are this version's and `kind`: another kind of file is told so, and is not compared key by
// key.
void check_envelope(const SourceText& source, const std::string& kind);

// The scenario with every value written out; loading its text gives the same scenario.
nlohmann::ordered_json effective(const Scenario& scenario);

// `PATH=VALUE` of a --set. Throws InputError without a `=`.
Override parse_set(const std::string& text);

}  // namespace stampede
