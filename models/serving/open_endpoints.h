// The endpoints of one pool that are open to new attempts: those of the newest view that its
// filters leave. Without filters and without a rule that learns it does nothing of its own.
// State: the newest view.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "models/ports/replica_choice_port.h"

namespace stampede {

class OpenEndpoints {
 public:
  // `others` hear how attempts end too.
  void connect(ReplicaChoice* choice, std::vector<EndpointFilter*> filters,
               const std::vector<PodObserver*>& others = {}) {
    choice_ = choice;
    filters_ = std::move(filters);
    observers_.assign(filters_.begin(), filters_.end());
    observers_.insert(observers_.end(), others.begin(), others.end());
    if (PodObserver* learner = choice->observer()) observers_.push_back(learner);
  }

  std::size_t size() const { return size_; }
  const std::vector<PodId>& open() const { return filters_.empty() ? view_ : left_; }
  u32 pick(u64 session_key, u64 attempt_key) { return choice_->pick(session_key, attempt_key); }
  PickedBy picked_by() const { return choice_->picked_by(); }
  bool reads_prompts() const { return choice_->reads_prompts(); }
  u32 route(const RoutedPrompt& prompt) { return choice_->route(prompt); }

  void set_view(const std::vector<PodId>& routable, Instant now) {
    view_ = routable;
    if (!filters_.empty()) return refilter(now);
    size_ = routable.size();
    choice_->set_endpoints(routable);
  }
  void refilter(Instant now) {
    left_ = view_;
    for (EndpointFilter* filter : filters_) filter->filter(now, left_);
    size_ = left_.size();
    choice_->set_endpoints(left_);
  }
  Instant next_change() const {
    Instant next = kNever;
    for (const EndpointFilter* filter : filters_) next = std::min(next, filter->next_change());
    return next;
  }

  bool observed() const { return !observers_.empty(); }
  void first_token(PodId pod, Duration waited, Instant at) {
    for (PodObserver* observer : observers_) observer->first_token(pod, waited, at);
  }
  void ended(PodId pod, Outcome outcome, Duration waited, Instant at) {
    for (PodObserver* observer : observers_) observer->ended(pod, outcome, waited, at);
  }
  bool changed() const {
    return std::any_of(filters_.begin(), filters_.end(),
                       [](const EndpointFilter* filter) { return filter->changed(); });
  }

 private:
  ReplicaChoice* choice_ = nullptr;
  std::vector<EndpointFilter*> filters_;
  std::vector<PodObserver*> observers_;
  std::vector<PodId> view_, left_;
  std::size_t size_ = 0;
};

}  // namespace stampede
