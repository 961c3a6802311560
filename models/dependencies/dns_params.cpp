#include "models/dependencies/dns_params.h"

#include "sim/registry.h"

namespace stampede {

void ResolverParams::describe(Schema<ResolverParams>& s) {
  using P = ResolverParams;
  s.name("resolvers");
  s.field("place", &P::place)
      .fixed("machines do not move")
      .help(
          "where they stand: in the region that is asked for, or in the networks of the clients at "
          "home there, which reach the authority by what BGP tells them");
  s.field("count", &P::count)
      .fixed("who asks which is settled at the start")
      .range(1, 1e6)
      .scales()
      .help(
          "resolvers of each region with a cache of their own; each serves its part of those who "
          "ask");
  s.field("timeout", &P::timeout)
      .fixed("a resolver is built at the start")
      .range(0.001, 600)
      .help("of each query to the authority");
  s.field("tries", &P::tries)
      .fixed("a resolver is built at the start")
      .range(1, 100)
      .help("queries until it tells who asked that it failed");
  s.field("failure_ttl", &P::failure_ttl)
      .live()
      .range(0, 300)
      .help("how long it remembers that the authority did not answer; 0: each question asks again")
      .source("RFC 2308: optional, at most 5 min");
  s.field("serve_stale", &P::serve_stale)
      .live()
      .range(0, 1e6)
      .help("for how long after its end a record is still given when the authority does not answer")
      .source("RFC 8767");
  s.field("ttl_violators", &P::ttl_violators)
      .live()
      .range(0, 1)
      .help("share of the resolvers that keep records longer than they may");
  s.field("ttl_violator_tail", &P::ttl_violator_tail)
      .live()
      .range(0.001, 1e6)
      .help("mean time by which they do (exponential)");
}

void DnsNameParams::describe(Schema<DnsNameParams>& s) {
  using P = DnsNameParams;
  s.name("dns_name");
  s.field("name", &P::name).required().help("the name, such as api.example");
  s.field("records", &P::records)
      .required()
      .help(
          "where it leads: to regions, and clients resolve it before they connect; or to one "
          "service, and its callers do");
  s.field("authority", &P::authority)
      .fixed("who asks whom is built at the start")
      .help("service that answers for it; empty: one that never fails");
  s.field("ttl", &P::ttl).live().range(0.001, 1e6).help("how long a resolver may keep the record");
  s.field("negative_ttl", &P::negative_ttl)
      .live()
      .range(0, 1e6)
      .help("how long it keeps that there is none")
      .source("RFC 2308");
  s.field("resolvers", &P::resolvers).help("those who ask the authority");
}

namespace {
const Register<DnsNameParams> registered_name{
    "model", "dns_name", "a name in DNS, its authority, and resolvers with their caches",
    "RFC 2308; RFC 8767"};
}  // namespace

}  // namespace stampede
