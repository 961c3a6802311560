// A recording in the temporary directory, gone with the object.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <string>

namespace stampede::test {

class TraceFile {
 public:
  TraceFile(const std::string& ending, const std::string& text, bool packed = false) {
    static int number = 0;
    path_ =
        std::filesystem::temp_directory_path() /
        ("stampede_trace_" + std::to_string(::getpid()) + "_" + std::to_string(++number) + ending);
    const gzFile file = gzopen(path_.c_str(), packed ? "wb" : "wbT");  // T: as it is
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    gzclose(file);
  }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  ~TraceFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace stampede::test
