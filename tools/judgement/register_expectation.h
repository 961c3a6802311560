// How a file of this directory registers what can be expected: an entry with parameters and one
// function that judges the facts.
#pragma once
#include <map>
#include <string>
#include <type_traits>

#include "sim/registry.h"
#include "tools/judgement/expectations.h"

namespace stampede {

using Judge = std::function<Judged(const void* params, const Facts&)>;
std::map<std::string, Judge>& judges();

// `const RegisterExpectation<Params> x{"name", "help", [](const Params&, const Facts&) {...}};` the
// function returns what is wrong, or that with a report.
template <class P>
struct RegisterExpectation {
  template <class F>
  RegisterExpectation(const char* name, const char* help, F f)
      : entry("expectation", name, help, "definition of this project") {
    judges()[name] = [f](const void* p, const Facts& facts) {
      return Judged{f(*static_cast<const P*>(p), facts)};
    };
  }
  Register<P> entry;
};

}  // namespace stampede
