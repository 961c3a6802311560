// JSON as benchmarks in Python leave it, and results of `vllm bench serve` in it.
// Source: vllm benchmarks/serve.py (--save-result --save-detailed --append-result); Python's json.
#pragma once
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "models/clients/trace_params.h"

namespace stampede {

// NaN and Infinity, which Python writes and JSON does not have, are null. Discarded: no JSON.
nlohmann::json parse_python_json(std::string_view text);

// Which one of several is meant: `part`, where -1 says that there is only one. Throws
// std::runtime_error that asks.
std::size_t chosen_part(i64 part, std::size_t parts, const char* what);

// The result that `part` names, with its lists of one value a request. Throws std::runtime_error
// where one of `lists` is missing or not as long as the others.
nlohmann::json vllm_result(const std::string& text, i64 part,
                           std::initializer_list<const char*> lists);

// [s] that a result or a report says its benchmark took; 0: it does not.
double stated_duration(const nlohmann::json& result);

}  // namespace stampede
