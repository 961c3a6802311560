// The generated JSON Schema against the loader: valijson, which knows nothing of this project, must
// accept and refuse the same files. What a schema cannot say is a short list, and each entry of it
// is shown by a file that only the loader refuses.
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "tests/directories.h"
#include "tools/language/schema.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_schema_agrees {

using nlohmann::json;

// YAML's core schema on the tree that the loader reads: what an editor hands to a validator.
json to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return nullptr;
    case YamlNode::Kind::kMapping: {
      json out = json::object();
      for (const auto& [key, value] : node.entries) out[key->text] = to_json(*value);
      return out;
    }
    case YamlNode::Kind::kSequence: {
      json out = json::array();
      for (const YamlPtr& item : node.items) out.push_back(to_json(*item));
      return out;
    }
    case YamlNode::Kind::kScalar:
      break;
  }
  const char* end = node.text.data() + node.text.size();
  if (node.quoted) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  i64 whole = 0;
  const auto integer = std::from_chars(node.text.data(), end, whole);
  if (integer.ec == std::errc() && integer.ptr == end) return whole;
  double number = 0;
  const auto real = std::from_chars(node.text.data(), end, number);
  if (real.ec == std::errc() && real.ptr == end) return number;
  return node.text;
}

bool schema_accepts(const SourceText& source) {
  static const json text = json_schema(type_of<Scenario>(), "scenario");
  static const valijson::Schema* const schema = [] {
    static valijson::Schema parsed;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text), parsed);
    return &parsed;
  }();
  const json document = to_json(*parse_yaml(source));
  valijson::Validator strong(valijson::Validator::kStrongTypes);
  return strong.validate(*schema, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
}

std::string loader_says(const SourceText& source) {
  try {
    load_scenario(source);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

constexpr const char* kNeedsItsRecording = "vllm.yaml";  // a template; `init` writes both

std::vector<std::string> scenario_files() {
  std::vector<std::string> files;
  const std::string root = source_directory() + "/scenarios";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.path().extension() == ".yaml" && entry.path().filename() != kNeedsItsRecording &&
        document_kind(read_source(entry.path().string())) == "Scenario")
      files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(schema_agrees, every_scenario_as_written_and_as_written_out) {
  ASSERT_GT(scenario_files().size(), 10u);
  for (const std::string& file : scenario_files()) {
    const SourceText written = read_source(file);
    EXPECT_EQ(loader_says(written), "") << file;
    EXPECT_TRUE(schema_accepts(written)) << file;
    const std::string whole = effective(load_scenario(written).scenario).dump();
    EXPECT_TRUE(schema_accepts({"effective", whole})) << file << " with every value";
  }
}

constexpr const char* kBase = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: small, summary: one}
spec:
  seed: 1
  duration: 1h
  scale: 1/20
  demand: {rate: 20/s, curve: flat}
  clients: [{name: web, share: 100%, answer: {mean: 400, cv: 1.2}, deferrable: false}]
  kv_cache: {capacity: 4PB, initial_sessions: 0}
  regions: [{name: eu, nodes: 1, pools: [{replicas: 1}]}]
  serving: {pools: [{name: replicas}]}
  cluster: {workloads: [{name: replicas, autoscaler: {max_replicas: 4}}]}
  timeline: [{at: 5min, do: slow_disk, target: {region: eu}, delay: 200ms}]
  mitigations: [{use: kv_checksum}]
  expect: [{that: availability, between: [0.2, 1]}]
)";

struct Case {
  const char *was, *is;
  bool good;
  // Why the schema accepts what the loader refuses: a rule that it cannot express.
  const char* beyond = nullptr;
};

constexpr const char* kRange = "range of a value with a unit";
constexpr const char* kNames = "names within a list are unique";
constexpr const char* kInlined = "keys of an action among those of its step";
constexpr const char* kTwice = "a key stands once";
constexpr const char* kEnvelope = "which apiVersion and kind this is";
constexpr const char* kFile = "what a named file holds";
constexpr const char* kNumber = "whether digits and points make a number";

const Case kCases[] = {
    {"seed: 1", "seed: 7", true},
    {"seed: 1", "seed: -1", false},
    {"seed: 1", "seed: 1.5", false},
    {"seed: 1", "seed: '1'", false},
    {"seed: 1", "seed: one", false},
    {"seed: 1", "sede: 1", false},
    {"seed: 1", "seed: [1]", false},
    {"duration: 1h", "duration: 1h30m", true},
    {"duration: 1h", "duration: 90 min", true},
    {"duration: 1h", "duration: 3600", false},
    {"duration: 1h", "duration: 1 hour", false},
    {"duration: 1h", "duration: 0.1s", false, kRange},
    {"duration: 1h", "duration: 1.2.3h", false, kNumber},
    {"duration: 1h", "duration: [1h]", false},
    {"scale: 1/20", "scale: 0.05", true},
    {"scale: 1/20", "scale: 2", false},
    {"scale: 1/20", "scale: 1/1/20", false},
    {"scale: 1/20", "scale: 1s", false},
    {"rate: 20/s", "rate: 1200/min", true},
    {"rate: 20/s", "rate: 20", false},
    {"rate: 20/s", "rate: 20/week", false},
    {"curve: flat", "curve: flatt", false},
    {"share: 100%", "share: 0.5", true},
    {"share: 100%", "share: 1.5", false},
    {"share: 100%", "share: 150%", false, kRange},
    {"share: 100%", "share: most", false},
    {"deferrable: false", "deferrable: true", true},
    {"deferrable: false", "deferrable: no", false},
    {"deferrable: false", "deferrable: 'true'", false},
    {"capacity: 4PB", "capacity: 4PiB", false},
    {"capacity: 4PB", "capacity: 2GiB", true},
    {"capacity: 4PB", "capacity: 4", false},
    {"name: eu, nodes", "nodes", false},
    {"nodes: 1", "nodes: 0", false},
    {"[{replicas: 1}]", "{replicas: 1}", false},
    {"[{replicas: 1}]", "[{replicas: 1, min_replicas: 1}]", true},
    {"[{replicas: 1}]", "[{replicas: 1, min_replicas: null}]", true},
    {"regions: [", "regions: [{name: eu, pools: []}, ", false, kNames},
    {"{max_replicas: 4}", "null", true},
    {"{max_replicas: 4}", "{max_replicas: 4, scale_up: {select_policy: min}}", true},
    {"{max_replicas: 4}", "{max_replicas: 4, scale_up: {select_policy: Min}}", false},
    {"{max_replicas: 4}", "{manifest: absent.yaml}", false, kFile},
    {"{max_replicas: 4}", "{manifest: [a]}", false},
    {"do: slow_disk", "do: slow_disc", false, kInlined},
    {"target: {region: eu}", "taget: {region: eu}", false, kInlined},
    {"at: 5min, ", "", false},
    {"do: slow_disk, target: {region: eu}, delay: 200ms", "action: {do: slow_disc}", false},
    {"do: slow_disk, target: {region: eu}, delay: 200ms", "action: {do: page}", true},
    {"use: kv_checksum", "use: kv_checksums", false},
    {"use: kv_checksum", "use: queue_limit", true},
    {"that: availability", "that: availabel", false},
    {"between: [0.2, 1]", "betwen: [0.2, 1]", false},
    {"metadata: {name: small, summary: one}", "metadata: {summary: one}", false},
    {"metadata: {name: small, summary: one}", "metadata: small", false},
    {"kind: Scenario", "", false},
    {"kind: Scenario", "kind: Scene", false, kEnvelope},
    {"v1alpha1", "v2", false, kEnvelope},
    {"seed: 1", "seed: 1\n  seed: 2", false, kTwice},
    {"spec:", "specs:", false},
};

TEST(schema_agrees, on_one_change_after_another) {
  const std::set<std::string> rules{kRange, kNames, kInlined, kTwice, kEnvelope, kFile, kNumber};
  std::set<std::string> shown;
  EXPECT_EQ(loader_says({"base.yaml", kBase}), "");
  EXPECT_TRUE(schema_accepts({"base.yaml", kBase}));
  for (const Case& c : kCases) {
    std::string text = kBase;
    const auto at = text.find(c.was);
    ASSERT_NE(at, std::string::npos) << c.was;
    text.replace(at, std::string(c.was).size(), c.is);
    const SourceText source{"case.yaml", text};
    const std::string says = loader_says(source);
    EXPECT_EQ(says.empty(), c.good) << c.is << ": the loader says " << says;
    EXPECT_EQ(schema_accepts(source), c.good || c.beyond) << c.is << ": the schema";
    if (c.beyond) shown.insert(c.beyond);
  }
  EXPECT_EQ(shown, rules);  // no rule is excused that no file shows
}

}  // namespace test_schema_agrees
}  // namespace stampede
