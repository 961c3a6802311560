// Recordings by a mapping: which column of a CSV, or which key of a JSON object, holds what.
// Source: the named forms that are one such mapping each: Qwen-Bailian, AIPerf, GuideLLM's replay.
// Limits: a key is a path with points (`metrics.input.value`), of which `a|b` tries two.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "tools/traces/row_format.h"

namespace stampede {

// `json`: the lines are JSON objects, else CSV.
std::unique_ptr<RowFormat> make_columns_format(const TraceColumns& columns,
                                               std::optional<TimeUnit> unit, bool json);

// The value at a path; null if there is none.
const nlohmann::json* at_path(const nlohmann::json& object, std::string_view path);

// The mapping of a named form.
TraceColumns bailian_columns();
TraceColumns aiperf_columns();
TraceColumns guidellm_replay_columns();

// Reads the objects of a JSON document one by one.
class JsonRows {
 public:
  virtual ~JsonRows() = default;
  virtual RowFault read_json(const nlohmann::json& object, TraceRow& row, RowRemarks& remarks) = 0;
};
std::unique_ptr<JsonRows> make_json_rows(const TraceColumns& columns, std::optional<TimeUnit> unit);

// Nanoseconds of a number, or of a text that is a time with its date. A message if it is neither.
// Without a unit it is what the size of the number says of a time since 1970; else a message that
// asks.
std::string read_time(const nlohmann::json& value, std::optional<TimeUnit> unit, i64& ns,
                      RowRemarks& remarks);

}  // namespace stampede
