#include "tools/world/live_values.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tools/language/value_at.h"
#include "tools/language/yaml_loader.h"
#include "tools/world/live_paths.h"

namespace stampede {
namespace {

std::string text_of(const TypeInfo& type, void* object) {
  if (type.kind != ValueKind::kOptional) return type.print(object);
  return type.size(object) == 0 ? "" : type.element->print(type.at(object, 0));
}

void write(const TypeInfo& type, void* object, const std::string& text) {
  if (type.kind == ValueKind::kOptional) {
    if (text.empty()) return type.clear(object);
    object = type.size(object) == 0 ? type.append(object) : type.at(object, 0);
  }
  const std::string wrong = scalar_of(type).parse(text, object);
  STAMPEDE_CHECK(wrong.empty(), "a live value that cannot be read: " + text + ": " + wrong);
}

// Of a number as the scenario would state it, in base units.
double number_of(const TypeInfo& type, void* object, const std::string& text) {
  const std::string before = text_of(type, object);
  write(type, object, text);
  const TypeInfo& scalar = scalar_of(type);
  void* at = type.kind == ValueKind::kOptional ? type.at(object, 0) : object;
  const double number = scalar.number(at);
  write(type, object, before);
  return number;
}

bool below(const std::string& path, const std::string& root) {
  return path == root || (path.starts_with(root) && (path[root.size()] == '.' ||  //
                                                     path[root.size()] == '['));
}

}  // namespace

std::vector<RegionId> LiveValues::places(const std::string& path,
                                         const std::vector<RegionId>& regions) const {
  const LivePlace named = live_place(path);
  if (!held_by_regions(named.path)) return {kNoRegion};
  std::vector<RegionId> places;
  for (const RegionId r : regions)
    if (named.region.empty() || scenario_.spec.regions[r].name == named.region ||
        std::to_string(r) == named.region)
      places.push_back(r);
  return places;
}

u32 LiveValues::begin(const std::string& path, const std::vector<RegionId>& regions,
                      IncidentId cause) {
  const LivePlace named = live_place(path);
  const auto place = place_at(type_of<Scenario>(), &scenario_, named.path);
  STAMPEDE_CHECK(place.has_value(), "no live parameter: " + path);
  const std::string& canonical = place->path;
  const auto here = [&](RegionId r) {
    return named.region.empty() || scenario_.spec.regions[r].name == named.region ||
           std::to_string(r) == named.region;
  };
  const auto reached = [&](const Root& root) {
    return below(canonical, root.path) &&
           (root.region == kNoRegion ||
            (here(root.region) &&
             std::find(regions.begin(), regions.end(), root.region) != regions.end()));
  };
  const Layer layer{layers_++, "", "", cause};
  bool found = false;
  for (const Root& root : roots_) {
    // The nearest root of a region is the one that holds the value.
    const bool nearest =
        reached(root) && std::none_of(roots_.begin(), roots_.end(), [&](const Root& other) {
          return reached(other) && other.region == root.region &&
                 other.path.size() > root.path.size();
        });
    if (!nearest) continue;
    found = true;
    if (root.at.params != nullptr) put_layer(canonical, root, layer);
  }
  STAMPEDE_CHECK(found, "nobody holds the live parameter " + path);
  return layer.number;
}

void LiveValues::put_layer(const std::string& path, const Root& root, const Layer& layer) {
  const std::string rest =
      path == root.path ? "" : path.substr(root.path.size() + (path[root.path.size()] == '.'));
  const auto place = place_at(*root.at.type, root.at.params, rest);
  STAMPEDE_CHECK(place.has_value(), "no live parameter: " + path);
  void* object = const_cast<void*>(place->object);
  auto leaf = std::find_if(leaves_.begin(), leaves_.end(),
                           [&](const Leaf& known) { return known.object == object; });
  if (leaf == leaves_.end())
    leaf = leaves_.insert(leaf, {path.substr(path.find('.') + 1),
                                 object,
                                 place->type,
                                 root.at.owner,
                                 text_of(*place->type, object),
                                 {}});
  Layer& added = leaf->layers.emplace_back(layer);
  added.value = added.from = text_of(*place->type, object);
}

// What is no number is the one or the other.
std::string LiveValues::on_the_way(const Leaf& leaf, const Layer& layer, const std::string& value,
                                   double part) {
  const TypeInfo& scalar = scalar_of(*leaf.type);
  if (scalar.scale == nullptr || layer.from.empty() || value.empty())
    return part < 0.5 ? layer.from : value;
  const double from = number_of(*leaf.type, leaf.object, layer.from);
  double now = from + part * (number_of(*leaf.type, leaf.object, value) - from);
  if (scalar.kind == ValueKind::kInteger || scalar.kind == ValueKind::kBytes)
    now = std::floor(now + 0.5);
  if (scalar.kind == ValueKind::kInteger) return std::to_string(static_cast<i64>(now));
  return bound_text(scalar.kind, now);
}

bool LiveValues::change(u32 number, const std::string& value, double part) {
  bool any = false;
  for (Leaf& leaf : leaves_)
    for (Layer& layer : leaf.layers) {
      if (layer.number != number) continue;
      layer.value = value;
      if (part < 1) layer.value = on_the_way(leaf, layer, value, part);
      any |= refresh(leaf, layer.cause);
    }
  if (any) supersede(number);
  return any;
}

// Of layers that this one lies above wherever they are nothing holds any more.
void LiveValues::supersede(u32 number) {
  const auto in_force = [&](u32 other) {
    return std::any_of(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) {
      return !leaf.layers.empty() && leaf.layers.back().number == other;
    });
  };
  std::vector<std::pair<IncidentId, IncidentId>> over;
  for (const Leaf& leaf : leaves_) {
    if (leaf.layers.empty() || leaf.layers.back().number != number) continue;
    for (const Layer& below : leaf.layers)
      if (!in_force(below.number)) over.emplace_back(below.cause, leaf.layers.back().cause);
  }
  std::sort(over.begin(), over.end());
  over.erase(std::unique(over.begin(), over.end()), over.end());
  for (const auto& [began, ended] : over) world_.close(began, ended);
}

void LiveValues::end(u32 number, IncidentId ended) {
  bool any = false;
  for (Leaf& leaf : leaves_)
    if (std::erase_if(leaf.layers, [&](const Layer& l) { return l.number == number; }) > 0)
      any |= refresh(leaf, ended);
  if (!any) world_.idle(ended);
}

// Brings the layer that is in force to who holds the parameter. Nobody hears of what is as it was.
// Who sets the scenario's own value again ends what was set before. False: it is what it was.
bool LiveValues::refresh(Leaf& leaf, IncidentId by) {
  const std::string before = text_of(*leaf.type, leaf.object);
  const IncidentId set = leaf.layers.empty() ? kNoIncident : leaf.layers.back().cause;
  write(*leaf.type, leaf.object, leaf.layers.empty() ? leaf.own : leaf.layers.back().value);
  const std::string now = text_of(*leaf.type, leaf.object);
  if (now == before) return false;
  const IncidentId cause = now == leaf.own ? kNoIncident : set;
  if (cause == kNoIncident && set != kNoIncident) world_.close(leaf.cause, set);
  leaf.cause = cause;
  if (leaf.owner != nullptr) leaf.owner->retuned({leaf.path, cause, by});
  return true;
}

}  // namespace stampede
