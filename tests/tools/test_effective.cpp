// Written out again, a scenario reads back to itself; the schema and tables name every parameter.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/language/describe.h"
#include "tools/language/effective.h"
#include "tools/language/schema.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_effective {

struct Item {
  std::string name = "x: y";
  std::vector<Share> shares{{0.1}, {1.0 / 3}};
  std::optional<Rate> rate;
  static void describe(Schema<Item>& s) {
    s.field("name", &Item::name).help("a name").source("a book");
    s.field("shares", &Item::shares).help("shares").range(0, 1);
    s.field("rate", &Item::rate).help("a rate | or none").at_least(1);
  }
};
struct Root {
  double ratio = 0.1;
  bool on = true;
  i64 seed = 9007199254740993;
  UtcTime start{1774791000};
  std::vector<Item> items;
  Item one;
  static void describe(Schema<Root>& s) {
    s.field("ratio", &Root::ratio);
    s.field("on", &Root::on);
    s.field("seed", &Root::seed).at_least(0);
    s.field("start", &Root::start);
    s.field("items", &Root::items).help("items");
    s.field("one", &Root::one);
  }
};

Root sample() {
  Root root;
  root.items.resize(2);
  root.items[1].name = "no";
  root.items[1].rate = Rate{900};
  root.items[1].shares.clear();
  return root;
}

TEST(effective, json_and_yaml_read_back_to_the_same_object) {
  const Root root = sample();
  const std::string json = effective(type_of<Root>(), &root).dump(2);
  for (const std::string& text : {json, effective_yaml(type_of<Root>(), &root)}) {
    Root copy;
    YamlLoader loader(type_of<Root>(), &copy, SourceText{"again", text});
    ASSERT_NO_THROW(loader.read_source()) << text;
    ASSERT_NO_THROW(loader.finish()) << text;
    EXPECT_EQ(effective(type_of<Root>(), &copy).dump(2), json) << text;
  }
}

TEST(effective, yaml_tells_the_origin_and_the_source_of_defaults) {
  Root root;
  YamlLoader loader(type_of<Root>(), &root, SourceText{"f.yaml", "ratio: 2\nitems: [{}]"});
  loader.read_source();
  const std::string text = effective_yaml(type_of<Root>(), &root, loader.finish().origins);
  EXPECT_NE(text.find("ratio: 2" + std::string(37, ' ') + "# f.yaml:1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("# default, a book\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# default, assumed\n"), std::string::npos) << text;
}

TEST(schema, has_every_key_with_its_kind) {
  const auto schema = json_schema(type_of<Root>(), "root");
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["on"]["type"], "boolean");
  EXPECT_EQ(schema["properties"]["seed"]["minimum"], 0);
  EXPECT_EQ(schema["properties"]["items"]["items"]["properties"]["name"]["description"], "a name");
}

TEST(describe, has_one_row_a_parameter) {
  const Root root;
  const auto rows = parameter_rows(type_of<Root>(), &root);
  ASSERT_EQ(rows.size(), 11u);
  EXPECT_EQ(rows[5].key, "items[].name");
  EXPECT_EQ(rows[5].source, "a book");
  EXPECT_EQ(rows[6].range, "0% to 100%");
  EXPECT_EQ(rows[6].source, "assumed");
  EXPECT_NE(markdown_table(rows).find("| a rate \\| or none |"), std::string::npos);
  EXPECT_TRUE(root.items.empty());
  EXPECT_EQ(described_at(type_of<Root>(), "items[].rate")->kind, ValueKind::kOptional);
  EXPECT_EQ(described_at(type_of<Root>(), "items[].rat"), nullptr);
}

}  // namespace test_effective
}  // namespace stampede
