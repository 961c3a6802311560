#include "models/dependencies/health_check.h"

#include <utility>

namespace stampede {
namespace {

enum HealthEvent : u8 { kFirstCheck, kCheck };

}  // namespace

HealthCheck::HealthCheck(World& world, const std::string& path, Service& service,
                         std::vector<Need> needs, RoutingControlPort* routing, RegionId region)
    : world_(world),
      service_(service),
      needs_(std::move(needs)),
      component_(world.scheduler.add(this)),
      phase_(world.stream(path, "health_check")),
      routing_(routing),
      region_(region) {}

void HealthCheck::start() {
  world_.scheduler.at(world_.now(), Priority::kSample, component_, kFirstCheck);
}

void HealthCheck::handle(const Event& event) {
  const ServiceHealthParams& p = service_.params().health;
  const double part = event.kind == kFirstCheck ? uniform(draw(phase_, 0)) : 1;
  world_.scheduler.after(from_seconds(part * p.period.seconds()), Priority::kControl, component_,
                         kCheck);
  if (event.kind == kFirstCheck) return;
  Found all;
  for (const Need& need : needs_)
    if (const Found found = need(); !found.well) all = found;
  failed_ = all.well ? 0 : failed_ + 1;
  succeeded_ = all.well ? succeeded_ + 1 : 0;
  if (failed_ >= p.fall) withdraw(all.cause);
  if (succeeded_ >= p.rise) announce();
}

void HealthCheck::withdraw(IncidentId cause) {
  const IncidentId withdrawn = service_.withdraw(cause);
  const auto& prefixes = service_.params().health.prefixes;
  if (withdrawn != kNoIncident && prefixes)
    pushed_ = routing_->push_policy(region_, {ExportChoice::kNone, *prefixes, true}, withdrawn);
}

void HealthCheck::announce() {
  const IncidentId announced = service_.announce();
  if (announced != kNoIncident && pushed_ != kNoIncident)
    routing_->take_back(region_, std::exchange(pushed_, kNoIncident), announced);
}

}  // namespace stampede
