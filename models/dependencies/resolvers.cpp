#include "models/dependencies/resolvers.h"

#include <algorithm>
#include <utility>

namespace stampede {
namespace {

enum ResolverEvent : u8 { kQuery, kGaveUp };

}  // namespace

Resolvers::Resolvers(World& world, std::string path, DnsName& name, ServicePort* authority)
    : world_(world),
      path_(std::move(path)),
      name_(name),
      authority_(authority),
      component_(world.scheduler.add(this)),
      phases_(world.stream(path_, "phases")),
      violations_(world.stream(path_, "violators")),
      salt_((u64{phases_.hi} << 32) | phases_.lo),
      resolvers_(name.params().resolvers.count) {
  begin();
  name.tell_at_start([this] { begin(); });
  register_stats();
}

void Resolvers::begin() {
  for (u32 j = 0; j < resolvers_.size(); ++j) {
    Resolver& r = resolvers_[j];
    r.record = true;
    r.queries = 0;
    r.until = r.record_until =
        Instant{} + from_seconds(uniform(draw(phases_, j)) * kept(j).seconds());
    ++r.queries;
  }
}

void Resolvers::register_stats() {
  StatsTable& t = world_.stats;
  t.counter(path_, "questions_total", "names to resolve", &counts_.asked);
  t.counter(path_, "dns_hits_total", "of these, answered from a cache", &counts_.hits);
  t.counter(path_, "queries_total", "questions that a resolver put to the authority",
            &counts_.queries);
  t.counter(path_, "no_record_total", "names that had no record", &counts_.negative);
  t.counter(path_, "unresolved_total", "names for which the authority gave no answer",
            &counts_.failed);
  t.gauge(path_, "with_record_ratio", "1", "resolvers that have the record",
          [this] { return with_record(); });
  t.explain(path_, [this] { return std::vector<IncidentId>{name_.cleared(), name_.slowed()}; });
}

double Resolvers::with_record() const {
  const auto n = std::count_if(resolvers_.begin(), resolvers_.end(), [this](const Resolver& r) {
    return r.record && world_.now() < r.until;
  });
  return static_cast<double>(n) / static_cast<double>(resolvers_.size());
}

// How long a resolver keeps the record that it is given now.
Duration Resolvers::kept(u32 j) const {
  const ResolverParams& p = name_.params().resolvers;
  const Words w = draw(violations_, j);
  if (uniform(w) >= p.ttl_violators.value) return name_.params().ttl;
  const double u = uniform(draw(violations_, j, resolvers_[j].queries + 1));
  return name_.params().ttl + from_seconds(exponential(u) * p.ttl_violator_tail.seconds());
}

std::optional<ServiceReply> Resolvers::ask(u64 key, u32 tag, ServiceCaller& caller,
                                           IncidentId cause) {
  leave(tag);
  ++counts_.asked;
  const u32 j = static_cast<u32>(mix64(key ^ salt_) % resolvers_.size());
  Resolver& r = resolvers_[j];
  if (world_.now() < r.until) {
    ++counts_.hits;
    return reply_of(r);
  }
  if (!r.asking)
    if (const auto reply = query(j, cause)) return reply;
  if (tag >= waiting_.size()) waiting_.resize(tag + 1);
  waiting_[tag] = {&caller, j};
  resolvers_[j].tags.push_back(tag);
  return std::nullopt;
}

ServiceReply Resolvers::reply_of(const Resolver& r) const {
  if (r.record) return {};
  return {false, 0, r.cause};
}

// What is slower than a resolver waits is lost to it, at every try.
std::optional<ServiceReply> Resolvers::query(u32 j, IncidentId cause) {
  Resolver& r = resolvers_[j];
  const ResolverParams& p = name_.params().resolvers;
  ++r.queries;
  ++counts_.queries;
  if (const Duration slower = name_.slower(); slower.ns > 0) {
    r.asking = true;
    const bool lost = slower >= p.timeout;
    world_.scheduler.after(lost ? p.timeout * static_cast<i64>(p.tries) : slower,
                           Priority::kCompletion, component_, lost ? kGaveUp : kQuery, j);
    return std::nullopt;
  }
  if (authority_ == nullptr) return learnt(j, {});
  r.asking = true;
  const auto reply = authority_->ask(j, j, *this, cause);
  if (!reply) return std::nullopt;
  return learnt(j, *reply);
}

ServiceReply Resolvers::learnt(u32 j, const ServiceReply& reply) {
  Resolver& r = resolvers_[j];
  const Instant now = world_.now();
  r.asking = false;
  if (!reply.ok) {
    ++counts_.failed;
    if (now < r.record_until + name_.params().resolvers.serve_stale) {
      ++counts_.stale;
      return {};
    }
    r.record = false;
    r.cause = reply.cause;
    r.until = now + name_.params().resolvers.failure_ttl;
    return reply_of(r);
  }
  r.cause = name_.cleared();
  r.record = r.cause == kNoIncident;
  if (!r.record) ++counts_.negative;
  r.until = now + (r.record ? kept(j) : name_.params().negative_ttl);
  r.record_until = r.record ? r.until : Instant{INT64_MIN / 2};
  return reply_of(r);
}

void Resolvers::service_replied(u32 j, const ServiceReply& reply) { tell(j, learnt(j, reply)); }

void Resolvers::handle(const Event& event) {
  const u32 j = event.subject;
  if (event.kind == kGaveUp) return tell(j, learnt(j, {false, 0, name_.slowed()}));
  if (authority_ == nullptr) return tell(j, learnt(j, {}));
  if (const auto reply = authority_->ask(j, j, *this, name_.slowed())) tell(j, learnt(j, *reply));
}

// Everybody who has waited for this resolver; they may ask again at once.
void Resolvers::tell(u32 j, const ServiceReply& reply) {
  for (const u32 tag : std::exchange(resolvers_[j].tags, {})) {
    if (!waits(tag) || waiting_[tag].resolver != j) continue;
    std::exchange(waiting_[tag].caller, nullptr)->service_replied(tag, reply);
  }
}

void Resolvers::leave(u32 tag) {
  if (waits(tag)) waiting_[tag].caller = nullptr;
}

IncidentId Resolvers::delayed_by(u32 tag) const {
  if (!waits(tag)) return kNoIncident;
  if (const IncidentId slowed = name_.slowed()) return slowed;
  return authority_ != nullptr ? authority_->delayed_by(waiting_[tag].resolver) : kNoIncident;
}

}  // namespace stampede
