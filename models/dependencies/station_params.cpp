#include "models/dependencies/station_params.h"

namespace stampede {

void StationParams::describe(Schema<StationParams>& s) {
  s.name("station");
  s.field("servers", &StationParams::servers).range(1, 1e6).help("jobs served at the same time");
  s.field("places", &StationParams::places).at_least(1).help("jobs in the station at most");
  s.field("discipline", &StationParams::discipline).help("who is served next");
  s.field("contention", &StationParams::contention)
      .range(0, 1000)
      .help(
          "what each service takes longer by, as a share, when as many jobs as servers are there");
}

}  // namespace stampede
