// The resolvers of one region for one name: each keeps what the authority said until its own end of
// that, so that caches run out one by one.
// **State** of a resolver: has the record, or knows that there is none, or that the authority
// fails, until some time -> (the next question) asks the authority -> has ..
// **Source** RFC 1034, RFC 2308 (negative answers), RFC 8767 (serve stale).
// **Limits** one resolver a question, by its key; questions that meet while it asks wait for the
// same answer; at the start each has the record with the rest of a TTL of its own.
#pragma once
#include <string>
#include <vector>

#include "models/dependencies/dns_name.h"
#include "models/ports/service_port.h"

namespace stampede {

class Resolvers final : public Component, public ServicePort, public ServiceCaller {
 public:
  struct Counts {
    u64 asked = 0, hits = 0, queries = 0, negative = 0, failed = 0, stale = 0;
  };

  // `authority`: asked with the number of a resolver; null: it never fails.
  Resolvers(World& world, std::string path, DnsName& name, ServicePort* authority);

  std::optional<ServiceReply> ask(u64 key, u32 tag, ServiceCaller& caller,
                                  IncidentId cause) override;
  void leave(u32 tag) override;
  bool waits(u32 tag) const override {
    return tag < waiting_.size() && waiting_[tag].caller != nullptr;
  }
  IncidentId delayed_by(u32 tag) const override;
  void eased(const Relief& relief) override {
    if (authority_ != nullptr) authority_->eased(relief);
  }
  void service_replied(u32 resolver, const ServiceReply& reply) override;
  void handle(const Event& event) override;

  const Counts& counts() const { return counts_; }
  // Share of the resolvers that have the record now.
  double with_record() const;

 private:
  struct Resolver {
    Instant until{};  // what it knows is good for so long
    Instant record_until{Instant{INT64_MIN}};
    IncidentId cause = kNoIncident;  // why it has no record
    bool record = false, asking = false;
    u32 queries = 0;
    std::vector<u32> tags;  // of who waits; those who left may still stand there
  };
  struct Waiting {
    ServiceCaller* caller = nullptr;
    u32 resolver = 0;
  };
  void begin();
  std::optional<ServiceReply> query(u32 resolver, IncidentId cause);
  ServiceReply learnt(u32 resolver, const ServiceReply& reply);
  ServiceReply reply_of(const Resolver& resolver) const;
  Duration kept(u32 resolver) const;
  void tell(u32 resolver, const ServiceReply& reply);
  void register_stats();

  World& world_;
  const std::string path_;
  const DnsName& name_;
  ServicePort* authority_;
  const ComponentId component_;
  StreamKey phases_, violations_;
  u64 salt_;
  std::vector<Resolver> resolvers_;
  std::vector<Waiting> waiting_;  // [tag]
  Counts counts_;
};

}  // namespace stampede
