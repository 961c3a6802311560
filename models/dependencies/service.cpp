#include "models/dependencies/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stampede {
namespace {

const IncidentKind kServiceWithdrawn{
    "service_withdrawn", "the health check of a service fails: it is announced no more"};
const IncidentKind kServiceAnnounced{"service_announced",
                                     "a service that had withdrawn itself is back"};

const IncidentKind kServiceSaturated{
    "service_saturated", "calls of a named service wait too long or find its queue full"};
const IncidentKind kServiceRecovered{"service_recovered",
                                     "calls of the service are answered in time again"};
const IncidentKind kInstancesRestarted{"instances_restarted",
                                       "instances of a named service end and are started again"};
const IncidentKind kInstancesEnded{
    "instances_ended", "instances of a named service have too many calls for their memory and end"};
const IncidentKind kInstancesBack{"instances_back", "all instances of a named service take calls"};
const IncidentKind kServiceRestored{"service_restored", "a named service has no fault any more"};
const IncidentKind kServiceFailed{"service_failed",
                                  "servers of a named service are gone, or answer nothing"};
const IncidentKind kServiceSlowed{"service_slowed", "a named service takes longer for each call"};
const IncidentKind kServiceLimited{"service_limited", "a named service refuses calls above a rate"};

constexpr u64 kFewest = 5;               // calls, lost or served, that say anything
constexpr std::size_t kMostCallers = 4;  // incidents that brought calls
constexpr Duration kQuiet = 30_s;        // of few lost calls, until it has recovered
constexpr Duration kBurst = 1_s;         // that a limit lets pass at once after a pause
constexpr double kLongest = 1e7;         // service time that is drawn [s]
enum Kind : u8 { kLook, kAbort, kInstanceBack, kInstanceWarm, kMemory };

Duration lifo_after(const ServiceParams& p) {
  return p.queue_delay ? p.queue_delay->interval : QueueDelayParams{}.interval;
}

StationParams station_of(const ServiceParams& p) {
  return {p.servers, p.servers + p.queue, p.discipline, p.contention, lifo_after(p)};
}

}  // namespace

Service::Service(World& world, std::string path, const ServiceParams& params)
    : world_(world),
      path_(std::move(path)),
      params_(params),
      component_(world.scheduler.add(this)),
      station_(world, station_of(params), *this),
      times_(world.stream(path_, "service_time")),
      instances_(params.instances) {
  register_stats();
  world.checks.push_back([this] { verify(); });
}

void Service::register_stats() {
  StatsTable& t = world_.stats;
  t.counter(path_, "calls_total", "calls that came", &counts_.offered);
  t.counter(path_, "calls_refused_total", "calls refused: no place", &counts_.refused);
  t.counter(path_, "calls_throttled_total", "calls refused: above the limit", &counts_.throttled);
  t.counter(path_, "calls_served_total", "calls served", &counts_.served);
  t.counter(path_, "calls_wasted_total", "calls served for callers who had left", &counts_.wasted)
      .truth = true;
  t.gauge(path_, "calls_waiting", "1", "calls that wait for a server",
          [this] { return static_cast<double>(station_.waiting()); });
  t.gauge(path_, "busy_ratio", "1", "servers at work", [this] {
    return static_cast<double>(station_.busy()) / static_cast<double>(params_.servers);
  });
  if (params_.instances > 1)
    t.gauge(path_, "instances_up", "1", "instances that take calls",
            [this] { return static_cast<double>(instances_.up()); });
  t.explain(path_, [this] { return ailments(); });
}

void Service::verify() const {
  STAMPEDE_CHECK(jobs_.live() == station_.present(), "a service's calls are not conserved");
  STAMPEDE_CHECK(counts_.offered == counts_.refused + counts_.throttled + counts_.down +
                                        counts_.served + counts_.broken_off + jobs_.live(),
                 "a service's calls are not all accounted for");
}

// ---- calls --------------------------------------------------------------------------------------
Service::Taken Service::offer(ServiceUser& user, u32 call, u32 generation, Instant deadline,
                              IncidentId cause, u64 key) {
  ++counts_.offered;
  brought_by_.add(world_.now(), cause);
  if (down()) return ++counts_.down, Taken::kDown;
  if (rate_ >= 0 && throttles()) return ++counts_.throttled, Taken::kThrottled;
  const u32 job = jobs_.take();
  jobs_[job] = {&user, call, generation, ++serials_, 0, cause, kNoIncident, key};
  if (station_.offer(job, work(), patience(deadline))) {
    if (params_.calls_per_instance > 0) check_memory();
    return Taken::kYes;
  }
  jobs_.give_back(job);
  ++counts_.refused;
  lost();
  return Taken::kFull;
}

// How long a call stays in line that is not served; zero: as long as it takes.
Duration Service::patience(Instant deadline) const {
  Duration most{};
  if (params_.queue_delay) {
    const QueueDelayParams& p = *params_.queue_delay;
    most = station_.stands_for(p.interval) ? p.target : p.interval;
  }
  if (!params_.deadline_margin) return most;
  const Duration left = std::max(Duration{1}, deadline - world_.now() - *params_.deadline_margin);
  return most.ns > 0 ? std::min(most, left) : left;
}

Duration Service::work() {
  double mean = params_.service_time.seconds();
  const double cold = instances_.share_cold();
  const bool slow = cold > 0 && uniform(draw(times_, drawn_, 1)) < cold;
  if (slow) mean *= params_.cold_factor;
  if (params_.distribution == ServiceTimes::kExponential) {
    const double drawn = mean * exponential(uniform(draw(times_, drawn_++)));
    return std::max(Duration{1}, from_seconds(std::min(drawn, kLongest)));
  }
  if (params_.variation == 0) return slow ? from_seconds(mean) : params_.service_time;
  const double u = uniform(draw(times_, drawn_++));
  const double drawn = lognormal(u, mean, params_.variation);
  return std::max(Duration{1}, from_seconds(std::min(drawn, kLongest)));
}

bool Service::throttles() {
  if (rate_ == 0) return true;
  const Instant now = world_.now();
  if (allowed_at_ > now + kBurst) return true;
  allowed_at_ = std::max(allowed_at_, now) + from_seconds(1 / rate_);
  return false;
}

bool Service::begins(u32, u32 job, u32 place) {
  if (others_ == nullptr) return true;
  jobs_[job].place = place;
  const auto reply = others_->ask(jobs_[job].key, job, *this, jobs_[job].cause);
  if (reply && reply->ok) return true;
  if (reply) {  // by an event: the station is in the middle of it
    jobs_[job].refused = reply->cause;
    world_.scheduler.after(1_ns, Priority::kCompletion, component_, kAbort, job, jobs_[job].serial);
  }
  return false;
}

void Service::service_replied(u32 job, const ServiceReply& reply) {
  if (reply.ok) return station_.proceed(jobs_[job].place);
  jobs_[job].refused = reply.cause;
  station_.release(jobs_[job].place);
}

void Service::left(u32, const StationJob& ended) {
  const Job job = jobs_[ended.customer];
  if (others_ != nullptr) others_->leave(ended.customer);
  jobs_[ended.customer].serial = 0;
  jobs_.give_back(ended.customer);
  ++(ended.served ? counts_.served : counts_.broken_off);
  if (station_.present() == 0) lingering_.clear();
  if (ended.served)
    ++second().served;
  else if (params_.queue_delay || params_.deadline_margin)
    lost();
  const bool waited = job.user->call_ended(job.call, job.generation, ended.served,
                                           job.refused ? job.refused : ailment());
  if (ended.served) ++(waited ? served_since_ : counts_.wasted);
}

void Service::caller_left() {
  ++counts_.left;
  lost();
}

// ---- what it suffers from -----------------------------------------------------------------------
IncidentId Service::ailment() const {
  const std::vector<IncidentId> all = ailments();
  return all.empty() ? kNoIncident : all.front();
}

std::vector<IncidentId> Service::ailments() const {
  std::vector<IncidentId> all;
  if (withdrawn()) all.push_back(withdrawn_);
  for (const Harm harm : {Harm::kFailed, Harm::kSlowed, Harm::kLimited})
    for (const Fault& f : faults_)
      if (f.harm == harm) all.push_back(f.incident);
  all.insert(all.end(), short_.begin(), short_.end());
  if (instances_.share_cold() > 0) all.insert(all.end(), cold_since_.begin(), cold_since_.end());
  // Before what else is wrong, but for what took it down.
  if (saturated_ != kNoIncident)
    all.insert(all.begin() + (down() && !all.empty() ? 1 : 0), saturated_);
  all.insert(all.end(), lingering_.begin(), lingering_.end());
  return all;
}

IncidentId Service::hindrance() const {
  std::vector<IncidentId> all = ailments();
  add_waits(all);
  return all.empty() ? live_causes_.lately(world_.now()) : all.front();
}

void Service::add_waits(std::vector<IncidentId>& causes) const {
  if (others_ == nullptr) return;
  constexpr std::size_t kMost = 4;
  std::vector<IncidentId> found;
  for (u32 job = 0; job < jobs_.slots() && found.size() < kMost; ++job) {
    if (jobs_[job].serial == 0 || !others_->waits(job)) continue;
    const IncidentId cause = others_->delayed_by(job);
    if (cause != kNoIncident && std::find(found.begin(), found.end(), cause) == found.end())
      found.push_back(cause);
  }
  causes.insert(causes.end(), found.begin(), found.end());
}

// What ails it, what its calls wait for, how it was changed, and who calls: lately, else who is
// still in line.
std::vector<IncidentId> Service::what_brought() const {
  std::vector<IncidentId> causes = ailments();
  add_waits(causes);
  live_causes_.add_to(causes, world_.now());
  std::vector<IncidentId> callers = brought_by_.top(world_.now(), kMostCallers);
  if (callers.empty()) {
    CauseTally<10, 1, 8> in_line;
    for (u32 job = 0; job < jobs_.slots(); ++job)
      if (jobs_[job].serial != 0) in_line.add(world_.now(), jobs_[job].cause);
    callers = in_line.top(world_.now(), kMostCallers);
  }
  causes.insert(causes.end(), callers.begin(), callers.end());
  return causes;
}

Service::Second& Service::second() {
  const i64 number = world_.now().ns / (1_s).ns;
  Second& now = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (now.number != number) now = {number, 0, 0};
  return now;
}

void Service::lost() {
  if (down() || hangs()) return;  // nobody is served, and an incident says so
  ++second().lost;
  look();
}

Service::Lately Service::lately() const {
  const i64 oldest = world_.now().ns / (1_s).ns - static_cast<i64>(seconds_.size());
  Lately sum;
  for (const Second& s : seconds_) {
    if (s.number <= oldest) continue;
    sum.lost += s.lost;
    sum.all += s.lost + s.served;
  }
  return sum;
}

void Service::look() {
  const Instant now = world_.now();
  const auto [lost, all] = lately();
  if (lost * 100 >= all && lost > 0) lost_at_ = now, served_since_ = 0;
  if (saturated_ == kNoIncident && lost >= kFewest && lost * 10 >= all) {
    eased_by_.clear();
    saturated_ = world_.incident(kServiceSaturated, path_, what_brought(),
                                 std::to_string(lost) + " of " + std::to_string(all) +
                                     " calls of 10 s were refused or left unserved");
    watch();
  } else if (saturated_ != kNoIncident && now - lost_at_ >= kQuiet && served_since_ >= kFewest) {
    world_.end(kServiceRecovered, path_, saturated_,
               eased_by_.last(world_, saturated_, std::max(lost_at_, away_until_)),
               "its callers are served again");
    saturated_ = kNoIncident;
  }
}

void Service::eased(const Relief& relief) {
  if (relief.by == relieved_by_) return;
  relieved_by_ = relief.by;
  eased_by_.note(relief.by, relief.path);
  if (others_ != nullptr) others_->eased(relief);
}

void Service::watch() { world_.scheduler.after(1_s, Priority::kSample, component_, kLook); }

void Service::handle(const Event& event) {
  if (event.kind == kAbort) {
    const Job& job = jobs_[event.subject];
    if (job.serial == event.argument) station_.release(job.place);
    return;
  }
  if (event.kind == kInstanceBack) return instance_back(event.subject);
  if (event.kind == kInstanceWarm) return instances_.warmed(event.subject, event.argument);
  if (event.kind == kMemory) {
    memory_checked_ = false;
    return end_instance(kNoIncident);
  }
  look();
  if (saturated_ != kNoIncident) watch();
}

// ---- its instances ------------------------------------------------------------------------------
void Service::end_instance(IncidentId cause) {
  const u32 before = instances_.up();
  const u32 instance = instances_.end();
  if (instance == instances_.number()) return;
  if (cause == kNoIncident && short_.empty())
    cause = world_.incident(
        kInstancesEnded, path_, what_brought(),
        fmt::format("{} calls for {} instances: one is out of memory", station_.present(), before));
  if (cause != kNoIncident && (short_.empty() || short_.back() != cause)) short_.push_back(cause);
  world_.scheduler.after(params_.start_time, Priority::kControl, component_, kInstanceBack,
                         instance);
  apply();
  const bool last = instances_.up() == 0;
  station_.drop(last ? UINT32_MAX : (station_.busy() + before / 2) / before, last);
}

void Service::instance_back(u32 instance) {
  const bool cold = params_.cold_time.ns > 0;
  const bool was_away = down() || hangs();
  instances_.started(instance, world_.now(), cold);
  if (cold)
    world_.scheduler.after(params_.cold_time, Priority::kControl, component_, kInstanceWarm,
                           instance, instances_.ends(instance));
  apply();
  if (was_away && !down() && !hangs()) away_until_ = world_.now();
  go_on_restarting();
  if (instances_.up() < instances_.number() || !rounds_.empty()) return;
  all_started();
  const std::vector<IncidentId> ended = std::exchange(over_, {});
  const IncidentId back =
      world_.incident(kInstancesBack, path_, ended, "all of its instances take calls");
  for (const IncidentId round : ended) world_.fade(round, back);
  eased_by_.note(back);
}

// If only until the next round takes some of them down.
void Service::all_started() {
  over_.insert(over_.end(), short_.begin(), short_.end());
  lingering_.insert(lingering_.end(), short_.begin(), short_.end());
  cold_since_ = std::exchange(short_, {});
  if (station_.present() == 0) lingering_.clear();
}

u32 Service::restart(double share, u32 max_unavailable, IncidentId cause) {
  const u32 number =
      std::min(instances_.number(), static_cast<u32>(share * instances_.number() + 0.5));
  if (number == 0) return kNoFault;
  const u32 most = max_unavailable == 0 ? number : max_unavailable;
  const IncidentId incident =
      world_.incident(kInstancesRestarted, path_, {cause},
                      fmt::format("{} of its {} instances, {} at a time", number,
                                  instances_.number(), std::min(most, number)));
  eased_by_.note(incident);
  rounds_.push_back({++last_round_, number, most, incident});
  go_on_restarting();
  return last_round_;
}

bool Service::restarting(u32 round) const {
  return std::any_of(rounds_.begin(), rounds_.end(), [&](const Round& r) { return r.id == round; });
}

// A round goes on while fewer than it may take down are down, whatever took them.
void Service::go_on_restarting() {
  while (!rounds_.empty()) {
    Round& now = rounds_.front();
    while (now.left > 0 && instances_.up() > 0 &&
           instances_.number() - instances_.up() < now.most) {
      --now.left;
      end_instance(now.incident);
    }
    if (now.left > 0 || instances_.up() < instances_.number()) return;
    rounds_.erase(rounds_.begin());
    if (!rounds_.empty()) all_started();
  }
}

// By an event: the caller is in the middle of its call.
void Service::check_memory() {
  if (memory_checked_ || instances_.up() == 0) return;
  if (station_.present() <= u64{params_.calls_per_instance} * instances_.up()) return;
  memory_checked_ = true;
  world_.scheduler.after(1_ns, Priority::kCompletion, component_, kMemory);
}

// ---- what is done to it -------------------------------------------------------------------------
u32 Service::add(Fault fault, const IncidentKind& kind, const std::string& text, IncidentId cause) {
  fault.id = ++last_fault_;
  fault.incident = world_.incident(kind, path_, {cause}, text);
  faults_.push_back(fault);
  apply();
  return fault.id;
}

u32 Service::fail(double share, bool hangs, IncidentId cause) {
  const auto servers = static_cast<u32>(params_.servers);
  const u32 gone = servers - left_of(1 - share);
  if (!hangs && share < 1 && gone == 0) return kNoFault;
  const u32 id = add({0, Harm::kFailed, share, hangs, kNoIncident}, kServiceFailed,
                     hangs        ? "it takes calls and answers none"
                     : share >= 1 ? "all of its servers are gone"
                                  : fmt::format("{} of its {} servers are gone", gone, servers),
                     cause);
  if (hangs) return id;
  const double busy = static_cast<double>(station_.busy());
  station_.drop(share >= 1 ? UINT32_MAX : static_cast<u32>(share * busy + 0.5), share >= 1);
  return id;
}

u32 Service::slow(double factor, IncidentId cause) {
  return add({0, Harm::kSlowed, factor, false, kNoIncident}, kServiceSlowed,
             fmt::format("each call takes {:g} times as long", factor), cause);
}

// What it refuses unread it need not serve.
u32 Service::limit(double rate, IncidentId cause) {
  const u32 id = add({0, Harm::kLimited, rate, false, kNoIncident}, kServiceLimited,
                     "more than " + print(Rate{rate}) + " are refused", cause);
  eased_by_.note(faults_.back().incident);
  return id;
}

// It may be that another one does all that it did.
Remains Service::remains_of(const Fault& gone) const {
  Remains remains = Remains::kNothing;
  for (const Fault& f : faults_) {
    const bool same = f.harm == gone.harm && f.hangs == gone.hangs;
    if (same && gone.harm == Harm::kLimited && f.value <= gone.value) return Remains::kAsMuch;
    if (same && gone.harm == Harm::kFailed && (f.hangs || f.value >= 1)) return Remains::kAsMuch;
    remains = Remains::kLess;
  }
  return remains;
}

void Service::heal(u32 id, IncidentId healed) {
  const auto it =
      std::find_if(faults_.begin(), faults_.end(), [id](const Fault& f) { return f.id == id; });
  if (it == faults_.end()) return;
  const Fault gone = *it;
  const bool was_away = down() || hangs();
  faults_.erase(it);
  lingering_.push_back(gone.incident);
  const Remains remains = remains_of(gone);
  const IncidentId restored =
      world_.ease(kServiceRestored, path_, gone.incident, {gone.incident, healed}, "", remains);
  if (remains != Remains::kAsMuch) eased_by_.note(restored);
  apply();
  if (was_away && !down() && !hangs()) away_until_ = world_.now();
  if (station_.present() == 0) lingering_.clear();
}

IncidentId Service::withdraw(IncidentId cause) {
  if (withdrawn()) return kNoIncident;
  withdrawn_ = world_.incident(kServiceWithdrawn, path_, {cause},
                               "its health check fails: it is announced no more");
  return withdrawn_;
}

IncidentId Service::announce() {
  if (!withdrawn()) return kNoIncident;
  return world_.end(kServiceAnnounced, path_, std::exchange(withdrawn_, kNoIncident), kNoIncident,
                    "");
}

Alarm Service::unavailable() const {
  if (withdrawn() || down() || hangs()) return {true, {ailment()}};
  const auto [lost, all] = lately();
  if (saturated_ == kNoIncident || 2 * lost <= all) return {};
  return {true, {saturated_}};
}

bool Service::down() const {
  return gone() || instances_.up() == 0 ||
         std::any_of(faults_.begin(), faults_.end(), [](const Fault& f) {
           return f.harm == Harm::kFailed && f.value >= 1 && !f.hangs;
         });
}

bool Service::hangs() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Fault& f) { return f.hangs; });
}

u32 Service::left_of(double share) const {
  return std::max(1U, static_cast<u32>(static_cast<double>(params_.servers) * share + 0.5));
}

// All that is in force together: what is gone and factors multiply, the lowest limit holds.
void Service::apply() {
  double there = instances_.share_up(), speed = 1;
  rate_ = -1;
  for (const Fault& f : faults_) {
    if (f.harm == Harm::kFailed && !f.hangs) there *= 1 - std::min(1.0, f.value);
    if (f.harm == Harm::kFailed && f.hangs) speed = 0;
    if (f.harm == Harm::kSlowed) speed /= f.value;
    if (f.harm == Harm::kLimited) rate_ = rate_ < 0 ? f.value : std::min(rate_, f.value);
  }
  station_.resize(left_of(there), params_.servers + params_.queue);
  station_.set_contention(params_.contention);
  station_.set_lifo_after(lifo_after(params_));
  station_.set_speed(speed);
}

void Service::retuned(const LiveChange& change) {
  live_causes_.note(change.path, change.cause, world_.now());
  eased_by_.note(change.by, change.path);
  apply();
}

}  // namespace stampede
