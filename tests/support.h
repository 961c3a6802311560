// Shared by tests: where other people's truth lies, and saying so when it is absent.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/directories.h"

namespace stampede::test {

// Directory with vectors/ and reference/; STAMPEDE_SHARED, else ../shared beside the project.
inline std::filesystem::path shared_dir() {
  if (const char* set = std::getenv("STAMPEDE_SHARED")) return set;
  return std::filesystem::path(source_directory()) / ".." / "shared";
}

}  // namespace stampede::test
