// Reads one value of a loaded object by the path that `--set` takes, without changing anything.
#pragma once
#include <optional>
#include <string>

#include "sim/params.h"

namespace stampede {

// What paths begin at.
struct Whole {
  const TypeInfo& type;
  const void* object;
};

struct ValueAt {
  const TypeInfo* type = nullptr;
  const void* object = nullptr;
  std::string path;  // canonical: elements of lists by index, inlined selections by their key
  const FieldInfo* field = nullptr;  // of the value, or of the list that it is in

  // In base units (s, 1/s, B, B/s, 1); none for texts, choices, times of day and what is no leaf.
  std::optional<double> number() const;
  // As a scenario would state it; empty for what is no leaf.
  std::string text() const;
};

// Elements of lists by index, by their `name` or by what they select; `[*]` is the first. None when
// there is nothing at the path, or null; what is not said where something is inherited is what is
// inherited.
std::optional<ValueAt> value_at(const TypeInfo& type, const void* object, const std::string& path);

// The same for what may be null: then it is the optional itself.
std::optional<ValueAt> place_at(const TypeInfo& type, const void* object, const std::string& path);

// What is there when it is there: of an optional what it holds.
const TypeInfo& scalar_of(const TypeInfo& type);

// The unit of numbers of a kind: s, 1/s, B, B/s or 1; empty for kinds that have no number.
std::string base_unit(ValueKind kind);

}  // namespace stampede
