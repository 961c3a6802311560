#include "models/controllers/work_queue.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/check.h"

namespace stampede {
namespace {

constexpr Duration kTellPeriod = 5_s;  // between two looks at which nodes are open
const IncidentKind kWorkWasted{"work_wasted",
                               "a controller has done an item after its deadline, for nothing"};
const IncidentKind kWorkInTime{"work_in_time", "it does items in time again"};
const IncidentKind kLeasesExpired{"leases_expired", "the lease of one of its items has expired"};
const IncidentKind kLeasesValid{"leases_valid", "all leases are valid again"};
const IncidentKind kControllerStalled{"controller_stalled", "a controller gets on with nothing"};
const IncidentKind kControllerResumed{"controller_resumed", "it gets on again"};
const IncidentKind kControllerThrottled{"controller_throttled",
                                        "work that is due comes to its queue at a rate"};
const IncidentKind kControllerUnthrottled{"controller_unthrottled", "that ends"};
const IncidentKind kControllerRestarted{"controller_restarted",
                                        "its process is started again, and its queue is lost"};

}  // namespace

WorkQueue::WorkQueue(World& world, const WorkQueueParams& params,
                     const std::vector<NodesOfRegion>& nodes)
    : world_(world),
      path_("controllers/" + params.name),
      params_(params),
      component_(world.scheduler.add(this)) {
  if (params_.items == 0) {
    nodes_ = nodes;
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      for (u32 n = 0; n < nodes_[k].cluster->nodes(); ++n) node_of_.emplace_back(k, n);
  }
  items_.resize(params_.items > 0 ? static_cast<std::size_t>(params_.items) : node_of_.size());
  StatsTable& t = world.stats;
  t.counter(path_, "done_total", "items that were done in time", &done);
  t.counter(path_, "wasted_total", "items that were done too late and put back", &wasted);
  t.counter(path_, "failed_total", "items that the service did not answer, put back", &failed);
  t.gauge(path_, "queue_length", "1", "items that wait",
          [this] { return static_cast<double>(queued()); });
  t.gauge(path_, "expired_ratio", "1", "share of the items whose lease has expired", [this] {
    return static_cast<double>(expired_) / static_cast<double>(std::max<std::size_t>(1, items()));
  });
  t.explain(path_, [this] { return std::vector<IncidentId>{stalled_, lost_, late_}; });
}

void WorkQueue::follow(WorkQueue& leader) {
  STAMPEDE_CHECK(leader.items() == items(), "controllers in turn have the same items");
  leader_ = &leader;
  leader.followers_.push_back(this);
}

// As if it had long been running: items are due one after the other.
void WorkQueue::start() {
  const StreamKey phase = world_.stream(path_, "phase");
  for (u32 k = 0; k < items_.size(); ++k) {
    const double u = uniform(draw(phase, k));
    items_[k].due = world_.now() + from_seconds(u * params_.renew.seconds());
    items_[k].done = world_.now() + from_seconds((u - 1) * params_.renew.seconds());
    items_[k].valid_until =
        world_.now() + from_seconds((u - 1) * params_.renew.seconds()) + params_.lease;
    world_.scheduler.at(items_[k].due, Priority::kControl, component_, kItemDue, k);
    world_.scheduler.at(items_[k].valid_until, Priority::kControl, component_, kExpires, k);
  }
}

void WorkQueue::handle(const Event& event) {
  const u32 subject = event.subject;
  switch (event.kind) {
    case kItemDue:
      if (items_[subject].due == world_.now()) enqueue(subject);
      return;
    case kExpires:
      if (items_[subject].valid_until == world_.now()) expire(subject);
      return;
    case kWorkDone:
      return work_done(event.argument);
    case kAdmit:
      admits_ = false;
      return admit_next();
    default:
      tells_ = false;
      return tell();
  }
}

// ---- the queue ---------------------------------------------------------------------------------
const WorkQueue::Throttle* WorkQueue::tightest() const {
  const Throttle* least = nullptr;
  for (const Throttle& t : throttles_)
    if (least == nullptr || t.rate < least->rate) least = &t;
  return least;
}

void WorkQueue::enqueue(u32 item) {
  if (items_[item].waits != Wait::kNot) return;
  if (leader_ != nullptr && leader_->items_[item].expired) return;
  const Throttle* throttle = tightest();
  if (throttle == nullptr) return admit(item);
  items_[item].waits = Wait::kHeld;
  items_[item].held_by = throttle->incident;
  held_.push_back(item);
  admit_next();
}

void WorkQueue::admit(u32 item) {
  if (service_ != nullptr && service_->waits(0))
    if (const IncidentId cause = service_->delayed_by(0)) hindered_by_ = cause;
  items_[item].waits = Wait::kQueued;
  items_[item].deadline = world_.now() + params_.deadline;
  queue_.push_back(item);
  work();
}

// Those who waited outside, one each time that the tightest throttle lets one in.
void WorkQueue::admit_next() {
  while (!held_.empty()) {
    if (const Throttle* t = tightest()) {
      const Instant next = admitted_at_ + from_seconds(1 / t->rate.per_second);
      if (next > world_.now()) {
        if (!admits_) world_.scheduler.at(next, Priority::kControl, component_, kAdmit, 0);
        admits_ = true;
        return;
      }
      admitted_at_ = world_.now();
      items_[held_.front()].held_by = t->incident;
    }
    const u32 item = held_.front();
    held_.pop_front();
    admit(item);
  }
}

// The next item, whether or not it is late by now: nobody knows before it is done.
void WorkQueue::work() {
  if (working_ || stalls_ > 0 || queue_.empty()) return;
  working_ = true;
  failed_ = false;
  if (service_ == nullptr) return begin_item();
  if (const auto reply = service_->ask(queue_.front(), 0, *this, changed_by_))
    service_replied(0, *reply);
}

void WorkQueue::service_replied(u32, const ServiceReply& reply) {
  failed_ = !reply.ok;
  if (failed_ && reply.cause != kNoIncident) hindered_by_ = reply.cause;
  begin_item();
}

// What it was at is not done.
void WorkQueue::put_down() {
  ++run_;
  working_ = false;
  if (service_ != nullptr && service_->waits(0)) service_->leave(0);
}

// One that fails takes as long: it is found out on the way.
void WorkQueue::begin_item() {
  const Item& item = items_[queue_.front()];
  double cost = item.expired ? params_.lost_costs : 1;
  if (params_.piles_up)
    cost *= std::max(1.0, (world_.now() - item.done).seconds() / params_.renew.seconds());
  world_.scheduler.after(from_seconds(cost / params_.rate.per_second), Priority::kControl,
                         component_, kWorkDone, 0, run_);
}

void WorkQueue::work_done(u32 run) {
  if (run != run_) return;  // of a process that is gone
  working_ = false;
  const u32 item = queue_.front();
  queue_.pop_front();
  items_[item].waits = Wait::kNot;
  if (failed_) {
    ++failed;
    enqueue(item);
  } else if (world_.now() <= items_[item].deadline) {
    in_time(item);
  } else {
    ++wasted;
    last_wasted_ = world_.now();
    if (late_ == kNoIncident)
      late_ = world_.incident(kWorkWasted, path_, {stalled_, lost_, changed_by_, hindered_by_},
                              fmt::format("{} items wait; what is done is late", queue_.size()));
    enqueue(item);
  }
  work();
}

void WorkQueue::in_time(u32 index) {
  Item& item = items_[index];
  ++done;
  if (queue_.empty()) hindered_by_ = kNoIncident;  // nothing is left of what piled up
  if (late_ != kNoIncident && world_.now() - last_wasted_ > params_.renew) {
    world_.end(kWorkInTime, path_, late_, eased_by_.since(late_), "");
    late_ = kNoIncident;
  }
  item.held_by = kNoIncident;
  item.done = world_.now();
  item.due = world_.now() + params_.renew;
  item.valid_until = world_.now() + params_.lease;
  world_.scheduler.at(item.due, Priority::kControl, component_, kItemDue, index);
  world_.scheduler.at(item.valid_until, Priority::kControl, component_, kExpires, index);
  if (!item.expired) return;
  item.expired = false;
  --expired_;
  for (WorkQueue* follower : followers_) follower->led(index);
  changed();
}

// Its lease at the leader is there again.
void WorkQueue::led(u32 item) {
  if (items_[item].due <= world_.now()) enqueue(item);
}

void WorkQueue::expire(u32 index) {
  items_[index].expired = true;
  ++expired_;
  if (lost_ == kNoIncident) {
    const Throttle* throttle = items_[index].waits == Wait::kHeld ? tightest() : nullptr;
    lost_ = world_.incident(kLeasesExpired, path_,
                            {stalled_, late_, changed_by_, hindered_by_,
                             throttle != nullptr ? throttle->incident : items_[index].held_by,
                             leader_ != nullptr ? leader_->lost_ : kNoIncident},
                            fmt::format("the first of {}", items_.size()));
  }
  changed();
}

// ---- what others see of it ---------------------------------------------------------------------
void WorkQueue::changed() {
  if (tells_) return;
  tells_ = true;
  world_.scheduler.after(kTellPeriod, Priority::kControl, component_, kTell, 0);
}

void WorkQueue::tell() {
  const bool over = expired_ == 0 && lost_ != kNoIncident;
  const IncidentId valid =
      over ? world_.end(kLeasesValid, path_, lost_, eased_by_.since(lost_), "all of them") : lost_;
  for (WorkQueue* follower : followers_)
    if (over) follower->eased_by_.note(valid);
  if (params_.on_expired != OnExpired::kNothing)
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      std::vector<u32> closed, opened;
      for (std::size_t i = 0; i < node_of_.size(); ++i) {
        Item& item = items_[i];
        if (node_of_[i].first != k || item.expired == item.told) continue;
        item.told = item.expired;
        (item.expired ? closed : opened).push_back(node_of_[i].second);
      }
      if (!closed.empty()) close(*nodes_[k].cluster, closed);
      if (opened.empty()) continue;
      if (params_.on_expired == OnExpired::kCordon)
        nodes_[k].cluster->uncordon(opened, valid);
      else
        nodes_[k].cluster->connect(opened, valid);
    }
  if (over) lost_ = kNoIncident;
}

void WorkQueue::close(NodeControlPort& cluster, const std::vector<u32>& nodes) const {
  switch (params_.on_expired) {
    case OnExpired::kNothing:
      return;
    case OnExpired::kCordon:
      return cluster.cordon(nodes, lost_);
    case OnExpired::kIsolate:
      return cluster.isolate(nodes, lost_);
    case OnExpired::kCutOff:
      return cluster.cut_off(nodes, lost_);
  }
}

void WorkQueue::retuned(const LiveChange& change) {
  changed_by_ = change.cause;
  eased_by_.note(change.by, change.path);
}

// ---- what is done to it ------------------------------------------------------------------------
void WorkQueue::stall(IncidentId cause) {
  ++stalls_;
  stalled_ = world_.incident(kControllerStalled, path_, {cause}, "");
  put_down();
}

void WorkQueue::resume(IncidentId healed) {
  if (--stalls_ > 0) return world_.idle(healed);
  eased_by_.note(world_.ease(kControllerResumed, path_, stalled_, {healed}, "", Remains::kNothing));
  stalled_ = kNoIncident;
  work();
}

u32 WorkQueue::throttle(Rate rate, IncidentId cause) {
  throttles_.push_back({++last_throttle_, rate,
                        world_.incident(kControllerThrottled, path_, {cause},
                                        fmt::format("to {:g}/s", rate.per_second))});
  return last_throttle_;
}

void WorkQueue::unthrottle(u32 id, IncidentId healed) {
  const auto it = std::find_if(throttles_.begin(), throttles_.end(),
                               [id](const Throttle& t) { return t.id == id; });
  if (it == throttles_.end()) return;
  const Throttle gone = *it;
  throttles_.erase(it);
  const Throttle* other = tightest();
  const bool as_tight = other != nullptr && other->rate <= gone.rate;
  const IncidentId eased = world_.ease(kControllerUnthrottled, path_, gone.incident, {healed}, "",
                                       other == nullptr ? Remains::kNothing
                                       : as_tight       ? Remains::kAsMuch
                                                        : Remains::kLess);
  if (!as_tight) eased_by_.note(eased);
  admit_next();
}

void WorkQueue::restart(IncidentId cause) {
  eased_by_.note(world_.incident(kControllerRestarted, path_, {cause},
                                 fmt::format("{} items were in its queue", queued())));
  put_down();
  queue_.clear();
  held_.clear();
  for (Item& item : items_) item.waits = Wait::kNot;
  for (u32 k = 0; k < items_.size(); ++k)
    if (items_[k].due <= world_.now()) enqueue(k);
}

}  // namespace stampede
