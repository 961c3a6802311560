// Reads a BGP vector (links, policies, announcements) into speakers and runs it by events.
#pragma once
#include <cctype>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "models/network/as_graph.h"
#include "models/network/bgp.h"
#include "models/network/forwarding.h"

namespace stampede::test {

using Json = nlohmann::json;

// What a file lacks, or says in a way that is not known: its case is skipped, and says so.
struct Lacking : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void report_skipped(const std::string& what, const std::string& why) {
  std::cout << "SKIPPED: " << what << ": " << why << '\n';
}

// The first of these keys that is there and not null.
inline const Json* maybe(const Json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto it = object.find(key); it != object.end() && !it->is_null()) return &*it;
  return nullptr;
}
inline const Json& first_of(const Json& object, std::initializer_list<const char*> keys) {
  const Json* found = maybe(object, keys);
  if (found == nullptr) throw Lacking(std::string("no ") + *keys.begin());
  return *found;
}
// 65001, "65001" or "AS65001".
inline u32 number(const Json& value) {
  if (value.is_number()) return value.get<u32>();
  std::string text = value.get<std::string>();
  if (text.rfind("AS", 0) == 0) text.erase(0, 2);
  return static_cast<u32>(std::stoul(text));
}
// Whatever is said of single ASes: {"9": "ROV"}, [{"asn": 9, "policy": "ROV"}] or [9].
inline std::vector<std::pair<u32, std::string>> listed(const Json& vector, const char* key,
                                                       std::initializer_list<const char*> names) {
  std::vector<std::pair<u32, std::string>> found;
  const Json* list = maybe(vector, {key});
  if (list == nullptr) return found;
  const auto text = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  for (const auto& [name, value] : list->items())
    if (list->is_object())
      found.emplace_back(number(Json(name)), text(value));
    else if (value.is_object())
      found.emplace_back(number(first_of(value, {"asn", "as"})), text(first_of(value, names)));
    else
      found.emplace_back(number(value), "");
  return found;
}

inline void set_policy(AsPolicy& policy, const std::string& name) {
  std::string plain;  // ROV, ROVSimple, rov, peer_rov
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (plain == "rov" || plain == "rovsimple" || plain == "drop" || plain == "dropinvalid")
    policy.rov = true;
  else if (plain == "peerrov")
    policy.peer_rov = true;
  else if (plain == "otc" || plain == "onlytocustomers" || plain == "onlytocustomer")
    policy.otc = true;
  else if (plain != "bgp" && plain != "bgpsimple" && plain != "none" && !plain.empty())
    throw Lacking("a policy " + name);
}

inline LinkKind link_kind(const std::string& text) {
  if (text == "p2c") return LinkKind::kProviderToCustomer;
  if (text == "p2p") return LinkKind::kPeerToPeer;
  if (text == "ebgp") return LinkKind::kPlain;
  throw Lacking("a kind of link " + text);
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
    for (const auto& [asn, name] : listed(vector, "policies", {"policy", "name"}))
      set_policy(bgp->policy(as(asn)), name);
    for (const char* key : {"rov", "rov_ases"})
      for (const auto& [asn, how] : listed(vector, key, {"policy", "mode"}))
        set_policy(bgp->policy(as(asn)), how.empty() ? "ROV" : how);
    std::vector<Roa> roas;
    for (const Json& roa : vector.value("roas", Json::array())) {
      const Prefix prefix = parse_prefix(first_of(roa, {"prefix"}).get<std::string>()).value();
      const Json* longest = maybe(roa, {"max_length", "maxLength", "maxlen"});
      roas.push_back({prefix, number(first_of(roa, {"origin_asn", "asn", "origin", "as"})),
                      longest != nullptr ? static_cast<u8>(number(*longest)) : prefix.length});
    }
    // Or each announcement says what validation would see.
    for (const Json& a : vector.value("announcements", Json::array()))
      if (const Json* origin = maybe(a, {"roa_origin"})) {
        const Prefix prefix = parse_prefix(a.at("prefix").get<std::string>()).value();
        const bool fits = a.value("roa_valid_length", true);
        roas.push_back({prefix, number(*origin), static_cast<u8>(prefix.length - (fits ? 0 : 1))});
      }
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
