#include "tests/oracle/queueing_models.h"

#include <cmath>
#include <fstream>

namespace stampede::test {
namespace {

std::vector<std::string> split_csv(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else if (c != '\r')
      fields.back() += c;
  }
  return fields;
}

bool starts(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

}  // namespace

std::map<std::string, double> numbers(const std::string& text) {
  std::map<std::string, double> out;
  std::size_t at = 0;
  while ((at = text.find('=', at)) != std::string::npos) {
    const std::size_t start = text.find_last_of(" (", at) + 1;  // npos + 1 is 0
    out[text.substr(start, at - start)] = std::strtod(text.c_str() + at + 1, nullptr);
    ++at;
  }
  return out;
}

std::vector<OracleRow> read_oracles(const std::string& file) {
  std::vector<OracleRow> rows;
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const auto f = split_csv(line);
    if (f.size() >= 4) rows.push_back({f[0], f[1], f[2], std::strtod(f[3].c_str(), nullptr)});
  }
  return rows;
}

std::optional<Expressed> express(const OracleRow& row, std::string& reason) {
  auto n = numbers(row.params);
  Expressed e;
  CustomersParams& p = e.params;
  const std::string& m = row.model;
  const auto servers = [&] { return static_cast<u32>(n["c"]); };
  p.arrival_rate = {n["lambda"]};
  if (n.count("mu")) p.service_rate = {n["mu"]};
  if (m == "M/M/1") {
    e.load = n["lambda"] / n["mu"];
  } else if (m == "M/M/c") {
    p.arrival_rate = {n["a"] * n["mu"]};
    p.station.servers = servers();
    e.load = n["a"] / n["c"];
  } else if (m == "M/M/c/K") {
    p.station.servers = servers();
    p.station.places = static_cast<u32>(n["K"]);
  } else if (m == "M/G/c/c") {
    p.arrival_rate = {n["a"]};
    p.station.servers = p.station.places = servers();
    p.law = ServiceLaw::kLognormal;
    p.service_cv2 = 4;
  } else if (m == "M/G/1 FIFO") {
    p.arrival_rate = {n["rho"]};
    p.service_cv2 = n["cs2"];
    e.load = n["rho"];
    p.law = n["cs2"] == 0     ? ServiceLaw::kDeterministic
            : n["cs2"] == 0.5 ? ServiceLaw::kErlang2
            : n["cs2"] == 1   ? ServiceLaw::kExponential
            : n["cs2"] == 4   ? ServiceLaw::kLognormal
                              : ServiceLaw::kHyperexponential;
  } else if (m == "M/G/1-PS") {
    p.arrival_rate = {n["rho"]};
    p.station.discipline = Discipline::kProcessorSharing;
    p.law = ServiceLaw::kHyperexponential;  // the oracle holds for any law
    p.service_cv2 = 4;
    e.load = n["rho"];
  } else if (starts(m, "M/M/1 nonpreemptive") || starts(m, "M/M/1 preemptive")) {
    p.arrival_rate = {n["l1"] + n["l2"]};
    p.urgent = {n["l1"] / (n["l1"] + n["l2"])};
    p.station.discipline =
        starts(m, "M/M/1 pre") ? Discipline::kPreemptivePriority : Discipline::kPriority;
    e.load = n["l1"] + n["l2"];
  } else if (m == "M/M/c+M (Erlang-A)") {
    p.station.servers = servers();
    p.patience_rate = {n["theta"]};
  } else if (starts(m, "M/M/1/1 retrial") || m == "M/M/c/c retrial") {
    p.station.servers = p.station.places = n.count("c") ? servers() : 1;
    p.retrial_rate = {n["gamma"]};
    e.load = n["lambda"] / p.station.servers;
  } else if (m == "M/M/c//N closed") {
    p.population = static_cast<u32>(n["N"]);
    p.think = from_seconds(n["Z"]);
    p.service_rate = {1 / n["S"]};
    p.station.servers = servers();
  } else if (starts(m, "Jackson M/M/1")) {
    p.feedback = {n["p"]};
    e.load = n["lambda"] / (1 - n["p"]);
  } else if (starts(m, "Jackson tandem")) {
    p.stations = 3;
    p.service_rates = {10, 8, 6};
    e.load = 5.0 / 6;
    if (row.params != "lambda=5 mu=(10,8,6)") reason = "an unknown tandem";
  } else if (starts(m, "supermarket")) {
    p.choices = static_cast<u32>(n["d"]);
    p.stations = p.choices == 1 ? 1 : 500;  // one choice: each is an M/M/1; else error of order 1/n
    if (p.choices > 1) e.relaxation = p.stations * 8;
    p.arrival_rate = {n["rho"] * p.stations};
    e.load = n["rho"];
  } else if (starts(m, "retry amplification layered")) {
    reason = "layers of retries: only clients retry here";
  } else if (m == "adaptive throttling" || starts(m, "envoy admission")) {
    reason = "a formula of an admission policy, not of a station";
  } else {
    reason = "unknown model";
  }
  if (reason.empty() && e.load > 0.95 + 1e-9) reason = "load over 0.95";
  if (!reason.empty()) return std::nullopt;
  // Customers that come within a relaxation time (of a busy M/G/c: the spectral gap in heavy
  // traffic).
  if (e.relaxation == 0) {
    const double gap = 1 - std::sqrt(std::min(0.96, e.load > 0 ? e.load : 0.8));
    e.relaxation = std::max(100.0, (1 + p.service_cv2) / 2 / (gap * gap));
    if (p.retrial_rate.per_second > 0) e.relaxation /= std::min(1.0, p.retrial_rate.per_second);
    e.relaxation = std::max(e.relaxation, 2.0 * p.station.servers);
    if (p.patience_rate.per_second > 0) e.relaxation /= p.patience_rate.per_second;
  }
  e.mean_work = p.service_rates.empty() ? 1 / p.service_rate.per_second : 0.1;
  e.customers_per_second = p.population > 0
                               ? std::min(p.population / p.think.seconds(),
                                          p.station.servers * p.service_rate.per_second)
                               : p.arrival_rate.per_second;
  return e;
}

Estimator estimator_of(const OracleRow& row) {
  static const std::map<std::string, Estimator> by_name = {
      {"L", {kPresent, kSeconds}},
      {"Lq", {kWaiting, kSeconds}},
      {"W", {kInSystem, kGone}},
      {"Wq", {kWaited, kPassed}},
      {"ErlangC_Pwait", {kDelayed, kOffered}},
      {"ErlangB_block", {kRefused, kOffered}},
      {"P_block", {kRefused, kOffered}},
      {"W_accepted", {kSojourn, kServed}},
      {"Wq_accepted", {kWaited, kPassed}},
      {"throughput", {kServed, kSeconds}},
      {"E[T|x]", {kBigSojourn, kBigWork, 5}},
      {"Wq_high", {kHighWaited, kHighCount}},
      {"Wq_low", {kLowWaited, kLowCount}},
      {"T_high", {kHighSojourn, kHighCount}},
      {"T_low", {kLowSojourn, kLowCount}},
      {"P_wait", {kDelayed, kOffered}},
      {"P_abandon", {kAbandoned, kOffered}},
      {"E_wait_all", {kWaited, kPassed}},
      {"L_orbit", {kOrbit, kSeconds}},
      {"P_busy", {kAllBusy, kSeconds}},
      {"P_all_busy (time-avg)", {kAllBusy, kSeconds}},
      {"mean_busy", {kBusy, kSeconds}},
      {"X", {kServed, kSeconds}},
      {"R", {kSojourn, kServed}},
      {"lambda_eff", {kOffered, kSeconds}},
      {"W_total", {kInSystem, kGone}},
  };
  if (const auto found = by_name.find(row.metric); found != by_name.end()) return found->second;
  Estimator e{0, kServed, 1, Tail{}};
  if (starts(row.metric, "P(T>")) {
    e.tail->at = std::strtod(row.metric.c_str() + 4, nullptr);
  } else {  // p50_sojourn, p95_Wq
    e.tail->sojourn = row.metric.find("sojourn") != std::string::npos;
    e.tail->at = row.value;
    e.tail->probability = 1 - std::strtod(row.metric.c_str() + 1, nullptr) / 100;
  }
  return e;
}

namespace {

constexpr double kWindow = 0.1;  // half-width for the density at a quantile, relative

struct Recorder : CustomersObserver {
  Features sum;
  std::vector<Tail> tails;
  double mean_work = 1;
  bool controls = false;

  void passed(const StationJob& job) override {
    const double sojourn = (job.left - job.arrived).seconds();
    const double waited = job.waited().seconds(), work = job.service.seconds();
    add(kPassed, 1);
    add(kWaited, waited);
    if (controls) add(kExtraWork, work - mean_work);
    if (!job.served) return;
    add(kServed, 1);
    add(kSojourn, sojourn);
    const bool high = job.class_ == 0;
    add(high ? kHighCount : kLowCount, 1);
    add(high ? kHighSojourn : kLowSojourn, sojourn);
    add(high ? kHighWaited : kLowWaited, waited);
    if (work > 4 * mean_work && work < 6 * mean_work) {
      add(kBigCount, 1);
      add(kBigSojourn, sojourn);
      add(kBigWork, work / mean_work);
    }
    int f = kFixedFeatures;
    for (const Tail& t : tails) {
      const double x = t.sojourn ? sojourn : waited;
      if (x > t.at) add(f, 1);
      if (x > t.at * (1 - kWindow) && x <= t.at * (1 + kWindow)) add(f + 1, 1);
      f += 2;
    }
  }
  void gone(Duration in_system, bool served) override {
    if (!served) return;
    add(kGone, 1);
    add(kInSystem, in_system.seconds());
  }
  void add(int feature, double x) { sum[static_cast<std::size_t>(feature)] += x; }
};

double seconds(u128 area_ns) { return static_cast<double>(area_ns) * 1e-9; }

// Neighbouring batches summed into `count` of equal size; the first few that are over are left out.
std::vector<Features> group(const std::vector<Features>& batches, std::size_t count) {
  const std::size_t size = batches.size() / count, skip = batches.size() % count;
  std::vector<Features> grouped(count, Features(batches.front().size(), 0.0));
  for (std::size_t i = 0; i < size * count; ++i)
    for (std::size_t k = 0; k < grouped[0].size(); ++k)
      grouped[i / size][k] += batches[skip + i][k];
  return grouped;
}

// Ratio of sums over batches, with the standard error of a ratio. What the arrivals and the work
// brought by chance over their known means is taken out by linear regression (control variates).
Estimate ratio(const std::vector<Features>& batches, int numerator, int denominator) {
  const auto x = static_cast<std::size_t>(numerator), y = static_cast<std::size_t>(denominator);
  double sx = 0, sy = 0;
  for (const Features& b : batches) sx += b[x], sy += b[y];
  const double n = static_cast<double>(batches.size());
  if (sy == 0) return {0, INFINITY, n - 1};
  const double raw = sx / sy;
  double su = 0, sv = 0, sr = 0, uu = 0, uv = 0, vv = 0, ur = 0, vr = 0, rr = 0;
  for (const Features& b : batches) su += b[kExtraArrivals] / n, sv += b[kExtraWork] / n;
  for (const Features& b : batches) {
    const double u = b[kExtraArrivals] - su, v = b[kExtraWork] - sv, r = b[x] - raw * b[y];
    sr += r / n, rr += r * r, uu += u * u, uv += u * v, vv += v * v, ur += u * r, vr += v * r;
  }
  const double det = uu * vv - uv * uv;
  if (det <= 1e-9 * uu * vv) return {raw, std::sqrt(rr * n / (n - 1)) / sy, n - 1};
  const double beta_u = (ur * vv - vr * uv) / det, beta_v = (vr * uu - ur * uv) / det;
  const double rest = std::max(0.0, rr - beta_u * ur - beta_v * vr);
  const double shift = n * (beta_u * su + beta_v * sv) / sy;
  // The controls' own means are known, those of the sample are not: the error grows a little.
  const double spread = 1 + n / (n - 2) * (su * su * vv - 2 * su * sv * uv + sv * sv * uu) / det;
  return {raw - shift, std::sqrt(rest * spread * n / (n - 3)) / sy, n - 3};
}

Estimate estimate(const std::vector<Features>& batches, const Estimator& e, int feature) {
  Estimate r = ratio(batches, e.tail ? feature : e.numerator, e.denominator);
  if (e.tail && e.tail->probability >= 0 && e.tail->at > 0) {
    // The quantile from the share above the oracle's: one Newton step with the sample's density.
    const double in_window = ratio(batches, feature + 1, e.denominator).mean;
    const double density = in_window / (2 * kWindow * e.tail->at);
    r.mean = e.tail->at + (r.mean - e.tail->probability) / density;
    r.error /= density;
  }
  r.mean *= e.scale;
  r.error *= e.scale;
  return r;
}

}  // namespace

std::vector<Estimate> simulate(const Expressed& model, const std::vector<OracleRow>& rows,
                               double precision, double cap, u64 seed, double& customers) {
  constexpr std::size_t kBatches = 32;
  std::vector<Estimator> estimators;
  Recorder recorder;
  recorder.mean_work = model.mean_work;
  for (const OracleRow& row : rows) {
    estimators.push_back(estimator_of(row));
    if (estimators.back().tail) recorder.tails.push_back(*estimators.back().tail);
  }
  const CustomersParams& p = model.params;
  recorder.controls = p.population == 0 && p.retrial_rate.per_second == 0 && p.stations == 1 &&
                      p.feedback.value == 0;
  recorder.sum.assign(kFixedFeatures + 2 * recorder.tails.size(), 0.0);
  World world(seed);
  Customers source(world, "oracle", model.params, recorder);
  const auto snapshot = [&] {
    Features f = recorder.sum;
    const auto& a = source.station(0).areas();
    f[kSeconds] = world.now().seconds();
    f[kPresent] = seconds(a.present);
    f[kWaiting] = seconds(a.waiting);
    f[kBusy] = seconds(a.busy);
    f[kAllBusy] = seconds(a.all_busy);
    f[kOrbit] = seconds(source.orbit_area());
    f[kOffered] = static_cast<double>(a.offered);
    f[kRefused] = static_cast<double>(a.refused);
    f[kDelayed] = static_cast<double>(a.delayed);
    f[kAbandoned] = static_cast<double>(a.abandoned);
    if (recorder.controls)
      f[kExtraArrivals] = f[kOffered] - p.arrival_rate.per_second * f[kSeconds];
    return f;
  };
  const double warm = 30 * model.relaxation;
  world.scheduler.run_until(Instant{} + from_seconds(warm / model.customers_per_second));
  const auto run_batch = [&](double length) {
    const Features before = snapshot();
    world.scheduler.run_until(world.now() + from_seconds(length / model.customers_per_second));
    customers += length;
    Features delta = snapshot();
    for (std::size_t i = 0; i < delta.size(); ++i) delta[i] -= before[i];
    return delta;
  };
  customers = warm;
  const double length = std::max(2'000.0, model.relaxation);
  std::vector<Features> batches;
  std::vector<Estimate> estimates(rows.size());
  double target = 10 * length * kBatches;
  for (;;) {
    while (customers < target) batches.push_back(run_batch(length));
    const std::vector<Features> grouped = group(batches, kBatches);
    double needed = 0;
    int feature = kFixedFeatures;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      estimates[i] = estimate(grouped, estimators[i], feature);
      if (estimators[i].tail) feature += 2;
      const double relative = estimates[i].error / std::abs(estimates[i].mean) / precision;
      const double wanted = customers * relative * relative;
      if (relative > 1 && wanted < cap) needed = std::max(needed, wanted);
    }
    if (needed == 0 || customers >= cap) return estimates;
    target = std::min(std::max(1.05 * needed, 1.2 * customers), cap);
  }
}

}  // namespace stampede::test
