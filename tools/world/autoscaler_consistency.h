// What the parameters of autoscalers must agree on.
#pragma once
#include <string>
#include <vector>

#include "tools/world/consistency.h"

namespace stampede {

// Of the cluster whose parameters stand at `path`.
void autoscaler_metrics(std::vector<Finding>& out, const std::string& path,
                        const ClusterParams& cluster);
// Targets that its metrics cannot come to.
void doubts_of_autoscalers(std::vector<Finding>& out, const std::string& path,
                           const ClusterParams& cluster);

}  // namespace stampede
