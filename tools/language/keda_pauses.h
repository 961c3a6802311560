// What the annotations of a ScaledObject pause.
// Source: KEDA docs, "Pausing autoscaling" (2.18); apis/keda/v1alpha1/scaledobject_types.go.
#pragma once
#include <optional>

#include "tools/language/manifest_reader.h"

namespace stampede {

struct KedaPauses {
  const YamlNode* at = nullptr;  // where it is said
  bool all = false;              // nothing is scaled
  std::optional<i32> replicas;   // the workload stays at so many
  bool scale_in = false, scale_out = false;
};

KedaPauses read_pauses(const YamlNode& object, ManifestReader& reader);

// `select_policy: disabled` for what is paused, in the rules that `out` has or gets.
void disable_directions(const KedaPauses& pauses, const ManifestReader& reader, YamlNode& out);

}  // namespace stampede
