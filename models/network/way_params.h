// What ways always carry at most, and the regions whose networks are one by a backbone.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

// Of all ways together that have one end in `region` and the other at `from`.
struct WayCapacity {
  std::string name, region, from;
  Bandwidth bandwidth{1e9};
  static void describe(Schema<WayCapacity>& s);
};

// Regions that tell each other their routes over lines of their own, as one network does.
struct IbgpParams {
  std::vector<std::string> members;
  i32 server_preference = 100;  // local preference of the routes to a member's own servers
  static void describe(Schema<IbgpParams>& s);
};

}  // namespace stampede
