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

// Changes are applied in order: mitigations, then overrides; of two overrides of one value the
// later wins. Recordings are looked for in `directories` in turn, or beside the file. Throws
// InputError with every fault.
Loaded load_scenario(const SourceText& source, const std::vector<Override>& sets = {},
                     const std::vector<std::string>& mitigations = {},
                     const std::vector<std::string>& directories = {"."});
Loaded load_scenario(const std::string& path, const std::vector<Override>& sets = {},
                     const std::vector<std::string>& mitigations = {});

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
