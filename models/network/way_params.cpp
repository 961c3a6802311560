#include "models/network/way_params.h"

namespace stampede {

void WayCapacity::describe(Schema<WayCapacity>& s) {
  using P = WayCapacity;
  s.name("WayCapacity");
  s.field("name", &P::name).required().help("of the link, the router or the gateway, in incidents");
  s.field("region", &P::region)
      .fixed("the network is laid out at the start")
      .help("the region at one end of the ways; left out: each of them");
  s.field("from", &P::from)
      .fixed("the network is laid out at the start")
      .help("who is at the other end: clients, regions, or the name of a region; left out: all");
  s.field("bandwidth", &P::bandwidth)
      .live()
      .required()
      .at_least(1)
      .scales()
      .help("what all these ways carry together; of what is offered beyond, the rest is lost");
}

void IbgpParams::describe(Schema<IbgpParams>& s) {
  using P = IbgpParams;
  s.name("Ibgp");
  s.field("members", &P::members)
      .fixed("the network is laid out at the start")
      .help(
          "regions whose routers tell each other their routes over lines of their own, as those of "
          "one network do (iBGP)");
  s.field("server_preference", &P::server_preference)
      .live()
      .range(0, 1e6)
      .help("local preference of a member's routes to its own servers")
      .source("Cloudflare 2020: 100; RFC 4271 s9.1: the highest local preference wins");
}

}  // namespace stampede
