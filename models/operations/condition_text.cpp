#include "models/operations/condition_text.h"

namespace stampede {
namespace {

std::string joined(const auto& parts, const char* word) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : word) + text_of(part);
  return text;
}

template <class Params>
std::string grouped(const Params& params) {
  if (!params.both.empty()) return "(" + joined(params.both, " and ") + ")";
  if (!params.either.empty()) return "(" + joined(params.either, " or ") + ")";
  return text_of(static_cast<const TermParams&>(params));
}

}  // namespace

std::string text_of(const TermParams& p) {
  std::string text = p.signal;
  if (p.signal.empty()) text = name_of(p.condition.value_or(Watched::kSuccessBelow));
  if (p.over_regions != OverRegions::kAny)
    text = std::string(name_of(p.over_regions)) + " of " + text;
  if (!p.divided_by.empty()) text += " / " + p.divided_by;
  if (!p.component.empty()) text += " of " + p.component;
  if (!p.region.empty()) text += " in " + p.region;
  if (p.rate_over.ns > 0) text += " a second over " + print(p.rate_over);
  if (!p.above.empty()) text += " above " + p.above;
  if (!p.below.empty()) text += " below " + p.below;
  if (p.absent) text += p.above.empty() && p.below.empty() ? " absent" : " or absent";
  if (p.sustained.ns > 0) text += " for " + print(p.sustained);
  return text;
}

std::string text_of(const GroupParams& params) { return grouped(params); }
std::string text_of(const ConditionParams& params) { return grouped(params); }

}  // namespace stampede
