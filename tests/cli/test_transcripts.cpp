// Transcripts are tests: every ```console block of tests/cli/*.md is run in an empty directory.
// `$ command` is followed by what it prints (stdout and stderr); a line `...` stands for any lines;
// `[exit 2]` ends a command that fails. Blocks of one file share their directory.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/directories.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

struct Step {
  std::string command;
  std::vector<std::string> output;
  int exit_code = 0;
  int line = 0;
};

std::vector<Step> read_steps(const fs::path& file) {
  std::vector<Step> steps;
  std::ifstream stream(file);
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = line == "```console";
      continue;
    }
    if (!inside) continue;
    if (line.starts_with("$ "))
      steps.push_back({line.substr(2), {}, 0, number});
    else if (steps.empty())
      continue;
    else if (line.starts_with("[exit "))
      steps.back().exit_code = std::stoi(line.substr(6));
    else
      steps.back().output.push_back(line);
  }
  return steps;
}

// Whether lines fit a pattern in which `...` stands for any number of lines.
bool fits(const std::vector<std::string>& pattern, std::size_t i,
          const std::vector<std::string>& lines, std::size_t k) {
  for (; i < pattern.size(); ++i, ++k) {
    if (pattern[i] == "...") {
      for (std::size_t from = k; from <= lines.size(); ++from)
        if (fits(pattern, i + 1, lines, from)) return true;
      return false;
    }
    if (k >= lines.size() || pattern[i] != lines[k]) return false;
  }
  return k == lines.size();
}

class Transcript : public ::testing::TestWithParam<fs::path> {};

TEST_P(Transcript, holds) {
  const fs::path directory = fs::temp_directory_path() / fmt::format("stampede_cli_{}", ::getpid());
  fs::remove_all(directory);
  fs::create_directories(directory);
  const std::vector<Step> steps = read_steps(GetParam());
  ASSERT_FALSE(steps.empty());
  for (const Step& step : steps) {
    const std::string line = fmt::format("cd '{}' && export PATH='{}':\"$PATH\" && {{ {} ; }} 2>&1",
                                         directory.string(), build_directory(), step.command);
    std::FILE* pipe = ::popen(line.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string text;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      text.append(buffer, n);
    EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), step.exit_code)
        << GetParam() << ":" << step.line << ": " << step.command << "\n"
        << text;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    EXPECT_TRUE(fits(step.output, 0, lines, 0))
        << GetParam() << ":" << step.line << ": " << step.command << "\nprinted:\n"
        << text;
  }
  fs::remove_all(directory);
}

std::vector<fs::path> transcripts() {
  std::vector<fs::path> files;
  const fs::path root = source_directory();
  for (const auto& entry : fs::directory_iterator(root / "tests/cli"))
    if (entry.path().extension() == ".md") files.push_back(entry.path());
  // The README's commands are a transcript too, those that need nothing installed.
  if (fs::exists(root / "README.md") && !read_steps(root / "README.md").empty())
    files.push_back(root / "README.md");
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(files, Transcript, ::testing::ValuesIn(transcripts()),
                         [](const auto& instance) { return instance.param.stem().string(); });

}  // namespace
}  // namespace stampede
