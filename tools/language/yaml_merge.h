// Merge keys of YAML 1.1 (`<<: *defaults`), as kubectl takes them.
// Source: yaml.org/type/merge.html; go-yaml v2, which sigs.k8s.io/yaml uses.
#pragma once
#include "tools/language/yaml_tree.h"

namespace stampede {

// The same tree with every `<<` replaced by the entries of the mapping, or list of mappings, that
// it names: keys that stand in the mapping itself win, then those of earlier mappings.
YamlPtr with_merges(const YamlPtr& node);

}  // namespace stampede
