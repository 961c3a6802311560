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
  s.field("lifo_after", &StationParams::lifo_after)
      .range(0, 3600)
      .help("adaptive_lifo: time without an empty line after which who came last is served first");
}

}  // namespace stampede
