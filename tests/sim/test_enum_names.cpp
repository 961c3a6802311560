// Names of enumerators as users write them.
#include <gtest/gtest.h>

#include "sim/enum_names.h"
#include "sim/params.h"

namespace stampede {
namespace test_enum_names {

enum class Plain : u8 { kOne, kTwoWords, kErlang2, kAwsStandard2026, kRejected429, kHalf2Open };
enum class Counted : u8 { kA, kB, kCount };
enum class Single { kOnly };

TEST(enum_names, are_those_of_the_enumerators) {
  EXPECT_EQ(enum_names<Plain>(),
            (std::vector<std::string>{"one", "two_words", "erlang2", "aws_standard_2026",
                                      "rejected_429", "half2_open"}));
  EXPECT_EQ(enum_names<Counted>(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(enum_names<Single>(), std::vector<std::string>{"only"});
  EXPECT_STREQ(name_of(Plain::kTwoWords), "two_words");
}

TEST(enum_names, are_read_and_printed_as_choices) {
  const TypeInfo& type = type_of<Plain>();
  EXPECT_EQ(type.choices, enum_names<Plain>());
  for (std::size_t i = 0; i < type.choices.size(); ++i) {
    Plain value{};
    EXPECT_EQ(type.parse(type.choices[i], &value), "");
    EXPECT_EQ(static_cast<std::size_t>(value), i);
    EXPECT_EQ(type.print(&value), type.choices[i]);
  }
  Plain value{};
  EXPECT_NE(type.parse("twoWords", &value), "");
}

struct Scaled {
  i64 count = 10, few = 3, none = 0, floor = 100;
  Duration each = 2_s;
  Rate rate{30};
  Bytes size{1001};
  Share sample{0.4};
  std::optional<i64> maybe = 8;
  i64 stays = 7;
  static void describe(Schema<Scaled>& s) {
    s.field("count", &Scaled::count).scales();
    s.field("few", &Scaled::few).scales();
    s.field("none", &Scaled::none).scales();
    s.field("floor", &Scaled::floor).scales(12);
    s.field("each", &Scaled::each).scales_inversely();
    s.field("rate", &Scaled::rate).scales();
    s.field("size", &Scaled::size).scales();
    s.field("sample", &Scaled::sample).range(0, 1).scales_inversely();
    s.field("maybe", &Scaled::maybe).scales();
    s.field("stays", &Scaled::stays);
  }
};

TEST(scaling, each_kind_of_quantity_by_its_description) {
  Scaled v;
  for (const FieldInfo& field : type_of<Scaled>().fields) {
    const TypeInfo* type = field.type;
    void* at = field.member(&v);
    if (type->kind == ValueKind::kOptional) at = type->at(at, 0), type = type->element;
    if (field.scaling != Scaling::kNone) type->scale(at, 0.1, field);
  }
  EXPECT_EQ(v.count, 1);
  EXPECT_EQ(v.few, 1);  // not below one
  EXPECT_EQ(v.none, 0);
  EXPECT_EQ(v.floor, 12);
  EXPECT_EQ(v.each, 20_s);
  EXPECT_DOUBLE_EQ(v.rate.per_second, 3);
  EXPECT_EQ(v.size.value, 100);
  EXPECT_EQ(v.sample.value, 1);  // not above its range
  EXPECT_EQ(*v.maybe, 1);
  EXPECT_EQ(v.stays, 7);
}

struct Wrong {
  std::string name;
  static void describe(Schema<Wrong>& s) { s.field("name", &Wrong::name).scales(); }
};
TEST(scaling, only_of_quantities) { EXPECT_THROW(type_of<Wrong>(), InvariantError); }

}  // namespace test_enum_names
}  // namespace stampede
