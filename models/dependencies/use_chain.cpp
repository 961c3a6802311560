#include "models/dependencies/use_chain.h"

#include <utility>

namespace stampede {

std::optional<ServiceReply> UseChain::ask(u64 key, u32 tag, ServiceCaller& caller,
                                          IncidentId cause) {
  leave(tag);
  if (tag >= questions_.size()) questions_.resize(tag + 1);
  questions_[tag] = {key, &caller, cause, 0};
  const auto reply = go_on(tag);
  if (reply) questions_[tag].caller = nullptr;
  return reply;
}

// From the present stage on, as far as there are replies at once.
std::optional<ServiceReply> UseChain::go_on(u32 tag) {
  for (;;) {
    const Question q = questions_[tag];
    auto reply = links_[q.stage]->ask(q.key, tag, *this, q.cause);
    if (!reply) return std::nullopt;
    reply->stage = q.stage;
    if (!reply->ok || q.stage + 1U == links_.size()) return reply;
    ++questions_[tag].stage;
  }
}

void UseChain::service_replied(u32 tag, const ServiceReply& told) {
  Question& q = questions_[tag];
  std::optional<ServiceReply> reply = told;
  reply->stage = q.stage;
  if (told.ok && q.stage + 1U < links_.size()) {
    ++q.stage;
    reply = go_on(tag);
  }
  if (reply) std::exchange(questions_[tag].caller, nullptr)->service_replied(tag, *reply);
}

void UseChain::leave(u32 tag) {
  if (!waits(tag)) return;
  links_[questions_[tag].stage]->leave(tag);
  questions_[tag].caller = nullptr;
}

IncidentId UseChain::delayed_by(u32 tag) const {
  return waits(tag) ? links_[questions_[tag].stage]->delayed_by(tag) : kNoIncident;
}

}  // namespace stampede
