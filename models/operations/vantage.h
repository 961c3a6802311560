// What somebody reaches from where they are: people, their tools, the monitoring.
// Limits: the way is that of users' traffic and of traffic between regions; a network for
// management of its own is `break_glass`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/ports/alarm.h"
#include "models/ports/network_port.h"

namespace stampede {

class Vantage {
 public:
  // `location`: the name of a region, or empty: outside of all of them, where clients are.
  Vantage(const NetworkPort& network, const std::vector<std::string>& regions,
          const std::string& location);
  // The way to a region or back is gone, or loses so much that a small question and its answer take
  // more than 10 s as often as not. From outside: for more than half of the clients' networks.
  // Shown by what cut or harms it.
  Alarm cut_off(RegionId region) const;
  // The same for another place.
  Alarm cut_off(const Vantage& other) const;

 private:
  const NetworkPort& network_;
  std::optional<RegionId> region_;  // none: outside
};

}  // namespace stampede
