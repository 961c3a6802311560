#include "models/dependencies/dns_name.h"

#include <algorithm>

namespace stampede {
namespace {

const IncidentKind kDnsRecordCleared{"dns_record_cleared",
                                     "the authority of a name in DNS has no record of it any more"};
const IncidentKind kDnsSlowed{"dns_slowed", "answers about a name in DNS come later"};
const IncidentKind kDnsRestored{"dns_restored",
                                "a name in DNS has its record, or its speed, again"};

}  // namespace

IncidentId DnsName::cleared() const {
  for (const Fault& f : faults_)
    if (f.by.ns == 0) return f.incident;
  return kNoIncident;
}

Duration DnsName::slower() const {
  Duration sum{};
  for (const Fault& f : faults_) sum += f.by;
  return sum;
}

IncidentId DnsName::slowed() const {
  for (const Fault& f : faults_)
    if (f.by.ns > 0) return f.incident;
  return kNoIncident;
}

// What a resolver has it keeps as long as it was told.
void DnsName::retuned(const LiveChange&) {
  if (world_.now() != Instant{}) return;
  for (const auto& listener : listeners_) listener();
}

u32 DnsName::add(const IncidentKind& kind, Duration by, const std::string& text, IncidentId cause) {
  faults_.push_back({++last_, world_.incident(kind, "dns/" + params_.name, {cause}, text), by});
  return last_;
}

u32 DnsName::clear(IncidentId cause) {
  return add(kDnsRecordCleared, {}, "the authority knows no record", cause);
}

u32 DnsName::slow(Duration by, IncidentId cause) {
  return add(kDnsSlowed, by, "answers come " + print(by) + " later", cause);
}

void DnsName::heal(u32 id, IncidentId healed) {
  const auto it =
      std::find_if(faults_.begin(), faults_.end(), [id](const Fault& f) { return f.id == id; });
  if (it == faults_.end()) return;
  const Fault gone = *it;
  faults_.erase(it);
  const bool as_cleared = gone.by.ns == 0 && cleared() != kNoIncident;
  world_.ease(kDnsRestored, "dns/" + params_.name, gone.incident, {gone.incident, healed}, "",
              faults_.empty() ? Remains::kNothing
              : as_cleared    ? Remains::kAsMuch
                              : Remains::kLess);
}

}  // namespace stampede
