// More demand than the day's curve has, of users and of the API servers.
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct SpikeParams {
  RegionTarget target;
  std::string client_class;
  double factor = 2;
  static void describe(Schema<SpikeParams>& s) {
    s.field("target", &SpikeParams::target).help("where the clients are at home");
    s.field("class", &SpikeParams::client_class)
        .help("name of the class of clients; left out: all that have a share of the demand");
    s.field("factor", &SpikeParams::factor)
        .range(1, 1000)
        .help("what they ask for, as a multiple of what they else would");
  }
};

const RegisterFault<SpikeParams> spike{
    "spike", "clients ask for more; two spikes at once add what each of them adds alone", "",
    [](const SpikeParams& p, const Act& act) -> Heal {
      if (p.factor == 1) return {};
      std::vector<u32> started;
      for (const RegionId r : regions_in(act.scene, p.target))
        for (const std::string& name : act.scene.client_classes)
          if (p.client_class.empty() || p.client_class == name)
            started.push_back(act.scene.demand->start_spike({name, r, p.factor}, act.root));
      return [demand = act.scene.demand, started](IncidentId) {
        for (const u32 k : started) demand->end_spike(k);
      };
    }};

struct BotFloodParams {
  RegionTarget target;
  std::string client_class;
  Rate rate{1};
  static void describe(Schema<BotFloodParams>& s) {
    s.field("target", &BotFloodParams::target).help("near which regions the bots are");
    s.field("class", &BotFloodParams::client_class)
        .required()
        .help("name of the class of clients that they look like; one with a share of 0% is theirs");
    s.field("rate", &BotFloodParams::rate)
        .range(1e-6, 1e7)
        .scales()
        .help("requests of them all, in equal parts from each region");
  }
};

const RegisterFault<BotFloodParams> bot_flood{
    "bot_flood",
    "requests from outside, each a conversation of its own, whatever the users do; they wait and "
    "retry as those of their class",
    "", [](const BotFloodParams& p, const Act& act) -> Heal {
      const std::vector<RegionId> homes = regions_in(act.scene, p.target);
      if (homes.empty()) return {};
      const Rate each{p.rate.per_second / static_cast<double>(homes.size())};
      std::vector<u32> started;
      for (const RegionId r : homes)
        started.push_back(act.scene.demand->start_flood({p.client_class, r, each}, act.root));
      return [demand = act.scene.demand, started](IncidentId) {
        for (const u32 k : started) demand->end_spike(k);
      };
    }};

struct LoadApiServerParams {
  RegionTarget target;
  double agents_per_node = 1;
  Duration period = 10_s;
  i32 objects = 1000;
  double objects_per_node = 0;
  Bytes object_size{2048};
  static void describe(Schema<LoadApiServerParams>& s) {
    s.field("target", &LoadApiServerParams::target).help("whose API servers");
    s.field("agents_per_node", &LoadApiServerParams::agents_per_node)
        .range(0.001, 1000)
        .help("agents, as a multiple of the cluster's nodes");
    s.field("period", &LoadApiServerParams::period)
        .at_least(0.001)
        .help("from one list of an agent to its next");
    s.field("objects", &LoadApiServerParams::objects)
        .range(1, 1e6)
        .help("objects of a list, the same in a small cluster and in a large one");
    s.field("objects_per_node", &LoadApiServerParams::objects_per_node)
        .range(0, 1e5)
        .scales_inversely()
        .help("beside them, so many for each node: pods, whose list is longer in a large cluster");
    s.field("object_size", &LoadApiServerParams::object_size)
        .range(1, 65536)
        .help("encoded size of one object");
  }
};

const RegisterFault<LoadApiServerParams> load_api_server{
    "load_api_server",
    "agents, so many for each node, list objects from the API servers again and again",
    "OpenAI 2024-12-11: telemetry agents on every node",
    [](const LoadApiServerParams& p, const Act& act) -> Heal {
      std::vector<std::pair<ApiLoadPort*, u32>> started;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        ApiReaders readers;
        readers.agents_per_node = p.agents_per_node;
        readers.period = p.period;
        readers.objects = static_cast<u32>(p.objects);
        readers.objects_per_node = p.objects_per_node;
        readers.bytes_per_object = static_cast<i32>(p.object_size.value);
        if (p.agents_per_node * act.scene.nodes[r]->nodes() < 0.5) continue;  // not one agent
        started.emplace_back(act.scene.api_loads[r],
                             act.scene.api_loads[r]->start(readers, act.root));
      }
      if (started.empty()) return {};
      return [started](IncidentId ended) {
        for (const auto& [load, group] : started) load->stop(group, ended);
      };
    }};

struct LimitApiServerParams {
  RegionTarget target;
  ApiLevel level = ApiLevel::kWorkloadLow;
  Rate rate{0};
  static void describe(Schema<LimitApiServerParams>& s) {
    s.field("target", &LimitApiServerParams::target).help("whose API servers");
    s.field("level", &LimitApiServerParams::level)
        .help("priority level of the calls; agents list at workload_low");
    s.field("rate", &LimitApiServerParams::rate)
        .range(0, 1e9)
        .scales()
        .help("of them is let in, over all servers; 0/s: none");
  }
};

const RegisterFault<LimitApiServerParams> limit_api_server{
    "limit_api_server",
    "calls of one priority level above a rate are answered with 429 before any server has work "
    "with "
    "them, as by a block in the network before it",
    "OpenAI 2024-12-11: network access to the administrative APIs was blocked",
    [](const LimitApiServerParams& p, const Act& act) -> Heal {
      std::vector<std::pair<ControlPlanePort*, u32>> limited;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        ControlPlanePort* plane = act.scene.control_planes[r];
        limited.emplace_back(plane, plane->limit_calls(p.level, p.rate, act.root));
      }
      if (limited.empty()) return {};
      return [limited](IncidentId healed) {
        for (const auto& [plane, limit] : limited) plane->lift_limit(limit, healed);
      };
    }};

}  // namespace
}  // namespace stampede
