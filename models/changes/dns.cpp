// Harm to names in DNS: records that are gone, answers that come late.
#include <utility>

#include "models/changes/action.h"

namespace stampede {
namespace {

// Harms each name that is meant; the end of it heals them.
template <class F>
Heal harm_names(const Act& act, const std::string& name, F&& one) {
  std::vector<std::pair<NameControlPort*, u32>> harmed;
  for (const NamedRecord& n : act.scene.names)
    if (name.empty() || n.name == name) harmed.emplace_back(n.control, one(*n.control));
  if (harmed.empty()) return {};
  return [harmed](IncidentId healed) {
    for (const auto& [record, fault] : harmed) record->heal(fault, healed);
  };
}

struct ClearRecordParams {
  std::string record;
  static void describe(Schema<ClearRecordParams>& s) {
    s.field("record", &ClearRecordParams::record)
        .required()
        .help("name in DNS, of `spec.dns`; resolvers that have it keep it to the end of its TTL");
  }
};

const RegisterFault<ClearRecordParams> clear_dns_record{
    "clear_dns_record",
    "the authority has no record of a name any more; who resolves it fails as caches run out", "",
    [](const ClearRecordParams& p, const Act& act) -> Heal {
      return harm_names(act, p.record, [&](NameControlPort& n) { return n.clear(act.root); });
    }};

struct SlowDnsParams {
  std::string record;
  Duration by = 1_s;
  static void describe(Schema<SlowDnsParams>& s) {
    s.field("record", &SlowDnsParams::record).help("name in DNS; left out: all of them");
    s.field("by", &SlowDnsParams::by)
        .range(0.001, 3600)
        .help("how much later answers come; later than a resolver's time-out they are lost to it");
  }
};

const RegisterFault<SlowDnsParams> slow_dns{
    "slow_dns", "the authority's answers about a name come late, or too late", "",
    [](const SlowDnsParams& p, const Act& act) -> Heal {
      return harm_names(act, p.record, [&](NameControlPort& n) { return n.slow(p.by, act.root); });
    }};

}  // namespace
}  // namespace stampede
