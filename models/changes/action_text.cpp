#include "models/changes/action_text.h"

#include "sim/registry.h"

namespace stampede {
namespace {

void add(std::string& text, const TypeInfo& type, const void* object, const void* defaults,
         const std::string& path) {
  for (const FieldInfo& f : type.fields) {
    const TypeInfo* of = f.type;
    const void* value = f.get(object);
    const void* left_out = f.get(defaults);
    const std::string key = path.empty() ? f.key : path + "." + f.key;
    if (of->kind == ValueKind::kStruct) {
      add(text, *of, value, left_out, key);
      continue;
    }
    std::string before;
    if (of->kind == ValueKind::kOptional) {
      if (of->size(value) == 0) continue;
      value = of->at(const_cast<void*>(value), 0);
      of = of->element;
    } else if (of->print) {
      before = of->print(left_out);
    }
    if (!of->print || (of->print(value) == before && !f.required)) continue;
    text += (text.empty() ? "" : ", ") + key + ": " + of->print(value);
  }
}

}  // namespace

std::string text_of(const ActionSelection& action) {
  const RegistryEntry* entry = Registry::global().find(ActionTag::category, action.name);
  std::string text;
  if (entry != nullptr)
    add(text, *entry->params, action.params.get(), entry->make_params().get(), "");
  return text;
}

}  // namespace stampede
