// Series of single pods in OpenMetrics, instead of the sums over their pools.
#pragma once
#include <string>

#include "tools/world/simulation.h"

namespace stampede {

// Whether pods tell this family, so that no sum over them stands beside them.
bool told_by_pods(const RunResults& results, const std::string& family);
// The families of pods; empty where the run was not asked for pods.
std::string pod_metrics(const RunResults& results, UtcTime start);

// The value of a label, escaped.
std::string label_value(const std::string& text);
// One line; `series` is the name with its labels and a space, `seconds` are those of the run.
void add_sample(std::string& text, const std::string& series, double value, UtcTime start,
                double seconds);

}  // namespace stampede
