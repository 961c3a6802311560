// What a gate that lets traffic in must know of a region.
#pragma once

namespace stampede {

struct LoadPort {
  virtual ~LoadPort() = default;
  // Of the most loaded pool that takes requests, over about a minute; 1 = saturated.
  virtual double bottleneck_load() const = 0;
};

}  // namespace stampede
