#include "models/operations/monitor.h"

#include "models/ports/alarm.h"
#include "sim/random.h"

namespace stampede {

Monitor::Monitor(World& world, const MonitorParams& params, Vantage place, Vantage people)
    : world_(world),
      params_(params),
      place_(place),
      people_(people),
      component_(world.scheduler.add(this)) {}

u32 Monitor::watch(std::size_t row, Duration rate_over) {
  for (u32 k = 0; k < watched_.size(); ++k)
    if (watched_[k].row == row && watched_[k].rate_over == rate_over) return k;
  watched_.push_back({row, rate_over});
  return static_cast<u32>(watched_.size() - 1);
}

void Monitor::start() {
  if (watched_.empty()) return;
  publish(look());
  const double phase = uniform(draw(world_.stream("operations/monitor", "phase"), 0));
  world_.scheduler.after(from_seconds(phase * params_.scrape_period.seconds()), Priority::kSample,
                         component_, kScrape);
}

Sighting Monitor::look_at(Watched& watched) {
  const StatInfo& row = world_.stats.rows()[watched.row];
  if (row.region)
    if (Alarm cut = place_.cut_off(static_cast<RegionId>(*row.region)); cut.holds)
      return {std::nullopt, std::move(cut.shown_by)};
  double value = row.read();
  if (value != value) return {};
  if (watched.rate_over.ns > 0) {
    const Instant now = world_.now();
    auto& window = watched.window;
    window.emplace_back(now, value);
    while (window.size() > 1 && window[1].first + watched.rate_over <= now) window.pop_front();
    if (window.front().first + watched.rate_over > now) return {std::nullopt, {}, true};
    const auto& [since, before] = window.front();
    value = (value - before) / (now - since).seconds();
  }
  Sighting found{value, {}};
  if (row.because) found.shown_by = row.because();
  std::erase(found.shown_by, kNoIncident);
  return found;
}

Monitor::Look Monitor::look() {
  Look look{world_.now(), {}};
  for (Watched& watched : watched_) look.found.push_back(look_at(watched));
  return look;
}

void Monitor::publish(Look look) {
  for (std::size_t k = 0; k < watched_.size(); ++k)
    watched_[k].shown.publish(look.at, std::move(look.found[k]));
}

Sighting Monitor::read(u32 watched) const {
  if (Alarm cut = people_.cut_off(place_); cut.holds)
    return {std::nullopt, std::move(cut.shown_by)};
  return watched_[watched].shown.value().value_or(Sighting{});
}

void Monitor::handle(const Event& event) {
  if (event.kind == kPublish) {
    publish(std::move(under_way_.front()));
    under_way_.pop_front();
    return;
  }
  if (params_.delay.ns == 0) {
    publish(look());
  } else {
    under_way_.push_back(look());
    world_.scheduler.after(params_.delay, Priority::kSample, component_, kPublish);
  }
  world_.scheduler.after(params_.scrape_period, Priority::kSample, component_, kScrape);
}

}  // namespace stampede
