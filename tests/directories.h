#pragma once

#include <string>

namespace stampede {

/// The directory of this tree and of its build. They stand in one compiled file, so that the others
/// compile to the same objects in every clone.
[[nodiscard]] std::string source_directory();
[[nodiscard]] std::string build_directory();

}  // namespace stampede
