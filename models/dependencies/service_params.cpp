#include "models/dependencies/service_params.h"

#include "sim/registry.h"

namespace stampede {

void ServiceHealthParams::describe(Schema<ServiceHealthParams>& s) {
  using P = ServiceHealthParams;
  s.name("service_health");
  s.field("reach", &P::reach)
      .fixed("what a service needs is built at the start")
      .help("region that it has to reach from where it stands; empty: none");
  s.field("reach_one_of", &P::reach_one_of)
      .fixed("what a service needs is built at the start")
      .not_empty()
      .help("regions of which it has to reach at least one from where it stands");
  s.field("api_server", &P::api_server)
      .fixed("what a service needs is built at the start")
      .help(
          "region whose control plane it needs: it counts as lost while that is frozen or no API "
          "server answers; empty: none");
  s.field("own_api_server", &P::own_api_server)
      .fixed("what a service needs is built at the start")
      .help("of one in each region: it needs that of its own region");
  s.field("prefixes", &P::prefixes)
      .fixed("how it is announced is built at the start")
      .range(0, 1)
      .help(
          "share of its region's prefixes by which it is announced: it withdraws itself by "
          "withdrawing them, and BGP tells the others; null: it is gone for all at once")
      .source("Facebook 2021: name servers withdraw the prefixes by which they are reached");
  s.field("period", &P::period).live().range(0.1, 3600).help("time between two looks");
  s.field("fall", &P::fall)
      .live()
      .range(1, 1000)
      .help("looks in a row that fail until it withdraws itself");
  s.field("rise", &P::rise)
      .live()
      .range(1, 1000)
      .help("looks in a row that succeed until it comes back");
}

void QueueDelayParams::describe(Schema<QueueDelayParams>& s) {
  using P = QueueDelayParams;
  s.field("target", &P::target)
      .live()
      .range(1e-6, 3600)
      .help("longest wait of a call that comes while the line has not been empty for `interval`")
      .source("Maurer 2015: 5 ms");
  s.field("interval", &P::interval)
      .live()
      .range(1e-6, 3600)
      .help(
          "longest wait of any other call, and the time without an empty line after which the "
          "line is too long, and `discipline: adaptive_lifo` serves who came last")
      .source("Maurer 2015: 100 ms");
}

void ServiceParams::describe(Schema<ServiceParams>& s) {
  using P = ServiceParams;
  s.name("service");
  s.field("name", &P::name).required().help("what uses and actions call it");
  s.field("region", &P::region)
      .fixed("machines do not move")
      .help("where it stands; empty: outside of all regions, reached by nobody's network");
  s.field("in_each_region", &P::in_each_region)
      .fixed("it is built at the start")
      .help("each region has one of its own, of this size, and asks that one only");
  s.field("anycast", &P::anycast)
      .fixed("it is built at the start")
      .help("of one in each region: callers go to the nearest that has not withdrawn itself");
  s.field("regions", &P::regions)
      .fixed("machines do not move")
      .not_empty()
      .help("of an anycast service: regions in which it stands; left out: all");
  s.field("servers", &P::servers)
      .live()
      .range(1, 1e6)
      .scales()
      .help("calls that it works on at the same time: threads, connections of a database");
  s.field("queue", &P::queue)
      .live()
      .range(0, 1e7)
      .scales()
      .help("calls that wait at most; more are refused at once");
  s.field("service_time", &P::service_time)
      .live()
      .range(1e-6, 3600)
      .help("mean time that a server works on a call");
  s.field("distribution", &P::distribution)
      .live()
      .help("how that time varies: lognormal with `variation`, or exponential");
  s.field("variation", &P::variation)
      .live()
      .range(0, 20)
      .help("lognormal: coefficient of variation of that time; 0: always the mean");
  s.field("instances", &P::instances)
      .fixed("what it runs on is built at the start")
      .range(1, 1e5)
      .scales()
      .help("processes over which its servers are spread; each ends and starts by itself");
  s.field("start_time", &P::start_time)
      .live()
      .range(0.001, 86400)
      .help("time from the end of an instance until it takes calls again");
  s.field("cold_time", &P::cold_time)
      .live()
      .range(0, 864000)
      .help("time for which an instance that has started has cold caches");
  s.field("cold_factor", &P::cold_factor)
      .live()
      .range(1, 1000)
      .help("a call at an instance with cold caches takes so many times as long");
  s.field("calls_per_instance", &P::calls_per_instance)
      .live()
      .range(0, 1e7)
      .help(
          "calls for which an instance has memory, its part of those in line included; with more "
          "the process of one ends, with what it works on; 0: any number");
  s.field("discipline", &P::discipline)
      .fixed("those who wait stand in line by it")
      .help(
          "who is served next: who came first, who came last, who came last once the line has not "
          "been empty for `queue_delay.interval`, or all at once by parts")
      .source("Maurer 2015: adaptive_lifo");
  s.field("contention", &P::contention)
      .live()
      .range(0, 1000)
      .help(
          "what a call takes longer by, as a share, when as many calls as servers are there; it "
          "grows with those that wait, so that throughput falls with load")
      .source("Gunther 2007: the coherency of the Universal Scalability Law");
  s.field("queue_delay", &P::queue_delay)
      .help("calls that wait longer are refused; left out: they wait as long as it takes");
  s.field("deadline_margin", &P::deadline_margin)
      .live()
      .range(0, 3600)
      .help(
          "a call is refused as soon as it has waited until so long before its caller's time-out; "
          "null: the service does not know when callers leave")
      .source("gRPC deadlines; SRE book: chapter 22");
  s.field("health", &P::health).help("what it needs to be there at all");
}

namespace {
const Register<ServiceParams> registered_service{
    "model", "service", "something that the fleet depends on: a database, a log-in, a quota",
    "Gunther 2007"};
}  // namespace

}  // namespace stampede
