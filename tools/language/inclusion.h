// Described structs that a scenario may give as a document of another format, by the name of its
// file: `autoscaler: {manifest: hpa.yaml}`. The document is translated into the scenario's own keys
// as it is read, so that the effective scenario holds values and needs no file.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/params.h"
#include "tools/language/diagnostics.h"
#include "tools/language/yaml_tree.h"

namespace stampede {

// Keys that may stand beside the file's name and are used up with it.
struct InclusionKeys {
  std::map<std::string, std::string> metric_names;
  std::string name;  // of the object, where the file holds several; empty: not said
};

// What is wrong with a document, and what its reader should know though nothing is wrong.
struct InclusionFindings {
  std::vector<Diagnostic> faults, notes;
};

struct Inclusion {
  std::string key, help;
  std::string names_key, names_help;    // a mapping: InclusionKeys::metric_names
  std::string choice_key, choice_help;  // a text: InclusionKeys::name
  // A mapping with the keys of the struct, each node with its place in `source`. Throws InputError
  // for text that is no YAML.
  YamlPtr (*translate)(const std::shared_ptr<const SourceText>& source, const InclusionKeys& beside,
                       InclusionFindings& found);
};

// Null for a type that is only written out.
const Inclusion* inclusion_of(const TypeInfo& type);

// Does a mapping give a struct of this type by a file?
bool names_file(const YamlNode& node, const TypeInfo& type);

}  // namespace stampede
