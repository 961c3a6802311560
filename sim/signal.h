// Signal<T>: sampled telemetry. Published now and then, read with its age, possibly absent.
#pragma once
#include <optional>

#include "sim/time.h"

namespace stampede {

template <class T>
class Signal {
 public:
  void publish(Instant at, T value) {
    at_ = at;
    value_ = std::move(value);
  }
  void withdraw() { value_.reset(); }
  const std::optional<T>& value() const { return value_; }  // absent is not zero
  Duration age(Instant now) const { return now - at_; }

 private:
  Instant at_{};
  std::optional<T> value_;
};

}  // namespace stampede
