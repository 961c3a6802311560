#include "models/dependencies/policy_refresh.h"

#include <utility>

namespace stampede {
namespace {

const IncidentKind kPolicyLost{"policy_lost",
                               "a gateway could not refresh its policy and lets nobody in"};
const IncidentKind kPolicyRegained{"policy_regained", "a gateway has its policy again"};

enum RefreshEvent : u8 { kFirstRefresh, kRefresh };

}  // namespace

PolicyRefresh::PolicyRefresh(World& world, std::string path, const Duration& every,
                             ServicePort& service, GateControlPort& gate)
    : world_(world),
      path_(std::move(path)),
      every_(every),
      service_(service),
      gate_(gate),
      component_(world.scheduler.add(this)),
      phase_(world.stream(path_, "phase")) {}

void PolicyRefresh::start() {
  world_.scheduler.at(world_.now(), Priority::kSample, component_, kFirstRefresh);
}

void PolicyRefresh::handle(const Event& event) {
  if (event.kind == kFirstRefresh) {  // by the period that holds once the first changes are made
    world_.scheduler.after(from_seconds(uniform(draw(phase_, 0)) * every_.seconds()),
                           Priority::kControl, component_, kRefresh);
    return;
  }
  if (const auto reply = service_.ask(0, 0, *this, lost_)) service_replied(0, *reply);
}

void PolicyRefresh::service_replied(u32, const ServiceReply& reply) {
  world_.scheduler.after(every_, Priority::kControl, component_, kRefresh);
  if (!reply.ok && lost_ == kNoIncident) {
    lost_ = world_.incident(kPolicyLost, path_, {reply.cause},
                            "without its policy the gateway lets nobody in");
    rule_ = gate_.turn_away({}, lost_);
  } else if (reply.ok && lost_ != kNoIncident) {
    const IncidentId before = std::exchange(lost_, kNoIncident);
    gate_.let_in(rule_, world_.end(kPolicyRegained, path_, before, kNoIncident, ""));
  }
}

}  // namespace stampede
