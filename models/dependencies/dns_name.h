// A name in DNS as its authority has it.
// **State** there -> cleared -> there; answers slower by the sum of what is in force.
// **Incidents** dns_record_cleared, dns_slowed, dns_restored.
// **Source** RFC 1034.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/dependencies/dns_params.h"
#include "models/ports/live_port.h"
#include "models/ports/name_control_port.h"
#include "sim/world.h"

namespace stampede {

class DnsName final : public NameControlPort, public Tunable {
 public:
  DnsName(World& world, const DnsNameParams& params) : world_(world), params_(params) {}

  // None: the record is there.
  IncidentId cleared() const;
  Duration slower() const;
  IncidentId slowed() const;
  const DnsNameParams& params() const { return params_; }
  LiveRoot live() { return live_root(params_, this); }
  // Who has to begin anew when other values hold from the first instant on.
  void tell_at_start(std::function<void()> listener) { listeners_.push_back(std::move(listener)); }
  void retuned(const LiveChange& change) override;

  u32 clear(IncidentId cause) override;
  u32 slow(Duration by, IncidentId cause) override;
  void heal(u32 fault, IncidentId healed) override;

 private:
  struct Fault {
    u32 id;
    IncidentId incident;
    Duration by;  // 0: cleared
  };
  u32 add(const IncidentKind& kind, Duration by, const std::string& text, IncidentId cause);

  World& world_;
  DnsNameParams params_;
  std::vector<Fault> faults_;
  std::vector<std::function<void()>> listeners_;
  u32 last_ = 0;
};

}  // namespace stampede
