// Which program this is. The results of a run are a function of its scenario, its seed and the
// build; compilers and their options do not matter.
#pragma once
#include <string>

namespace stampede {

// The build of what was written before builds were recorded: another one than any program's.
inline constexpr const char* kUnknownBuild = "unknown";

std::string stampede_version();   // such as 0.1.0
std::string stampede_build();     // 16 hexadecimal digits over the sources that decide results
std::string stampede_commit();    // of git, `-dirty` where these sources differ; or `unknown`
std::string stampede_compiler();  // such as gcc 12.2.0

}  // namespace stampede
