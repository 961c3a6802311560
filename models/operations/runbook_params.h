// What operators watch, decide and do, as parameters.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/operations/monitor_params.h"
#include "models/ports/action_params.h"
#include "models/ports/condition_params.h"

namespace stampede {

// One thing that must be there.
struct NeedParams {
  std::string path_to, api_server;  // names of regions
  std::string service;
  static void describe(Schema<NeedParams>& s);
};

struct AccessParams {
  std::vector<NeedParams> needs;
  std::optional<Duration> break_glass;
  static void describe(Schema<AccessParams>& s);
};

struct ResponderParams {
  std::string name, location;
  Duration delay{};
  i32 at_once = 1;
  static void describe(Schema<ResponderParams>& s);
};

struct StepParams {
  std::string name, responder;
  std::vector<std::string> needs, after;
  ConditionParams when;
  std::optional<Share> below;
  Duration sustained{};
  Duration delay{}, act_delay{};
  AccessParams access;
  std::optional<Duration> repeat;
  std::optional<ConditionParams> until;
  std::optional<Duration> give_up_after;
  ActionSelection action;
  static void describe(Schema<StepParams>& s);
};

struct OperationsParams {
  std::string location;
  MonitorParams monitoring;
  std::vector<ResponderParams> responders;
  std::vector<StepParams> steps;
  static void describe(Schema<OperationsParams>& s);
};

}  // namespace stampede
