#include "tools/world/change_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "models/changes/action.h"
#include "models/changes/rollout_params.h"
#include "models/changes/set_params.h"
#include "tools/language/diagnostics.h"
#include "tools/language/value_at.h"
#include "tools/world/live_paths.h"
#include "tools/world/most_pods.h"
#include "tools/world/service_consistency.h"

namespace stampede {
namespace {

struct Stated {
  std::string path;  // of the action
  const ActionSelection* action = nullptr;
  std::optional<Duration> at;  // of the timeline
  std::string name;            // what an undo calls it; empty: nothing
  Span span;
  bool heals = false;
};

// Every action of the scenario, the timeline's in order of time.
std::vector<Stated> stated(const Spec& spec) {
  std::vector<Stated> all;
  const auto add = [&](std::string path, const ActionSelection& action, const std::string& step,
                       std::optional<Duration> at) {
    const auto entry = action_entries().find(action.name);
    if (entry == action_entries().end()) return;
    Stated& s = all.emplace_back();
    s.path = std::move(path);
    s.action = &action;
    s.at = at;
    s.heals = entry->second.span != nullptr;
    if (s.heals) s.span = entry->second.span(action.params.get());
    s.name = s.span.name.empty() ? step : s.span.name;
  };
  for (std::size_t i = 0; i < spec.timeline.size(); ++i)
    add(fmt::format("spec.timeline[{}].action", i), spec.timeline[i].action, "",
        spec.timeline[i].at);
  std::stable_sort(all.begin(), all.end(),
                   [](const Stated& a, const Stated& b) { return *a.at < *b.at; });
  for (std::size_t i = 0; i < spec.operations.steps.size(); ++i)
    add(fmt::format("spec.operations.steps[{}].action", i), spec.operations.steps[i].action,
        spec.operations.steps[i].name, std::nullopt);
  return all;
}

std::string text_at(const Stated& s, const std::string& path) {
  const auto found = value_at(*s.action->type, s.action->params.get(), path);
  return found ? found->text() : "";
}

class Check {
 public:
  explicit Check(const Spec& spec) : spec_(spec), all_(stated(spec)) {}

  std::vector<Finding> findings() {
    for (const RegionParams& r : spec_.regions) regions_.push_back(r.name);
    for (std::size_t k = 0; k < all_.size(); ++k) {
      region(all_[k]);
      site(all_[k]);
      ways(all_[k]);
      client_class(all_[k]);
      controller(all_[k]);
      pods(all_[k]);
      service(all_[k]);
      record(all_[k]);
      cache_of(all_[k]);
      name(k);
      if (all_[k].action->name == "undo") undo(k);
      if (const SetParams* set = set_params(*all_[k].action)) live(k, *set);
    }
    return std::move(out_);
  }

 private:
  void report(const Stated& s, const char* key, std::string message) {
    out_.push_back({s.path + "." + key, std::move(message)});
  }
  void region(const Stated& s) {
    const std::string name = text_at(s, "target.region");
    if (!name.empty() && std::find(regions_.begin(), regions_.end(), name) == regions_.end())
      report(s, "target.region",
             fmt::format("no region is called '{}'{}", name, suggestion(name, regions_)));
  }
  void site(const Stated& s) {
    const std::string name = text_at(s, "target.site"), region = text_at(s, "target.region");
    if (name.empty()) return;
    std::vector<std::string> sites;
    bool inside = region.empty();
    for (const RegionParams& r : spec_.regions) {
      if (!r.site.empty()) sites.push_back(r.site);
      inside = inside || (r.name == region && r.site == name);
    }
    if (std::find(sites.begin(), sites.end(), name) == sites.end())
      report(s, "target.site",
             fmt::format("no region has the site '{}'{}", name,
                         sites.empty() ? "; write `site: NAME` in those that share a place"
                                       : suggestion(name, sites)));
    else if (!inside)
      report(s, "target.site", fmt::format("'{}' is not at '{}'", region, name));
  }
  void ways(const Stated& s) {
    std::vector<std::string> ends = regions_;
    ends.insert(ends.end(), {"clients", "regions"});
    const std::string from = text_at(s, "target.from"), home = text_at(s, "target.home");
    if (!from.empty() && std::find(ends.begin(), ends.end(), from) == ends.end())
      report(s, "target.from",
             fmt::format("'{}' is neither clients nor regions nor a region{}", from,
                         suggestion(from, ends)));
    if (!home.empty() && std::find(regions_.begin(), regions_.end(), home) == regions_.end())
      report(s, "target.home",
             fmt::format("no region is called '{}'{}", home, suggestion(home, regions_)));
    if (const std::string by = s.action->name == "hijack_prefix" ? text_at(s, "by") : "";
        !by.empty() && std::find(regions_.begin(), regions_.end(), by) == regions_.end())
      report(s, "by", fmt::format("no region is called '{}'{}", by, suggestion(by, regions_)));
    if (s.action->name == "prefer_routes") backbone(s);
    if (const std::string link = text_at(s, "target.link");
        !link.empty() && std::stoll(link) >= spec_.network.providers_per_region)
      report(s, "target.link",
             fmt::format("a region's network has {} links to providers, counted from 0",
                         spec_.network.providers_per_region));
    if (!home.empty() && !from.empty() && from != "clients")
      report(s, "target.home", "these ways have no clients at their end");
    if (!from.empty() && from == text_at(s, "target.region"))
      report(s, "target.from", fmt::format("a way from '{}' to itself", from));
  }
  void backbone(const Stated& s) {
    const std::vector<std::string>& members = spec_.network.ibgp.members;
    const std::string name = text_at(s, "target.region");
    if (members.size() < 2)
      report(s, "target.region", "there is no backbone: name its spec.network.ibgp.members");
    else if (!name.empty() && std::find(members.begin(), members.end(), name) == members.end())
      report(s, "target.region",
             fmt::format("'{}' is not on the backbone{}", name, suggestion(name, members)));
  }
  void cache_of(const Stated& s) {
    const std::string name = s.action->name == "lose_cache" ? text_at(s, "use") : "";
    if (const std::string wrong = name.empty() ? "" : fault_of_cache(spec_, name); !wrong.empty())
      report(s, "use", wrong);
  }
  void client_class(const Stated& s) {
    const std::string name = text_at(s, "class");
    if (name.empty()) return;
    std::vector<std::string> classes;
    for (const ClientClassParams& c : spec_.clients) {
      classes.push_back(c.name);
      if (c.name != name) continue;
      if (c.trace && s.action->name == "spike")
        report(s, "class", fmt::format("'{}' plays a recording, which no factor changes", name));
      if (c.trace && s.action->name == "bot_flood")
        report(s, "class", fmt::format("'{}' plays a recording: no requests are made up", name));
      return;
    }
    report(s, "class",
           fmt::format("no class of clients is called '{}'{}", name, suggestion(name, classes)));
  }
  void controller(const Stated& s) {
    const std::string name = text_at(s, "controller");
    const bool acts = value_at(*s.action->type, s.action->params.get(), "controller").has_value();
    if (!acts) return;
    std::vector<std::string> names;
    for (const WorkQueueParams& c : spec_.controllers) names.push_back(c.name);
    if (names.empty())
      report(s, "controller", "there is no controller: list one in spec.controllers");
    else if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      report(s, "controller",
             fmt::format("no controller is called '{}'{}", name, suggestion(name, names)));
  }
  void pods(const Stated& s) {
    const std::string pool = text_at(s, "target.pool");
    std::vector<std::string> pools;
    for (const PoolParams& p : spec_.serving.pools) pools.push_back(p.name);
    if (!pool.empty() && std::find(pools.begin(), pools.end(), pool) == pools.end())
      report(s, "target.pool",
             fmt::format("no pool is called '{}'{}", pool, suggestion(pool, pools)));
    if (!text_at(s, "target.share").empty() && !text_at(s, "target.count").empty())
      report(s, "target.count", "a share or a count, not both");
    for (const char* key : {"target.share", "share"})
      if (text_at(s, key) == print(Share{0})) report(s, key, "a share of nothing meets nobody");
    for (const char* key : {"target.node", "target.pod"})
      if (!text_at(s, key).empty() && text_at(s, "target.region").empty())
        report(s, key, "counted within a region: name the region too");
    if (const std::string node = text_at(s, "target.node"); !node.empty())
      for (const RegionParams& r : spec_.regions)
        if (r.name == text_at(s, "target.region") && std::stoll(node) >= r.nodes)
          report(s, "target.node",
                 fmt::format("'{}' has {} nodes, counted from 0", r.name, r.nodes));
    if (const std::string number = text_at(s, "target.pod"); !number.empty())
      for (std::size_t r = 0; r < spec_.regions.size(); ++r)
        if (regions_[r] == text_at(s, "target.region")) pod(s, r, std::stoll(number));
    if (const std::string text = text_at(s, "target.zone"); !text.empty())
      zone(s, std::stoll(text));
  }
  void pod(const Stated& s, std::size_t r, i64 number) {
    const i64 wanted = most_pods_wanted(spec_, r), room = room_for_pods(spec_, r);
    const i64 most = std::min(wanted, room);
    if (number < most) return;
    report(s, "target.pod",
           fmt::format("'{}' has at most {} pods, counted from 0: {}", regions_[r], most,
                       room < wanted ? "its GPUs have no room for more"
                                     : "neither an autoscaler nor a `scale` makes them more"));
  }
  void service(const Stated& s) {
    const std::string name = text_at(s, "service");
    if (name.empty()) return;
    std::vector<std::string> services;
    for (const ServiceParams& known : spec_.services) {
      services.push_back(known.name);
      if (known.name != name) continue;
      if (!known.in_each_region && !text_at(s, "target.region").empty())
        report(s, "target.region",
               fmt::format("there is one '{}' for all regions: leave `target` out", name));
      return;
    }
    report(s, "service",
           fmt::format("no service is called '{}'{}", name,
                       services.empty() ? "; spec.services has none" : suggestion(name, services)));
  }
  void record(const Stated& s) {
    const std::string name = text_at(s, "record");
    std::vector<std::string> names;
    for (const DnsNameParams& dns : spec_.dns) names.push_back(dns.name);
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
    report(s, "record",
           fmt::format("no name in DNS is called '{}'{}", name,
                       names.empty() ? "; spec.dns has none" : suggestion(name, names)));
  }
  void zone(const Stated& s, i64 zone) {
    const std::string name = text_at(s, "target.region");
    i32 most = 0;
    for (std::size_t r = 0; r < spec_.regions.size(); ++r)
      if (name.empty() || spec_.regions[r].name == name)
        most = std::max(most, spec_.cluster_of(r).zones);
    if (most > 0 && zone >= most)
      report(s, "target.zone",
             fmt::format("cluster.zones is {}, and zones are counted from 0", most));
  }
  void name(std::size_t k) {
    const Stated& s = all_[k];
    for (std::size_t before = 0; before < k && !s.name.empty(); ++before)
      if ((all_[before].heals || s.heals) && all_[before].name == s.name)
        return report(
            s, "name",
            fmt::format("the name '{}' is already used by {}", s.name, all_[before].path));
  }
  void undo(std::size_t k) {
    const Stated& s = all_[k];
    const std::string name = text_at(s, "name");
    std::vector<std::string> names;
    const Stated* other = nullptr;
    for (const Stated& change : all_) {
      if (change.heals && !change.name.empty()) names.push_back(change.name);
      if (change.name == name && change.action->name != "undo" && (!other || change.heals))
        other = &change;
    }
    // Without a timeline nothing is wrong, and what people would do about it stays as it is.
    if (other == nullptr && !s.at && spec_.timeline.empty()) return;
    if (other == nullptr)
      return report(s, "name",
                    fmt::format("no change is called '{}'{}", name,
                                names.empty() ? "; name one, such as `{at: 5min, do: slow_disk, "
                                                "by: 1s, name: NAME}`"
                                              : suggestion(name, names)));
    if (!other->heals)
      return report(
          s, "name",
          fmt::format("'{}' is a {}, which cannot be taken back", name, other->action->name));
    if (!s.at || !other->at) return;
    if (*other->at >= *s.at)
      return report(
          s, "name",
          fmt::format("'{}' has not begun by then; it begins at {}", name, print(*other->at)));
    if (other->span.lasts && *other->at + *other->span.lasts <= *s.at)
      return report(s, "name",
                    fmt::format("'{}' has healed by then, at {}", name,
                                print(*other->at + *other->span.lasts)));
    for (std::size_t before = 0; before < k; ++before)
      if (all_[before].at && all_[before].action->name == "undo" &&
          text_at(all_[before], "name") == name)
        return report(
            s, "name",
            fmt::format("'{}' is already taken back at {}", name, print(*all_[before].at)));
  }

  void live(std::size_t k, const SetParams& set) {
    const Stated& s = all_[k];
    for (const SetFault& fault : faults_of_set(spec_, set, in_force(k)))
      out_.push_back({s.path + "." + fault.key, fault.message});
    const std::vector<SetStage> stages = stages_of(set);
    if (set.steps && set.over.ns == 0) report(s, "steps", "steps need a time: say `over` too");
    if (s.span.lasts && *s.span.lasts <= stages.back().after)
      report(s, "for",
             fmt::format("it is over before the last stage, at {}", print(stages.back().after)));
  }
  // What earlier changes of the timeline have set by the time of this one; of operators' nobody
  // knows when they act.
  std::vector<SetValue> in_force(std::size_t k) const {
    std::vector<SetValue> values;
    for (std::size_t before = 0; before < k && all_[k].at; ++before) {
      const SetParams* set = set_params(*all_[before].action);
      if (set == nullptr || set->target.region != set_params(*all_[k].action)->target.region)
        continue;
      const Duration since = *all_[k].at - *all_[before].at;
      const Span& span = all_[before].span;
      if ((span.lasts && since >= *span.lasts) || undone(before, k)) continue;
      for (const SetStage& stage : stages_of(*set))
        if (stage.after <= since && stage.part == 1) values.emplace_back(set->path, stage.value);
    }
    return values;
  }
  bool undone(std::size_t change, std::size_t by) const {
    for (std::size_t k = change + 1; k < by; ++k)
      if (all_[k].action->name == "undo" && !all_[change].name.empty() &&
          text_at(all_[k], "name") == all_[change].name)
        return true;
    return false;
  }

  const Spec& spec_;
  const std::vector<Stated> all_;
  std::vector<std::string> regions_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> faults_of_changes(const Spec& spec) { return Check(spec).findings(); }

namespace {

void doubts_of_roll_out(const Spec& spec, const Stated& s, std::vector<Finding>& found) {
  if (s.action->name != "roll_out") return;
  const auto& p = *static_cast<const RollOutParams*>(s.action->params.get());
  if (p.over.ns == 0 && p.stages.empty() && p.steps != RollOutParams{}.steps)
    found.push_back({s.path + ".steps", "steps need a time: without `over` all have it at once"});
  if (s.at && p.over.ns > 0 && *s.at + p.over > spec.duration)
    found.push_back({s.path + ".over", fmt::format("it ends at {}, the run at {}",
                                                   print(*s.at + p.over), print(spec.duration))});
  const auto version = std::find_if(spec.versions.begin(), spec.versions.end(),
                                    [&](const VersionParams& v) { return v.name == p.version; });
  if (version == spec.versions.end() || has_traits(*version) || !version->set.empty() ||
      !version->empties.empty() ||
      std::any_of(spec.versions.begin(), spec.versions.end(),
                  [&](const VersionParams& v) { return v.with == version->name; }))
    return;
  if (p.over.ns == 0 && p.stages.empty())
    found.push_back(
        {s.path + ".version",
         fmt::format("'{}' changes nothing, and all processes start anew at once", version->name)});
}

}  // namespace

// As the first point of a sweep one may mean them.
std::vector<Finding> doubts_of_changes(const Spec& spec) {
  struct Idle {
    const char *action, *keys;
    std::vector<std::pair<const char*, std::string>> values;
  };
  const std::vector<Idle> idle{
      {"degrade_link",
       "`latency`, `loss` or `bandwidth`",
       {{"latency", print(Duration{})}, {"loss", print(Share{0})}, {"bandwidth", ""}}},
      {"skew_clock",
       "`offset` or `drift`",
       {{"offset", print(Duration{})}, {"drift", print(Duration{})}}}};
  std::vector<Finding> found;
  for (const Stated& s : stated(spec)) {
    doubts_of_roll_out(spec, s, found);
    if (text_at(s, "factor") == "1")
      found.push_back({s.path + ".factor", "a factor of 1 changes nothing"});
    for (const Idle& i : idle)
      if (s.action->name == i.action &&
          std::all_of(i.values.begin(), i.values.end(),
                      [&](const auto& v) { return text_at(s, v.first) == v.second; }))
        found.push_back({s.path, fmt::format("changes nothing: say {}", i.keys)});
  }
  return found;
}

}  // namespace stampede
