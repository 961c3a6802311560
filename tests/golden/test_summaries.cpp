// Summaries of whole runs, field by field: what a digest cannot show, a figure that is computed
// wrongly from a run that went as before. See README.md here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tests/golden/golden_run.h"

namespace stampede {
namespace test_summaries {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::vector<fs::path> files() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(source_directory() + "/tests/golden/summaries"))
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

ordered_json read(const fs::path& file) {
  std::ifstream stream(file);
  return ordered_json::parse(stream);
}

// Without what digests.txt compares.
ordered_json summary_of(const GoldenRun& run) {
  ordered_json summary = ordered_json::parse(run.play().summary_json);
  for (const char* key : {"schema", "scenario", "seed", "digest", "results_digest"})
    summary.erase(key);
  return summary;
}

// Scalars by their paths. Elements of lists that have a name go by it.
void flatten(const ordered_json& value, const std::string& path,
             std::map<std::string, std::string>& out) {
  if (value.is_object()) {
    for (const auto& [key, part] : value.items()) flatten(part, path + "." + key, out);
  } else if (value.is_array()) {
    for (std::size_t k = 0; k < value.size(); ++k) {
      std::string name = std::to_string(k);
      for (const char* key : {"name", "step"})
        if (value[k].is_object() && value[k].contains(key)) name = value[k].at(key);
      flatten(value[k], path + "[" + name + "]", out);
    }
    if (path != ".phases") out[path + ".size"] = std::to_string(value.size());
  } else {
    out[path] = value.dump();
  }
}

class Summary : public ::testing::TestWithParam<fs::path> {};

TEST_P(Summary, is_the_committed_one) {
  const ordered_json expected = read(GetParam());
  const GoldenRun run(expected.at("run").get<std::string>());
  std::map<std::string, std::string> then, now;
  flatten(expected, "", then);
  then.erase(".run");
  flatten(summary_of(run), "", now);
  for (const auto& [path, value] : then)
    EXPECT_EQ(now.count(path) ? now[path] : "nothing", value) << run.text << ": " << path;
  // Kinds of incidents may come to be; figures may not without being expected here.
  for (const auto& [path, value] : now)
    EXPECT_TRUE(then.count(path) || path.starts_with(".phases"))
        << run.text << ": new figure " << path;
}

INSTANTIATE_TEST_SUITE_P(runs, Summary, ::testing::ValuesIn(files()), [](const auto& instance) {
  std::string name;
  for (const char c : instance.param.stem().string())
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

// A line for each part, and for each element of its lists.
std::string text_of(const ordered_json& summary) {
  std::string text = "{";
  for (const auto& [key, part] : summary.items()) {
    text += (text.size() > 1 ? ",\n \"" : "\n \"") + key + "\": ";
    if (!part.is_array() || part.empty()) {
      text += part.dump();
      continue;
    }
    for (std::size_t k = 0; k < part.size(); ++k)
      text += (k == 0 ? "[\n  " : ",\n  ") + part[k].dump();
    text += "]";
  }
  return text + "\n}\n";
}

// Writes the files anew; never part of a normal run.
TEST(golden_update, of_summaries) {
  if (std::getenv("STAMPEDE_UPDATE_GOLDEN") == nullptr)
    GTEST_SKIP() << "set STAMPEDE_UPDATE_GOLDEN to write the summaries anew";
  for (const fs::path& file : files()) {
    const GoldenRun run(read(file).at("run").get<std::string>());
    ordered_json summary{{"run", run.text}};
    summary.update(summary_of(run));
    std::ofstream(file) << text_of(summary);
  }
}

// Every scenario of the table is there, and the outage as a whole.
TEST(summaries, cover_the_table_and_the_outage) {
  std::string runs;
  for (const fs::path& file : files()) runs += read(file).at("run").get<std::string>() + "\n";
  for (const auto& entry : fs::directory_iterator(source_directory() + "/scenarios/table")) {
    const std::string name = "table/" + entry.path().filename().string();
    EXPECT_NE(runs.find(name), std::string::npos) << name;
  }
  EXPECT_NE(runs.find("01-deepseek-2026-03-29.yaml spec.scale=1/50\n"), std::string::npos);
}

}  // namespace test_summaries
}  // namespace stampede
