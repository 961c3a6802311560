// The program in an empty directory of its own: exit code, what is said, what is left.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/directories.h"

namespace stampede::test {

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::temp_directory_path() / fmt::format("stampede_misuse_{}", ::getpid());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Exit code; the text of stdout and stderr together.
  int call(const std::string& command, std::string& said) {
    const std::string line = fmt::format("cd '{}' && PATH='{}':\"$PATH\" && {{ {} ; }} 2>&1",
                                         directory_.string(), build_directory(), command);
    std::FILE* pipe = ::popen(line.c_str(), "r");
    char buffer[4096];
    said.clear();
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      said.append(buffer, n);
    return WEXITSTATUS(::pclose(pipe));
  }
  void expect(const std::string& command, int code, const std::string& part) {
    std::string said;
    EXPECT_EQ(call(command, said), code) << command << "\n" << said;
    EXPECT_NE(said.find(part), std::string::npos) << command << "\n" << said;
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_),
                                                  std::filesystem::directory_iterator()));
  }
  std::filesystem::path directory_;
};

}  // namespace stampede::test
