#include "sim/registry.h"

namespace stampede {

Registry& Registry::global() {
  static Registry registry;
  return registry;
}

void Registry::add(RegistryEntry entry) {
  auto key = std::make_pair(entry.category, entry.name);
  const bool fresh = entries_.emplace(std::move(key), std::move(entry)).second;
  STAMPEDE_CHECK(fresh, "two registrations under one name");
}

const RegistryEntry* Registry::find(const std::string& category, const std::string& name) const {
  const auto it = entries_.find({category, name});
  return it == entries_.end() ? nullptr : &it->second;
}

void register_entry(const char* category, const char* name, const char* help, const char* source,
                    const TypeInfo& params, std::shared_ptr<void> (*make_params)(),
                    std::shared_ptr<void> (*copy_params)(const void*)) {
  Registry::global().add({name, category, help, source, &params, make_params, copy_params});
}

}  // namespace stampede
