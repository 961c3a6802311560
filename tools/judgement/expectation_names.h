// What expectations name of a run's summary and series: whether the run will have it.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/stats.h"
#include "tools/judgement/expectations.h"
#include "tools/language/diagnostics.h"

namespace stampede {

// The number at `path` of a summary, such as "requests.failed_by.timeout". What is counted by name
// stands there once it has happened: before, it is 0. Absent: there is no such number.
std::optional<double> number_in(const nlohmann::json& summary, const std::string& path);

// `summary_json`: of the same fleet, played or not; `columns`: of its series.
std::vector<Finding> unknown_names(const std::vector<ExpectationSelection>& expect,
                                   const std::string& summary_json,
                                   const std::vector<StatInfo>& columns);

}  // namespace stampede
