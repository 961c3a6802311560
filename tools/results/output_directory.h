// Result files written whole or not at all: to temporary names, synced, then renamed together.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stampede {

// A file or directory that cannot be written. `what()` names it and says why.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A directory that receives the files of one run. Until commit() nothing of the run can be seen in
// it; a directory that was made for the run is taken away again when commit() is never reached.
class OutputDirectory {
 public:
  // Makes the directory and tries to write in it, so that a run is not lost to a typing error.
  // Throws FileError.
  explicit OutputDirectory(std::string path);
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;
  ~OutputDirectory();

  // Writes to a temporary name. Throws FileError.
  void add(const std::string& name, const std::string& content);
  // Gives all files their names. `optional` are taken away when this run did not write them, so
  // that no file of an earlier run stands beside those of this one.
  void commit(const std::vector<std::string>& optional = {});
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<std::string> made_;                           // directories, outermost first
  std::vector<std::pair<std::string, std::string>> files_;  // temporary, final
};

// A file that is written bit by bit and seen only when it is whole.
class GrowingFile {
 public:
  // Opens a temporary name beside `path`. Throws FileError.
  explicit GrowingFile(std::string path);
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;
  ~GrowingFile();  // without commit() nothing is left

  void append(std::string_view text);  // throws FileError
  void commit();                       // gives it its name, replacing another; throws FileError

 private:
  void flush();
  std::string path_, temporary_, buffer_;
  int file_ = -1;
};

// One file, whole or not at all. Throws FileError; an existing file only falls if `replace`.
void write_file(const std::string& path, const std::string& content, bool replace);

}  // namespace stampede
