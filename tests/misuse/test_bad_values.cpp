// Values that cannot be meant, in a struct with one of each kind.
#include <gtest/gtest.h>

#include "sim/registry.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace test_bad_values {

enum class Rule : u8 { kNearest, kWaterfall };

struct FaultTag {
  static constexpr const char* selector = "do";
  static constexpr const char* category = "misuse_action";
};
struct Drain {
  Duration at;
  std::string region;
  static void describe(Schema<Drain>& s) {
    s.field("at", &Drain::at).help("when").required().range(0, 3600);
    s.field("region", &Drain::region).help("where").required();
  }
};
const Register<Drain> drain{"misuse_action", "drain_region", "drains", "a test"};
struct Nothing {
  static void describe(Schema<Nothing>&) {}
};
const Register<Nothing> nothing{"misuse_action", "restart_autoscaler", "restarts", "a test"};

struct Region {
  std::string name;
  Share share;
  static void describe(Schema<Region>& s) {
    s.field("name", &Region::name).help("name of the region").required();
    s.field("share", &Region::share).range(0, 1);
  }
};
struct All {
  Duration duration;
  Rate rate;
  Share share;
  Bytes size;
  Bandwidth bandwidth;
  UtcTime start;
  i64 count = 0;
  u32 small = 0;
  double number = 0;
  bool enabled = false;
  Rule rule{};
  std::optional<Duration> pause;
  std::vector<Region> regions;
  std::vector<SelectionOf<FaultTag>> timeline;
  static void describe(Schema<All>& s) {
    s.field("duration", &All::duration).range(0, 86400);
    s.field("rate", &All::rate).at_least(0);
    s.field("share", &All::share).range(0, 1);
    s.field("size", &All::size).range(1, 1e15);
    s.field("bandwidth", &All::bandwidth);
    s.field("start", &All::start);
    s.field("count", &All::count).range(1, 10);
    s.field("small", &All::small);
    s.field("number", &All::number);
    s.field("enabled", &All::enabled);
    s.field("rule", &All::rule);
    s.field("pause", &All::pause).range(1, 60);
    s.field("regions", &All::regions);
    s.field("timeline", &All::timeline);
  }
};

struct Case {
  const char* text;
  const char* said;  // the first line
};

class BadValue : public ::testing::TestWithParam<Case> {};

TEST_P(BadValue, is_reported_with_its_place) {
  All all;
  YamlLoader loader(type_of<All>(), &all, SourceText{"f", GetParam().text});
  std::string said = "(taken)\n";
  try {
    loader.read_source();
    loader.finish();
  } catch (const InputError& error) {
    said = error.what();
    EXPECT_EQ(error.diagnostics.size(), 1u) << said;
  }
  EXPECT_EQ(said.substr(0, said.find('\n')), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    corpus, BadValue,
    ::testing::Values(
        Case{"duration: 30",
             "f:1:11: duration: '30': the unit is missing; write a duration with its unit, such as "
             "30s"},
        Case{"duration: 30 parsecs",
             "f:1:11: duration: '30 parsecs': unknown unit 'parsecs'; write a duration with its "
             "unit, such as 30s"},
        Case{"duration: 2d", "f:1:11: duration: 2d is above the most allowed, 24h"},
        Case{"duration: -1s", "f:1:11: duration: -1s is below the least allowed, 0s"},
        Case{"duration: [1s]", "f:1:11: duration: a single value is wanted, this is a list"},
        Case{"duration: {s: 1}", "f:1:11: duration: a single value is wanted, this is a mapping"},
        Case{"duration:", "f:1:1: duration: the value is missing"},
        Case{"rate: 900",
             "f:1:7: rate: '900': the unit is missing; write a rate with its unit, such as 900/s"},
        Case{"rate: fast",
             "f:1:7: rate: 'fast': not a number; write a rate with its unit, such as 900/s"},
        Case{"share: 120%", "f:1:8: share: 120% is above the most allowed, 100%"},
        Case{"share: 1s", "f:1:8: share: '1s': unknown unit 's'; write a share such as 80% or 0.8"},
        Case{"size: 70272",
             "f:1:7: size: '70272': the unit is missing; write a size with its unit, such as "
             "70272B or 4PB"},
        Case{"bandwidth: 40GB",
             "f:1:12: bandwidth: '40GB': the unit is missing; write a bandwidth with its unit, "
             "such as 40GB/s"},
        Case{"start: tomorrow",
             "f:1:8: start: 'tomorrow': not a time of day; write UTC or a fixed offset, such as "
             "2026-03-29T13:30:00Z"},
        Case{"start: 2026-03-29T13:30:00",
             "f:1:8: start: '2026-03-29T13:30:00': not a time of day; write UTC or a fixed offset, "
             "such as 2026-03-29T13:30:00Z"},
        Case{"count: 11", "f:1:8: count: 11 is above the most allowed, 10"},
        Case{"count: 0", "f:1:8: count: 0 is below the least allowed, 1"},
        Case{"count: 1.5", "f:1:8: count: '1.5': not a whole number"},
        Case{"count: \"5\"", "f:1:8: count: a text in quotes; write the value without them"},
        Case{"count: 99999999999999999999",
             "f:1:8: count: '99999999999999999999': the number is "
             "out of range"},
        Case{"small: -1", "f:1:8: small: '-1': the number is out of range"},
        Case{"number: .nan", "f:1:9: number: '.nan': not a number"},
        Case{"number: inf", "f:1:9: number: 'inf': not a number"},
        Case{"number: 1/0", "f:1:9: number: '1/0': not a number"},
        Case{"number: 1e999", "f:1:9: number: '1e999': the number is out of range"},
        Case{"enabled: no", "f:1:10: enabled: 'no': write true or false"},
        Case{"enabled: yes", "f:1:10: enabled: 'yes': write true or false"},
        Case{"enabled: on", "f:1:10: enabled: 'on': write true or false"},
        Case{"enabled: True", "f:1:10: enabled: 'True': write true or false"},
        Case{"rule: waterfal",
             "f:1:7: rule: 'waterfal' is none of nearest, waterfall; did you mean 'waterfall'?"},
        Case{"pause: 2min", "f:1:8: pause: 2min is above the most allowed, 1min"},
        Case{"regions: {name: x}",
             "f:1:10: regions: a list is wanted, such as [a, b]; this is a mapping"},
        Case{"regions:\nenabled: true",
             "f:1:1: regions: nothing stands here; write [] for an empty list, or leave the key "
             "out"},
        Case{"regions: [x]", "f:1:11: regions[0]: a mapping is wanted, this is a single value"},
        Case{"regions:\n- {name: a}\n- {share: 1%}",
             "f:3:3: regions[1].name: the key is missing; name of the region"},
        Case{"regions:\n- {name: a}\n- {name: a}",
             "f:3:10: regions[1].name: the name 'a' is already used in line 2"},
        Case{"count: 1\ncount: 2", "f:2:1: count: the key is already given in line 1"},
        Case{"Count: 1", "f:1:1: Count: unknown key; did you mean 'count'?"},
        Case{"bandwith: 1B/s", "f:1:1: bandwith: unknown key; did you mean 'bandwidth'?"},
        Case{"timeline: [{at: 1s}]",
             "f:1:12: timeline[0]: the key `do` is missing; it names one of: drain_region, "
             "restart_autoscaler"},
        Case{"timeline: [{do: drain_regoin, at: 1s}]",
             "f:1:17: timeline[0].do: no misuse_action is named 'drain_regoin'; did you mean "
             "'drain_region'?"},
        Case{"timeline: [{do: drain_region, at: 1s}]",
             "f:1:12: timeline[0].region: the key is missing; where"},
        Case{"timeline: [{do: drain_region, at: 1s, regoin: x, region: y}]",
             "f:1:39: timeline[0].regoin: unknown key; did you mean 'region'?"},
        Case{"timeline: [drain_region]",
             "f:1:12: timeline[0]: a mapping with the key `do` is wanted, this is a single "
             "value"}));

}  // namespace test_bad_values
}  // namespace stampede
