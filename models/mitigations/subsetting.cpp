// Each of a gateway's tasks sends to a few pods only, so that few connections are open and few
// tasks meet a bad pod.
// **State** the shuffled pods of each round, and a pointer for each task.
// **Source** SRE book, chapter 20, deterministic subsetting: tasks are in rounds of as many as
// there are subsets; each round shuffles the pods anew and gives each of its tasks another part of
// them. Within its subset a task goes round.
// **Limits** a session always meets the same task. Pods that are left over in a round get nothing
// from it.
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"

namespace stampede {
namespace subsetting {

struct Params {
  i64 subset = 20;
  i64 tasks = 100;
  static void describe(Schema<Params>& s) {
    s.field("subset", &Params::subset)
        .range(1, 1e6)
        .help("pods that a task sends to")
        .source("SRE book: chapter 20, typically 20 to 100");
    s.field("tasks", &Params::tasks)
        .range(1, 1000)
        .help("tasks of the gateway, among which sessions are spread");
  }
};

class Subsetting final : public ReplicaChoice {
 public:
  Subsetting(const Params& params, const Place& place)
      : params_(params),
        stream_(place.world.stream(place.path, "subsetting")),
        turns_(static_cast<std::size_t>(params.tasks)) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    pods_.clear();
    count_ = pods.size();
    if (pods.empty()) return;
    subsets_ = std::max<std::size_t>(1, count_ / static_cast<std::size_t>(params_.subset));
    size_ = std::min(count_, static_cast<std::size_t>(params_.subset));
    const std::size_t rounds = (turns_.size() + subsets_ - 1) / subsets_;
    for (std::size_t round = 0; round < rounds; ++round) {
      std::vector<u32> shuffled = pods;
      for (std::size_t i = shuffled.size(); i > 1; --i) {
        const double u = uniform(draw(stream_, round, static_cast<u32>(i)));
        std::swap(shuffled[i - 1],
                  shuffled[std::min(i - 1, static_cast<std::size_t>(u * static_cast<double>(i)))]);
      }
      pods_.insert(pods_.end(), shuffled.begin(), shuffled.end());
    }
  }

  u32 pick(u64 session_key, u64) override {
    if (pods_.empty()) return kNoPod;
    const std::size_t task = mix64(session_key) % turns_.size();
    const std::size_t first = task / subsets_ * count_ + task % subsets_ * size_;
    return pods_[first + turns_[task]++ % size_];
  }

 private:
  const Params& params_;
  const StreamKey stream_;
  std::vector<u64> turns_;  // [task]
  std::vector<u32> pods_;   // of one round after the other
  std::size_t count_ = 0, subsets_ = 1, size_ = 0;
};

const RegisterMechanism<ReplicaChoice, Subsetting, Params> registered{
    {"subsetting",
     MitigationSlot::kFilter,
     "each of a gateway's tasks sends to a few pods only",
     "SRE book: chapter 20",
     {Need::kReplicas}}};

}  // namespace subsetting
}  // namespace stampede
