// Which files may be replaced: those that Stampede made itself.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace stampede {

// A file or directory that cannot be written. `what()` names it and says why.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One that is there already and that Stampede did not make: it is left as it is.
struct ForeignFile : FileError {
  using FileError::FileError;
};

// Throws FileError: `path` cannot be written, for the reason `error` (of errno).
[[noreturn]] void not_written(const std::string& path, int error);

// Whether there is a file that begins so, no link.
bool begins_with(const std::string& path, std::string_view begins);

// Throws ForeignFile unless nothing is at `path`, or a file that begins with `begins` or is empty.
// A link, a pipe, a device or a socket is never replaced, whatever it leads to.
void require_replaceable(const std::string& path, std::string_view begins);

}  // namespace stampede
