#include "models/dependencies/station.h"

#include <algorithm>

namespace stampede {
namespace {

// Longer than any run, and short enough to be added to its end.
Duration bounded(double ns) { return Duration{static_cast<i64>(std::min(ns, 1e18))}; }

}  // namespace

Station::Station(World& world, const StationParams& params, StationUser& user, u32 number)
    : world_(world),
      params_(params),
      user_(user),
      number_(number),
      component_(world.scheduler.add(this)) {
  STAMPEDE_CHECK(params.servers >= 1, "station: no server");
}

void Station::integrate() {
  const auto span = static_cast<u64>((world_.now() - integrated_).ns);
  areas_.present += u128{span} * present_;
  areas_.waiting += u128{span} * waiting_;
  areas_.busy += u128{span} * busy_;
  if (busy_ >= params_.servers) areas_.all_busy += span;
  integrated_ = world_.now();
}

bool Station::offer(u32 customer, Duration service, Duration patience, u8 class_) {
  integrate();
  ++areas_.offered;
  if (present_ >= params_.places) {
    ++areas_.refused;
    return false;
  }
  ++present_;
  const u32 slot = slots_.take_as_left();
  Slot& s = slots_[slot];
  s = Slot{};
  s.job = {customer, class_, false, world_.now(), {}, service};
  s.left = service;
  if (params_.discipline == Discipline::kProcessorSharing) {
    advance_virtual_time();
    s.in_service = true;
    shares_.push_back({virtual_ns_ + static_cast<double>(service.ns), slot});
    std::push_heap(shares_.begin(), shares_.end());
    share_changed();
    return true;
  }
  if (busy_ < params_.servers) {
    start(slot);
    return true;
  }
  if (params_.discipline == Discipline::kPreemptivePriority) {
    const u32 victim = least_urgent_in_service();
    if (slots_[victim].job.class_ > class_) {
      interrupt(victim);
      slots_[victim].in_service = false;
      --busy_;
      wait(victim, true);
      start(slot);
      return true;
    }
  }
  ++areas_.delayed;
  if (patience.ns > 0)
    s.event = world_.scheduler.after(patience, Priority::kTimeout, component_, kPatienceOver, slot);
  const bool newest_first =
      params_.discipline == Discipline::kLifo ||
      (params_.discipline == Discipline::kAdaptiveLifo && stands_for(params_.lifo_after));
  wait(slot, newest_first);
  return true;
}

void Station::handle(const Event& event) {
  integrate();
  switch (event.kind) {
    case kServed:
      --busy_;
      depart(event.subject, true);
      break;
    case kPatienceOver:
      leave_line(event.subject);
      ++areas_.abandoned;
      depart(event.subject, false);
      break;
    case kShareServed: {
      advance_virtual_time();
      const Share first = shares_.front();
      std::pop_heap(shares_.begin(), shares_.end());
      shares_.pop_back();
      virtual_ns_ = first.at;  // the event's time was rounded up to a nanosecond
      share_changed();
      depart(first.slot, true);
      break;
    }
    default:
      invariant_failed("station: unknown event");
  }
}

// The job leaves; the next waiting one takes its server before the user is told.
void Station::depart(u32 slot, bool served) {
  --present_;
  slots_[slot].in_service = slots_[slot].held = false;
  StationJob job = slots_[slot].job;
  job.served = served;
  job.left = world_.now();
  slots_.give_back(slot);
  fill();
  user_.left(number_, job);
}

// Those in line take the servers that are free.
void Station::fill() {
  if (params_.discipline == Discipline::kProcessorSharing) return;
  while (waiting_ > 0 && busy_ < params_.servers) {
    const u32 next = next_waiting();
    leave_line(next);
    world_.scheduler.cancel(slots_[next].event);
    start(next);
  }
}

void Station::start(u32 slot) {
  Slot& s = slots_[slot];
  ++busy_;
  s.in_service = true;
  s.held = true;
  if (user_.begins(number_, s.job.customer, slot)) begin_work(slot);
}

void Station::begin_work(u32 slot) {
  Slot& s = slots_[slot];
  s.held = false;
  s.stretch = stretch();
  schedule_end(slot);
}

void Station::proceed(u32 place) {
  STAMPEDE_CHECK(slots_[place].held, "station: no job is held there");
  begin_work(place);
}

void Station::release(u32 place) {
  STAMPEDE_CHECK(slots_[place].held, "station: no job is held there");
  integrate();
  --busy_;
  depart(place, false);
}

void Station::schedule_end(u32 slot) {
  Slot& s = slots_[slot];
  s.started = world_.now();
  if (speed_ == 0 || s.held) return;
  const double longer = s.stretch / speed_;
  const Duration takes = longer == 1 ? s.left : bounded(static_cast<double>(s.left.ns) * longer);
  s.event = world_.scheduler.after(takes, Priority::kCompletion, component_, kServed, slot);
}

// What is left of its work when its service stops or changes its speed now.
void Station::interrupt(u32 slot) {
  Slot& s = slots_[slot];
  if (s.held) return;
  world_.scheduler.cancel(s.event);
  const double longer = speed_ == 0 ? 0 : s.stretch / speed_;
  const Duration span = world_.now() - s.started;
  const Duration done =
      longer == 1
          ? span
          : Duration{longer == 0 ? 0 : static_cast<i64>(static_cast<double>(span.ns) / longer)};
  s.left = std::max(Duration{}, s.left - done);
}

// Each job present makes the others longer, by its part of the servers.
double Station::stretch() const {
  if (params_.contention == 0) return 1;
  return 1 +
         params_.contention * static_cast<double>(present_) / static_cast<double>(params_.servers);
}

void Station::resize(u32 servers, u32 places) {
  STAMPEDE_CHECK(servers >= 1, "station: no server");
  integrate();
  const bool sharing = params_.discipline == Discipline::kProcessorSharing;
  if (sharing) advance_virtual_time();
  params_.servers = servers;
  params_.places = places;
  if (sharing)
    share_changed();
  else
    fill();
}

void Station::set_speed(double speed) {
  if (params_.discipline == Discipline::kProcessorSharing) {
    advance_virtual_time();
    speed_ = speed;
    return share_changed();
  }
  for (u32 i = 0; i < slots_.slots(); ++i)
    if (slots_[i].in_service) interrupt(i);
  speed_ = speed;
  for (u32 i = 0; i < slots_.slots(); ++i)
    if (slots_[i].in_service) schedule_end(i);
}

void Station::drop(u32 in_service, bool line) {
  integrate();
  const bool sharing = params_.discipline == Discipline::kProcessorSharing;
  if (sharing) advance_virtual_time();
  std::vector<u32> dropped, served;
  while (line && waiting_ > 0) {
    dropped.push_back(next_waiting());
    world_.scheduler.cancel(slots_[dropped.back()].event);
    leave_line(dropped.back());
  }
  for (u32 i = 0; i < slots_.slots(); ++i)
    if (slots_[i].in_service) served.push_back(i);
  std::stable_sort(served.begin(), served.end(), [this, sharing](u32 a, u32 b) {
    const Slot &x = slots_[a], &y = slots_[b];
    return sharing ? x.job.arrived > y.job.arrived : x.started > y.started;
  });
  served.resize(std::min<std::size_t>(served.size(), in_service));
  for (const u32 slot : served) {
    slots_[slot].in_service = slots_[slot].held = false;
    if (sharing)
      std::erase_if(shares_, [slot](const Share& s) { return s.slot == slot; });
    else
      world_.scheduler.cancel(slots_[slot].event), --busy_;
    dropped.push_back(slot);
  }
  if (sharing) {
    std::make_heap(shares_.begin(), shares_.end());
    share_changed();
  }
  std::vector<StationJob> gone;
  for (const u32 slot : dropped) {
    slots_[slot].job.left = world_.now();
    gone.push_back(slots_[slot].job);
    slots_.give_back(slot);
    --present_;
  }
  fill();
  for (const StationJob& job : gone) user_.left(number_, job);
}

bool Station::stands_for(Duration span) const {
  return waiting_ > 0 && world_.now() - stands_since_ > span;
}

void Station::wait(u32 slot, bool in_front) {
  if (waiting_++ == 0) stands_since_ = world_.now();
  const bool by_class = params_.discipline == Discipline::kPriority ||
                        params_.discipline == Discipline::kPreemptivePriority;
  Slot& s = slots_[slot];
  Line& line = lines_[by_class ? s.job.class_ : 0];
  s.previous = in_front ? kNone : line.tail;
  s.next = in_front ? line.head : kNone;
  (s.previous == kNone ? line.head : slots_[s.previous].next) = slot;
  (s.next == kNone ? line.tail : slots_[s.next].previous) = slot;
}

void Station::leave_line(u32 slot) {
  --waiting_;
  Slot& s = slots_[slot];
  for (Line& line : lines_) {
    if (line.head == slot) line.head = s.next;
    if (line.tail == slot) line.tail = s.previous;
  }
  if (s.previous != kNone) slots_[s.previous].next = s.next;
  if (s.next != kNone) slots_[s.next].previous = s.previous;
  s.previous = s.next = kNone;
}

u32 Station::next_waiting() const {
  for (const Line& line : lines_)
    if (line.head != kNone) return line.head;
  invariant_failed("station: nobody waits");
}

// The lowest class, and among it who started last.
u32 Station::least_urgent_in_service() const {
  u32 worst = kNone;
  for (u32 i = 0; i < slots_.slots(); ++i) {
    if (!slots_[i].in_service) continue;
    if (worst == kNone || slots_[i].job.class_ > slots_[worst].job.class_ ||
        (slots_[i].job.class_ == slots_[worst].job.class_ &&
         slots_[i].started > slots_[worst].started))
      worst = i;
  }
  return worst;
}

// Each present job has received this much work since the station was last empty, at full speed
// while there are no more jobs than servers.
void Station::advance_virtual_time() {
  const auto span = static_cast<double>((world_.now() - virtual_at_).ns);
  if (!shares_.empty()) virtual_ns_ += span * share();
  virtual_at_ = world_.now();
}

// Work that each of the present jobs is given in a unit of time.
double Station::share() const {
  const auto n = static_cast<double>(shares_.size());
  const double plain = std::min(1.0, static_cast<double>(params_.servers) / n);
  if (speed_ == 1 && params_.contention == 0) return plain;
  return plain * speed_ / (1 + params_.contention * n / static_cast<double>(params_.servers));
}

void Station::share_changed() {
  world_.scheduler.cancel(share_event_);
  busy_ = std::min(static_cast<u32>(shares_.size()), params_.servers);
  if (shares_.empty()) {
    virtual_ns_ = 0;
    return;
  }
  const double work = std::max(0.0, shares_.front().at - virtual_ns_);
  if (speed_ == 0) return;
  const Duration wait = bounded(work / share()) + Duration{1};
  share_event_ = world_.scheduler.after(wait, Priority::kCompletion, component_, kShareServed);
}

}  // namespace stampede
