// A pod whose requests wait too long takes those of the first priorities and users only.
// **State** by pod: the level up to which it takes requests, which moves at the end of each window;
// arrivals of the window by level.
// **Source** Zhou et al., Overload Control for Scaling WeChat Microservices (2018): business
// priority, then one of 128 user priorities, drawn anew each hour; overload is a mean queueing time
// above a threshold; then 5 % fewer than were taken are expected, else 1 % of those that came more.
// **Limits** business priorities are those of clients' classes; callers are not told the level, so
// that they send what will be turned away; a window in which nothing was begun with goes on while
// somebody waits.
#include <array>
#include <deque>
#include <memory>

#include "models/mitigations/mechanism.h"
#include "models/ports/admission_port.h"
#include "sim/random.h"

namespace stampede {
namespace dagor {

struct Params {
  Duration window = 1_s, threshold = 1_s;
  u32 requests = 2000;
  Share down{0.05}, up{0.01};
  static void describe(Schema<Params>& s) {
    s.field("window", &Params::window)
        .range(1e-3, 3600)
        .help("longest window")
        .source("DAGOR: 1 s");
    s.field("requests", &Params::requests)
        .range(1, 1e9)
        .help("requests that end a window before")
        .source("DAGOR: 2000");
    s.field("threshold", &Params::threshold)
        .range(1e-6, 3600)
        .help("mean wait in line above which a pod is overloaded")
        .source("DAGOR: 20 ms where a task may take 500 ms, here assumed");
    s.field("down", &Params::down)
        .range(0, 1)
        .help("how many fewer are taken after an overloaded window, as a share of those taken")
        .source("DAGOR: 5 %");
    s.field("up", &Params::up)
        .range(0, 1)
        .help("how many more after any other, as a share of those that came")
        .source("DAGOR: 1 %");
  }
};

constexpr u32 kUsers = 128, kBusiness = 16, kLevels = kUsers * kBusiness;

class Dagor final : public AdmissionPolicy {
 public:
  Dagor(const Params& params, const Place&) : params_(params) {}

  void started(PodId pod) override {
    while (pod >= pods_.size()) pods_.push_back(std::make_unique<Pod>());
    *pods_[pod] = {};
  }
  bool watches_lines() const override { return true; }
  void begun(PodId pod, Duration waited, Instant) override {
    ++pods_[pod]->begun;
    pods_[pod]->waited += waited.seconds();
  }
  bool takes(PodId pod, const Arrival& arrival, Instant now) override {
    Pod& p = *pods_[pod];
    const bool over = now - p.window_began >= params_.window || p.came >= params_.requests;
    if (over && (p.begun > 0 || arrival.waiting == 0)) end_window(p, now);
    const u32 level = level_of(arrival, now);
    ++p.came;
    ++p.by_level[level];
    p.taken += level <= p.last;
    return level <= p.last;
  }

 private:
  struct Pod {
    u32 last = kLevels - 1;  // that is taken
    Instant window_began{};
    u32 came = 0, taken = 0, begun = 0;
    double waited = 0;  // [s] of those begun with
    std::array<u32, kLevels> by_level{};
  };
  static u32 level_of(const Arrival& arrival, Instant now) {
    const auto hour = static_cast<u64>(now.ns / 3'600'000'000'000);
    const u64 user = mix64(arrival.session_key ^ mix64(hour)) % kUsers;
    return static_cast<u32>(arrival.priority + 8) * kUsers + static_cast<u32>(user);
  }
  void end_window(Pod& p, Instant now) const {
    const bool overloaded = p.waited > p.begun * params_.threshold.seconds();
    const double expected =
        overloaded ? p.taken * (1 - params_.down.value) : p.taken + params_.up.value * p.came;
    u32 last = p.last;  // of those that came so many lie up to it
    double sum = p.taken;
    while (overloaded && sum > expected && sum > p.by_level[last]) sum -= p.by_level[last--];
    while (!overloaded && last + 1 < kLevels && sum < expected) sum += p.by_level[++last];
    p = {};
    p.last = last;
    p.window_began = now;
  }

  const Params& params_;
  std::deque<std::unique_ptr<Pod>> pods_;  // [pod]
};

const RegisterMechanism<AdmissionPolicy, Dagor, Params> registered{
    {"dagor", MitigationSlot::kShed,
     "a pod whose requests wait too long takes those of the first priorities and users only",
     "DAGOR"}};

}  // namespace dagor
}  // namespace stampede
