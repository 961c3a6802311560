// Described structs that a scenario may give as a document of another format, by the name of its
// file: `autoscaler: {manifest: hpa.yaml}`. The document is translated into the scenario's own keys
// as it is read, so that the effective scenario holds values and needs no file.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/params.h"
#include "tools/language/diagnostics.h"
#include "tools/language/yaml_tree.h"

namespace stampede {

struct Inclusion {
  std::string key, help;
  // A mapping with the keys of the struct, each node with its place in `source`; what is wrong with
  // the document is added to `faults`. Throws InputError for text that is no YAML.
  YamlPtr (*translate)(const std::shared_ptr<const SourceText>& source,
                       std::vector<Diagnostic>& faults);
};

// Null for a type that is only written out.
const Inclusion* inclusion_of(const TypeInfo& type);

}  // namespace stampede
