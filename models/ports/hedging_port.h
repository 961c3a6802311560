// The boundary between clients and a rule of hedging: when a second attempt of the same request
// goes out although the first has not failed.
#pragma once
#include <string>

#include "sim/world.h"

namespace stampede {

// Slot `hedging`: at most one, one object for each class of clients.
struct HedgingPolicy {
  struct Place {
    World& world;
    std::string path;  // of its random streams: clients/NAME
  };
  virtual ~HedgingPolicy() = default;
  // Asked when an attempt goes out: how long after it a second one follows if no first token has
  // come by then; 0: none follows.
  virtual Duration delay() = 0;
  // A first token reached a client, `waited` after the first attempt went out.
  virtual void first_token(Duration /*waited*/) {}
};

}  // namespace stampede
