// Requests that come from a recording instead of modelled demand.
#include "models/clients/demand.h"
#include "models/clients/population.h"
#include "models/clients/population_class.h"

namespace stampede {

void Population::Class::play(std::shared_ptr<TraceSource> source, World& world) {
  const std::string path = "clients/" + params.name;
  trace = std::make_unique<TraceArrivals>(*params.trace, std::move(source),
                                          world.stream(path, "thinning"));
  homes = world.stream(path, "homes");
  for (const char c : params.trace->content) salt = mix64(salt ^ static_cast<unsigned char>(c));
}

void Population::schedule_trace_arrival(u32 index) {
  Class& c = *classes_[index];
  if (c.trace->next(c.next))
    world_.scheduler.at(c.next.at, Priority::kArrival, component_, kTraceArrival, index);
}

// Each recorded request is a session of its own, at home where a draw by the regions' shares says;
// those of one recorded conversation have the home and the key in common.
void Population::arrive_from_trace(u32 index) {
  Class& c = *classes_[index];
  double sum = 0;
  for (std::size_t r = 0; r < regions_; ++r) sum += demand_->share(r);
  const u64 key = c.next.row.has_session ? mix64(c.salt ^ c.next.row.session) : c.next.number;
  double point = uniform(draw(c.homes, key)) * sum;
  std::size_t home = 0;
  while (home + 1 < regions_ && point >= demand_->share(home)) point -= demand_->share(home++);
  Chain& chain = chains_[index * regions_ + home];
  chain.sessions = key;  // what its draws are keyed by
  const SessionSlot slot = open_session(chain, chain.sessions++, false);
  sessions_[slot].closing = true;
  if (slot >= recorded_.size()) recorded_.resize(slot + 1);
  std::swap(recorded_[slot], c.next.row);
  offer_turn(slot, 0);
  schedule_trace_arrival(index);
}

void Population::ask_as_recorded(Attempt& a) const {
  const TraceRow& row = recorded_[a.session];
  a.prompt = row.prompt;
  a.output = a.answer_kept = row.output;
}

// A conversation's turns begin with what was said before.
void Population::text_runs(SessionSlot session, u32 tokens, std::vector<TextRun>& runs) const {
  const Session& s = sessions_[session];
  const Class& c = *classes_[s.class_id];
  if (c.trace) return trace_text_runs(recorded_[session], c.salt, tokens, runs);
  runs.clear();
  if (tokens >= kTextBlockTokens) runs.push_back({mix64(s.key), tokens / kTextBlockTokens});
}

}  // namespace stampede
