#include "models/dependencies/use.h"

#include <fmt/format.h>

#include <utility>

namespace stampede {
namespace {

const IncidentKind kAnswersLost{"answers_lost",
                                "a share of the answers that callers of a service keep is gone"};

constexpr u32 kPlaceOnRing = 1, kInitial = 2;

struct Nobody final : ServiceCaller {  // who waits for a refresh
  void service_replied(u32, const ServiceReply&) override {}
};
Nobody nobody;

}  // namespace

Use::Use(World& world, std::string path, const UseParams& params, Wiring wiring)
    : world_(world),
      path_(std::move(path)),
      params_(params),
      wiring_(wiring),
      component_(world.scheduler.add(this)),
      timeouts_(world.scheduler, component_, Priority::kTimeout, kTimeout),
      keys_(world.stream(path_, "keys")),
      ways_(world.stream(path_, "ways")),
      early_(world.stream(path_, "early")) {
  build_cache();
  register_stats();
  world.checks.push_back([this] {
    const Counts& c = counts_;
    STAMPEDE_CHECK(c.asked == c.hits + c.answered + c.stale + c.opened + c.degraded + c.failed +
                                  c.left + calls_.live(),
                   "questions to a service are not conserved");
  });
}

void Use::build_cache() {
  if (params_.cache.size == 0 || cache_) return;
  popularity_ = std::make_unique<Popularity>(params_.cache.keys, params_.cache.popularity);
  cache_ = std::make_unique<AnswerCache>(params_.cache.keys);
  if (params_.cache.initial.value <= 0 || world_.now() > Instant{}) return;
  for (u32 key = 0; key < params_.cache.keys; ++key) {
    const Words w = draw(keys_, key, kInitial);
    if (uniform(w) < params_.cache.initial.value)
      cache_->keep(key, Instant{} + from_seconds(uniform2(w) * params_.cache.ttl.seconds()),
                   params_.cache.size);
  }
}

void Use::retuned(const LiveChange& change) {
  tuned_.note(change.path, change.cause, world_.now());
  eased({change.by, change.path});
  if (world_.now() == Instant{}) cache_.reset();  // it begins with what the change says
  build_cache();
}

void Use::register_stats() {
  StatsTable& t = world_.stats;
  t.counter(path_, "asked_total", "questions to the service, refreshes of kept answers too",
            &counts_.asked);
  t.counter(path_, "cache_hits_total", "of these, answered from the cache", &counts_.hits);
  t.counter(path_, "tries_total", "calls sent to the service", &counts_.tries);
  t.counter(path_, "timeouts_total", "calls that were not answered in time", &counts_.timeouts);
  t.counter(path_, "stale_total", "questions answered by what was kept too long", &counts_.stale);
  t.counter(path_, "opened_total", "questions that failed open", &counts_.opened);
  t.counter(path_, "degraded_total", "questions that went on without answer", &counts_.degraded);
  t.counter(path_, "unanswered_total", "questions that failed", &counts_.failed);
  t.gauge(path_, "open_questions", "1", "questions without an answer yet",
          [this] { return static_cast<double>(calls_.live()); });
  t.explain(path_, [this] { return wiring_.service->ailments(); });
}

// ---- asking -------------------------------------------------------------------------------------
std::optional<ServiceReply> Use::ask(u64 key, u32 tag, ServiceCaller& caller, IncidentId cause) {
  leave(tag);
  ++counts_.asked;
  if (cause == kNoIncident) cause = tuned_.lately(world_.now());
  u32 rank = 0;
  if (cache_) {
    rank = popularity_->rank(place(key));
    if (const auto reply = kept(rank, key)) return reply;
    if (const IncidentId lost = cache_->lost_by(rank)) cause = lost;
  }
  Call call;
  call.key = key;
  call.caller = &caller;
  call.tag = tag;
  call.rank = rank;
  call.cause = cause;
  return begin(call);
}

std::optional<ServiceReply> Use::begin(const Call& of) {
  const u32 call = calls_.take_as_left();
  Call& c = calls_[call];
  const u32 generation = c.generation;
  c = of;
  c.generation = generation;
  c.serial = serials_++;
  c.began = world_.now();
  if (c.tag != kNone) {
    if (c.tag >= by_tag_.size()) by_tag_.resize(c.tag + 1, kNone);
    by_tag_[c.tag] = call;
  }
  const bool sent = wiring_.retries->may_send(c.serial, world_.now());
  const auto reply = sent ? attempt(call) : without_answer(call);
  if (reply) close(call);
  return reply;
}

// ---- answers that are kept ----------------------------------------------------------------------
// An answer that may be used at once; it may be asked for anew beside.
std::optional<ServiceReply> Use::kept(u32 rank, u64 key) {
  const Instant expires = cache_->expires(rank);
  if (expires == kNever) return std::nullopt;
  const bool good = world_.now() < expires;
  if (!good && world_.now() >= expires + params_.cache.stale_while_revalidate) return std::nullopt;
  cache_->use(rank);
  ++(good ? counts_.hits : counts_.stale);
  if (!good || ends_soon(rank, expires)) refresh(rank, key);
  return ServiceReply{};
}

bool Use::ends_soon(u32 rank, Instant expires) {
  if (params_.cache.early_refresh <= 0 || rank >= refreshes_.size()) return false;
  const double early = params_.cache.early_refresh * refreshes_[rank].took.seconds() *
                       exponential(uniform(draw(early_, looks_++)));
  return world_.now() + from_seconds(early) >= expires;
}

void Use::refresh(u32 rank, u64 key) {
  if (rank >= refreshes_.size()) refreshes_.resize(rank + std::size_t{1});
  if (refreshes_[rank].out) return;
  refreshes_[rank].out = true;
  ++counts_.asked;
  Call call;
  call.key = key;
  call.caller = &nobody;
  call.tag = kNone;
  call.rank = rank;
  call.cause = tuned_.lately(world_.now());
  call.refreshes = true;
  begin(call);
}

const PathState& Use::way_to(RegionId region, u64 key) const {
  if (wiring_.clients.empty()) return wiring_.network->between(wiring_.from, region);
  return wiring_.network->path(wiring_.clients[key % wiring_.clients.size()], region);
}

// Of an anycast service the site with the shortest way that has not withdrawn itself; if all have,
// that of the caller's own region.
Use::Site Use::nearest(u64 key) const {
  Site best{wiring_.service, wiring_.to};
  Duration shortest{INT64_MAX};
  for (const Site& site : wiring_.sites) {
    if (site.service->gone()) {
      best.instead_of = site.service->ailment();
      continue;
    }
    const PathState& path = way_to(site.region, key);
    const bool own = site.region == wiring_.from;
    if (!own && path.reach != Reach::kReachable) continue;
    const Duration way = own ? Duration{} : path.round_trip;
    if (way >= shortest) continue;
    shortest = way;
    best.service = site.service;
    best.region = site.region;
  }
  return best;
}

std::optional<ServiceReply> Use::attempt(u32 call) {
  Call& c = calls_[call];
  ++counts_.tries;
  ++c.tries;
  enter(call, c.tries > 1 ? CallPhase::kRetry : CallPhase::kTry);
  ++c.generation;
  c.way = params_.round_trip;
  c.over = nullptr;
  const Site site = nearest(c.key);
  c.at = site.service;
  if (c.cause == kNoIncident) c.cause = site.instead_of;
  const Instant deadline = world_.now() + params_.timeout;
  const auto wait = [&] {
    timeouts_.push(deadline, call, c.generation, [this](u32 k, u32 g) { return alive(k, g); });
    return std::nullopt;
  };
  if (wiring_.network != nullptr && wiring_.from != site.region) {
    const PathState& path = way_to(site.region, c.key);
    c.way += path.round_trip;
    if (path.reach != Reach::kReachable) {
      c.cause = path.cause ? path.cause : c.cause;
      c.at->eased({path.cause});
    }
    if (path.reach == Reach::kNoRoute) return refused(call, RetryCause::kTransport, path.cause);
    if (path.reach == Reach::kBlackHole) return wait();
    if (path.harm != nullptr) c.way += late(call, path);
  }
  switch (c.at->offer(*this, call, c.generation, deadline, c.cause, place_of(c.key))) {
    case Service::Taken::kYes:
      c.out = true;
      return wait();
    case Service::Taken::kThrottled:
      return refused(call, RetryCause::kThrottled, c.at->ailment());
    case Service::Taken::kDown:
      return refused(call, RetryCause::kTransport, c.at->ailment());
    case Service::Taken::kFull:
      return refused(call, RetryCause::kServerError, c.at->ailment());
  }
  invariant_failed("use: unknown answer");
}

// By how much the call and its answer are late together.
Duration Use::late(u32 call, const PathState& path) {
  Call& c = calls_[call];
  c.over = path.harm;
  const Words w = draw(ways_, c.serial, c.tries);
  const auto size = [](Bytes b) { return static_cast<double>(b.value); };
  return path.harm->deliver(uniform(w), size(params_.question_size), path.round_trip, c.cause) +
         path.harm->deliver(uniform2(w), size(params_.answer_size), path.round_trip, c.cause);
}

IncidentId Use::why_late(const Call& c) const {
  if (const IncidentId why = c.at != nullptr ? c.at->hindrance() : kNoIncident) return why;
  return c.over != nullptr ? c.over->cause() : kNoIncident;
}

// The caller hears of it after a round trip.
std::optional<ServiceReply> Use::refused(u32 call, RetryCause why, IncidentId cause) {
  Call& c = calls_[call];
  if (c.way.ns == 0) return failed(call, why, cause);
  c.why = why;
  if (cause != kNoIncident) c.cause = cause;
  world_.scheduler.after(c.way, Priority::kArrival, component_, kRefused, call, c.generation);
  return std::nullopt;
}

std::optional<ServiceReply> Use::failed(u32 call, RetryCause why, IncidentId cause) {
  Call& c = calls_[call];
  c.out = false;
  c.why = why;
  ++c.generation;
  if (cause != kNoIncident) c.cause = cause;
  enter(call, CallPhase::kHeard);
  const auto delay = wiring_.retries->again(c.serial, c.tries, why, world_.now());
  enter(call, delay ? CallPhase::kWaits : CallPhase::kNone);
  if (!delay) return without_answer(call);
  world_.scheduler.after(*delay, Priority::kArrival, component_, kRetry, call, c.generation);
  return std::nullopt;
}

bool Use::kept_long_enough(u32 rank) const {
  const Instant expires = cache_ ? cache_->expires(rank) : kNever;
  if (expires == kNever) return false;
  return params_.on_failure == OnFailure::kStale ||
         world_.now() < expires + params_.cache.stale_if_error;
}

std::optional<ServiceReply> Use::without_answer(u32 call) {
  Call& c = calls_[call];
  if (c.refreshes) {
    ++counts_.failed;
    return ServiceReply{false, 0, c.cause};
  }
  if (kept_long_enough(c.rank)) {
    ++counts_.stale;
    return ServiceReply{true, 0, c.cause};
  }
  switch (params_.on_failure) {
    case OnFailure::kFail:
    case OnFailure::kStale:
      ++counts_.failed;
      return ServiceReply{false, 0, c.cause};
    case OnFailure::kOpen:
      ++counts_.opened;
      return ServiceReply{true, 0, c.cause};
    case OnFailure::kDegrade:
      if (params_.degraded_time.ns > 0) {
        ++c.generation;
        world_.scheduler.after(params_.degraded_time, Priority::kCompletion, component_, kOtherWay,
                               call, c.generation);
        return std::nullopt;
      }
      ++counts_.degraded;
      return ServiceReply{true, 0, c.cause};
  }
  invariant_failed("use: unknown way on");
}

ServiceReply Use::answered(u32 call) {
  const Call& c = calls_[call];
  ++counts_.answered;
  wiring_.retries->succeeded(c.serial, c.tries, c.why, world_.now());
  if (cache_) cache_->keep(c.rank, world_.now() + params_.cache.ttl, params_.cache.size);
  if (params_.cache.early_refresh > 0) {
    if (c.rank >= refreshes_.size()) refreshes_.resize(c.rank + std::size_t{1});
    refreshes_[c.rank].took = world_.now() - c.began;
  }
  return {};
}

// ---- what comes of it ---------------------------------------------------------------------------
bool Use::call_ended(u32 call, u32 generation, bool served, IncidentId cause) {
  if (!alive(call, generation)) return false;
  Call& c = calls_[call];
  c.out = false;
  if (!served) {
    tell(call, refused(call, RetryCause::kTransport, cause));
  } else if (c.way.ns > 0) {
    world_.scheduler.after(c.way, Priority::kCompletion, component_, kReply, call, generation);
  } else {
    tell(call, answered(call));
  }
  return true;
}

void Use::handle(const Event& event) {
  const u32 call = event.subject;
  if (event.kind == kTimeout)
    return timeouts_.expire(
        event.argument, [this](u32 k, u32 g) { return alive(k, g); },
        [this](u32 k, u32) { timed_out(k); });
  if (!alive(call, event.argument)) return;
  const Call& c = calls_[call];
  switch (event.kind) {
    case kReply:
      return tell(call, answered(call));
    case kRefused:
      return tell(call, failed(call, c.why, c.cause));
    case kRetry:
      return tell(call, attempt(call));
    case kOtherWay:
      ++counts_.degraded;
      return tell(call, ServiceReply{true, 0, c.cause});
    default:
      invariant_failed("use: unknown event");
  }
}

void Use::timed_out(u32 call) {
  ++counts_.timeouts;
  if (calls_[call].out) calls_[call].at->caller_left();
  tell(call, failed(call, RetryCause::kTransport, why_late(calls_[call])));
}

// Nothing to tell yet: it goes on.
void Use::tell(u32 call, const std::optional<ServiceReply>& reply) {
  if (!reply) return;
  ServiceCaller& caller = *calls_[call].caller;
  const u32 tag = calls_[call].tag;
  close(call);
  caller.service_replied(tag, *reply);
}

void Use::enter(u32 call, CallPhase to) {
  Call& c = calls_[call];
  if (c.phase != to) wiring_.retries->moved(c.serial, c.phase, to);
  c.phase = to;
}

void Use::close(u32 call) {
  enter(call, CallPhase::kNone);
  Call& c = calls_[call];
  ++c.generation;
  if (c.refreshes) refreshes_[c.rank].out = false;
  if (c.tag != kNone) by_tag_[c.tag] = kNone;
  calls_.give_back(call);
}

void Use::leave(u32 tag) {
  if (!waits(tag)) return;
  const u32 call = by_tag_[tag];
  ++counts_.left;
  if (calls_[call].out) calls_[call].at->caller_left();
  close(call);
}

IncidentId Use::delayed_by(u32 tag) const {
  if (!waits(tag)) return kNoIncident;
  const Call& c = calls_[by_tag_[tag]];
  const IncidentId late = why_late(c);
  return late != kNoIncident ? late : c.cause;
}

// The service and the way to it have less to do for this caller.
void Use::eased(const Relief& relief) {
  wiring_.service->eased(relief);
  for (const Site& site : wiring_.sites) site.service->eased(relief);
  if (wiring_.network == nullptr || wiring_.from == kNoRegion || wiring_.to == kNoRegion) return;
  if (const PathHarm* harm = wiring_.network->between(wiring_.from, wiring_.to).harm)
    harm->eased(relief);
}

// ---- what it keeps
// --------------------------------------------------------------------------------
IncidentId Use::lose_answers(double from, double share, IncidentId cause) {
  if (!cache_ || cache_->kept() == 0 || share <= 0) return kNoIncident;
  const IncidentId lost = world_.incident(kAnswersLost, path_, {cause},
                                          fmt::format("{:.0f} % of what is kept", 100 * share));
  cache_->lose(lost, [&](u32 key) {
    const double place = uniform(draw(keys_, key, kPlaceOnRing)) - from;
    return (place < 0 ? place + 1 : place) < share;
  });
  return lost;
}

}  // namespace stampede
