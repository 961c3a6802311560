// What `describe` and the documentation say of parameters: one row a parameter.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

struct ParameterRow {
  std::string key, kind, default_value, range;
  std::string scale;  // what spec.scale does to it: "x scale", "/ scale"; empty: nothing
  std::string live;   // "live": `do: set` can change it; empty: it cannot
  std::string help, source;
};

// The parameters below a struct, nested ones by their path. Lists of structs show their element's
// fields under `key[]`.
std::vector<ParameterRow> parameter_rows(const TypeInfo& type, const void* defaults);

std::string text_table(const std::vector<ParameterRow>& rows);
std::string markdown_table(const std::vector<ParameterRow>& rows);
nlohmann::ordered_json json_table(const std::vector<ParameterRow>& rows);

// What is described at `path` of a type (spec.balancer, spec.regions[].share); null when nothing
// is. An element of a list is written with empty brackets or an index.
const TypeInfo* described_at(const TypeInfo& type, const std::string& path);

}  // namespace stampede
