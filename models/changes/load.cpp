// More demand than the day's curve has.
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
      std::vector<u32> started;
      for (const RegionId r : regions_in(act.scene, p.target))
        for (const std::string& name : act.scene.client_classes)
          if (p.client_class.empty() || p.client_class == name)
            started.push_back(act.scene.demand->start_spike({name, r, p.factor}, act.root));
      return [demand = act.scene.demand, started](IncidentId) {
        for (const u32 k : started) demand->end_spike(k);
      };
    }};

}  // namespace
}  // namespace stampede
