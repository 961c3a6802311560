// Transcripts are tests: every ```console and ```yaml block of tests/cli/*.md, README.md and
// docs/**/*.md is played, in the order of the page and in one directory for each page, empty at the
// beginning.
// ```console: `$ command` is followed by what it prints (stdout and stderr); a line `...` stands
// for any lines; `[exit 2]` ends a command that fails.
// ```yaml: a scenario or a sweep, which must be fine as it stands. A comment in the line before
// says what else a block is:
//   <!-- file: fleet.yaml -->          written under that name, for the commands of the page
//   <!-- part of: fleet.yaml -->       some sections of `spec`, put into a file of the page
// What a page needs and does not show stands in a block inside a comment; outside tests/ the
// directory `scenarios` is there.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/directories.h"

namespace stampede {
namespace test_transcripts {

namespace fs = std::filesystem;

struct Block {
  std::string language, mark;  // of a yaml block: the comment before it
  std::vector<std::string> lines;
  int line = 0;  // of its first
};

std::vector<Block> read_blocks(const fs::path& file) {
  std::vector<Block> blocks;
  std::ifstream stream(file);
  bool inside = false;
  int number = 0;
  std::string before, indent;
  for (std::string line; std::getline(stream, line); before = line) {
    ++number;
    const auto fence = line.find("```");
    if (fence != std::string::npos && line.find_first_not_of(' ') == fence) {
      inside = !inside;
      indent = line.substr(0, fence);
      if (inside) blocks.push_back({line.substr(fence + 3), before, {}, number + 1});
    } else if (inside) {
      blocks.back().lines.push_back(line.starts_with(indent) ? line.substr(indent.size()) : line);
    }
  }
  std::erase_if(blocks,
                [](const Block& b) { return b.language != "console" && b.language != "yaml"; });
  return blocks;
}

struct Step {
  std::string command;
  std::vector<std::string> output;
  int exit_code = 0;
  int line = 0;
};

std::vector<Step> steps_of(const Block& block) {
  std::vector<Step> steps;
  int number = block.line - 1;
  for (const std::string& line : block.lines) {
    ++number;
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

std::string marked(const Block& block, const std::string& what) {
  const std::string begin = "<!-- " + what + ": ", end = " -->";
  const auto at = block.mark.find(begin);
  if (at == std::string::npos || !block.mark.ends_with(end)) return "";
  const auto from = at + begin.size();
  return block.mark.substr(from, block.mark.size() - end.size() - from);
}

bool named(const YAML::Node& list) {
  return list.IsSequence() && std::all_of(list.begin(), list.end(), [](const YAML::Node& element) {
           return element.IsMap() && element["name"];
         });
}

// Mappings of `part` go into those of `whole`, key by key, elements of lists by their name;
// anything else replaces what is there.
void merge(YAML::Node whole, const YAML::Node& part) {
  for (const auto& entry : part) {
    YAML::Node there = whole[entry.first.as<std::string>()];
    if (there && entry.second.IsMap() && there.IsMap()) {
      merge(there, entry.second);
    } else if (there && named(there) && named(entry.second)) {
      for (const YAML::Node& element : entry.second) {
        const auto same = std::find_if(there.begin(), there.end(), [&](const YAML::Node& other) {
          return other["name"].as<std::string>() == element["name"].as<std::string>();
        });
        if (same != there.end())
          merge(*same, element);
        else
          there.push_back(element);
      }
    } else {
      whole[entry.first.as<std::string>()] = entry.second;
    }
  }
}

// Writes what a yaml block stands for and returns the file's name; it must be fine.
std::string write_example(const Block& block, const fs::path& directory) {
  const std::string text = fmt::format("{}\n", fmt::join(block.lines, "\n"));
  const std::string base = marked(block, "part of"), name = marked(block, "file");
  const fs::path beside = fs::path(base).parent_path();
  const std::string file =
      name.empty() ? (beside / fmt::format("line{}.yaml", block.line)).string() : name;
  std::ofstream out(directory / file);
  if (base.empty()) {
    out << text;
  } else {
    const YAML::Node whole = YAML::LoadFile((directory / base).string());
    merge(whole["spec"], YAML::Load(text));
    out << whole << "\n";
  }
  return file;
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

struct Printed {
  int exit_code = 0;
  std::string text;
};

Printed play(const std::string& command, const fs::path& directory) {
  const std::string line = fmt::format("cd '{}' && export PATH='{}':\"$PATH\" && {{ {} ; }} 2>&1",
                                       directory.string(), build_directory(), command);
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return {-1, "no shell"};
  Printed printed;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    printed.text.append(buffer, n);
  printed.exit_code = WEXITSTATUS(::pclose(pipe));
  return printed;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

class Transcript : public ::testing::TestWithParam<fs::path> {
 protected:
  Transcript() {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    const std::string tests = source_directory() + "/tests";
    if (!GetParam().string().starts_with(tests))
      // A copy: examples are written beside the scenario that they are part of.
      fs::copy(source_directory() + "/scenarios", directory_ / "scenarios",
               fs::copy_options::recursive);
  }
  ~Transcript() override { fs::remove_all(directory_); }
  void holds(const Step& step) {
    const Printed printed = play(step.command, directory_);
    const std::string where =
        fmt::format("{}:{}: {}\n", GetParam().string(), step.line, step.command);
    EXPECT_EQ(printed.exit_code, step.exit_code) << where << printed.text;
    EXPECT_TRUE(fits(step.output, 0, lines_of(printed.text), 0)) << where << "printed:\n"
                                                                 << printed.text;
  }
  const fs::path directory_ =
      fs::temp_directory_path() / fmt::format("stampede_cli_{}", ::getpid());
};

TEST_P(Transcript, holds) {
  const std::vector<Block> blocks = read_blocks(GetParam());
  ASSERT_FALSE(blocks.empty());
  for (const Block& block : blocks) {
    if (block.language == "yaml") {
      const std::string file = write_example(block, directory_);
      holds({"stampede check " + file, {file + ": fine"}, 0, block.line});
    } else {
      for (const Step& step : steps_of(block)) holds(step);
    }
  }
}

std::vector<fs::path> transcripts() {
  std::vector<fs::path> files;
  const fs::path root = source_directory();
  const auto add = [&](const fs::path& file) {
    if (file.extension() == ".md" && !read_blocks(file).empty()) files.push_back(file);
  };
  for (const auto& entry : fs::directory_iterator(root / "tests/cli")) add(entry.path());
  for (const auto& entry : fs::recursive_directory_iterator(root / "docs")) add(entry.path());
  for (const char* name : {"README.md", "CONTRIBUTING.md"}) add(root / name);
  std::sort(files.begin(), files.end());
  return files;
}

// docs/how-to/traces.md and tests/cli/traces.md are two.
std::string name_of(const fs::path& file) {
  std::string name = file.lexically_relative(source_directory()).string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name.substr(0, name.size() - 3);
}

INSTANTIATE_TEST_SUITE_P(files, Transcript, ::testing::ValuesIn(transcripts()),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace test_transcripts
}  // namespace stampede
