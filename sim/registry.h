// Registered entries by category ("mitigation", "action", "expectation", "model"): a file registers
// what it defines, and the loader, `list`, `describe`, schema and conformance tests find it here.
#pragma once
#include <map>
#include <string>

#include "sim/params.h"

namespace stampede {

struct RegistryEntry {
  std::string name, category, help, source;
  const TypeInfo* params = nullptr;                  // kStruct
  std::shared_ptr<void> (*make_params)() = nullptr;  // defaults
  std::shared_ptr<void> (*copy_params)(const void*) = nullptr;
};

class Registry {
 public:
  static Registry& global();
  void add(RegistryEntry entry);
  const RegistryEntry* find(const std::string& category, const std::string& name) const;
  // Sorted by category, then name.
  const std::map<std::pair<std::string, std::string>, RegistryEntry>& all() const {
    return entries_;
  }

 private:
  std::map<std::pair<std::string, std::string>, RegistryEntry> entries_;
};

void register_entry(const char* category, const char* name, const char* help, const char* source,
                    const TypeInfo& params, std::shared_ptr<void> (*make_params)(),
                    std::shared_ptr<void> (*copy_params)(const void*));

// `static const Register<Params> registered{"action", "drain_region", "help", "source"};`
template <class Params>
struct Register {
  Register(const char* category, const char* name, const char* help, const char* source) {
    register_entry(
        category, name, help, source, type_of<Params>(),
        [] { return std::shared_ptr<void>(std::make_shared<Params>()); },
        [](const void* params) {
          return std::shared_ptr<void>(
              std::make_shared<Params>(*static_cast<const Params*>(params)));
        });
  }
};

}  // namespace stampede
