// A use of a service by one caller: a region's gateway, its kubelets. What the caller does about
// asking stands here: cache, time-out, retries, and how it goes on without an answer.
// **State** of a question: answered from the cache, or trying (the call is out) -> waiting (for its
// next try) -> trying .. -> answered, or another way -> answered, or failed; left at any time.
// **Source** RFC 5861 (stale-if-error, stale-while-revalidate); Vattani, Chierichetti, Lowenstein,
// Optimal Probabilistic Cache Stampede Prevention (2015): early refresh; retries as the client
// libraries have them (RetryPort).
// **Limits** who has left is not told to the service, as with most protocols; a reply is lost by a
// time-out only; questions about the same key do not wait for each other, but a kept answer is
// refreshed by one call at a time; a call and its answer are on the way at the same time, as late
// as the network says when the call goes out.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/dependencies/answer_cache.h"
#include "models/dependencies/popularity.h"
#include "models/dependencies/service.h"
#include "models/dependencies/use_params.h"
#include "models/ports/answer_cache_port.h"
#include "models/ports/network_port.h"
#include "models/ports/retry_port.h"
#include "models/ports/service_port.h"
#include "sim/live_causes.h"
#include "sim/timeouts.h"

namespace stampede {

class Use final : public Component,
                  public ServicePort,
                  public ServiceUser,
                  public AnswerCachePort,
                  public Tunable {
 public:
  struct Site {
    Service* service;
    RegionId region;
    IncidentId instead_of = kNoIncident;  // the incident by which another one is not asked
  };
  struct Wiring {
    Service* service = nullptr;
    RetryPort* retries = nullptr;
    const NetworkPort* network = nullptr;  // null: nothing lies between caller and service
    RegionId from = kNoRegion, to = kNoRegion;
    std::vector<Site> sites{};             // of an anycast service, instead of `service` and `to`
    std::vector<ClientNetwork> clients{};  // where who asks stands, by key, instead of `from`
  };
  struct Counts {
    u64 asked = 0, hits = 0, answered = 0;  // answered: by the service
    u64 stale = 0, opened = 0, degraded = 0, failed = 0, left = 0;
    u64 tries = 0, timeouts = 0;
  };

  Use(World& world, std::string path, const UseParams& params, Wiring wiring);

  std::optional<ServiceReply> ask(u64 key, u32 tag, ServiceCaller& caller,
                                  IncidentId cause) override;
  void leave(u32 tag) override;
  bool waits(u32 tag) const override { return tag < by_tag_.size() && by_tag_[tag] != kNone; }
  IncidentId delayed_by(u32 tag) const override;
  void eased(const Relief& relief) override;

  IncidentId lose_answers(double from, double share, IncidentId cause) override;

  bool call_ended(u32 call, u32 generation, bool served, IncidentId cause) override;
  void handle(const Event& event) override;
  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;

  const Counts& counts() const { return counts_; }
  const UseParams& params() const { return params_; }
  std::size_t open() const { return calls_.live(); }

 private:
  friend struct UseFault;  // of tests that plant one for the checks to see
  static constexpr u32 kNone = UINT32_MAX;
  enum Kind : u8 { kReply, kRefused, kRetry, kOtherWay, kTimeout };
  struct Call {
    u64 key = 0, serial = 0;
    ServiceCaller* caller = nullptr;
    u32 tag = 0, rank = 0;
    u32 generation = 0;  // a number for each try: what comes of an earlier one is not heard
    u32 tries = 0;
    IncidentId cause = kNoIncident;  // what brought it, or why it was not answered
    Duration way{};                  // to the service and back
    RetryCause why = RetryCause::kFinal;
    CallPhase phase = CallPhase::kNone;
    bool out = false;  // the service has it
    Service* at = nullptr;
    const PathHarm* over = nullptr;  // the way, where it has a capacity or loses something
    bool refreshes = false;          // an answer that is kept; nobody waits
    Instant began{};
  };
  const PathState& way_to(RegionId region, u64 key) const;
  Site nearest(u64 key) const;
  Duration late(u32 call, const PathState& path);
  IncidentId why_late(const Call& call) const;
  std::optional<ServiceReply> attempt(u32 call);
  std::optional<ServiceReply> refused(u32 call, RetryCause why, IncidentId cause);
  std::optional<ServiceReply> failed(u32 call, RetryCause why, IncidentId cause);
  std::optional<ServiceReply> without_answer(u32 call);
  bool kept_long_enough(u32 rank) const;
  std::optional<ServiceReply> kept(u32 rank, u64 key);
  bool ends_soon(u32 rank, Instant expires);
  void refresh(u32 rank, u64 key);
  std::optional<ServiceReply> begin(const Call& call);
  ServiceReply answered(u32 call);
  void timed_out(u32 call);
  void tell(u32 call, const std::optional<ServiceReply>& reply);
  void close(u32 call);
  void enter(u32 call, CallPhase to);
  bool alive(u32 call, u32 generation) const { return calls_[call].generation == generation; }
  // Where among all keys one is by its popularity. A call that another one makes is about the same
  // thing and comes with the place of that.
  double place(u64 key) const {
    return params_.per == UsePer::kCall ? static_cast<double>(key >> 11) * 0x1p-53
                                        : uniform(draw(keys_, key));
  }
  u64 place_of(u64 key) const { return static_cast<u64>(place(key) * 0x1p53) << 11; }
  void build_cache();
  void register_stats();

  World& world_;
  const std::string path_;
  UseParams params_;
  const Wiring wiring_;
  const ComponentId component_;
  Timeouts timeouts_;
  StreamKey keys_, ways_, early_;
  std::unique_ptr<Popularity> popularity_;  // null: nothing is kept
  std::unique_ptr<AnswerCache> cache_;
  struct Refresh {
    Duration took{};  // the last call for it
    bool out = false;
  };
  std::vector<Refresh> refreshes_;  // [key]; empty: none is refreshed before it is asked for
  u64 looks_ = 0;
  SlotPool<Call> calls_;
  std::vector<u32> by_tag_;
  u64 serials_ = 0;
  LiveCauses tuned_;  // for calls that nothing else brings
  Counts counts_;
};

}  // namespace stampede
