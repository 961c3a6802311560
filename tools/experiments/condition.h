// A constraint of a sweep: `spec.regions.apac.share + spec.regions.na.share <= 90%`. Compares two
// sums of products of a scenario's values and literals, in base units, or two texts.
// **Limits**: units are not checked against each other; a minus wants a space before it, because
// names may contain one.
#pragma once
#include <memory>
#include <stdexcept>
#include <string>

#include "tools/world/scenario.h"

namespace stampede {

// What is wrong with a condition; `what()` says it in words.
struct ConditionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Condition {
 public:
  // Throws ConditionError for text that is no comparison.
  explicit Condition(const std::string& text);
  // Throws ConditionError for paths that lead nowhere and for comparisons of unlike things.
  bool holds(const Scenario& scenario) const;

  struct Term;  // a node of the expression

 private:
  std::shared_ptr<const Term> left_, right_;
  std::string comparison_;
};

}  // namespace stampede
