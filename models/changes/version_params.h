// Versions that can be rolled out: parameters that they set, and what processes that run them do.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class VersionKind : u8 {
  kBinary,         // a process takes it up when it starts: pods are restarted
  kConfiguration,  // running processes take it up
  kData,           // likewise; it may be made anew again and again
  kRouting         // parameters only; no process is concerned
};

struct VersionSetParams {
  std::string path, value;
  static void describe(Schema<VersionSetParams>& s);
};

struct LeakParams {
  Bytes per_request{}, per_minute{}, limit{};
  static void describe(Schema<LeakParams>& s);
};

struct RefreshParams {
  Duration period = 5_min, within{};
  Share bad_probability{1};
  std::optional<Duration> grows_over;
  static void describe(Schema<RefreshParams>& s);
};

struct VersionParams {
  std::string name;
  VersionKind kind = VersionKind::kBinary;
  std::vector<VersionSetParams> set;
  std::string crash;
  Share refuse{}, wrong{};
  std::optional<LeakParams> leak;
  double slow = 1;
  std::optional<RefreshParams> refresh;
  std::string with;     // a version without which its processes do nothing of it
  std::string empties;  // a use whose cache nodes lose what they keep as it reaches them
  static void describe(Schema<VersionParams>& s);
};

// Do its processes do anything because of it?
bool has_traits(const VersionParams& version);

}  // namespace stampede
