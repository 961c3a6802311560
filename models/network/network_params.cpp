#include "models/network/network_params.h"

#include "models/ports/routing_control_port.h"

namespace stampede {

void RegionLatency::describe(Schema<RegionLatency>& s) {
  using P = RegionLatency;
  s.name("RegionLatency");
  s.field("from", &P::from).required().help("one of the two regions");
  s.field("to", &P::to).required().help("the other region");
  s.field("one_way", &P::one_way)
      .fixed("the network is laid out at the start")
      .required()
      .range(0, 3600)
      .help("one-way delay of a link between the two regions")
      .source("Light in fibre: great circle over 200 km per ms");
}

void RoutingSafeguards::describe(Schema<RoutingSafeguards>& s) {
  using P = RoutingSafeguards;
  s.name("RoutingSafeguards");
  s.field("lint", &P::lint)
      .live()
      .range(0, 1)
      .help(
          "probability that a check before the push rejects a routing policy that withdraws "
          "anything");
  s.field("prefix_floor", &P::prefix_floor)
      .live()
      .help(
          "a push is rejected if it withdraws more than this share of all announced prefixes; "
          "absent: off")
      .source("Cloudflare 2020: limits were added afterwards");
  s.field("commit_confirmed", &P::commit_confirmed)
      .live()
      .at_least(0)
      .help(
          "time after a push at which it is rolled back, unless most client networks reach the "
          "region; 0: off")
      .source("Junos: 600 s");
  s.field("canary_stages", &P::canary_stages)
      .live()
      .range(1, 64)
      .help("number of equal stages in which a push reaches the region's prefixes");
  s.field("canary_soak", &P::canary_soak)
      .live()
      .at_least(0)
      .help(
          "wait between stages; if a prefix has become unreachable by then, the push is aborted "
          "and rolled back");
  s.field("canary_check_failure", &P::canary_check_failure)
      .live()
      .range(0, 1)
      .help("probability that the result of a failed canary is lost")
      .source("GCE 2016: it was lost");
}

void RegionAttachment::describe(Schema<RegionAttachment>& s) {
  using P = RegionAttachment;
  constexpr const char* kLaidOut = "the network is laid out at the start";
  s.name("RegionAttachment");
  s.field("region", &P::region).required().help("the region");
  s.field("asn", &P::asn)
      .fixed(kLaidOut)
      .range(0, 4294967295)
      .help(
          "number of the AS that announces the region's prefixes: one of the graph, or a new one; "
          "0: a new one with a number for private use");
  s.field("providers", &P::providers)
      .help(
          "AS numbers of its transit providers; left out: drawn for a new AS, none are added else");
  s.field("prefixes", &P::prefixes)
      .help("what it announces, such as 203.0.113.0/24, instead of prefixes_per_region of its own");
  s.field("ases", &P::ases).help("AS numbers that lie in the region, for the delays of links");
  s.field("clients", &P::clients)
      .help("AS numbers of the region's access networks, instead of client_networks_per_region");
}

void NetworkParams::describe(Schema<NetworkParams>& s) {
  using P = NetworkParams;
  s.name("Network");
  s.field("file", &P::file)
      .fixed("the network is laid out at the start")
      .help(
          "AS relationships as CAIDA publishes them, serial-1 or serial-2, relative to the "
          "scenario's directory; plain, gzip, bzip2 or xz. Left out: a generated graph")
      .source("CAIDA AS relationships");
  s.field("content", &P::content)
      .fixed("the network is laid out at the start")
      .help("hash of the file's text; a run states it, and its replay wants the same");
  s.field("attachments", &P::attachments)
      .help("where regions hang in the graph: AS numbers, providers, prefixes, clients");
  s.field("generator", &P::generator).help("the AS graph, where no file is given");
  s.field("bgp", &P::bgp).help("timers and habits of the routers");
  s.field("prefixes_per_region", &P::prefixes_per_region)
      .fixed("the network is laid out at the start")
      .range(1, 1024)
      .help("unicast /24 prefixes that a region announces");
  s.field("providers_per_region", &P::providers_per_region)
      .fixed("the network is laid out at the start")
      .range(1, 32)
      .help("transit providers of a region's AS");
  s.field("client_networks_per_region", &P::client_networks_per_region)
      .fixed("the network is laid out at the start")
      .range(1, 1000)
      .help("access networks with clients in each region");
  s.field("client_weight_skew", &P::client_weight_skew)
      .fixed("the network is laid out at the start")
      .range(0, 4)
      .help(
          "how unevenly clients are spread: the k-th access network has a share in proportion to "
          "k^-skew");
  s.field("backbone", &P::backbone)
      .fixed("the network is laid out at the start")
      .help(
          "regions are joined by a network of their own: the ways between them depend on no prefix "
          "that they announce")
      .source("Facebook 2021: data centers and small sites are joined by a backbone");
  s.field("latencies", &P::latencies).help("delays between regions");
  s.field("inter_region_one_way", &P::inter_region_one_way)
      .fixed("the network is laid out at the start")
      .range(0, 3600)
      .help("one-way delay of a link between regions not listed in latencies");
  s.field("intra_site_one_way", &P::intra_site_one_way)
      .range(0, 3600)
      .help("one-way delay of a link between regions of one site not listed in latencies");
  s.field("intra_region_one_way", &P::intra_region_one_way)
      .fixed("the network is laid out at the start")
      .range(0, 3600)
      .help("one-way delay of a link within a region");
  s.field("link_spread", &P::link_spread)
      .fixed("the network is laid out at the start")
      .range(0, 1)
      .help("spread of link delays around their means");
  s.field("policy_apply", &P::policy_apply)
      .live()
      .at_least(0)
      .help("time from the push of a routing policy until the routers act on it");
  s.field("transport", &P::transport).help("how requests and answers are carried");
  s.field("capacities", &P::capacities)
      .help("what ways carry at most; ways that are not listed carry everything");
  s.field("roas", &P::roas)
      .fixed("the network is laid out at the start")
      .help(
          "whether regions have authorised their ASes to announce their prefixes (ROAs), so that "
          "ASes with origin validation drop what others announce")
      .source("RFC 6811: origin validation");
  s.field("ibgp", &P::ibgp).help("regions that are one network");
  s.field("safeguards", &P::safeguards).help("mitigations against a wrong policy");
}

void ExportPolicy::describe(Schema<ExportPolicy>& s) {
  using P = ExportPolicy;
  s.name("ExportPolicy");
  s.field("export", &P::export_)
      .help(
          "what the region's routers announce: all, none, or missing (the policy has an error "
          "and is not loaded)");
  s.field("prefixes", &P::prefixes)
      .range(0, 1)
      .help("share of the region's prefixes the policy applies to");
  s.field("rfc8212", &P::rfc8212)
      .help("without a policy export nothing; false: export everything")
      .source("RFC 8212");
}

}  // namespace stampede
