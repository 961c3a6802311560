#include "models/network/as_graph.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/filtered_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <map>
#include <utility>

#include "sim/random.h"

namespace stampede {

namespace {

struct AsNode {
  u32 asn = 0;
  RegionId region = kNoRegion;
};
struct Arc {  // two a link, one each way
  u32 link = 0;
  Relation relation = Relation::kPlain;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, AsNode, Arc>;

struct TowardsCustomer {
  const Graph* graph = nullptr;
  bool operator()(const Graph::edge_descriptor& e) const {
    return (*graph)[e].relation == Relation::kCustomer;
  }
};

template <class G>
u32 components_of(const G& graph, std::vector<u32>& group) {
  group.assign(boost::num_vertices(graph), 0);
  return static_cast<u32>(boost::strong_components(
      graph,
      boost::make_iterator_property_map(group.begin(), boost::get(boost::vertex_index, graph))));
}

}  // namespace

struct AsGraph::Impl {
  Graph graph;
  std::map<u32, AsIndex> by_asn;
  std::vector<Duration> delays;  // [link]
};

AsGraph::AsGraph() : impl_(std::make_unique<Impl>()) {}
AsGraph::~AsGraph() = default;
AsGraph::AsGraph(const AsGraph& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
AsGraph::AsGraph(AsGraph&& other) noexcept = default;
AsGraph& AsGraph::operator=(AsGraph other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

AsIndex AsGraph::add_as(u32 asn) {
  const auto [it, fresh] = impl_->by_asn.try_emplace(asn, 0);
  if (fresh) it->second = static_cast<AsIndex>(boost::add_vertex({asn, kNoRegion}, impl_->graph));
  return it->second;
}

bool AsGraph::add_link(u32 asn_a, u32 asn_b, LinkKind kind) {
  if (asn_a == asn_b) return false;
  AsIndex a = add_as(asn_a), b = add_as(asn_b);
  const bool a_is_small = boost::out_degree(a, impl_->graph) < boost::out_degree(b, impl_->graph);
  if (boost::edge(a_is_small ? a : b, a_is_small ? b : a, impl_->graph).second) return false;
  const u32 link = links();
  impl_->delays.push_back({});
  Relation of_b = Relation::kPlain, of_a = Relation::kPlain;
  if (kind == LinkKind::kProviderToCustomer) {
    of_b = Relation::kCustomer;
    of_a = Relation::kProvider;
  } else if (kind == LinkKind::kPeerToPeer) {
    of_a = of_b = Relation::kPeer;
  }
  boost::add_edge(a, b, {link, of_b}, impl_->graph);
  boost::add_edge(b, a, {link, of_a}, impl_->graph);
  return true;
}

void AsGraph::set_region(AsIndex as, RegionId region) { impl_->graph[as].region = region; }
void AsGraph::set_delay(u32 link, Duration one_way) { impl_->delays.at(link) = one_way; }
u32 AsGraph::size() const { return static_cast<u32>(boost::num_vertices(impl_->graph)); }
u32 AsGraph::links() const { return static_cast<u32>(impl_->delays.size()); }
u32 AsGraph::asn(AsIndex as) const { return impl_->graph[as].asn; }
RegionId AsGraph::region(AsIndex as) const { return impl_->graph[as].region; }
Duration AsGraph::delay(u32 link) const { return impl_->delays.at(link); }

std::optional<AsIndex> AsGraph::find(u32 asn) const {
  const auto it = impl_->by_asn.find(asn);
  if (it == impl_->by_asn.end()) return std::nullopt;
  return it->second;
}

std::vector<Neighbour> AsGraph::neighbours(AsIndex as) const {
  std::vector<Neighbour> result;
  const auto [begin, end] = boost::out_edges(as, impl_->graph);
  for (auto e = begin; e != end; ++e)
    result.push_back({static_cast<AsIndex>(boost::target(*e, impl_->graph)), impl_->graph[*e].link,
                      impl_->graph[*e].relation});
  std::sort(result.begin(), result.end(),
            [&](const Neighbour& x, const Neighbour& y) { return asn(x.as) < asn(y.as); });
  return result;
}

u32 AsGraph::degree(AsIndex as) const {
  return static_cast<u32>(boost::out_degree(as, impl_->graph));
}

u32 AsGraph::count_of(AsIndex as, Relation relation) const {
  const auto [begin, end] = boost::out_edges(as, impl_->graph);
  return static_cast<u32>(std::count_if(
      begin, end, [&](const auto& arc) { return impl_->graph[arc].relation == relation; }));
}

u32 AsGraph::providers(AsIndex as) const { return count_of(as, Relation::kProvider); }
u32 AsGraph::customers(AsIndex as) const { return count_of(as, Relation::kCustomer); }

std::vector<u32> AsGraph::provider_cycles(u32& groups) const {
  const boost::filtered_graph<Graph, TowardsCustomer> down(impl_->graph,
                                                           TowardsCustomer{&impl_->graph});
  std::vector<u32> group;
  groups = components_of(down, group);
  return group;
}

bool AsGraph::acyclic() const {
  u32 groups = 0;
  provider_cycles(groups);
  return groups == size();
}

u32 AsGraph::components() const {
  std::vector<u32> group;
  return components_of(impl_->graph, group);  // every link has both arcs
}

AsGraph AsGraph::densest(u32 count) const {
  std::vector<AsIndex> order(size());
  for (AsIndex i = 0; i < size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](AsIndex x, AsIndex y) {
    return degree(x) != degree(y) ? degree(x) > degree(y) : asn(x) < asn(y);
  });
  order.resize(std::min(count, size()));
  std::vector<bool> kept(size(), false);
  for (const AsIndex i : order) kept[i] = true;
  AsGraph result;
  for (const AsIndex i : order) result.set_region(result.add_as(asn(i)), region(i));
  for (const AsIndex i : order)
    for (const Neighbour& n : neighbours(i)) {
      if (!kept[n.as]) continue;
      if (n.relation == Relation::kCustomer)
        result.add_link(asn(i), asn(n.as), LinkKind::kProviderToCustomer);
      else if (n.relation != Relation::kProvider && asn(i) < asn(n.as))
        result.add_link(asn(i), asn(n.as),
                        n.relation == Relation::kPeer ? LinkKind::kPeerToPeer : LinkKind::kPlain);
    }
  return result;
}

void assign_regions(AsGraph& graph, u32 regions, u64 seed) {
  if (regions == 0) return;
  const StreamKey key = stream_key(seed, "network", "regions");
  u32 turn = 0;
  std::vector<AsIndex> waiting;
  for (AsIndex i = 0; i < graph.size(); ++i) {
    if (graph.region(i) != kNoRegion) continue;
    if (graph.providers(i) == 0)
      graph.set_region(i, static_cast<RegionId>(turn++ % regions));
    else
      waiting.push_back(i);
  }
  while (!waiting.empty()) {
    std::vector<AsIndex> later;
    for (const AsIndex i : waiting) {
      std::vector<RegionId> choices;
      for (const Neighbour& n : graph.neighbours(i))
        if (n.relation == Relation::kProvider && graph.region(n.as) != kNoRegion)
          choices.push_back(graph.region(n.as));
      if (choices.empty()) {
        later.push_back(i);
        continue;
      }
      const double u = uniform(draw(key, graph.asn(i)));
      graph.set_region(i,
                       choices[static_cast<std::size_t>(u * static_cast<double>(choices.size()))]);
    }
    // Each waits for another: a provider cycle, of which one counts as provider-free.
    if (later.size() == waiting.size())
      graph.set_region(later.front(), static_cast<RegionId>(turn++ % regions));
    waiting.clear();
    std::copy_if(later.begin(), later.end(), std::back_inserter(waiting),
                 [&](AsIndex i) { return graph.region(i) == kNoRegion; });
  }
}

}  // namespace stampede
