#include "models/dependencies/station_customers.h"

#include <algorithm>
#include <cmath>

#include "sim/math.h"

namespace stampede {

Customers::Customers(World& world, std::string_view path, const CustomersParams& params,
                     CustomersObserver& observer)
    : world_(world),
      params_(params),
      observer_(observer),
      component_(world.scheduler.add(this)),
      key_(world.stream(path, "customers")) {
  for (u32 i = 0; i < params_.stations; ++i)
    stations_.push_back(std::make_unique<Station>(world, params_.station, *this, i));
  // Hyperexponential with balanced means.
  const double cv2 = params_.service_cv2;
  branch_ = 0.5 * (1 + std::sqrt((cv2 - 1) / (cv2 + 1)));
  lognormal_cv_ = std::sqrt(cv2);
  if (params_.arrival_rate.per_second > 0) next_arrival();
  for (u32 i = 0; i < params_.population; ++i)
    world_.scheduler.after(exponential(1 / params_.think.seconds()), Priority::kArrival, component_,
                           kThought);
}

double Customers::uniform() {
  half_ = !half_;
  if (!half_) return stampede::uniform2(words_);
  words_ = draw(key_, counter_++);
  return stampede::uniform(words_);
}

// At least a nanosecond: what begins on arrival ends later.
Duration Customers::exponential(double rate) {
  return std::max(Duration{1}, from_seconds(stampede::exponential(uniform()) / rate));
}

Duration Customers::service(u32 station) {
  const double rate = params_.service_rates.empty() ? params_.service_rate.per_second
                                                    : params_.service_rates[station];
  switch (params_.law) {
    case ServiceLaw::kExponential:
      return exponential(rate);
    case ServiceLaw::kDeterministic:
      return from_seconds(1 / rate);
    case ServiceLaw::kErlang2:
      return exponential(2 * rate) + exponential(2 * rate);
    case ServiceLaw::kHyperexponential: {
      const double p = uniform() < branch_ ? branch_ : 1 - branch_;
      return exponential(2 * p * rate);
    }
    case ServiceLaw::kLognormal:
      return std::max(Duration{1},
                      from_seconds(stampede::lognormal(uniform(), 1 / rate, lognormal_cv_)));
  }
  invariant_failed("customers: unknown service law");
}

void Customers::next_arrival() {
  world_.scheduler.after(exponential(params_.arrival_rate.per_second), Priority::kArrival,
                         component_, kArrival);
}

void Customers::handle(const Event& event) {
  switch (event.kind) {
    case kArrival:
      next_arrival();
      come();
      break;
    case kThought:
      come();
      break;
    case kRetrial:
      orbit_changes(-1);
      attempt(event.subject, 0);
      break;
    default:
      invariant_failed("customers: unknown event");
  }
}

void Customers::come() {
  const u32 customer = customers_.take_as_left();
  const bool first_class = params_.urgent.value > 0 && uniform() < params_.urgent.value;
  customers_[customer] = {world_.now(), static_cast<u8>(first_class ? 0 : 1)};
  u32 best = 0;
  for (u32 i = 0; i < params_.choices; ++i) {
    const u32 station = static_cast<u32>(uniform() * params_.stations);
    if (i == 0 || stations_[station]->present() < stations_[best]->present()) best = station;
  }
  attempt(customer, best);
}

void Customers::attempt(u32 customer, u32 station) {
  const double patience = params_.patience_rate.per_second;
  const Duration limit = patience > 0 ? exponential(patience) : Duration{};
  if (stations_[station]->offer(customer, service(station), limit, customers_[customer].class_))
    return;
  const double retry = params_.retrial_rate.per_second;
  if (retry > 0 && (params_.persistence.value >= 1 || uniform() < params_.persistence.value)) {
    orbit_changes(1);
    world_.scheduler.after(exponential(retry), Priority::kArrival, component_, kRetrial, customer);
  } else {
    leave(customer, false);
  }
}

void Customers::left(u32 station, const StationJob& job) {
  observer_.passed(job);
  if (!job.served) return leave(job.customer, false);
  if (params_.choices == 0 && station + 1 < params_.stations)
    return attempt(job.customer, station + 1);
  if (params_.feedback.value > 0 && uniform() < params_.feedback.value)
    return attempt(job.customer, 0);
  leave(job.customer, true);
}

void Customers::leave(u32 customer, bool served) {
  customers_.give_back(customer);
  observer_.gone(world_.now() - customers_[customer].born, served);
  if (params_.population > 0)
    world_.scheduler.after(exponential(1 / params_.think.seconds()), Priority::kArrival, component_,
                           kThought);
}

void Customers::orbit_changes(int by) {
  orbit_area();
  in_orbit_ += static_cast<u32>(by);
}

u128 Customers::orbit_area() {
  orbit_area_ += u128{static_cast<u64>((world_.now() - orbit_at_).ns)} * in_orbit_;
  orbit_at_ = world_.now();
  return orbit_area_;
}

}  // namespace stampede
