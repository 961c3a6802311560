// The program as a process among others, in a directory of its own.
#pragma once
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tools/language/init_template.h"

namespace stampede {

class ProgramProcess : public ::testing::Test {
 protected:
  ProgramProcess()
      : directory_(std::filesystem::temp_directory_path() /
                   fmt::format("stampede_process_{}", ::getpid())) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ / "base.yaml") << init_template();
  }
  ~ProgramProcess() override { std::filesystem::remove_all(directory_); }

  // `stampede words ..` in the directory; `before`: what the child does first.
  pid_t start(
      std::vector<std::string> words, const std::function<void()>& before = [] {}) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int log = ::open((directory_ / "log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ::dup2(log, 1);
    ::dup2(log, 2);
    if (::chdir(directory_.c_str()) != 0) ::_exit(99);
    before();
    words.insert(words.begin(), build_directory() + "/stampede");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(words[0].c_str(), arguments.data());
    ::_exit(98);
  }
  // Exit code, or minus the signal that ended it.
  static int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string log() const {
    std::ifstream file(directory_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::filesystem::path directory_;
};

}  // namespace stampede
