// How monitoring looks at the fleet, as parameters.
#pragma once
#include <string>

#include "sim/params.h"

namespace stampede {

struct MonitorParams {
  Duration scrape_period = 15_s;
  Duration delay{};
  std::string location;
  static void describe(Schema<MonitorParams>& s);
};

}  // namespace stampede
