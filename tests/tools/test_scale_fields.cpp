// What spec.scale does with every numeric field of a scenario, one row each in scale_fields.txt: a
// field that is new, or that the transform forgets, fails.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/directories.h"
#include "tools/world/scale.h"

namespace stampede {
namespace test_scale_fields {

// Engages everything that can be left out and sets every number: large enough that rounding a tenth
// of it does not show, a tenth of a share where the transform may multiply it by ten.
void fill(const TypeInfo& type, void* object) {
  const auto set = [&](const std::string& text) {
    EXPECT_EQ(type.parse(text, object), "") << text;
  };
  switch (type.kind) {
    case ValueKind::kDuration:
      return set("6000s");
    case ValueKind::kRate:
      return set("6000/s");
    case ValueKind::kShare:
      return set("4%");
    case ValueKind::kBytes:
      return set("6000GB");
    case ValueKind::kBandwidth:
      return set("6000GB/s");
    case ValueKind::kInteger:
    case ValueKind::kNumber:
      return set("6000");
    case ValueKind::kStruct:
      for (const FieldInfo& field : type.fields)
        if (field.inherits.empty()) fill(*field.type, field.member(object));
      return;
    case ValueKind::kList:
      type.clear(object);
      return fill(*type.element, type.append(object));
    case ValueKind::kOptional:
      return fill(*type.element, type.append(object));
    default:
      return;  // no number; what an action or expectation is told is not scaled
  }
}

using Numbers = std::map<std::string, double>;

void read(const TypeInfo& type, void* object, const std::string& path, Numbers& numbers) {
  switch (type.kind) {
    case ValueKind::kStruct:
      for (const FieldInfo& field : type.fields)
        if (field.inherits.empty())  // scaled as what they inherit is
          read(*field.type, field.member(object), path.empty() ? field.key : path + "." + field.key,
               numbers);
      return;
    case ValueKind::kList:
      return read(*type.element, type.at(object, 0), path + "[]", numbers);
    case ValueKind::kOptional:
      return read(*type.element, type.at(object, 0), path, numbers);
    case ValueKind::kUtcTime:
    case ValueKind::kDuration:
    case ValueKind::kRate:
    case ValueKind::kShare:
    case ValueKind::kBytes:
    case ValueKind::kBandwidth:
    case ValueKind::kInteger:
    case ValueKind::kNumber:
      numbers[path] = type.number(object);
      return;
    default:
      return;
  }
}

std::string effect(double before, double after, double scale) {
  if (after == before) return "same";
  const double ratio = after / before;
  if (std::abs(ratio / scale - 1) < 0.01) return "divided";
  if (std::abs(ratio * scale - 1) < 0.01) return "multiplied";
  return "otherwise";
}

std::map<std::string, std::string> effects(double scale) {
  const TypeInfo& type = type_of<Spec>();
  Spec spec;
  fill(type, &spec);
  spec.scale = scale;
  Spec after = scaled(spec);
  Numbers x, y;
  read(type, &spec, "", x);
  read(type, &after, "", y);
  EXPECT_EQ(y.at("scale"), 1);
  std::map<std::string, std::string> found;
  for (const auto& [path, before] : x)
    if (path != "scale") found[path] = effect(before, y.at(path), scale);
  return found;
}

// Rows of `effect path`; # begins a comment.
std::map<std::string, std::string> table() {
  std::map<std::string, std::string> rows;
  std::ifstream file(source_directory() + "/tests/tools/scale_fields.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string what, path;
    if (line.empty() || line[0] == '#' || !(words >> what >> path)) continue;
    EXPECT_TRUE(rows.emplace(path, what).second) << path << " stands there twice";
  }
  return rows;
}

TEST(scale_fields, each_is_scaled_as_the_table_says) {
  auto rows = table();
  for (const double scale : {0.1, 0.5}) {
    for (const auto& [path, what] : effects(scale)) {
      const auto row = rows.find(path);
      if (row == rows.end())
        ADD_FAILURE() << "what does spec.scale do with spec." << path << "? Now: " << what
                      << ". Say it in tests/tools/scale_fields.txt, and see tools/world/scale.cpp";
      else
        EXPECT_EQ(what, row->second) << "spec." << path << " at scale " << scale;
    }
  }
  const auto now = effects(0.1);
  for (const auto& [path, what] : rows) EXPECT_TRUE(now.count(path)) << "no field: " << path;
}

// Counts of at least one keep at least one, and none stays none.
TEST(scale_fields, small_counts_are_not_lost) {
  const TypeInfo& type = type_of<Spec>();
  for (const bool none : {false, true}) {
    Spec spec;
    fill(type, &spec);
    spec.scale = 0.001;
    RegionParams& region = spec.regions[0];
    region.pools[0] = {1, none ? 0 : 1, none ? 0 : 1};
    spec.gateway.rate_limit.requests = none ? 0 : 1;
    spec.cluster.workloads[0].autoscaler->min_replicas = none ? 0 : 1;
    spec.kv_cache.initial_sessions = none ? 0 : 1;
    spec.safety.sample_rate = {none ? 0 : 0.5};
    const Spec small = scaled(spec);
    const i32 least = none ? 0 : 1;
    EXPECT_EQ(small.regions[0].pools[0].replicas, 1);
    EXPECT_EQ(*small.regions[0].pools[0].min_replicas, least);
    EXPECT_EQ(small.gateway.rate_limit.requests, least);
    EXPECT_EQ(small.cluster.workloads[0].autoscaler->min_replicas, least);
    EXPECT_EQ(small.kv_cache.initial_sessions, least);
    EXPECT_EQ(small.safety.sample_rate.value, least);  // at most all
  }
}

// Below these the levels of API priority and fairness, and etcd's own limit, mean something else.
TEST(scale_fields, seats_and_the_apply_gap_have_a_least) {
  Spec spec;
  fill(type_of<Spec>(), &spec);
  spec.scale = 0.001;
  spec.control_plane.seats = 600;
  spec.control_plane.etcd.max_apply_gap = 5000;
  const Spec small = scaled(spec);
  EXPECT_EQ(small.control_plane.seats, 12);
  EXPECT_EQ(small.control_plane.etcd.max_apply_gap, 16);
}

// The pods of all pools together are what the region's GPUs were; the last takes the rounding.
TEST(scale_fields, a_full_fleet_stays_full) {
  Spec spec;
  spec.cluster.gpus_per_node = 8;
  RegionParams& region = spec.regions.emplace_back();
  region.nodes = 11;
  region.missing_gpus = 3;
  region.pools = {{33, std::nullopt, 33}, {52, 13, 52}};
  for (const double scale : {0.9, 0.5, 0.3, 0.1}) {
    spec.scale = scale;
    const RegionParams small = scaled(spec).regions[0];
    const i32 gpus = small.nodes * 8 - small.missing_gpus;
    EXPECT_EQ(gpus, static_cast<i32>(85 * scale + 0.5));
    EXPECT_LT(small.missing_gpus, 8);
    EXPECT_EQ(small.pools[0].replicas + small.pools[1].replicas, gpus);
    EXPECT_EQ(small.pools[0].gpu_limit, small.pools[0].replicas);
    EXPECT_EQ(small.pools[1].gpu_limit, small.pools[1].replicas);
    EXPECT_FALSE(small.pools[0].min_replicas.has_value());
  }
}

}  // namespace test_scale_fields
}  // namespace stampede
