// The scenarios that `stampede init` writes.
#pragma once
#include <map>
#include <string>

namespace stampede {

// Texts of scenarios/templates/ by the names of the files. The `metadata` of each is one line that
// begins with its name.
const std::map<std::string, std::string>& scenario_templates();
// That of `init`, two regions and a routing mistake.
const char* init_template();
// my-server.csv, which that of `vllm` names.
const char* vllm_recording();

}  // namespace stampede
