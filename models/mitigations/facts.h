// What is known of a mitigation besides its parameters: its slot, and what a scenario must have for
// it to change anything. Pages, `list`, `describe` and `compare` are made of it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/enum_names.h"
#include "sim/registry.h"

namespace stampede {

// What a policy decides about. Several of one slot are usually alternatives.
enum class MitigationSlot : u8 {
  kRetryDelay,
  kBudget,
  kHedging,
  kDeadline,
  kBreaker,
  kEjection,
  kPick,
  kFilter,
  kShed,
  kLimit,
  kFallback,
  kCache,
  kRoutingChange,
  kAutoscaler,
  kControlPlane,
  kKv,
  kSafety,
  kOperations
};

// What a scenario must have. tools/world/needs.cpp says how each is found out and put into words.
enum class Need : u8 {
  kReplicas,           // a pool of more than one pod
  kRegions,            // more than one
  kRetries,            // a class of clients that retries by itself
  kRetryDelays,        // one of those that waits before it does, not from zero on
  kTimeLimits,         // a class of clients that leaves after some time
  kAutoscaler,         // of a pool
  kPrefixCaching,      // in an engine
  kPlainLine,          // engines that do not look ahead along their line
  kUnequalPriorities,  // classes of clients whose priorities differ
  kKeptAnswers,        // a use of a service whose answers the caller keeps
  kBoundedApiMemory,   // API servers that end when LISTs need more
  kOperators,          // who do something
  kOutputChecks,       // a safety layer that looks at answers
  kRetryAfter,         // somebody who says it
  kLongConnections,    // pods that are picked by connection
  kZones               // a region with more than one
};

struct MitigationFacts {
  const char* name;
  MitigationSlot slot;
  const char* help;
  const char* source;  // begins with a key of docs/references.md; empty: assumed
  std::vector<Need> needs = {};
};

// By the mitigation's name.
inline std::map<std::string, MitigationFacts>& mitigation_facts() {
  static std::map<std::string, MitigationFacts> facts;
  return facts;
}

template <class Params>
struct RegisterMitigation {
  explicit RegisterMitigation(const MitigationFacts& facts)
      : entry("mitigation", facts.name, facts.help, facts.source) {
    mitigation_facts().emplace(facts.name, facts);
  }
  Register<Params> entry;
};

}  // namespace stampede
