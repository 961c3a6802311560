// What ails the pods of one region beside load: processes that hang, slow GPUs, hosts that nobody
// reaches. Faults of one kind are terms of their own: factors multiply, each ends alone.
// State: a pod has any number of faults; each -> healed, or ended with the process (a hang) or with
// the pod.
// Limits: what a cut-off host computes meanwhile is not seen, and it goes on where it was.
#pragma once
#include <algorithm>
#include <vector>

#include "models/ports/pods_port.h"

namespace stampede {

enum class PodFaultKind : u8 { kHang, kSlow, kCutOff };

struct PodFault {
  u32 id = 0;  // shared by those that one change brought
  PodId pod = 0;
  PodFaultKind kind{};
  bool answers_probes = true;  // kHang
  double factor = 1;           // kSlow
  IncidentId cause = kNoIncident;
};

class PodFaults {
 public:
  bool empty() const { return faults_.empty(); }
  void add(const PodFault& fault) { faults_.push_back(fault); }
  // Takes away those for which it says so. Returns the pods that had one, in ascending order.
  template <class Which>
  std::vector<PodId> remove(Which&& which) {
    std::vector<PodId> pods;
    for (const PodFault& f : faults_)
      if (which(f)) pods.push_back(f.pod);
    std::erase_if(faults_, which);
    std::sort(pods.begin(), pods.end());
    pods.erase(std::unique(pods.begin(), pods.end()), pods.end());
    return pods;
  }
  template <class F>
  void for_each(F&& f) const {
    for (const PodFault& fault : faults_) f(fault);
  }
  // For PodClock: how much longer each step takes; 0: for ever.
  double pace(PodId pod) const {
    double factor = 1;
    for (const PodFault& f : faults_)
      if (f.pod == pod) factor *= f.kind == PodFaultKind::kSlow ? f.factor : 0;
    return factor;
  }
  bool answers_probes(PodId pod) const {
    return std::none_of(faults_.begin(), faults_.end(),
                        [&](const PodFault& f) { return f.pod == pod && !f.answers_probes; });
  }
  // Does nothing come back from it to whoever asks from elsewhere?
  bool silent(PodId pod) const {
    return std::any_of(faults_.begin(), faults_.end(), [&](const PodFault& f) {
      return f.pod == pod && (f.kind == PodFaultKind::kCutOff || !f.answers_probes);
    });
  }
  // Of the last fault that it still has; none if it has none.
  IncidentId cause(PodId pod) const {
    for (std::size_t k = faults_.size(); k-- > 0;)
      if (faults_[k].pod == pod) return faults_[k].cause;
    return kNoIncident;
  }

 private:
  std::vector<PodFault> faults_;
};

}  // namespace stampede
