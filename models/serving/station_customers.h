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

#include "models/serving/station.h"

namespace stampede {

enum class ServiceLaw : u8 {
  kExponential,
  kDeterministic,
  kErlang2,
  kHyperexponential,
  kLognormal
};
template <>
struct ChoiceNames<ServiceLaw> {
  static constexpr const char* type = "service_law";
  static std::vector<std::string> names() {
    return {"exponential", "deterministic", "erlang2", "hyperexponential", "lognormal"};
  }
};

struct CustomersParams {
  Rate arrival_rate{};   // open source; 0: closed
  u32 population = 0;    // closed source
  Duration think = 1_s;  // mean, closed source
  ServiceLaw law = ServiceLaw::kExponential;
  Rate service_rate{1};    // of each server
  double service_cv2 = 1;  // squared coefficient of variation: hyperexponential, lognormal
  Rate patience_rate{};    // exponential patience; 0: infinite
  Rate retrial_rate{};     // of each customer in orbit; 0: the refused are lost
  Share persistence{1};    // of the refused, who goes to the orbit
  Share feedback{};        // of the served, who comes again
  Share urgent{};          // of the arrivals, class 0; the others are class 1
  u32 stations = 1;
  u32 choices = 0;  // of stations tried at random, the shortest joined; 0: all in turn
  std::vector<double> service_rates;  // by station, overriding service_rate
  StationParams station;
  static void describe(Schema<CustomersParams>& s);
};

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
  const ComponentId self_;
  StreamKey key_;
  u64 counter_ = 0;
  Words words_{};
  bool half_ = false;  // the second uniform of words_ is unused
  double branch_ = 0, lognormal_cv_ = 0;
  std::vector<std::unique_ptr<Station>> stations_;
  std::vector<Customer> customers_;
  std::vector<u32> free_;
  u32 in_orbit_ = 0;
  u128 orbit_area_ = 0;
  Instant orbit_at_{};
};

}  // namespace stampede
