// Every value of the reference scenario at the ends of what can be written: refused or played, but
// no invariant broken, no crash and no hang.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/directories.h"

namespace stampede {
namespace test_absurd_values {

using Json = nlohmann::json;

const std::string kRun = fmt::format(
    "'{}/stampede' run '{}/scenarios/01-deepseek-2026-03-29.yaml' --set spec.scale=1/200 --set "
    "spec.duration=40min --set 'spec.expect=[]'",
    build_directory(), source_directory());

int call(const std::string& command, std::string& said) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  said.clear();
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    said.append(buffer, n);
  return WEXITSTATUS(::pclose(pipe));
}

std::vector<std::string> ends_of(const Json& value) {
  static const std::regex duration("[0-9.]+(ns|us|ms|s|min|h|d)"), share("[0-9.]+%"),
      rate("[0-9.]+/s"), size("[0-9.]+ ?[kKMGTP]?i?B(/s)?");
  if (value.is_boolean()) return {value.get<bool>() ? "false" : "true"};
  if (value.is_number()) return {"0", "1", "-1", "1000000000", "1e300"};
  if (!value.is_string()) return {};
  const std::string text = value.get<std::string>();
  if (std::regex_match(text, duration)) return {"0s", "1ns", "1000h", "3650d", "-1s", "290y"};
  if (std::regex_match(text, share)) return {"0%", "100%", "101%"};
  if (std::regex_match(text, rate)) return {"0/s", "0.000001/s", "1000000000/s"};
  if (std::regex_match(text, size)) return {"0B", "1B", "1000PB", "1B/s"};
  return {};
}

// Lists are written as one path, spec.regions[*].nodes.
void collect(const Json& value, const std::string& path, std::map<std::string, Json>& found) {
  if (value.is_object()) {
    for (const auto& [key, part] : value.items()) collect(part, path + "." + key, found);
  } else if (value.is_array()) {
    for (const Json& part : value) collect(part, path + "[*]", found);
  } else {
    found.emplace(path, value);
  }
}

TEST(AbsurdValues, are_refused_or_played) {
  std::string said;
  ASSERT_EQ(call(kRun + " --dry-run --format json", said), 0) << said;
  std::map<std::string, Json> values;
  collect(Json::parse(said)["scenario"]["spec"], "spec", values);
  const char* tier = std::getenv("STAMPEDE_TIER");
  const int stride = tier && std::string(tier) == "full" ? 1 : 17;  // 1,400 runs or 80
  int n = 0, played = 0;
  for (const auto& [path, value] : values) {
    if (path == "spec.duration" || path == "spec.scale") continue;
    for (const std::string& end : ends_of(value)) {
      if (n++ % stride != 0) continue;
      const int code =
          call(fmt::format("timeout 60 {} --quiet --set '{}={}'", kRun, path, end), said);
      EXPECT_TRUE(code == 0 || code == 2) << path << "=" << end << ": exit " << code << "\n"
                                          << said;
      played += code == 0;
    }
  }
  EXPECT_GT(n, 1000);
  EXPECT_GT(played, n / stride / 4);
}

}  // namespace test_absurd_values
}  // namespace stampede
