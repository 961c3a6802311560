// A service that the attempts of some classes of clients need, and others do not.
// Limits: the 255th class and those after it are one here.
#pragma once
#include <vector>

#include "models/ports/attempts_port.h"
#include "models/ports/service_port.h"

namespace stampede {

class ClassFilter final : public ServicePort {
 public:
  // `needs` [class]; tags are slots of `attempts`.
  ClassFilter(ServicePort& service, const AttemptPool& attempts, std::vector<u8> needs)
      : service_(service), attempts_(attempts), needs_(std::move(needs)) {}

  std::optional<ServiceReply> ask(u64 key, u32 tag, ServiceCaller& caller,
                                  IncidentId cause) override {
    const std::size_t of = attempts_[tag].asked_by;
    if (of < needs_.size() && needs_[of] != 0) return service_.ask(key, tag, caller, cause);
    service_.leave(tag);  // whoever had this tag before
    return ServiceReply{};
  }
  void leave(u32 tag) override { service_.leave(tag); }
  bool waits(u32 tag) const override { return service_.waits(tag); }
  IncidentId delayed_by(u32 tag) const override { return service_.delayed_by(tag); }
  void eased(const Relief& relief) override {
    const std::size_t of = relief.client_class.value_or(UINT16_MAX);
    if (!relief.client_class || (of < needs_.size() && needs_[of] != 0)) service_.eased(relief);
  }

 private:
  ServicePort& service_;
  const AttemptPool& attempts_;
  std::vector<u8> needs_;
};

}  // namespace stampede
