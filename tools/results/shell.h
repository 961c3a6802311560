// Words of commands that results tell their reader to type.
#pragma once
#include <string>

namespace stampede {

// A word as a shell takes it back.
std::string shell_quoted(const std::string& word);

}  // namespace stampede
