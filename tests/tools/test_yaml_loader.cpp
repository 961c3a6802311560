// Text -> described structs: what is accepted, where values come from, what --set reaches.
#include <gtest/gtest.h>

#include "sim/registry.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace test_yaml_loader {

enum class Colour : u8 { kRed, kGreen };

struct PaintTag {
  static constexpr const char* selector = "use";
  static constexpr const char* category = "test_paint";
};
struct Gloss {
  Share shine{0.5};
  static void describe(Schema<Gloss>& s) { s.field("shine", &Gloss::shine).range(0, 1); }
};
const Register<Gloss> gloss{"test_paint", "gloss", "shiny", "a tin"};

struct Region {
  std::string name;
  Share share{0.1};
  std::optional<Duration> pause;
  static void describe(Schema<Region>& s) {
    s.field("name", &Region::name).help("of the region").required();
    s.field("share", &Region::share).range(0, 1);
    s.field("pause", &Region::pause).range(0, 60);
  }
};
struct Root {
  i64 seed = 1;
  bool on = false;
  double ratio = 1;
  Colour colour = Colour::kGreen;
  std::string text = "none";
  std::vector<Region> regions;
  std::vector<Duration> steps;
  std::vector<SelectionOf<PaintTag>> paints;
  SelectionOf<PaintTag> paint;
  static void describe(Schema<Root>& s) {
    s.field("seed", &Root::seed);
    s.field("on", &Root::on);
    s.field("ratio", &Root::ratio);
    s.field("colour", &Root::colour);
    s.field("text", &Root::text);
    s.field("regions", &Root::regions);
    s.field("steps", &Root::steps);
    s.field("paints", &Root::paints);
    s.field("paint", &Root::paint);
  }
};

struct Result {
  Root root;
  Provenance known;
};
Result load(const std::string& text, const std::vector<Override>& sets = {}) {
  Result r;
  YamlLoader loader(type_of<Root>(), &r.root, SourceText{"f.yaml", text});
  loader.read_source();
  for (const Override& o : sets) loader.set(o);
  r.known = loader.finish();
  return r;
}
std::string faults(const std::string& text, const std::vector<Override>& sets = {}) {
  try {
    load(text, sets);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

constexpr const char* kGood = R"(seed: 7
on: true
ratio: 1/20
colour: red
regions:
  - {name: apac, share: 60%, pause: 5s}
  - name: eu
    pause: null
steps: [1s, 1h30m]
paints:
  - {use: gloss, shine: 90%}
paint: {use: gloss}
)";

TEST(yaml_loader, reads_every_kind_of_value) {
  const Result r = load(kGood);
  EXPECT_EQ(r.root.seed, 7);
  EXPECT_TRUE(r.root.on);
  EXPECT_DOUBLE_EQ(r.root.ratio, 0.05);
  EXPECT_EQ(r.root.colour, Colour::kRed);
  ASSERT_EQ(r.root.regions.size(), 2u);
  EXPECT_DOUBLE_EQ(r.root.regions[0].share.value, 0.6);
  EXPECT_EQ(r.root.regions[0].pause, 5_s);
  EXPECT_FALSE(r.root.regions[1].pause);
  EXPECT_EQ(r.root.steps[1], 90_min);
  ASSERT_EQ(r.root.paints.size(), 1u);
  EXPECT_DOUBLE_EQ(static_cast<Gloss*>(r.root.paints[0].params.get())->shine.value, 0.9);
  EXPECT_EQ(r.root.paint.name, "gloss");
}

TEST(yaml_loader, knows_where_each_value_came_from) {
  const Result r = load(kGood, {{"regions.eu.share", "25%"}, {"seed", "9", "--seed"}});
  const auto& o = r.known.origins;
  EXPECT_EQ(o.at("seed"), "--seed");
  EXPECT_EQ(o.at("text"), "default");
  EXPECT_EQ(o.at("regions[0].share"), "f.yaml:6");
  EXPECT_EQ(o.at("regions[1].share"), "--set");
  EXPECT_EQ(o.at("paints[0].shine"), "f.yaml:11");
  EXPECT_EQ(o.at("paint.shine"), "default");
  EXPECT_EQ(o.size(), leaf_paths(type_of<Root>(), &r.root).size());
}

TEST(yaml_loader, a_later_option_wins_and_lists_can_be_replaced) {
  const Result r = load(kGood, {{"seed", "2"},
                                {"seed", "3"},
                                {"steps", "[5s]"},
                                {"regions[0].pause", "null"},
                                {"paints.gloss.shine", "10%"},
                                {"regions[1].pause", "7s"}});
  EXPECT_EQ(r.root.seed, 3);
  ASSERT_EQ(r.root.steps.size(), 1u);
  EXPECT_FALSE(r.root.regions[0].pause);
  EXPECT_EQ(r.root.regions[1].pause, 7_s);
  EXPECT_DOUBLE_EQ(static_cast<Gloss*>(r.root.paints[0].params.get())->shine.value, 0.1);
}

TEST(yaml_loader, json_is_yaml) {
  const Result r = load(R"({"seed": 4, "regions": [{"name": "x", "share": "5%"}], "on": false})");
  EXPECT_EQ(r.root.seed, 4);
  EXPECT_DOUBLE_EQ(r.root.regions[0].share.value, 0.05);
}

TEST(yaml_loader, an_option_can_give_a_missing_required_key) {
  EXPECT_EQ(faults("regions: [{share: 5%}]", {{"regions[0].name", "x"}}), "");
  EXPECT_NE(
      faults("regions: [{share: 5%}]").find("f.yaml:1:11: regions[0].name: the key is missing"),
      std::string::npos);
}

TEST(yaml_loader, all_faults_of_a_file_and_its_options_are_reported_together) {
  const std::string all =
      faults("sead: 1\non: yes\ncolour: gren\n# stampede/v1\n", {{"ratoi", "1"}});
  EXPECT_EQ(all,
            "f.yaml:1:1: sead: unknown key; did you mean 'seed'?\n"
            "  sead: 1\n"
            "  ^\n"
            "f.yaml:2:5: on: 'yes': write true or false\n"
            "  on: yes\n"
            "      ^\n"
            "f.yaml:3:9: colour: 'gren' is none of red, green; did you mean 'green'?\n"
            "  colour: gren\n"
            "          ^\n"
            "--set ratoi=1: ratoi: unknown key; did you mean 'ratio'?\n");
}

// Lines of a file that does not say it is Stampede's are not shown: it may hold secrets.
TEST(yaml_loader, lines_of_other_files_stay_unseen) {
  EXPECT_EQ(faults("root:x:0: 1\n").find("  root"), std::string::npos);
  EXPECT_NE(faults("root:x:0: 1\n# stampede/v1\n").find("  root"), std::string::npos);
}

TEST(yaml_loader, the_caret_counts_characters_not_bytes) {
  EXPECT_EQ(faults("{text: \"äöü\", sead: 1}\n# stampede/v1\n"),
            "f.yaml:1:15: sead: unknown key; did you mean 'seed'?\n"
            "  {text: \"äöü\", sead: 1}\n"
            "                ^\n");
}

}  // namespace test_yaml_loader
}  // namespace stampede
