// Customers of queueing stations: where they come from, which station they try, what they do when
// refused, and where they go next. With Station it spans the models of the analytic oracles.
// **State** thinking -> at a station -> (in orbit -> at a station) -> next station or feedback ->
// gone.
// **Source** textbook queueing theory: open Poisson and closed sources, retrial orbit with linear
// rate (Falin and Templeton), Jackson networks, the supermarket model P(d) (Mitzenmacher).
// **Limits** one service law for all stations, scaled by each station's mean.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "models/dependencies/station.h"
#include "models/dependencies/station_customers_params.h"

namespace stampede {

// One passage of a customer through a station, or the end of a customer.
struct CustomersObserver {
  virtual ~CustomersObserver() = default;
  virtual void passed(const StationJob& job) = 0;          // through one station
  virtual void gone(Duration in_system, bool served) = 0;  // served, lost or out of patience
};

class Customers final : public Component, public StationUser {
 public:
  Customers(World& world, std::string_view path, const CustomersParams& params,
            CustomersObserver& observer);
  void handle(const Event& event) override;
  void left(u32 station, const StationJob& job) override;

  Station& station(u32 i) { return *stations_[i]; }
  u32 in_orbit() const { return in_orbit_; }
  u128 orbit_area();  // [customer ns]

 private:
  enum Kind : u8 { kArrival, kThought, kRetrial };
  struct Customer {
    Instant born{};
    u8 class_ = 0;
  };
  double uniform();
  Duration exponential(double rate);
  Duration service(u32 station);
  void next_arrival();
  void come();
  void attempt(u32 customer, u32 station);
  void leave(u32 customer, bool served);
  void orbit_changes(int by);

  World& world_;
  const CustomersParams params_;
  CustomersObserver& observer_;
  const ComponentId component_;
  StreamKey key_;
  u64 counter_ = 0;
  Words words_{};
  bool half_ = false;  // the second uniform of words_ is unused
  double branch_ = 0, lognormal_cv_ = 0;
  std::vector<std::unique_ptr<Station>> stations_;
  SlotPool<Customer> customers_;
  u32 in_orbit_ = 0;
  u128 orbit_area_ = 0;
  Instant orbit_at_{};
};

}  // namespace stampede
