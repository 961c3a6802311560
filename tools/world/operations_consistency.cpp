#include "tools/world/operations_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "models/changes/rollout_params.h"
#include "models/operations/condition_walk.h"
#include "models/operations/signal_rows.h"
#include "tools/language/diagnostics.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace {

class OperationsCheck {
 public:
  explicit OperationsCheck(const Spec& spec) : spec_(spec) {
    for (const RegionParams& r : spec.regions) regions_.push_back(r.name);
    for (const ServiceParams& s : spec.services) services_.push_back(s.name);
  }

  std::vector<Finding> findings() {
    place("spec.operations.location", spec_.operations.location);
    place("spec.operations.monitoring.location", spec_.operations.monitoring.location);
    for (std::size_t i = 0; i < spec_.operations.responders.size(); ++i) {
      responders_.push_back(spec_.operations.responders[i].name);
      place(fmt::format("spec.operations.responders[{}].location", i),
            spec_.operations.responders[i].location);
    }
    for (const StepParams& step : spec_.operations.steps) steps_.push_back(step.name);
    for (std::size_t i = 0; i < spec_.operations.steps.size(); ++i) {
      const std::string path = fmt::format("spec.operations.steps[{}]", i);
      step(spec_.operations.steps[i], path);
      way(spec_.operations.steps[i], path);
    }
    return std::move(out_);
  }

  std::vector<Finding> of_condition(const ConditionParams& p, const std::string& path) {
    condition(p, path);
    return std::move(out_);
  }

 private:
  void report(std::string path, std::string message) {
    out_.push_back({std::move(path), std::move(message)});
  }
  void place(const std::string& path, const std::string& region) {
    if (!region.empty() && std::find(regions_.begin(), regions_.end(), region) == regions_.end())
      report(path, fmt::format("no region is called '{}'{}", region, suggestion(region, regions_)));
  }

  void step(const StepParams& p, const std::string& path) {
    bool asks_success = condition(p.when, path + ".when");
    if (p.until) asks_success |= condition(*p.until, path + ".until");
    if (p.below && !asks_success)
      report(path + ".below", "this is of success_below; a signal's bound stands in `when`");
  }

  // Returns whether it asks for success_below.
  bool condition(const ConditionParams& p, const std::string& path) {
    bool asks_success = false;
    each_term(p, path, [&](const TermParams& t, const std::string& at) {
      asks_success |= t.signal.empty() &&
                      t.condition.value_or(Watched::kSuccessBelow) == Watched::kSuccessBelow;
      if (t.signal.empty())
        named(t, at);
      else
        signal(t, at);
    });
    combined(p, path);
    return asks_success;
  }

  void steps_named(const std::vector<std::string>& names, const std::string& path) {
    for (std::size_t k = 0; k < names.size(); ++k)
      if (std::find(steps_.begin(), steps_.end(), names[k]) == steps_.end())
        report(fmt::format("{}[{}]", path, k),
               fmt::format("no step is called '{}'{}", names[k], suggestion(names[k], steps_)));
  }

  // Who acts, what they need for it, and when they stop.
  void way(const StepParams& p, const std::string& path) {
    steps_named(p.needs, path + ".needs");
    steps_named(p.after, path + ".after");
    if (!p.responder.empty() &&
        std::find(responders_.begin(), responders_.end(), p.responder) == responders_.end())
      report(path + ".responder", fmt::format("no responder is called '{}'{}", p.responder,
                                              suggestion(p.responder, responders_)));
    for (std::size_t k = 0; k < p.access.needs.size(); ++k) {
      const NeedParams& need = p.access.needs[k];
      const std::string at = fmt::format("{}.access.needs[{}]", path, k);
      if (need.path_to.empty() && need.api_server.empty() && need.service.empty())
        report(at, "`path_to` or `api_server` is wanted, with the name of a region, or `service`");
      if (!need.service.empty() &&
          std::find(services_.begin(), services_.end(), need.service) == services_.end())
        report(at + ".service", fmt::format("no service is called '{}'{}", need.service,
                                            suggestion(need.service, services_)));
      place(at + ".path_to", need.path_to);
      place(at + ".api_server", need.api_server);
    }
    if (p.access.break_glass && p.access.needs.empty())
      report(path + ".access.break_glass", "nothing is needed here: list it in `needs`");
    if (p.give_up_after && !p.repeat && !p.until && p.access.needs.empty())
      report(path + ".give_up_after",
             "this acts once, so that there is nothing to give up; it can `repeat`, act `until` "
             "something holds, or need `access`");
  }

  template <class Params>
  void combined(const Params& p, const std::string& path) {
    if constexpr (requires { p.both; }) {
      const bool said = !p.says_nothing() || p.sustained.ns > 0 || p.absent || !p.above.empty() ||
                        !p.below.empty() || !p.region.empty() || !p.component.empty();
      if (!p.both.empty() && !p.either.empty())
        report(path + ".or", "`and` or `or`, not both: put one into the other");
      else if (!(p.both.empty() && p.either.empty()) && said)
        report(path, "beside `and` or `or` stands nothing else: make it one of their conditions");
      for (std::size_t i = 0; i < p.both.size(); ++i)
        combined(p.both[i], fmt::format("{}.and[{}]", path, i));
      for (std::size_t i = 0; i < p.either.size(); ++i)
        combined(p.either[i], fmt::format("{}.or[{}]", path, i));
    }
  }

  void named(const TermParams& p, const std::string& path) {
    const auto of_signal = [&](bool said, const char* key) {
      if (said)
        report(fmt::format("{}.{}", path, key),
               fmt::format("`{}` is said of a signal: name one with `signal`", key));
    };
    of_signal(!p.region.empty(), "region");
    of_signal(!p.component.empty(), "component");
    of_signal(p.over_regions != OverRegions::kAny, "over_regions");
    of_signal(!p.divided_by.empty(), "divided_by");
    of_signal(p.rate_over.ns > 0, "rate_over");
    of_signal(!p.above.empty(), "above");
    of_signal(p.counts, "counts");
    of_signal(p.absent, "absent");
    if (p.below.empty()) return;
    double share = 0;
    if (p.condition.value_or(Watched::kSuccessBelow) != Watched::kSuccessBelow)
      of_signal(true, "below");
    else if (const std::string wrong = parse_bound(p.below, "1", share); !wrong.empty())
      report(path + ".below", wrong);
    else if (share < 0 || share > 1)
      report(path + ".below", fmt::format("'{}': a share from 0% to 100% is wanted", p.below));
  }

  void signal(const TermParams& p, const std::string& path) {
    if (p.condition)
      report(path + ".signal", "a condition by its name or a signal, not both");
    else if (p.above.empty() && p.below.empty() && !p.absent)
      report(path + ".signal", "`above` or `below` is wanted beside it, or `absent: true`");
    const Duration period = spec_.operations.monitoring.scrape_period;
    if (p.rate_over.ns > 0 && p.rate_over.ns < 2 * period.ns)
      report(path + ".rate_over",
             fmt::format("{} does not hold two looks, one each {}; write at least {}",
                         print(p.rate_over), print(period), print(2 * period)));
  }

  const Spec& spec_;
  std::vector<std::string> regions_, responders_, steps_, services_;
  std::vector<Finding> out_;
};

void check_signal(const World& world, const TermParams& term, const std::string& path) {
  if (term.signal.empty()) return;
  const SignalRows found = signal_rows(world, term);
  if (!found.wrong.empty())
    throw ScenarioError(
        path + "." + found.wrong_key,
        found.wrong + (found.given.empty() ? "" : suggestion(found.given, found.fitting)));
  if (found.above && found.below && *found.above >= *found.below)
    throw ScenarioError(path + ".below", "never: what is above " + term.above + " is not below " +
                                             term.below + "; of two conditions make an `or`");
}

}  // namespace

std::vector<Finding> faults_of_operations(const Spec& spec) {
  return OperationsCheck(spec).findings();
}

std::vector<Finding> faults_of_condition(const Spec& spec, const ConditionParams& condition,
                                         const std::string& path) {
  return OperationsCheck(spec).of_condition(condition, path);
}

void check_signals(const Spec& spec, const World& world) {
  const auto check = [&](const TermParams& term, const std::string& path) {
    check_signal(world, term, path);
  };
  const auto check_gate = [&](const ActionSelection& action, const std::string& path) {
    const RollOutParams* p = roll_out_params(action);
    if (p != nullptr && p->gate) each_term(*p->gate, path, check);
  };
  for (std::size_t i = 0; i < spec.operations.steps.size(); ++i) {
    const StepParams& step = spec.operations.steps[i];
    const std::string path = fmt::format("spec.operations.steps[{}]", i);
    each_term(step.when, path + ".when", check);
    if (step.until) each_term(*step.until, path + ".until", check);
    check_gate(step.action, path + ".action.gate");
  }
  for (std::size_t i = 0; i < spec.timeline.size(); ++i)
    check_gate(spec.timeline[i].action, fmt::format("spec.timeline[{}].action.gate", i));
}

std::vector<Finding> doubts_of_operations(const Spec& spec) {
  std::vector<Finding> found;
  for (std::size_t i = 0; i < spec.operations.steps.size(); ++i) {
    const StepParams& step = spec.operations.steps[i];
    const ConditionParams& when = step.when;
    if (when.says_nothing() && when.both.empty() && when.either.empty() && step.needs.empty() &&
        step.after.empty() && !step.below)
      found.push_back(
          {fmt::format("spec.operations.steps[{}]", i),
           fmt::format("'{}' has no `when`: it acts when fewer than 90 % of the requests "
                       "succeed (success_below)",
                       step.name)});
  }
  return found;
}

}  // namespace stampede
