#include "tools/world/scale.h"

#include <algorithm>

#include "models/changes/rollout_params.h"
#include "models/operations/condition_walk.h"
#include "sim/registry.h"
#include "tools/world/live_paths.h"

namespace stampede {
namespace {

void scale_fields(const TypeInfo& type, void* object, double s);

// Of a list or an optional: each of its elements.
void scale_member(const TypeInfo& type, void* value, const FieldInfo& field, double s) {
  switch (type.kind) {
    case ValueKind::kStruct:
      return scale_fields(type, value, s);
    case ValueKind::kList:
    case ValueKind::kOptional:
      for (std::size_t i = 0; i < type.size(value); ++i)
        scale_member(*type.element, type.at(value, i), field, s);
      return;
    case ValueKind::kSelection: {
      auto& chosen = *static_cast<Selection*>(value);
      if (chosen.type == nullptr) return;
      // The copy of a scenario shares these with it.
      chosen.params =
          Registry::global().find(type.category, chosen.name)->copy_params(chosen.params.get());
      return scale_fields(*chosen.type, chosen.params.get(), s);
    }
    default:
      if (field.scaling == Scaling::kWith || field.scaling == Scaling::kInverse)
        type.scale(value, s, field);
  }
}

void scale_fields(const TypeInfo& type, void* object, double s) {
  for (const FieldInfo& field : type.fields)
    scale_member(*field.type, field.member(object), field, s);
}

void shrink(i32& value, double s, i32 least) {
  if (value == 0) return;
  value = std::max(least, static_cast<i32>(static_cast<double>(value) * s + 0.5));
}

// GPUs and pods together, so that what was full stays full: the last pool takes the rounding, the
// last node lacks what is too much.
void shrink_fleet(RegionParams& r, i32 gpus_per_node, double s) {
  i32 gpus = r.nodes * gpus_per_node - r.missing_gpus;
  i32 pods = 0, least = 0;
  for (const RegionPoolParams& p : r.pools) pods += p.replicas;
  shrink(gpus, s, 1);
  shrink(pods, s, static_cast<i32>(r.pools.size()));
  for (RegionPoolParams& p : r.pools) {
    shrink(p.replicas, s, 1);
    if (p.min_replicas) shrink(*p.min_replicas, s, 1);
    shrink(p.gpu_limit, s, 1);
    least += &p == &r.pools.back() ? 0 : p.replicas;
  }
  if (!r.pools.empty()) {
    RegionPoolParams& last = r.pools.back();
    const bool full = last.gpu_limit == last.replicas;
    last.replicas = std::max(1, pods - least);
    if (full) last.gpu_limit = last.replicas;
  }
  r.nodes = (gpus + gpus_per_node - 1) / gpus_per_node;
  r.missing_gpus = r.nodes * gpus_per_node - gpus;
}

}  // namespace

Spec scaled(const Spec& original) {
  Spec spec = original;
  const double s = spec.scale;
  if (s == 1) return spec;
  spec.scale = 1;

  scale_fields(type_of<Spec>(), &spec, s);
  const auto bound = [s](TermParams& term, const std::string&) {
    if (term.counts) term.factor = s;
  };
  for (StepParams& step : spec.operations.steps) {
    each_term(step.when, "", bound);
    if (step.until) each_term(*step.until, "", bound);
  }
  const auto gate = [&](const ActionSelection& action) {
    RollOutParams* p = roll_out_params(action);
    if (p != nullptr && p->gate) each_term(*p->gate, "", bound);
  };
  for (const TimelineParams& item : spec.timeline) gate(item.action);
  for (const StepParams& step : spec.operations.steps) gate(step.action);
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    shrink_fleet(spec.regions[r], spec.cluster_of(r).gpus_per_node, s);
  scale_sets(original, spec);
  return spec;
}

}  // namespace stampede
