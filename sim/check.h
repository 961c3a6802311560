// Invariants: a broken one throws; the tool edge prints time, component, seed and replay command
// and exits 70. Not for bad input, which the loader reports with file, line and column.
#pragma once
#include <stdexcept>
#include <string>

namespace stampede {

// Thrown when the simulator contradicts itself. `what()` says which invariant.
struct InvariantError : std::logic_error {
  using std::logic_error::logic_error;
};

// Throws InvariantError; out of line so that call sites stay small.
[[noreturn]] void invariant_failed(const char* what);
[[noreturn]] void invariant_failed(const std::string& what);

#define STAMPEDE_CHECK(condition, what)   \
  do {                                    \
    if (!(condition)) [[unlikely]]        \
      ::stampede::invariant_failed(what); \
  } while (false)

}  // namespace stampede
