// What the log of single requests is told: nothing of it is kept unless there is one.
#include "models/clients/population.h"

namespace stampede {

void Population::keep_trail(RequestSlot slot, const Attempt& a) {
  if (slot >= trails_.size()) trails_.resize(slot + 1);
  Trail& trail = trails_[slot];
  trail.prompt = a.prompt;
  trail.output = a.output;
  if (a.ticket != 0) trail.replica = a.pod;  // an engine had it
}

RequestRecord Population::record_of(RequestSlot slot) const {
  const Request& r = requests_[slot];
  RequestRecord record;
  record.key = r.key;
  record.offered = r.offered;
  if (r.first_token > r.offered) record.ttft = r.first_token - r.offered;
  if (slot < trails_.size()) {
    record.prompt = trails_[slot].prompt;
    record.output = trails_[slot].output;
    record.replica = trails_[slot].replica;
  }
  record.class_id = r.class_id;
  record.home = r.home;
  record.region = r.region;
  record.attempts = r.tries;
  return record;
}

void Population::log_end(RequestSlot slot, Outcome outcome, Instant at) {
  RequestRecord record = record_of(slot);
  record.e2e = at - record.offered;
  record.outcome = outcome;
  wiring_.log->ended(record);
  if (slot < trails_.size()) trails_[slot] = {};
}

void Population::log_open_requests() {
  if (!wiring_.log) return;
  for (RequestSlot slot = 0; slot < requests_.slots(); ++slot) {
    if (requests_[slot].state == Request::State::kFree) continue;
    RequestRecord record = record_of(slot);
    record.open = true;
    wiring_.log->ended(record);
  }
}

}  // namespace stampede
