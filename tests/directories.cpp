#include "tests/directories.h"

namespace stampede {

std::string source_directory() { return STAMPEDE_SOURCE_DIR; }

std::string build_directory() { return STAMPEDE_BINARY_DIR; }

}  // namespace stampede
