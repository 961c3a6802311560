#include "models/network/as_generator_params.h"

namespace stampede {

void AsGeneratorParams::describe(Schema<AsGeneratorParams>& s) {
  using P = AsGeneratorParams;
  s.name("AsGenerator");
  s.field("ases", &P::ases)
      .fixed("the network is laid out at the start")
      .range(3, 100000)
      .help("autonomous systems in the generated graph")
      .source("BGP graphs: 200 ASes converge as larger graphs do");
  s.field("transit", &P::transit)
      .fixed("the network is laid out at the start")
      .range(1, 50)
      .help("ASes without a provider, which peer in a full mesh");
  s.field("mid", &P::mid)
      .fixed("the network is laid out at the start")
      .range(0, 1)
      .help("share of the other ASes that sell transit");
  s.field("providers_max", &P::providers_max)
      .fixed("the network is laid out at the start")
      .range(1, 10)
      .help("a stub buys from 1 to this many providers");
  s.field("mid_providers_max", &P::mid_providers_max)
      .fixed("the network is laid out at the start")
      .range(1, 50)
      .help("a mid-tier AS buys from 1 to this many of the ASes above it")
      .source("BGP graphs: fitted to a mean removal near 121 s; Garcia-Martinez 2018");
  s.field("local", &P::local)
      .fixed("the network is laid out at the start")
      .range(0, 1)
      .help("probability that a provider is in the same region");
  s.field("add_p2p", &P::add_p2p)
      .fixed("the network is laid out at the start")
      .range(0, 1)
      .help("probability that two mid-tier ASes of a region peer");
  s.field("add_p2p_far", &P::add_p2p_far)
      .fixed("the network is laid out at the start")
      .range(0, 1)
      .help("probability that two mid-tier ASes of different regions peer");
  s.field("peers", &P::peers)
      .fixed("the network is laid out at the start")
      .range(0, 1000)
      .help(
          "in a graph of more than 1,000 ASes a mid-tier AS has at most so many peers in the mean, "
          "so that links grow with the number of ASes")
      .source("CAIDA AS relationships: serial-2 has some 6.5 links for each AS");
  s.field("rank_exponent", &P::rank_exponent)
      .fixed("the network is laid out at the start")
      .range(0, 3)
      .help(
          "in a graph of more than 1,000 ASes the chance to be chosen as a provider or peer falls "
          "as "
          "an AS's rank to the minus this; those beyond the first 1,000 buy as stubs do")
      .source(
          "Faloutsos 1999: degrees by rank, -0.81 to -0.74, of all that an AS has; Mahadevan 2006");
}

}  // namespace stampede
