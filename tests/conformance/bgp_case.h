// Reads a BGP vector (links, policies, announcements) into speakers and runs it by events.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/network/as_graph.h"
#include "models/network/bgp.h"
#include "models/network/forwarding.h"

namespace stampede::test {

using Json = nlohmann::json;

inline LinkKind link_kind(const std::string& text) {
  if (text == "p2c") return LinkKind::kProviderToCustomer;
  if (text == "p2p") return LinkKind::kPeerToPeer;
  if (text == "ebgp") return LinkKind::kPlain;
  throw std::runtime_error("unknown link kind " + text);
}

// Short timers: the final state of a safe system does not depend on them.
inline BgpParams quick_timers() {
  BgpParams p;
  p.mrai = 1_s;
  return p;
}

struct BgpCase {
  BgpCase(const Json& vector, u64 seed, const BgpParams& params = quick_timers())
      : graph(read_graph(vector)) {
    for (const char* list : {"announcements", "withdrawals", "reannouncements", "roas"})
      for (const Json& a : vector.value(list, Json::array())) {
        if (std::string(list) == "roas") continue;
        const Prefix prefix = parse_prefix(a.at("prefix").get<std::string>()).value();
        if (std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end())
          prefixes.push_back(prefix);
      }
    bgp = std::make_unique<Bgp>(scheduler, graph, params, prefixes, seed);
    configure(vector);
  }

  static AsGraph read_graph(const Json& vector) {
    AsGraph g;
    for (const Json& link : vector.at("links"))
      g.add_link(link.at(0).get<u32>(), link.at(1).get<u32>(),
                 link_kind(link.at(2).get<std::string>()));
    return g;
  }

  AsIndex as(u32 asn) const { return graph.find(asn).value(); }
  PrefixIndex prefix(const std::string& text) const {
    const Prefix p = parse_prefix(text).value();
    return static_cast<PrefixIndex>(std::find(prefixes.begin(), prefixes.end(), p) -
                                    prefixes.begin());
  }

  void configure(const Json& vector) {
    const Json none = Json::object();
    const Json policies = vector.value("policies", none);
    for (const auto& [asn, name] : policies.items()) {
      AsPolicy& policy = bgp->policy(as(static_cast<u32>(std::stoul(asn))));
      if (name == "ROV")
        policy.rov = true;
      else if (name == "PeerROV")
        policy.peer_rov = true;
      else if (name == "OTC")
        policy.otc = true;
      else if (name != "BGP")
        throw std::runtime_error("unknown policy " + name.get<std::string>());
    }
    std::vector<Roa> roas;
    for (const Json& roa : vector.value("roas", Json::array()))
      roas.push_back({parse_prefix(roa.at("prefix").get<std::string>()).value(),
                      roa.at("origin_asn").get<u32>(), roa.at("max_length").get<u8>()});
    bgp->set_roas(std::move(roas));
    for (const Json& leaker : vector.value("leakers", Json::array()))
      bgp->policy(as(leaker.get<u32>())).leaks = true;
    for (const Json& p : vector.value("prepend", Json::array()))
      bgp->session_policy(as(p.at("origin").get<u32>()), as(p.at("to_neighbour").get<u32>()))
          .prepend = p.at("extra_path").get<std::vector<u32>>();
    const Json locks = vector.value("import_accept_only_origin", none);
    for (const auto& [asn, origin] : locks.items())
      bgp->policy(as(static_cast<u32>(std::stoul(asn)))).accept_only_origin = origin.get<u32>();
    const Json permitted = vector.value("permitted_paths_ranked", none);
    for (const auto& [asn, paths] : permitted.items())
      bgp->policy(as(static_cast<u32>(std::stoul(asn)))).permitted =
          paths.get<std::vector<std::vector<u32>>>();
    for (const Json& lp : vector.value("local_pref", Json::array()))
      if (lp.contains("default_lp"))
        for (AsIndex i = 0; i < graph.size(); ++i)
          for (const Neighbour& n : graph.neighbours(i))
            bgp->session_policy(i, n.as).local_pref = lp.at("default_lp").get<i32>();
    for (const Json& lp : vector.value("local_pref", Json::array()))
      if (lp.contains("at"))
        bgp->session_policy(as(lp.at("at").get<u32>()), as(lp.at("from").get<u32>())).local_pref =
            lp.at("lp").get<i32>();
  }

  void announce(const Json& list) {
    for (const Json& a : list) {
      const PathId path = bgp->paths().from_list(a.at("as_path").get<std::vector<u32>>());
      bgp->announce(as(a.at("origin").get<u32>()), prefix(a.at("prefix").get<std::string>()),
                    kNoIncident, path, a.value("otc", 0u));
    }
    settle();
  }
  void withdraw(const Json& list) {
    for (const Json& w : list)
      bgp->withdraw(as(w.at("origin").get<u32>()), prefix(w.at("prefix").get<std::string>()));
    settle();
  }
  // Announce all, converge, withdraw, converge, announce again, converge.
  void run(const Json& vector) {
    announce(vector.value("announcements", Json::array()));
    if (vector.contains("withdrawals") && !vector["withdrawals"].empty())
      withdraw(vector["withdrawals"]);
    if (vector.contains("reannouncements")) announce(vector["reannouncements"]);
  }
  void settle() { scheduler.run_until(scheduler.now() + 10_h); }
  bool settled() const { return scheduler.pending_count() == 0 && !bgp->divergent(); }

  AsGraph graph;
  Scheduler scheduler;
  std::vector<Prefix> prefixes;
  std::unique_ptr<Bgp> bgp;
};

inline std::string relation_name(const std::optional<Relation>& relation) {
  if (!relation) return "none";
  const char* names[] = {"customer", "peer", "provider", "plain"};
  return names[static_cast<std::size_t>(*relation)];
}

}  // namespace stampede::test
