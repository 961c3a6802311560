// Result files written whole or not at all: to files without a name, synced, then named together.
// Nothing is replaced that Stampede did not make.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/results/replaceable.h"
#include "tools/results/temporary_file.h"

namespace stampede {

// The files that may be written into a directory.
struct OutputFiles {
  std::vector<std::string> names;
  // That file says whose the others are: it is the first to get its name, and where it begins as
  // `begins`, the files of those names are ours.
  std::string mark;
  std::string begins;
};
const OutputFiles& files_of_run();  // summary.json, ..., told by manifest.json
const OutputFiles& files_of_comparison();

// Throws ForeignFile where one of the files is in the directory and is not ours.
void require_ours(const std::string& directory, const OutputFiles& files);

// A directory that receives the files of one run. Until commit() nothing of the run can be seen in
// it; a directory that was made for the run is taken away again when commit() is never reached.
class OutputDirectory {
 public:
  // Makes the directory and tries to write in it, so that a run is not lost to a typing error.
  // Throws FileError; ForeignFile where one of `files` is there and is not ours.
  OutputDirectory(std::string path, const OutputFiles& files);
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;
  ~OutputDirectory();

  // Keeps a file until commit(). Throws FileError.
  void add(const std::string& name, const std::string& content);
  // Gives all files their names. `optional` are taken away when this run did not write them, so
  // that no file of an earlier run stands beside those of this one.
  void commit(const std::vector<std::string>& optional = {});
  const std::string& path() const { return path_; }

 private:
  void make();

  std::string path_;
  const OutputFiles& owned_;
  std::vector<std::string> made_;  // directories, outermost first
  std::vector<std::pair<std::string, TemporaryFile>> files_;
};

// A file that is written bit by bit and seen only when it is whole.
class GrowingFile {
 public:
  // Throws FileError; ForeignFile where there is a file that does not begin with `begins`.
  GrowingFile(std::string path, std::string begins);

  void append(std::string_view text);  // throws FileError
  void commit();  // gives it its name, replacing one of ours; without it nothing is left

 private:
  void flush();
  std::string path_, begins_, buffer_;
  TemporaryFile file_;
};

// One file, whole or not at all. One that is there is replaced if `replaces` is given and it begins
// with that. Throws FileError, ForeignFile.
void write_file(const std::string& path, const std::string& content,
                std::optional<std::string_view> replaces);

}  // namespace stampede
