// Attempts that a pod has taken up and that wait for a service before its engine gets them.
// State: with the pod -> gone (answered, left, or its process ended). Source: none; bookkeeping.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"
#include "models/ports/request.h"

namespace stampede {

class PodCalls {
 public:
  void add(PodId pod, AttemptSlot attempt) {
    if (pod >= at_.size()) at_.resize(pod + 1);
    if (attempt >= places_.size()) places_.resize(attempt + 1);
    places_[attempt] = {pod, static_cast<u32>(at_[pod].size()), true};
    at_[pod].push_back(attempt);
  }
  bool waits(AttemptSlot attempt) const {
    return attempt < places_.size() && places_[attempt].there;
  }
  // False if it does not wait.
  bool leave(AttemptSlot attempt) {
    if (!waits(attempt)) return false;
    const Place place = places_[attempt];
    places_[attempt].there = false;
    std::vector<AttemptSlot>& here = at_[place.pod];
    here[place.index] = here.back();
    places_[here.back()].index = place.index;
    here.pop_back();
    return true;
  }
  u32 count(PodId pod) const { return pod < at_.size() ? static_cast<u32>(at_[pod].size()) : 0; }
  std::vector<AttemptSlot> at(PodId pod) const {
    return pod < at_.size() ? at_[pod] : std::vector<AttemptSlot>{};
  }

 private:
  struct Place {
    PodId pod = 0;
    u32 index = 0;
    bool there = false;
  };
  std::vector<std::vector<AttemptSlot>> at_;  // [pod]
  std::vector<Place> places_;                 // [attempt]
};

}  // namespace stampede
