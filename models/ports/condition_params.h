// What operators and the gates of roll-outs can wait for, as parameters: a named condition, what
// monitoring shows of a signal, or several of these combined. What they mean is said where
// operators are.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class Watched : u8 {
  kSuccessBelow,
  kPrefixWithdrawn,
  kControlPlaneFrozen,
  kBreakerOpen,
  kAutoscalerStopped
};

// Of a signal that several regions publish.
enum class OverRegions : u8 {
  kAny,   // one of them is enough
  kAll,   // each of those that publish it
  kSum,   // their values added up
  kMean,  // the mean of their values
};

// One comparison. Nothing said at all: success_below.
struct TermParams {
  std::optional<Watched> condition;
  std::string signal, region, component;
  OverRegions over_regions = OverRegions::kAny;
  std::string divided_by;
  Duration rate_over{};
  std::string above, below;  // in the signal's unit
  bool counts = false;
  bool absent = false;
  Duration sustained{};
  double factor = 1;  // not said by anybody: what `counts` does with spec.scale
  bool says_nothing() const;
  static void describe(Schema<TermParams>& s);
};

// A comparison, or several of which all hold or one does.
struct GroupParams : TermParams {
  std::vector<TermParams> both, either;
  static void describe(Schema<GroupParams>& s);
};

struct ConditionParams : TermParams {
  std::vector<GroupParams> both, either;
  static void describe(Schema<ConditionParams>& s);
};

}  // namespace stampede
