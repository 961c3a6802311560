#include "tools/results/build.h"

#include <fmt/format.h>

namespace stampede {

std::string stampede_version() { return STAMPEDE_VERSION; }

std::string stampede_compiler() {
#ifdef __clang__
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace stampede
