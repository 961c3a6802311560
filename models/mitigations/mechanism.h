// Mitigations that are a mechanism of their own: an object that stands in a slot of the request's
// way. One file a mitigation, parameters and mechanism included; registering it is all that is
// needed. A slot is an interface of models/ports/ that says what it hears and decides, with the
// `Place` in which it stands.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "models/mitigations/facts.h"

namespace stampede {

template <class Slot>
using MechanismMaker =
    std::function<std::unique_ptr<Slot>(const void* params, const typename Slot::Place& place)>;

// By the mitigation's name.
template <class Slot>
std::map<std::string, MechanismMaker<Slot>>& mechanisms() {
  static std::map<std::string, MechanismMaker<Slot>> makers;
  return makers;
}

// What a mechanism stands instead of, by the mitigation's name: where its slot says so
// (`kInsteadOf`), a path of parameters that are not looked at any more.
inline std::map<std::string, std::string>& instead_of() {
  static std::map<std::string, std::string> places;
  return places;
}

// `static const RegisterMechanism<Slot, Mechanism, Params> x{{"name", slot, "help", "source"}};`
// with a constructor Mechanism(const Params&, const Slot::Place&). Parameters outlive the
// mechanism.
template <class Slot, class Mechanism, class Params>
struct RegisterMechanism {
  explicit RegisterMechanism(const MitigationFacts& facts) : entry(facts) {
    mechanisms<Slot>()[facts.name] = [](const void* p, const typename Slot::Place& place) {
      return std::unique_ptr<Slot>(
          std::make_unique<Mechanism>(*static_cast<const Params*>(p), place));
    };
    if constexpr (requires { Slot::kInsteadOf; }) instead_of()[facts.name] = Slot::kInsteadOf;
  }
  RegisterMitigation<Params> entry;
};

}  // namespace stampede
