// Objects that stand as a text in an annotation, as autoscaling/v1 keeps what it has no fields for.
#pragma once
#include "tools/language/yaml_tree.h"

namespace stampede {

// The JSON in an annotation, every node at the annotation's place. Throws InputError: no JSON.
YamlPtr annotation_tree(const YamlNode& annotation);

// The internal type is written there, whose fields begin with capitals.
YamlPtr with_lower_keys(const YamlNode& node);

}  // namespace stampede
