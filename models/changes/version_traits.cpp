#include "models/changes/version_traits.h"

#include <charconv>

#include "sim/value_text.h"

namespace stampede {

std::optional<CrashRule> crash_rule(const std::string& text) {
  if (text.empty()) return CrashRule{};
  if (text == "at start") return CrashRule{CrashWhen::kAtStart};
  if (text == "at the next refresh") return CrashRule{CrashWhen::kAtTheNextRefresh};
  const std::string before = "after ";
  if (CrashRule timed{CrashWhen::kAfterTime};
      text.starts_with(before) && parse_duration(text.substr(before.size()), timed.time).empty())
    return timed.time.ns > 0 ? std::optional(timed) : std::nullopt;
  const std::string after = text.ends_with("requests") ? " requests" : " request";
  if (!text.starts_with(before) || !text.ends_with(after)) return std::nullopt;
  CrashRule rule{CrashWhen::kAfterRequests};
  const char* end = text.data() + text.size() - after.size();
  const auto [rest, error] = std::from_chars(text.data() + before.size(), end, rule.requests);
  if (error != std::errc() || rest != end || rule.requests == 0) return std::nullopt;
  return rule;
}

ProcessTraits traits_of(const VersionParams& v) {
  ProcessTraits traits;
  traits.crash = crash_rule(v.crash).value_or(CrashRule{});
  traits.refuse = v.refuse.value;
  traits.wrong = v.wrong.value;
  traits.slow = v.slow;
  if (v.leak)
    traits.leak = Leak{static_cast<double>(v.leak->per_request.value),
                       static_cast<double>(v.leak->per_minute.value),
                       static_cast<double>(v.leak->limit.value)};
  return traits;
}

}  // namespace stampede
