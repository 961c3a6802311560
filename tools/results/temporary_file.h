// A file that has no name until it is whole, so that a process that is killed leaves none.
// State: NAMELESS (or, on a file system without such files, under a temporary name) -> NAMED.
// Source: open(2), O_TMPFILE; linkat(2).
// Limits: between the two steps that give a name, a temporary one exists for an instant. The next
// writer of the same file takes away what a killed one left of it.
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace stampede {

class TemporaryFile {
 public:
  // A file that is to become `path`. Throws FileError.
  explicit TemporaryFile(std::string path);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  void write(std::string_view text);  // throws FileError
  void sync();                        // throws FileError
  void name();                        // replaces what is at `path`; throws FileError

 private:
  void with_temporary_name(const std::function<bool()>& make);
  std::string path_, temporary_;
  int file_ = -1;
  bool named_ = false;  // it has its temporary name
};

}  // namespace stampede
