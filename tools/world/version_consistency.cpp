#include "tools/world/version_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "models/changes/action.h"
#include "models/changes/rollout_params.h"
#include "models/changes/version_traits.h"
#include "tools/language/diagnostics.h"
#include "tools/language/value_at.h"
#include "tools/world/live_paths.h"
#include "tools/world/operations_consistency.h"
#include "tools/world/service_consistency.h"

namespace stampede {
namespace {

// A roll-out, or what ends one.
struct Move {
  std::string path, step;  // of the action; `step`: of operators
  const ActionSelection* action = nullptr;
  std::optional<Duration> at;  // of the timeline
  const RollOutParams* out = nullptr;
  std::string key, name, version;  // key: which of the two is said
  Span span;
};

class VersionCheck {
 public:
  explicit VersionCheck(const Spec& spec) : spec_(spec) {
    for (const VersionParams& v : spec.versions) names_.push_back(v.name);
    for (std::size_t i = 0; i < spec.timeline.size(); ++i)
      add(fmt::format("spec.timeline[{}].action", i), spec.timeline[i].action, "",
          spec.timeline[i].at);
    std::stable_sort(moves_.begin(), moves_.end(),
                     [](const Move& a, const Move& b) { return *a.at < *b.at; });
    for (std::size_t i = 0; i < spec.operations.steps.size(); ++i)
      add(fmt::format("spec.operations.steps[{}].action", i), spec.operations.steps[i].action,
          spec.operations.steps[i].name, std::nullopt);
  }

  std::vector<Finding> findings() {
    for (std::size_t i = 0; i < spec_.versions.size(); ++i)
      version(spec_.versions[i], fmt::format("spec.versions[{}]", i));
    for (std::size_t k = 0; k < moves_.size(); ++k) {
      if (moves_[k].out != nullptr)
        roll_out(k);
      else if (moves_[k].action->name != "undo")
        taken_back(k);
    }
    return std::move(out_);
  }

 private:
  void report(std::string path, std::string message) {
    out_.push_back({std::move(path), std::move(message)});
  }
  static std::string text_of(const ActionSelection& action, const char* key) {
    const auto found = value_at(*action.type, action.params.get(), key);
    return found ? found->text() : "";
  }
  void add(std::string path, const ActionSelection& action, const std::string& step,
           std::optional<Duration> at) {
    const bool ends =
        action.name == "roll_back" || action.name == "disable" || action.name == "undo";
    const RollOutParams* out = roll_out_params(action);
    if (!ends && out == nullptr) return;
    Move& m = moves_.emplace_back();
    m.path = std::move(path);
    m.step = step;
    m.action = &action;
    m.at = at;
    m.out = out;
    m.name = text_of(action, "name");
    m.version = action.name == "undo" ? "" : text_of(action, "version");
    m.key = m.version.empty() ? "name" : "version";
    if (out != nullptr) {
      m.span = action_entries().at(action.name).span(action.params.get());
      m.name = m.span.name.empty() ? step : m.span.name;
    }
  }

  void version(const VersionParams& v, const std::string& path) {
    for (std::size_t k = 0; k < v.set.size(); ++k) {
      SetParams set;
      set.path = v.set[k].path;
      set.value = v.set[k].value;
      for (const SetFault& fault : faults_of_set(spec_, set, {}))
        report(fmt::format("{}.set[{}].{}", path, k, fault.key), fault.message);
    }
    if (!crash_rule(v.crash))
      report(path + ".crash", fmt::format("'{}': `at start`, `after N requests`, `after 10min` or "
                                          "`at the next refresh` is wanted",
                                          v.crash));
    else if (crash_rule(v.crash)->when == CrashWhen::kAtTheNextRefresh && !v.refresh)
      report(path + ".crash", "nothing is made anew: say how often with `refresh`");
    if (v.refresh && v.kind != VersionKind::kData)
      report(path + ".refresh", "only data are made anew: say `kind: data`");
    if (v.leak && v.leak->per_request.value == 0 && v.leak->per_minute.value == 0)
      report(path + ".leak", "`per_request` or `per_minute` is wanted");
    if (v.kind == VersionKind::kRouting && has_traits(v))
      report(path + ".kind", "no process runs a routing: it can only `set` parameters");
    if (!v.with.empty()) {
      if (std::find(names_.begin(), names_.end(), v.with) == names_.end())
        report(path + ".with",
               fmt::format("no version is called '{}'{}", v.with, suggestion(v.with, names_)));
      else if (v.with == v.name)
        report(path + ".with",
               "another version is wanted: by itself is what it does without `with`");
      if (!has_traits(v))
        report(path + ".with",
               "its processes do nothing that the other could bring out: say what, "
               "such as `crash: after 1 requests`");
    }
    if (!v.empties.empty())
      if (std::string wrong = fault_of_cache(spec_, v.empties); !wrong.empty())
        report(path + ".empties", std::move(wrong));
    const bool partner = std::any_of(spec_.versions.begin(), spec_.versions.end(),
                                     [&](const VersionParams& o) { return o.with == v.name; });
    if (partner && v.kind == VersionKind::kRouting)
      report(path + ".kind", "no process runs a routing: nothing can show only with it");
    if (v.kind != VersionKind::kBinary && v.set.empty() && v.empties.empty() && !has_traits(v) &&
        !partner)
      report(path, fmt::format("'{}' changes nothing: `set` something, or say what processes do",
                               v.name));
  }

  void roll_out(std::size_t k) {
    const Move& m = moves_[k];
    const RollOutParams& p = *m.out;
    const auto version = std::find_if(spec_.versions.begin(), spec_.versions.end(),
                                      [&](const VersionParams& v) { return v.name == p.version; });
    if (version == spec_.versions.end())
      return report(m.path + ".version",
                    fmt::format("no version is called '{}'{}", p.version,
                                names_.empty() ? "; list it in spec.versions"
                                               : suggestion(p.version, names_)));
    of_some(*version, p.target.region, p.target.site, m.path);
    stages(p, m.path);
    restarts(*version, p, m.path);
    gate(p, m.path);
    if (m.at)
      for (std::size_t before = 0; before < k; ++before)
        if (moves_[before].out != nullptr && moves_[before].version == p.version &&
            out_at(before, *m.at, k))
          return report(m.path + ".version",
                        fmt::format("'{}' is out by then: it was rolled out at {}", p.version,
                                    print(*moves_[before].at)));
  }

  void of_some(const VersionParams& v, const std::string& region, const std::string& site,
               const std::string& path) {
    for (const VersionSetParams& set : v.set)
      if (!(region.empty() && site.empty()) && !held_by_regions(live_place(set.path).path))
        report(path + ".target",
               fmt::format("'{}' sets '{}', which the service has once, for all regions: leave "
                           "`target` out",
                           v.name, set.path));
  }

  // Only who takes up another binary starts its process again.
  void restarts(const VersionParams& v, const TakeUpParams& p, const std::string& path) {
    if (v.kind == VersionKind::kBinary) return;
    for (const auto& [said, key] :
         {std::pair{p.max_unavailable != 0, "max_unavailable"}, {p.jitter.ns > 0, "jitter"}})
      if (said)
        report(fmt::format("{}.{}", path, key),
               fmt::format("'{}' restarts no process: of `kind: binary` alone", v.name));
  }

  void stages(const RollOutParams& p, const std::string& path) {
    const int ways = !p.stages.empty() + (p.over.ns > 0) + (p.propagation.ns > 0);
    if (ways > 1)
      report(path + (p.over.ns > 0 ? ".over" : ".propagation"),
             "`stages`, `over` or `propagation`: one of them");
    for (std::size_t k = 0; k < p.stages.size(); ++k) {
      const RollOutStageParams& stage = p.stages[k];
      const std::string at = fmt::format("{}.stages[{}]", path, k);
      const std::string& region = stage.target.region;
      std::vector<std::string> regions;
      for (const RegionParams& r : spec_.regions) regions.push_back(r.name);
      if (!region.empty() && std::find(regions.begin(), regions.end(), region) == regions.end())
        report(at + ".target.region",
               fmt::format("no region is called '{}'{}", region, suggestion(region, regions)));
      for (std::size_t before = 0; before < k; ++before)
        if (p.stages[before].target.region == region &&
            p.stages[before].target.site == stage.target.site &&
            p.stages[before].share >= stage.share) {
          report(at + ".share",
                 fmt::format("the share is not above that of stage {}: it counts those before too",
                             before));
          break;
        }
    }
  }

  void gate(const RollOutParams& p, const std::string& path) {
    if (!p.gate) return;
    if (p.gate->says_nothing() && p.gate->both.empty() && p.gate->either.empty())
      report(path + ".gate",
             "a condition is wanted, as in `when` of a step, such as `success_below`");
    else
      for (Finding& fault : faults_of_condition(spec_, *p.gate, path + ".gate"))
        out_.push_back(std::move(fault));
    if (plan_of(p).done_after.ns == 0)
      report(path + ".gate",
             "the roll-out is over as it begins, so that the gate sees nothing: give it `stages` "
             "with a `soak`, `over` or `propagation`");
  }

  static const RollBackParams* back_of(const Move& m) {
    return m.action->name == "roll_back"
               ? static_cast<const RollBackParams*>(m.action->params.get())
               : nullptr;
  }
  static bool meant(const PoolTarget& target, const RegionParams& r) {
    return (target.region.empty() || target.region == r.name) &&
           (target.site.empty() || target.site == r.site);
  }

  // Is it out at this time in one of these regions, by what the timeline says before `until`?
  bool out_at(std::size_t k, Duration at, std::size_t until, const RegionTarget& where = {}) const {
    const Move& m = moves_[k];
    if (!m.at || *m.at > at) return false;
    if (m.span.lasts && *m.at + *m.span.lasts <= at) return false;
    return std::any_of(spec_.regions.begin(), spec_.regions.end(), [&](const RegionParams& region) {
      if (!meant(m.out->target, region) || !meant({where.region, where.site, ""}, region))
        return false;
      for (std::size_t e = k + 1; e < until; ++e) {
        const Move& end = moves_[e];
        if (end.out != nullptr || !end.at || !is_of(end, m)) continue;
        const RollBackParams* back = back_of(end);
        if (back == nullptr || meant({back->target.region, back->target.site, ""}, region))
          return false;
      }
      return true;
    });
  }
  static bool is_of(const Move& end, const Move& out) {
    return end.version.empty() ? !end.name.empty() && end.name == out.name
                               : end.version == out.version;
  }

  void taken_back(std::size_t k) {
    const Move& m = moves_[k];
    if (m.name.empty() == m.version.empty())
      return report(m.path, "which roll-out: its `name` or its `version`");
    std::vector<std::string> known;
    std::optional<std::size_t> last;
    bool of_operators = false;
    for (std::size_t o = 0; o < moves_.size(); ++o) {
      if (moves_[o].out == nullptr) continue;
      known.push_back(m.version.empty() ? moves_[o].name : moves_[o].version);
      if (!is_of(m, moves_[o])) continue;
      of_operators |= !moves_[o].at;
      if (!last || (moves_[o].at && m.at && *moves_[o].at <= *m.at)) last = o;
    }
    const std::string& said = m.version.empty() ? m.name : m.version;
    std::erase(known, "");
    // Without a timeline nothing is wrong, and what people would do about it stays as it is.
    if (!last && !m.at && spec_.timeline.empty()) return;
    if (!last)
      return report(m.path + "." + m.key,
                    fmt::format("nothing called '{}' is rolled out{}", said,
                                known.empty() ? "" : suggestion(said, known)));
    const RollBackParams* back = back_of(m);
    if (back != nullptr)
      for (const VersionParams& v : spec_.versions)
        if (v.name == moves_[*last].version) {
          restarts(v, *back, m.path);
          of_some(v, back->target.region, back->target.site, m.path);
        }
    if (!m.at || of_operators || out_at(*last, *m.at, k, back ? back->target : RegionTarget{}))
      return;
    report(m.path + "." + m.key,
           *moves_[*last].at > *m.at
               ? fmt::format("'{}' is not out by then: it is rolled out at {}", said,
                             print(*moves_[*last].at))
               : fmt::format("'{}' is not out {}any more by then", said,
                             back && !(back->target.region.empty() && back->target.site.empty())
                                 ? "there "
                                 : ""));
  }

  const Spec& spec_;
  std::vector<std::string> names_;
  std::vector<Move> moves_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> faults_of_versions(const Spec& spec) {
  if (spec.versions.empty() && spec.timeline.empty() && spec.operations.steps.empty()) return {};
  return VersionCheck(spec).findings();
}

}  // namespace stampede
