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

void Population::begin_trail(RequestSlot slot, AttemptSlot attempt) {
  keep_trail(slot, (*wiring_.attempts)[attempt]);
  trails_[slot].attempt = attempt;
  trails_[slot].stages = {};
}

// Null: its client has left it, or has sent another since.
StageTrail* Population::stages_of(AttemptSlot attempt) {
  const RequestSlot request = (*wiring_.attempts)[attempt].request;
  if (request == kNoSlot || request >= trails_.size() || trails_[request].attempt != attempt)
    return nullptr;
  return &trails_[request].stages;
}

void Population::reached(AttemptSlot attempt, Stage stage, Instant at) {
  StageTrail* stages = stages_of(attempt);
  if (stages == nullptr || stages->came_to(stage)) return;
  stages->at[static_cast<std::size_t>(stage)] = at;
}

void Population::prefilled_by(AttemptSlot attempt, u32 pod, u32 cached_tokens) {
  StageTrail* stages = stages_of(attempt);
  if (stages == nullptr || stages->prefilled_by != kNoSlot) return;
  stages->prefilled_by = pod;
  stages->cached_tokens = cached_tokens;
}

void Population::preempted(AttemptSlot attempt) {
  if (StageTrail* stages = stages_of(attempt)) ++stages->preemptions;
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
    record.stages = trails_[slot].stages;
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
  if (record.ttft > record.e2e) record.ttft = Duration{-1};  // on its way when the stream ended
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
