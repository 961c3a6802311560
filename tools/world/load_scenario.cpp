#include "tools/world/load_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/language/effective.h"
#include "tools/language/profiles.h"
#include "tools/world/named_files.h"
#include "tools/world/network_file.h"
#include "tools/world/trace_files.h"

#include "models/mitigations/overlay.h"
#include "tools/world/consistency.h"
#include "tools/world/endpoint_rate.h"
#include "tools/world/pool_classes.h"
#include "tools/world/replaced.h"

namespace stampede {
namespace {

constexpr const char* kApiVersion = "stampede/v1alpha1";

std::string lower_case(std::string word) {
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

// To a thousandth, so that it reads back as it is written.
Rate computed_rate(const PoolParams& pool, const Spec& spec) {
  const double rate = endpoint_rate(pool, clients_of(pool, spec.clients));
  return {std::max(1.0, std::floor(rate * 1000)) / 1000};
}

// Each pool that takes requests is given its own.
void state_rates_of(Loaded& loaded, ServingParams& serving, const std::string& path) {
  for (std::size_t w = 0; w < serving.pools.size(); ++w) {
    PoolParams& pool = serving.pools[w];
    if (pool.engine.role == EngineRole::kDecode || pool.max_rate_per_endpoint) continue;
    pool.max_rate_per_endpoint = computed_rate(pool, loaded.scenario.spec);
    const std::string at = element_path(path + ".pools", w);
    loaded.origins[at + ".max_rate_per_endpoint"] = "computed from " + at + " and spec.clients";
  }
}

void state_endpoint_rates(Loaded& loaded) {
  Spec& spec = loaded.scenario.spec;
  if (spec.balancer.max_rate_per_endpoint) return;
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    if (spec.regions[r].serving)
      state_rates_of(loaded, *spec.regions[r].serving,
                     element_path("spec.regions", r) + ".serving");
  const auto& pools = spec.serving.pools;
  const auto takes_requests = [](const PoolParams& p) {
    return p.engine.role != EngineRole::kDecode;
  };
  const auto first = std::find_if(pools.begin(), pools.end(), takes_requests);
  if (std::find_if(first + 1, pools.end(), takes_requests) != pools.end())
    return state_rates_of(loaded, spec.serving, "spec.serving");
  spec.balancer.max_rate_per_endpoint = computed_rate(*first, spec);
  loaded.origins["spec.balancer.max_rate_per_endpoint"] =
      fmt::format("computed from spec.serving.pools[{}] and spec.clients", first - pools.begin());
}

std::vector<Diagnostic> located(const Provenance& known, const std::vector<Finding>& findings) {
  std::vector<Diagnostic> diagnostics;
  for (const Finding& f : findings) diagnostics.push_back(known.locate(f.path, f.message));
  return diagnostics;
}

bool of_regions(const Override& change) { return change.path.starts_with("spec.regions"); }

// Once the service stands: what regions say otherwise. A policy holds in all of them: what it
// patches they inherit again.
void regions_of_their_own(YamlLoader& loader, const Spec& spec, const std::vector<Override>& sets,
                          const std::vector<Override>& patches) {
  loader.inherit();
  for (const Override& patch : patches) loader.inherit_again(patch.path, patch.option);
  for (const Override& change : sets)
    if (of_regions(change)) loader.set(change);
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    if (spec.regions[r].serving)
      apply_own_profiles(loader, *spec.regions[r].serving,
                         element_path("spec.regions", r) + ".serving");
}

}  // namespace

std::string document_kind(const SourceText& source) {
  const YamlPtr root = parse_yaml(source);
  for (const auto& [key, value] : root->entries)
    if (key->text == "kind") return value->text;
  return "";
}

void check_envelope(const SourceText& source, const std::string& kind) {
  const YamlPtr root = parse_yaml(source);
  if (root->kind != YamlNode::Kind::kMapping)
    throw InputError({source.at(
        root->line, root->column, "",
        "not a " + lower_case(kind) +
            ": a mapping is wanted that begins with `apiVersion: " + kApiVersion + "`")});
  // Before anything of it is quoted: it may be another file altogether.
  for (const auto& [key, value] : {std::pair{"apiVersion", kApiVersion}, {"kind", kind.c_str()}})
    if (std::none_of(root->entries.begin(), root->entries.end(),
                     [name = key](const auto& entry) { return entry.first->text == name; }))
      throw InputError({source.at(
          root->line, root->column, key,
          fmt::format("the key is missing; a {} says `{}: {}`", lower_case(kind), key, value))});
  for (const auto& [key, value] : root->entries) {
    const auto expect = [&, k = key, v = value](const char* name, const std::string& wanted) {
      if (k->text == name && v->text != wanted)
        throw InputError({source.at(v->line, v->column, name,
                                    "'" + v->text.substr(0, 60) + "' is not known; this version " +
                                        "reads `" + name + ": " + wanted + "`")});
    };
    expect("apiVersion", kApiVersion);
    expect("kind", kind);
  }
}

Loaded load_scenario(const SourceText& source, const std::vector<Override>& sets,
                     const std::vector<std::string>& mitigations,
                     const Surroundings& surroundings) {
  check_envelope(source, "Scenario");
  Loaded loaded;
  const Spec& spec = loaded.scenario.spec;
  YamlLoader loader(type_of<Scenario>(), &loaded.scenario, source, surroundings.allowed);
  loader.read_source();
  // Which profile is meant may be said by an option; all else that options say comes later.
  for (const Override& change : sets)
    if (names_profile(change.path)) loader.set(change);
  apply_profiles(loader, spec.serving, "spec.serving");
  apply_bgp_profile(loader, spec.network.bgp);
  for (const std::string& name : mitigations)
    loader.add_selection("spec.mitigations", name, "--with");
  // A mitigation's own parameters first, then what it patches, then what the command line says.
  const auto of_mitigation = [](const Override& o) {
    return o.path.starts_with("spec.mitigations");
  };
  for (const Override& change : sets)
    if (of_mitigation(change)) loader.set(change);
  std::vector<Override> patches;
  for (const auto& chosen : spec.mitigations) {
    const auto overlay = overlays().find(chosen.name);
    if (overlay == overlays().end()) continue;
    for (const Patch& patch : overlay->second(chosen.params.get()))
      for (const Patch& one : patches_for(patch, spec.clients))
        patches.push_back({one.path, one.value, "mitigation " + chosen.name, one.times});
  }
  for (const Override& patch : patches) loader.set(patch);
  for (const Override& change : sets)
    if (!of_mitigation(change) && !names_profile(change.path) && !of_regions(change))
      loader.set(change);
  regions_of_their_own(loader, spec, sets, patches);
  loaded.provenance = loader.finish();
  loaded.origins = loaded.provenance.origins;
  std::vector<Diagnostic> faults = located(loaded.provenance, contradictions(loaded.scenario.spec));
  if (!faults.empty()) throw InputError(std::move(faults));
  loaded.warnings = located(loaded.provenance, doubts(loaded.scenario.spec));
  loaded.warnings.insert(loaded.warnings.end(), loaded.provenance.notes.begin(),
                         loaded.provenance.notes.end());
  state_endpoint_rates(loaded);
  loaded.directory = surroundings.directories.front();
  find_traces(loaded, surroundings);
  find_graph(loaded, surroundings);
  return loaded;
}

Loaded load_scenario(const std::string& path, const std::vector<Override>& sets,
                     const std::vector<std::string>& mitigations,
                     const std::vector<std::string>& allow) {
  return load_scenario(read_source(path), sets, mitigations, around(path, allow));
}

Surroundings around(const std::string& path, const std::vector<std::string>& allow) {
  Surroundings found{{directory_of(path)}, AllowedPaths(allow)};
  found.allowed.add(found.directories.front());
  return found;
}

nlohmann::ordered_json effective(const Scenario& scenario) {
  return effective(type_of<Scenario>(), &scenario);
}

Override parse_set(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InputError({{"--set " + text, 0, 0, "",
                       "PATH=VALUE is wanted, such as spec.balancer.spill_cap=30%", ""}});
  return {text.substr(0, equals), text.substr(equals + 1), "--set"};
}

}  // namespace stampede
