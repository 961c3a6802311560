// How a file of this directory registers what it can change: an entry with parameters and one
// function on the ports of a Scene. What can be taken back is a fault and says how it heals; what
// cannot is an action.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/ports/changes_port.h"
#include "models/ports/scene.h"
#include "sim/registry.h"

namespace stampede {

class Changes;

// One change while it is applied.
struct Act {
  const Scene& scene;
  Changes& changes;
  IncidentId root;          // every incident of what is changed names it
  const std::string& name;  // what an undo calls it
};

// Ends a change, and nothing else that is in force, because of `healed`.
using Heal = std::function<void(IncidentId healed)>;

// What an effect does later, unless it has ended by then.
struct Later {
  Duration after;  // its beginning
  std::function<void()> act;
};

// When what a timeline does at 0 s is done: then, or before anything else begins, as if the
// scenario had said so.
enum class Begins : u8 { kInTheRun, kWithTheRun };

struct Effect {
  Heal heal{};            // none: it cannot be taken back
  Completion over{};      // none: it takes no time
  Duration ends_after{};  // it ends by itself then; 0: it does not
  std::vector<Later> later{};
  bool nothing = false;  // what it is to change is not there
  bool idle = false;     // it is meant to change nothing
};

// What is said of a fault beside its own parameters.
struct Span {
  std::string name;               // what an undo calls it
  std::optional<Duration> lasts;  // until it heals; none: until it is taken back
};

struct ActionEntry {
  std::function<Effect(const void* params, const Act& act)> apply;
  Span (*span)(const void* params) = nullptr;  // null: it cannot be taken back
  Begins begins = Begins::kInTheRun;
};
std::map<std::string, ActionEntry>& action_entries();

namespace detail {

inline Effect effect_of(Effect effect) { return effect; }
inline Effect effect_of(Heal heal) {
  const bool nothing = !heal;
  return {.heal = std::move(heal), .nothing = nothing};
}

template <class Params>
struct Healing : Params {
  std::string change_name;
  std::optional<Duration> lasts;
  static void describe(Schema<Healing>& s) {
    s.template base<Params>();
    s.field("for", &Healing::lasts).at_least(0.001).help("how long it lasts; null: to the end");
    s.field("name", &Healing::change_name).not_empty().help("what `do: undo` calls it");
  }
};

template <class Params>
struct Final : Params {
  static void describe(Schema<Final>& s) {
    s.template base<Params>();
    s.refuse("for", "what this does has no end of its own and does not heal: leave `for` out");
    s.refuse("name", "what this does cannot be taken back, so that it needs no name");
  }
};

}  // namespace detail

// `const RegisterFault<Params> x{"name", "help", "source", [](const Params&, const Act&) -> Heal
// {...}};` adds the parameters `for` and `name`. An empty Heal: nothing was there to change. What
// has more to say than how it heals returns an Effect.
template <class Params>
struct RegisterFault {
  template <class F>
  RegisterFault(const char* name, const char* help, const char* source, F function)
      : RegisterFault(name, help, source, Begins::kInTheRun, function) {}
  template <class F>
  RegisterFault(const char* name, const char* help, const char* source, Begins begins, F function)
      : entry("action", name, help, source) {
    ActionEntry& added = action_entries()[name];
    added.begins = begins;
    added.apply = [function](const void* params, const Act& act) {
      return detail::effect_of(function(*static_cast<const detail::Healing<Params>*>(params), act));
    };
    added.span = [](const void* params) {
      const auto& p = *static_cast<const detail::Healing<Params>*>(params);
      return Span{p.change_name, p.lasts};
    };
  }
  Register<detail::Healing<Params>> entry;
};

// `const RegisterAction<Params> x{"name", "help", "source", [](const Params&, const Act&) -> Effect
// {...}};`
template <class Params>
struct RegisterAction {
  template <class F>
  RegisterAction(const char* name, const char* help, const char* source, F function)
      : entry("action", name, help, source) {
    action_entries()[name].apply = [function](const void* params, const Act& act) -> Effect {
      return function(*static_cast<const detail::Final<Params>*>(params), act);
    };
  }
  Register<detail::Final<Params>> entry;
};

struct NoParams {
  static void describe(Schema<NoParams>&) {}
};

}  // namespace stampede
