// A formula of KEDA's scalingModifiers as an expression of models/cluster/metric_query.h.
// Source: KEDA docs, "Scaling modifiers"; expr-lang.org, Language Definition (the part that
// numbers need).
// Limits: numbers and truth values; of the functions max, min, sum, mean, avg, count, any, all,
// abs, ceil, floor, round, int and float; no texts, maps, pipes or `let`.
#pragma once
#include <string>

#include "tools/language/metric_names.h"

namespace stampede {

// `queries`: by the names of triggers.
DashboardQuery keda_formula(const std::string& text, const MetricNames& queries);

}  // namespace stampede
