// Watchers of an API server: what they are sent over its egress, and those that are further behind
// than what is kept of changes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/control_plane/api_server.h"

namespace stampede {
namespace {

const IncidentKind kWatchersBehind{
    "watchers_behind",
    "changes are kept no longer that watchers of the API server have not been sent: they list"};
const IncidentKind kWatchersBack{"watchers_back",
                                 "for `clear_after` no watcher was too far behind"};

constexpr i64 kOfTheWhole = 10;  // whoever sent a tenth of it is named

}  // namespace

void ApiServer::watch(ApiObject object, ApiWatcher* watcher, Duration delay) {
  for (const u32 w : watchers_of_[static_cast<std::size_t>(object)])
    if (watchers_[w].watcher == watcher) {
      watchers_[w].delay = delay;
      return;
    }
  watchers_of_[static_cast<std::size_t>(object)].push_back(static_cast<u32>(watchers_.size()));
  watchers_.push_back({watcher, delay, {}, {}});
}

// One callback for each watcher object; the copies for the nodes only load the egress.
void ApiServer::fan_out(const ApiCall& call) {
  const Instant now = world_.now();
  if (egress_free_ > now && too_far_behind(call.object)) fall_behind(call);
  i32 listening = call.object == ApiObject::kEndpointSlice ? nodes_listening() : 0;
  for (const u32 w : watchers_of_[static_cast<std::size_t>(call.object)])
    listening += watchers_[w].behind ? 0 : 1;
  use_egress(static_cast<double>(call.bytes) * listening, call.cause);
  for (const u32 w : watchers_of_[static_cast<std::size_t>(call.object)]) {
    Watcher& watcher = watchers_[w];
    Instant at = std::max(egress_free_, now + params_.watch_lag + 1_ns) + watcher.delay;
    if (!watcher.due.empty()) at = std::max(at, watcher.due.back().at);
    if (watcher.behind) at = kNever;
    watcher.due.push_back(
        {at, {call.verb, call.object, call.key, call.value, call.cause, call.version}});
    if (!watcher.behind && !world_.scheduler.pending(watcher.event))
      watcher.event =
          world_.scheduler.at(watcher.due.front().at, Priority::kControl, component_, kDeliver, w);
  }
}

// What waits there is put down to who brings it.
void ApiServer::use_egress(double bytes, IncidentId cause) {
  sent_by_.add(world_.now(), cause, static_cast<i64>(bytes));
  egress_free_ = std::max(egress_free_, world_.now()) +
                 from_seconds(bytes / (params_.egress.bytes_per_second *
                                       static_cast<double>(params_.servers)));
}

void ApiServer::deliver(u32 w) {
  while (!watchers_[w].due.empty() && watchers_[w].due.front().at <= world_.now()) {
    const ApiChange change = watchers_[w].due.front().change;
    watchers_[w].due.pop_front();
    watchers_[w].watcher->api_changed(change);
  }
  Watcher& watcher = watchers_[w];
  if (!watcher.due.empty() && watcher.due.front().at != kNever &&
      !world_.scheduler.pending(watcher.event))
    watcher.event =
        world_.scheduler.at(watcher.due.front().at, Priority::kControl, component_, kDeliver, w);
}

// ---- watchers that are further behind than what is kept of changes ------------------------------
i32 ApiServer::nodes_listening() const {
  return std::max(0, params_.node_watchers - nodes_behind_);
}

bool ApiServer::too_far_behind(ApiObject object) const {
  if (egress_free_ - world_.now() > params_.watch_history) return true;
  const std::vector<u32>& watchers = watchers_of_[static_cast<std::size_t>(object)];
  return !watchers.empty() && !watchers_[watchers.front()].behind &&
         static_cast<i64>(watchers_[watchers.front()].due.size()) >= params_.watch_changes;
}

// Whoever listens to this kind of object is not sent this change: it finds that out when what was
// sent before has arrived.
void ApiServer::fall_behind(const ApiCall& call) {
  const Duration arrives = egress_free_ - world_.now();
  const i32 nodes = call.object == ApiObject::kEndpointSlice ? nodes_listening() : 0;
  std::vector<u32> others = watchers_of_[static_cast<std::size_t>(call.object)];
  others.erase(
      std::remove_if(others.begin(), others.end(), [this](u32 w) { return watchers_[w].behind; }),
      others.end());
  if (nodes == 0 && others.empty()) return;
  behind_at_ = world_.now();
  if (behind_ == kNoIncident) {
    std::vector<IncidentId> causes;
    sent_by_.collect(world_.now(), kOfTheWhole, causes);
    live_causes_.add_to(causes, world_.now());
    behind_ = world_.incident(
        kWatchersBehind, path_, std::move(causes),
        fmt::format("watchers told 410: {}; what waits to be sent takes {:.0f} s",
                    static_cast<std::size_t>(nodes) + others.size(), arrives.seconds()));
  }
  const StreamKey when = world_.stream(path_, "relist_late");
  const auto wait = [&] {
    return arrives +
           from_seconds(uniform(draw(when, terminated_++)) * params_.relist_spread.seconds());
  };
  for (const u32 w : others) {
    watchers_[w].behind = true;
    relists_.start(w, wait(), behind_);
  }
  for (i32 k = 0; k < nodes; ++k) relists_.start(kNodeWatcher, wait(), behind_);
  nodes_behind_ += nodes;
}

void ApiServer::caught_up(u32 watcher) {
  if (watcher == kLostServer) return;
  if (watcher == kNodeWatcher) {
    --nodes_behind_;
    return;
  }
  Watcher& w = watchers_[watcher];
  w.behind = false;
  for (Delivery& missed : w.due) missed.at = std::min(missed.at, world_.now());
  world_.scheduler.cancel(w.event);
  deliver(watcher);
}

u32 ApiServer::watchers_behind() const {
  return static_cast<u32>(nodes_behind_) +
         static_cast<u32>(std::count_if(watchers_.begin(), watchers_.end(),
                                        [](const Watcher& w) { return w.behind; }));
}

void ApiServer::check_watchers() {
  if (behind_ == kNoIncident) return;
  if (watchers_behind() > 0) behind_at_ = world_.now();
  if (world_.now() - behind_at_ < params_.clear_after) return;
  world_.end(kWatchersBack, path_, std::exchange(behind_, kNoIncident), kNoIncident,
             "all of them have listed");
}

}  // namespace stampede
