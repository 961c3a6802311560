// Several services asked in turn: the first that fails ends it.
// **State** of a question: with the k-th port -> with the next .. -> answered.
// **Limits** one after the other, never at the same time.
#pragma once
#include <vector>

#include "models/ports/service_port.h"

namespace stampede {

class UseChain final : public ServicePort, public ServiceCaller {
 public:
  explicit UseChain(std::vector<ServicePort*> links) : links_(std::move(links)) {}

  std::optional<ServiceReply> ask(u64 key, u32 tag, ServiceCaller& caller,
                                  IncidentId cause) override;
  void leave(u32 tag) override;
  bool waits(u32 tag) const override {
    return tag < questions_.size() && questions_[tag].caller != nullptr;
  }
  IncidentId delayed_by(u32 tag) const override;
  void eased(const Relief& relief) override {
    for (ServicePort* link : links_) link->eased(relief);
  }
  void service_replied(u32 tag, const ServiceReply& reply) override;

 private:
  struct Question {
    u64 key = 0;
    ServiceCaller* caller = nullptr;  // null: none
    IncidentId cause = kNoIncident;
    u8 stage = 0;
  };
  std::optional<ServiceReply> go_on(u32 tag);

  std::vector<ServicePort*> links_;
  std::vector<Question> questions_;  // [tag]
};

}  // namespace stampede
