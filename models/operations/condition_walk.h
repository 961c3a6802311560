// Every comparison of a condition, with where it stands in it.
#pragma once
#include <string>
#include <type_traits>

#include "models/ports/condition_params.h"

namespace stampede {

// f(TermParams&, path) for each; of combined ones those that they are made of. `Params` may be
// const.
template <class Params, class F>
void each_term(Params& params, const std::string& path, F f) {
  if constexpr (std::is_same_v<std::remove_const_t<Params>, TermParams>) {
    f(params, path);
  } else {
    if (params.both.empty() && params.either.empty())
      each_term<std::conditional_t<std::is_const_v<Params>, const TermParams, TermParams>>(params,
                                                                                           path, f);
    for (std::size_t i = 0; i < params.both.size(); ++i)
      each_term(params.both[i], path + ".and[" + std::to_string(i) + "]", f);
    for (std::size_t i = 0; i < params.either.size(); ++i)
      each_term(params.either[i], path + ".or[" + std::to_string(i) + "]", f);
  }
}

}  // namespace stampede
