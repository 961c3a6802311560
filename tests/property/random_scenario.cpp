#include "tests/property/random_scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include "models/changes/action.h"
#include "models/changes/failures_params.h"
#include "models/changes/version_params.h"
#include "models/operations/runbook_params.h"
#include "sim/random.h"
#include "sim/registry.h"
#include "tests/property/random_fleets.h"
#include "tools/language/value_at.h"
#include "tools/world/fleet.h"
#include "tools/world/live_paths.h"
#include "tools/world/load_scenario.h"

namespace stampede::test {
namespace {

using Names = std::vector<std::string>;
using Keys = std::map<std::string, std::string>;

struct Signal {
  std::string name, component, unit;
};

// What there is in a fleet.
struct Ground {
  std::string yaml;
  Scenario scenario;
  Names live;
  std::map<std::string, Names> lists;  // of a list's key: the names of its elements
  std::vector<Signal> signals;
};

// The names of all elements of lists, and what of them is a site.
void collect(const TypeInfo& type, const void* value, const std::string& key, Ground& out) {
  if (type.kind == ValueKind::kStruct) {
    for (const FieldInfo& f : type.fields) collect(*f.type, f.get(value), f.key, out);
  } else if (type.kind == ValueKind::kList && type.element->kind == ValueKind::kStruct) {
    for (std::size_t i = 0; i < type.size(value); ++i) {
      const void* element = type.at(const_cast<void*>(value), i);
      for (const FieldInfo& f : type.element->fields)
        if ((f.key == "name" || f.key == "site") && f.type->kind == ValueKind::kText)
          if (const std::string name = f.type->print(f.get(element)); !name.empty())
            out.lists[f.key == "name" ? key : "sites"].push_back(name);
      collect(*type.element, element, key, out);
    }
  }
}

std::string head(const std::string& duration, i64 seed, double scale) {
  return fmt::format(
      "apiVersion: stampede/v1alpha1\nkind: Scenario\nmetadata: {{name: random}}\nspec:\n  seed: "
      "{}\n  duration: {}\n  scale: {}\n",
      seed, duration, scale);
}

Ground ground_of(const std::string& yaml) {
  Ground g;
  g.yaml = yaml;
  g.scenario = load_scenario(SourceText{"fleet.yaml", head("1min", 1, 1) + yaml}).scenario;
  g.live = live_paths(g.scenario.spec);
  collect(type_of<Spec>(), &g.scenario.spec, "spec", g);
  const Fleet fleet(g.scenario.spec);
  for (const StatInfo& row : fleet.world.stats.rows())
    if (!row.truth) g.signals.push_back({row.name, row.component, row.unit});
  return g;
}

const std::vector<Ground>& grounds() {
  static const std::vector<Ground> all = [] {
    std::vector<Ground> made;
    for (const std::string& yaml : random_fleets()) made.push_back(ground_of(yaml));
    return made;
  }();
  return all;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string flow(const Keys& keys) {
  std::string text;
  for (const auto& [key, value] : keys) text += (text.empty() ? "" : ", ") + key + ": " + value;
  return "{" + text + "}";
}

class Draw {
 public:
  explicit Draw(u64 number)
      : draws_(stream_key(number, "random", "scenario")), first_(action_called(number)) {
    const TypeInfo& type = *Registry::global().find(ActionTag::category, first_)->params;
    insist(
        [&] {
          ground_ = &pick(grounds());
          return possible(type) || takes_back(first_);
        },
        "a fleet for " + first_);
  }

  RandomScenario scenario() {
    seconds_ = static_cast<double>(60 + below(120));
    out_.fleet = ground_->yaml;
    out_.duration = fmt::format("{}s", seconds_);
    out_.seed = static_cast<i64>(below(1000));
    if (chance(0.2)) out_.scale = 0.5;
    if (chance(0.4))
      out_.monitoring = *mapping(type_of<MonitorParams>());
    else if (chance(0.5))
      out_.monitoring = "{scrape_period: 5s}";
    if (chance(0.25)) out_.failures = *mapping(type_of<FailuresParams>(), 0.7);
    for (std::size_t n = below(4); n > 0; --n) version();
    if (versions_.empty() && (takes_back(first_) || first_ == "roll_out")) version();
    if (takes_back(first_)) change("roll_out", true);
    insist([&] { return change(first_); }, first_);
    for (std::size_t n = below(8); n > 0; --n) change();
    for (std::size_t n = below(3); n > 0; --n) responder();
    for (std::size_t n = below(4); n > 0; --n) step();
    return std::move(out_);
  }

 private:
  struct Change {
    std::string name, action, version;
    double at, lasts;
    bool taken_back = false;
  };

  bool chance(double p) { return draws_.next() < p; }
  std::size_t below(std::size_t n) {
    return std::min(n - 1, static_cast<std::size_t>(draws_.next() * static_cast<double>(n)));
  }
  template <class T>
  const T& pick(const std::vector<T>& of) {
    return of[below(of.size())];
  }
  std::optional<std::string> one_of(const std::string& list) {
    const auto found = ground_->lists.find(list);
    if (found == ground_->lists.end()) return std::nullopt;
    return pick(found->second);
  }

  // Anywhere in the range, each order of magnitude alike, or at one of its ends.
  double number(double low, double high) {
    const double roll = draws_.next(), u = draws_.next();
    if (roll < 0.06) return low;
    if (roll < 0.12) return high;
    if (low < 0 || high <= 1) return low + u * (high - low);
    const double from = std::max(low, std::max(1e-6, high * 1e-9));
    return from * std::pow(high / from, u);
  }
  std::string duration(const FieldInfo& f) {
    constexpr double kDecade = 315'360'000;  // what durations may be at most
    const double low = f.minimum.value_or(0), high = f.maximum.value_or(kDecade);
    // Mostly such that it matters in a run.
    return print(from_seconds(
        number(low, chance(0.75) ? std::min(high, std::max(low, 2 * seconds_)) : high)));
  }
  std::string whole(const FieldInfo& f) {
    constexpr double kMost = INT32_MAX;
    const double low = f.minimum.value_or(0), high = f.maximum.value_or(kMost);
    const double drawn =
        chance(0.4) ? low + static_cast<double>(below(8)) : std::floor(number(low, high));
    return std::to_string(static_cast<i64>(std::clamp(drawn, low, high)));
  }
  // Counted within the fleet.
  std::optional<std::string> place(const std::string& key) {
    const Spec& spec = ground_->scenario.spec;
    i32 most = 8;
    if (key == "zone") most = spec.cluster.zones;
    if (key == "link") most = static_cast<i32>(spec.network.providers_per_region);
    if (key == "node") most = spec.regions.front().nodes;
    if (key == "zone" || key == "node" || key == "pod" || key == "link")
      return std::to_string(below(static_cast<std::size_t>(std::max(most, 1))));
    return std::nullopt;
  }

  std::string scalar(const FieldInfo& f, const TypeInfo& type) {
    constexpr double kMostNumber = 1e9;
    const double low = f.minimum.value_or(0);
    switch (type.kind) {
      case ValueKind::kDuration:
        return duration(f);
      case ValueKind::kInteger:
        return place(f.key).value_or(whole(f));
      case ValueKind::kBoolean:
        return chance(0.5) ? "true" : "false";
      case ValueKind::kChoice:
        return pick(type.choices);
      case ValueKind::kUtcTime:
        return fmt::format("2026-01-05T{:02}:00:00Z", below(24));
      case ValueKind::kShare:
        return bound_text(type.kind, number(f.key == "share" ? 0.01 : low, f.maximum.value_or(1)));
      default:
        return bound_text(type.kind, number(low, f.maximum.value_or(kMostNumber)));
    }
  }

  static bool has(const TypeInfo& type, const std::string& key) {
    return std::any_of(type.fields.begin(), type.fields.end(),
                       [&](const FieldInfo& f) { return f.key == key; });
  }
  // Is there something of each kind that it names? Versions can be made.
  bool possible(const TypeInfo& action) {
    return std::all_of(action.fields.begin(), action.fields.end(), [&](const FieldInfo& f) {
      const bool drawn = f.key != "name" && f.key != "version" && f.key != "path";
      const bool wanted = f.required || has(type_of<Spec>(), f.key + "s");
      return f.type->kind != ValueKind::kText || !drawn || !wanted || name(f.key).has_value();
    });
  }
  // Until it can be drawn.
  template <class F>
  void insist(F&& draw, const std::string& what) {
    constexpr int kTries = 1000;
    int tries = 0;
    while (!draw())
      if (++tries == kTries) throw std::logic_error("there is no way to draw " + what);
  }

  // A name that the fleet has, by what the key is called.
  std::optional<std::string> name(const std::string& key) {
    if (key == "class") return one_of("clients");
    if (key == "record") return one_of("dns");
    if (key == "home" || key == "by" || key == "location" || key == "path_to" ||
        key == "api_server")
      return one_of("regions");
    if (key == "from") {
      const std::size_t who = below(4);
      return who == 0 ? "clients" : who == 1 ? "regions" : *one_of("regions");
    }
    if (key == "version" && !versions_.empty()) return pick(versions_);
    if (key == "responder" && !responders_.empty()) return pick(responders_);
    return one_of(key + "s");
  }

  // None: there is nothing that it could be.
  std::optional<std::string> value(const FieldInfo& f, const TypeInfo& type) {
    if (&type == &type_of<ConditionParams>()) return condition();
    switch (type.kind) {
      case ValueKind::kStruct:
        return mapping(type);
      case ValueKind::kOptional:
        return value(f, *type.element);
      case ValueKind::kList: {
        const auto one = value(f, *type.element);
        return one ? std::optional("[" + *one + "]") : one;
      }
      case ValueKind::kText: {
        const auto found = name(f.key);
        return found ? std::optional(quoted(*found)) : found;
      }
      default:
        return scalar(f, type);
    }
  }

  // Of the keys that need not be there each is with this probability.
  std::optional<Keys> keys_of(const TypeInfo& type, double said = 0.35) {
    Keys keys;
    for (const FieldInfo& f : type.fields) {
      const bool where = f.key == "target";
      if (f.key == "name" || f.type->kind == ValueKind::kSelection) continue;  // the caller's
      if (!f.required && !chance(where ? 0.8 : said)) continue;
      auto drawn = value(f, *f.type);
      if (drawn) {
        keys[f.key] = *drawn;
      } else if (f.required) {
        return std::nullopt;
      }
    }
    // What the loader wants of targets.
    if (!has(type, "region")) return keys;
    if (keys.count("node") + keys.count("pod") + keys.count("region") > 0 && keys.count("site"))
      keys.erase("site");
    if (keys.count("node") + keys.count("pod") > 0) keys["region"] = quoted(*one_of("regions"));
    if (keys.count("share")) keys.erase("count");
    return keys;
  }
  std::optional<std::string> mapping(const TypeInfo& type, double said = 0.35) {
    const auto keys = keys_of(type, said);
    return keys ? std::optional(flow(*keys)) : std::nullopt;
  }

  // What a `set` says, of an action or of a version: any live parameter, any value that its
  // description allows.
  struct Leaf {
    std::string path;
    const FieldInfo* field;
    const TypeInfo* type;
    bool number;  // that is there, so that steps lead from it
  };
  Leaf leaf() {
    const std::string& path = pick(ground_->live);
    const ValueAt at = *place_at(type_of<Scenario>(), &ground_->scenario, path);
    const TypeInfo& type = scalar_of(*at.type);
    const bool there = at.type->kind != ValueKind::kOptional || at.type->size(at.object) > 0;
    return {path, at.field, &type, type.scale != nullptr && there};
  }
  // Those two decide how many conversations are kept in memory: up to 10^8 may be, of many
  // gigabytes.
  std::string value_of(const Leaf& l) {
    constexpr double kMostRate = 1000, kMostThinking = 3600;
    FieldInfo field = *l.field;
    if (l.path == "spec.demand.rate") field.maximum = kMostRate;
    if (field.key == "think_time") field.maximum = kMostThinking;
    return scalar(field, *l.type);
  }
  void set(Keys& keys, bool of_version) {
    const Leaf l = leaf();
    keys.clear();
    const bool by_region = !of_version && held_by_regions(l.path) && chance(0.2);
    keys["path"] =
        quoted(by_region ? "spec.regions." + *one_of("regions") + l.path.substr(4) : l.path);
    if (of_version || chance(0.6) || l.type->kind == ValueKind::kText) {
      keys["value"] = quoted(value_of(l));
    } else if (l.number && chance(0.5)) {
      keys["value"] = quoted(value_of(l));
      keys["over"] = fmt::format("{}s", 1 + below(60));
      if (chance(0.5)) keys["steps"] = std::to_string(2 + below(20));
    } else {
      keys["stages"] = fmt::format("[{{after: 0s, value: {}}}, {{after: {}s, value: {}}}]",
                                   quoted(value_of(l)), 1 + below(60), quoted(value_of(l)));
    }
    if (!of_version && !by_region && held_by_regions(l.path) && chance(0.4))
      keys["target"] = "{region: " + quoted(*one_of("regions")) + "}";
  }

  void version() {
    Keys keys = *keys_of(type_of<VersionParams>(), 0.3);
    const std::string name = fmt::format("v{}", versions_.size() + 1);
    if (keys.count("crash") == 0 && chance(0.5))
      keys["crash"] = chance(0.5) ? "at start" : fmt::format("after {} requests", 1 + below(50));
    if (keys.count("leak"))
      keys["leak"] =
          fmt::format("{{per_{}: {}MB, limit: {}GB}}", chance(0.5) ? "request" : "minute",
                      1 + below(5000), 1 + below(40));
    if (keys.count("refresh")) keys["kind"] = "data";
    if (keys.count("refresh") && chance(0.7)) keys["crash"] = "at the next refresh";
    if (keys["kind"].empty()) keys.erase("kind");
    Keys set_keys;
    set(set_keys, true);
    keys.erase("set");
    if (keys.count("kind") && keys["kind"] == "routing")
      keys = {{"kind", "routing"}, {"set", "[" + flow(set_keys) + "]"}};
    else if (chance(0.5) || keys.empty())
      keys["set"] = "[" + flow(set_keys) + "]";
    keys["name"] = name;
    versions_.push_back(name);
    out_.versions.push_back(flow(keys));
  }

  static bool takes_back(const std::string& action) {
    return action_entries().at(action).span == nullptr &&
           has(*Registry::global().find(ActionTag::category, action)->params, "name");
  }
  // The registry's, one after the other.
  static const std::string& action_called(u64 number) {
    static const Names all = [] {
      Names names;
      for (const auto& [name, entry] : action_entries()) names.push_back(name);
      return names;
    }();
    return all[number % all.size()];
  }
  const std::string& any_action() { return action_called(below(1000 * action_entries().size())); }

  // An action of the timeline, at this time or, where a change is to be there before, later; or of
  // the step called so.
  std::optional<std::string> action(const std::string& name, double& at, const std::string& step,
                                    bool named = false) {
    const TypeInfo& type = *Registry::global().find(ActionTag::category, name)->params;
    if (!possible(type)) return std::nullopt;
    Keys keys;
    if (takes_back(name)) {
      if (!take_back(type, keys, at)) return std::nullopt;
    } else if (name == "set") {
      set(keys, false);
    } else {
      const auto drawn = keys_of(type);
      if (!drawn) return std::nullopt;
      keys = *drawn;
      exclude(keys);
    }
    for (const ServiceParams& s : ground_->scenario.spec.services)
      if (keys.count("service") && keys["service"] == quoted(s.name) && !s.in_each_region)
        keys.erase("target");
    if (action_entries().at(name).span != nullptr) {
      const bool long_one = keys.count("over") + keys.count("stages") > 0 || chance(0.3);
      const double lasts = chance(0.6) ? static_cast<double>(1 + below(100) + (long_one ? 60 : 0))
                                       : std::numeric_limits<double>::infinity();
      if (std::isfinite(lasts)) keys["for"] = fmt::format("{}s", lasts);
      std::string called = step;
      if (step.empty() && (named || chance(0.6))) called = fmt::format("c{}", changes_.size() + 1);
      if (step.empty() && !called.empty()) keys["name"] = called;
      if (!called.empty())
        changes_.push_back({called, name, keys.count("version") ? keys["version"] : "", at, lasts});
    }
    return flow(keys).insert(1, fmt::format("do: {}{}", name, keys.empty() ? "" : ", "));
  }
  // Of ways to say how fast something spreads, one.
  static void exclude(Keys& keys) {
    for (const char* key : {"stages", "over", "propagation"})
      for (const char* other : {"stages", "over", "propagation"})
        if (key != std::string(other) && keys.count(key)) keys.erase(other);
    if (!keys.count("over")) keys.erase("steps");
    if (!keys.count("over") && !keys.count("propagation")) keys.erase("gate");
  }
  bool take_back(const TypeInfo& type, Keys& keys, double& at) {
    const bool of_roll_outs = has(type, "version");
    std::vector<Change*> fitting;
    for (Change& c : changes_)
      if (!c.taken_back && (!of_roll_outs || c.action == "roll_out")) fitting.push_back(&c);
    if (fitting.empty()) return false;
    Change& c = chance(0.7) ? *fitting.back() : *pick(fitting);
    keys = *keys_of(type);
    keys.erase("version");
    if (of_roll_outs && chance(0.5))
      keys["version"] = c.version;
    else
      keys["name"] = c.name;
    constexpr double kSoon = 30;
    at = c.at + std::min(kSoon, c.lasts) * draws_.next();
    c.taken_back = true;
    return true;
  }

  double moment() {
    const double roll = draws_.next();
    if (roll < 0.1) return 0;
    // Whole steps of the loops, where much happens at once.
    if (roll < 0.3) return 5.0 * static_cast<double>(below(static_cast<std::size_t>(seconds_ / 5)));
    return draws_.next() * seconds_;
  }
  bool change(const std::string& name, bool named = false) {
    double at = moment();
    const auto text = action(name, at, "", named);
    if (text)
      out_.timeline.push_back(
          std::string(*text).insert(1, fmt::format("at: {}, ", print(from_seconds(at)))));
    return text.has_value();
  }
  void change() {
    const std::size_t before = changes_.size();
    insist([&] { return change(chance(0.3) ? "set" : any_action()); }, "a change");
    // Half of what can be taken back is.
    for (bool back = changes_.size() > before && chance(0.5); back;) {
      const std::string& name = any_action();
      back = !takes_back(name) || !change(name);
    }
  }

  std::string bound(const std::string& unit) {
    const double drawn = number(0.001, 1000);
    return unit == "s"     ? bound_text(ValueKind::kDuration, drawn)
           : unit == "B"   ? bound_text(ValueKind::kBytes, drawn * 1e6)
           : unit == "1/s" ? bound_text(ValueKind::kRate, drawn)
           : unit == "B/s" ? bound_text(ValueKind::kBandwidth, drawn * 1e6)
                           : bound_text(ValueKind::kNumber, drawn);
  }
  std::string term() {
    Keys keys;
    if (chance(0.4)) {
      const FieldInfo& f =
          *std::find_if(type_of<TermParams>().fields.begin(), type_of<TermParams>().fields.end(),
                        [](const FieldInfo& field) { return field.key == "condition"; });
      keys["condition"] = pick(f.type->element->choices);
    } else {
      const Signal& s = pick(ground_->signals);
      keys["signal"] = s.name;
      keys["component"] = quoted(s.component);
      if (chance(0.15))
        keys["absent"] = "true";
      else
        keys[chance(0.6) ? "above" : "below"] = quoted(bound(s.unit));
    }
    if (chance(0.4)) keys["for"] = fmt::format("{}s", 1 + below(30));
    return flow(keys);
  }
  std::string condition() {
    if (chance(0.8)) return term();
    return fmt::format("{{{}: [{}, {}]}}", chance(0.5) ? "and" : "or", term(), term());
  }

  void responder() {
    Keys keys = *keys_of(type_of<ResponderParams>());
    keys["name"] = fmt::format("r{}", responders_.size() + 1);
    responders_.push_back(keys["name"]);
    out_.responders.push_back(flow(keys));
  }
  void step() {
    const std::string name = fmt::format("s{}", steps_.size() + 1);
    double at = 0;
    const auto act = action(any_action(), at, name);
    if (!act) return;
    Keys keys = *keys_of(type_of<StepParams>());
    for (const char* key : {"below", "needs", "after", "access"}) keys.erase(key);
    for (const char* key : {"needs", "after"})
      if (!steps_.empty() && chance(0.2)) keys[key] = "[" + pick(steps_) + "]";
    if (chance(0.3))
      keys["access"] =
          fmt::format("{{needs: [{{{}: {}}}], break_glass: {}s}}",
                      chance(0.5) ? "path_to" : "api_server", *one_of("regions"), below(100));
    if (!keys.count("repeat") && !keys.count("until") && !keys.count("access"))
      keys.erase("give_up_after");
    keys["name"] = name;
    keys["when"] = condition();
    for (const char* key : {"for", "delay", "act_delay"})
      if (keys.count(key)) keys[key] = fmt::format("{}s", below(30));
    steps_.push_back(name);
    keys["action"] = *act;
    out_.steps.push_back(flow(keys));
  }

  Sequence draws_;
  const std::string first_;
  const Ground* ground_ = nullptr;
  double seconds_ = 60;
  Names versions_, responders_, steps_;
  std::vector<Change> changes_;
  RandomScenario out_;
};

std::string list_of(const std::string& key, const std::vector<std::string>& entries,
                    const std::string& indent) {
  if (entries.empty()) return "";
  std::string text = indent + key + ":\n";
  for (const std::string& entry : entries) text += indent + "  - " + entry + "\n";
  return text;
}

}  // namespace

std::string RandomScenario::drawn() const {
  std::string all;
  if (!failures.empty()) all += "  failures: " + failures + "\n";
  all += list_of("versions", versions, "  ");
  if (!monitoring.empty() || !responders.empty() || !steps.empty())
    all += "  operations:\n" + (monitoring.empty() ? "" : "    monitoring: " + monitoring + "\n") +
           list_of("responders", responders, "    ") + list_of("steps", steps, "    ");
  return all + list_of("timeline", timeline, "  ");
}

std::string RandomScenario::text() const { return head(duration, seed, scale) + fleet + drawn(); }

RandomScenario random_scenario(u64 number) { return Draw(number).scenario(); }

}  // namespace stampede::test
