// The API server's incidents, faults and the operators' maintenance of etcd.
#include <algorithm>
#include <utility>

#include "models/control_plane/api_server.h"
#include "models/control_plane/etcd.h"

namespace stampede {
namespace {

const IncidentKind kEtcdSaturated{"etcd_saturated",
                                  "writes of the control plane wait or fail, seen over a window"};
const IncidentKind kEtcdRecovered{"etcd_recovered", "writes of the control plane no longer wait"};
const IncidentKind kControlPlaneFrozen{
    "control_plane_frozen",
    "pods' readiness changed, but no endpoint change was committed for `frozen_after`"};
const IncidentKind kControlPlaneRecovered{"control_plane_recovered",
                                          "endpoints follow the pods' readiness again"};
const IncidentKind kDiskSlowed{"disk_slowed", "every fsync of etcd's members takes longer"};
const IncidentKind kDiskEased{"disk_eased",
                              "one of several faults of etcd's disks is over, another lasts"};
const IncidentKind kDiskRestored{"disk_restored", "the last fault of etcd's disks is over"};
const IncidentKind kDiskStalled{"disk_stalled", "etcd's disks stop"};
const IncidentKind kRepairStarted{
    "repair_started", "etcd is compacted and defragmented, then its quota alarm disarmed"};

const IncidentKind kCompacted{"etcd_compacted", "etcd drops superseded revisions"};
const IncidentKind kDefragmented{
    "etcd_defragmented",
    "members of etcd are defragmented one after another; each is blocked meanwhile"};
const IncidentKind kDisarmed{"etcd_disarmed", "etcd's quota alarm is disarmed"};
const IncidentKind kQuotaRaised{"etcd_quota_raised", "etcd's quota is larger from now on"};
const IncidentKind kLeaderMoved{"etcd_leader_moved", "etcd's leader hands over to a follower"};

const IncidentKind kEtcdRestarted{"etcd_restarted", "members of etcd end and are started again"};

const IncidentKind kApiUnavailable{"api_unavailable", "no API server answers a small read"};
const IncidentKind kApiAvailable{"api_available", "API servers answer again"};
const IncidentKind kApiCallsLimited{
    "api_calls_limited", "API servers answer calls of one priority level above a rate with 429"};
const IncidentKind kApiCallsLetIn{"api_calls_let_in", "a limit of API calls is over"};

constexpr Duration kLimitBurst = 1_s;       // worth of calls that a limit lets in at once
constexpr Duration kBetweenRestarts = 1_s;  // of etcd's members, one after another
constexpr std::size_t kMostCauses = 4;
constexpr Duration kSlowWindow = 10_s;  // as long as the waits are looked back at

void remember(std::vector<IncidentId>& causes, IncidentId cause) {
  if (cause == kNoIncident || causes.size() >= kMostCauses) return;
  if (std::find(causes.begin(), causes.end(), cause) == causes.end()) causes.push_back(cause);
}

const char* called(EtcdMembers which) {
  switch (which) {
    case EtcdMembers::kAll:
      return "members";
    case EtcdMembers::kLeader:
      return "leader";
    case EtcdMembers::kFollowers:
      return "followers";
    case EtcdMembers::kOneFollower:
      return "first follower";
  }
  return "";
}

bool concerns_endpoints(const ApiCall& call) {
  return call.object == ApiObject::kPodStatus || call.object == ApiObject::kEndpointSlice;
}

}  // namespace

// A status that changes a pod's readiness should lead to a change of endpoints. A pod never seen
// was there from the start and ready.
void ApiServer::note_status(const ApiCall& call) {
  if (call.object != ApiObject::kPodStatus || call.verb != ApiVerb::kUpdate) return;
  const auto known = pods_.find(call.key);
  const bool was_ready = known == pods_.end() || known->second.ready;
  if (std::get<PodStatusValue>(call.value).ready == was_ready) return;
  remember(blocked_causes_, call.cause);
}

void ApiServer::note_failure(const ApiCall& call, IncidentId incident) {
  if (!concerns_endpoints(call) || incident == kNoIncident) return;
  if (readiness_ == nullptr || readiness_->unpublished_since() == kNever) return;
  // What made a change fail comes before what the change was about.
  if (std::find(blocked_causes_.begin(), blocked_causes_.end(), incident) != blocked_causes_.end())
    return;
  blocked_causes_.insert(blocked_causes_.begin(), incident);
  if (blocked_causes_.size() > kMostCauses) blocked_causes_.pop_back();
}

IncidentId ApiServer::ailment() const {
  for (const IncidentId known :
       {saturated_, disk_stalled(), disk_slowed(), blocked_by_upkeep(), read_by_.most(world_.now()),
        etcd_->live_causes().lately(world_.now()), live_causes_.lately(world_.now())})
    if (known != kNoIncident) return known;
  return kNoIncident;
}

// What was there before the trouble is not what ends it.
void ApiServer::eased(IncidentId by) {
  const IncidentId trouble = saturated_ != kNoIncident ? saturated_ : frozen_;
  if (trouble != kNoIncident && by > trouble) repaired_ = by;
}

void ApiServer::file_full() {
  saturate(filled_by_.top(world_.now(), kMostCauses), "etcd's file passed its quota: writes fail");
}

void ApiServer::saturate(std::vector<IncidentId> causes, const std::string& text) {
  slow_at_ = world_.now();
  if (saturated_ != kNoIncident) return;
  if (frozen_ == kNoIncident) repaired_ = kNoIncident;
  for (const SlowDisks& slow : slowed_) causes.push_back(slow.fault);
  causes.push_back(disk_stalled());
  causes.push_back(blocked_by_upkeep());
  live_causes_.add_to(causes, world_.now());
  etcd_->live_causes().add_to(causes, world_.now());
  if (const IncidentId read = read_by_.most(world_.now()); read != kNoIncident)
    causes.push_back(read);
  saturated_ = world_.incident(kEtcdSaturated, path_, std::move(causes), text);
}

void ApiServer::check_frozen() {
  const Instant now = world_.now();
  const Instant since = readiness_ != nullptr ? readiness_->unpublished_since() : kNever;
  if (since == kNever) blocked_causes_.clear();
  frozen_now_ = since != kNever && now - std::max(since, slice_at_) >= params_.frozen_after;
  if (frozen_now_) {
    frozen_until_ = now;
    if (frozen_ != kNoIncident) return;
    frozen_at_ = now;
    if (saturated_ == kNoIncident) repaired_ = kNoIncident;
    if (blocked_causes_.empty()) remember(blocked_causes_, ailment());
    if (blocked_causes_.empty()) remember(blocked_causes_, readiness_->held_up_by());
    frozen_ = world_.incident(kControlPlaneFrozen, path_, blocked_causes_,
                              "readiness changed, but no endpoint change was committed for " +
                                  print(params_.frozen_after));
  } else if (frozen_ != kNoIncident && now - frozen_until_ >= params_.clear_after) {
    frozen_total_ += frozen_until_ - frozen_at_;
    world_.end(kControlPlaneRecovered, path_, frozen_, repaired_,
               "endpoints follow the pods' readiness again");
    frozen_ = kNoIncident;
  }
}

void ApiServer::check_saturated() {
  const Instant now = world_.now();
  const Instant limit{now.ns - params_.saturated_wait.ns};
  if (waits_.slow(etcd_->oldest_start() <= limit ? etcd_->outstanding_since(limit) : 0)) {
    saturate(lately_.top(now, kMostCauses),
             "writes wait over " + print(params_.saturated_wait) + " (99th percentile over 10 s)");
  } else if (etcd_->alarm()) {
    slow_at_ = now;
  } else {
    // With few writes a percentile of 10 s jumps: what is at half of the limit is not clear of it.
    if (waits_.p99() * 2 > params_.saturated_wait) loaded_at_ = now;
    if (saturated_ != kNoIncident && now - std::max(slow_at_, loaded_at_) >= params_.clear_after) {
      world_.end(kEtcdRecovered, path_, saturated_, repaired_, "writes no longer wait");
      saturated_ = kNoIncident;
    }
  }
}

// A server that runs gets to a small read before a call that waits would be refused.
bool ApiServer::answers() const {
  for (i32 k = 0; k < params_.servers; ++k) {
    const Server& server = servers_[static_cast<std::size_t>(k)];
    if (!server.down && server.cpu_free <= world_.now() + params_.queue_wait) return true;
  }
  return false;
}

void ApiServer::check_available() {
  const Instant now = world_.now();
  if (!answers()) {
    unavailable_at_ = now;
    if (unavailable_ != kNoIncident) return;
    std::vector<IncidentId> causes;
    for (const Server& server : servers_) remember(causes, server.ended);
    if (causes.empty()) remember(causes, ailment());
    unavailable_ =
        world_.incident(kApiUnavailable, path_, std::move(causes), "no server answers a read");
  } else if (unavailable_ != kNoIncident && now - unavailable_at_ >= params_.clear_after) {
    world_.end(kApiAvailable, path_, std::exchange(unavailable_, kNoIncident), kNoIncident,
               "servers have answered for " + print(params_.clear_after));
  }
}

Alarm ApiServer::unavailable() const {
  if (unavailable_ == kNoIncident) return {};
  return {true, {unavailable_}};
}

u32 ApiServer::limit_calls(ApiLevel level, Rate rate, IncidentId cause) {
  const IncidentId fault = world_.incident(
      kApiCallsLimited, path_, {cause},
      std::string("more than ") + print(rate) + " at " + name_of(level) + " are turned away");
  limits_.push_back({++last_limit_, level, rate.per_second, fault, world_.now()});
  return last_limit_;
}

void ApiServer::lift_limit(u32 id, IncidentId healed) {
  const auto it =
      std::find_if(limits_.begin(), limits_.end(), [id](const Limit& l) { return l.id == id; });
  if (it == limits_.end()) return;
  const Limit gone = *it;
  limits_.erase(it);
  Remains remains = Remains::kNothing;
  for (const Limit& l : limits_)
    if (l.level == gone.level && remains != Remains::kAsMuch)
      remains = l.rate <= gone.rate ? Remains::kAsMuch : Remains::kLess;
  const IncidentId in =
      world_.ease(kApiCallsLetIn, path_, gone.fault, {gone.fault, healed}, "", remains);
  if (remains != Remains::kAsMuch) eased(in);
}

// The limit that this call meets.
IncidentId ApiServer::turned_away(ApiLevel level) {
  const Instant now = world_.now();
  for (const Limit& l : limits_)
    if (l.level == level && (l.rate == 0 || l.next > now + kLimitBurst)) return l.fault;
  for (Limit& l : limits_)
    if (l.level == level) l.next = std::max(l.next, now) + from_seconds(1 / l.rate);
  return kNoIncident;
}

bool ApiServer::slow_lately() const { return world_.now() - slow_at_ < kSlowWindow; }

void ApiServer::tick() {
  const Instant now = world_.now();
  etcd_->settle();
  if (events_etcd_) events_etcd_->settle();
  writes_per_second_ = static_cast<double>(etcd_->writes() - writes_last_);
  writes_last_ = etcd_->writes();
  writes_max_ = std::max(writes_max_, writes_per_second_);
  const u64 fsyncs = etcd_->fsyncs() - fsyncs_last_;
  const u64 proposals = etcd_->proposals() - proposals_last_;
  fsyncs_last_ += fsyncs;
  proposals_last_ += proposals;
  batch_ = fsyncs > 0 ? static_cast<double>(proposals) / static_cast<double>(fsyncs) : 0;

  check_saturated();
  check_frozen();
  check_servers();
  check_watchers();
  check_available();
  waits_.turn();
  if (now.ns / (1_s).ns % 10 == 0)
    for (std::size_t s = 0; s < servers_.size(); ++s) {
      servers_[s].levels.plan_borrowing();
      for (std::size_t l = 1; l < PriorityLevels::kLevels; ++l)
        dispatch(static_cast<u32>(s), static_cast<ApiLevel>(l));
    }
  world_.scheduler.after(1_s, Priority::kSample, component_, kTick);
}

Alarm ApiServer::frozen() const {
  if (frozen_ == kNoIncident) return {};
  return {true, {frozen_}};
}

Alarm ApiServer::stalled() const {
  if (unavailable_ != kNoIncident) return unavailable();
  if (!frozen_now_ && !slow_lately()) return {};
  if (saturated_ != kNoIncident) return {true, {saturated_}};
  return {true, frozen().shown_by};
}

double ApiServer::frozen_seconds() const {
  const Duration running = frozen_ != kNoIncident ? frozen_until_ - frozen_at_ : Duration{};
  return (frozen_total_ + running).seconds();
}

std::vector<u32> ApiServer::members_of(EtcdMembers which) const {
  const auto n = static_cast<u32>(params_.etcd.members);
  const u32 leader = etcd_->leader();
  if (which == EtcdMembers::kLeader) return {leader};
  if (which == EtcdMembers::kOneFollower && n > 1) return {(leader + 1) % n};
  std::vector<u32> members;  // the leader last
  for (u32 k = 1; k < n; ++k) members.push_back((leader + k) % n);
  if (which == EtcdMembers::kAll) members.push_back(leader);
  return members;
}

IncidentId ApiServer::slow_disks(Duration delay, EtcdMembers which, IncidentId cause) {
  const IncidentId fault = world_.incident(
      kDiskSlowed, path_, {cause},
      std::string("every fsync of etcd's ") + called(which) + " takes " + print(delay) + " longer");
  slowed_.push_back({fault, delay, members_of(which)});
  slow_members();
  return fault;
}

void ApiServer::restore_disks(IncidentId slowed, IncidentId cause) {
  for (std::size_t k = 0; k < slowed_.size();) {
    const SlowDisks slow = slowed_[k];
    if (slowed != kNoIncident && slow.fault != slowed) {
      ++k;
      continue;
    }
    slowed_.erase(slowed_.begin() + static_cast<std::ptrdiff_t>(k));
    tell_disks({slow.fault, cause}, "every fsync is " + print(slow.delay) + " faster");
  }
  slow_members();
}

// One fault of the disks is over.
void ApiServer::tell_disks(std::vector<IncidentId> causes, const std::string& change) {
  if (slowed_.empty() && world_.now() >= stalled_until_)
    eased(world_.incident(kDiskRestored, path_, std::move(causes), "etcd's disks are as before"));
  else
    eased(world_.incident(kDiskEased, path_, std::move(causes), change + "; another fault lasts"));
}

// Each fault adds to what the disks take.
void ApiServer::slow_members() {
  std::vector<Duration> longer(static_cast<std::size_t>(params_.etcd.members));
  for (const SlowDisks& slow : slowed_)
    for (const u32 m : slow.members) longer[m] += slow.delay;
  for (u32 m = 0; m < longer.size(); ++m) {
    etcd_->set_fsync_delay(etcd_->from_leader(m), longer[m]);
    etcd_->set_database_delay(etcd_->from_leader(m), longer[m]);
  }
}

void ApiServer::stall_disks(Duration length, EtcdMembers which, IncidentId cause) {
  stalled_ = world_.incident(
      kDiskStalled, path_, {cause},
      which == EtcdMembers::kAll
          ? "etcd's disks stop for " + print(length)
          : std::string("the disks of etcd's ") + called(which) + " stop for " + print(length));
  stalled_until_ = std::max(stalled_until_, world_.now() + length);
  stall_felt_until_ = stalled_until_ + etcd_->params().request_timeout;
  world_.scheduler.after(length, Priority::kFault, component_, kStallOver, stalled_);
  for (const u32 m : members_of(which)) etcd_->stall(etcd_->from_leader(m), length);
}

// ---- upkeep of etcd -----------------------------------------------------------------------------
// Compaction frees pages inside the file, defragmentation shrinks the file, only then does
// disarming last.
void ApiServer::repair(IncidentId cause) {
  if (repairing()) return;
  const IncidentId incident =
      world_.incident(kRepairStarted, path_, {cause},
                      "etcd is compacted and defragmented, then its quota alarm disarmed");
  add_upkeep(Step::kCompact, incident);
  add_defragmentation(EtcdMembers::kAll, incident);
  add_upkeep(Step::kDisarm, incident);
}

void ApiServer::compact(IncidentId cause) {
  add_upkeep(Step::kCompact,
             world_.incident(kCompacted, path_, {cause}, "superseded revisions are dropped"));
}

void ApiServer::defragment(EtcdMembers which, IncidentId cause) {
  add_defragmentation(
      which, world_.incident(kDefragmented, path_, {cause},
                             std::string("etcd's ") + called(which) + ", one after another"));
}

void ApiServer::disarm(IncidentId cause) {
  add_upkeep(Step::kDisarm,
             world_.incident(kDisarmed, path_, {cause}, "etcd's quota alarm is disarmed"));
}

void ApiServer::raise_quota(double by, IncidentId cause) {
  const Bytes quota{static_cast<i64>(static_cast<double>(etcd_->params().quota.value) * by)};
  world_.incident(kQuotaRaised, path_, {cause}, "etcd's quota is " + print(quota));
  etcd_->set_quota(quota);
}

bool ApiServer::move_leader(IncidentId cause) {
  if (!etcd_->move_leader()) return false;
  world_.incident(kLeaderMoved, path_, {cause}, "etcd's leader hands over to a follower");
  return true;
}

void ApiServer::stop_member(u32 member, Duration down, IncidentId incident) {
  etcd_->stop(member, down);
  stalled_ = incident;
  stall_felt_until_ =
      std::max(stall_felt_until_, world_.now() + down + etcd_->params().request_timeout);
}

void ApiServer::restart_members(EtcdMembers which, Duration down, bool graceful, IncidentId cause) {
  const IncidentId incident = world_.incident(
      kEtcdRestarted, path_, {cause},
      std::string("etcd's ") + called(which) +
          (graceful ? " are restarted one after another" : " end at once and without a word"));
  for (const u32 m : members_of(which)) {
    if (!graceful) {
      stop_member(m, down, incident);
      continue;
    }
    if (m == etcd_->leader()) add_upkeep(Step::kHandOver, incident);
    add_upkeep(Step::kRestart, incident, m, down);
  }
  if (!graceful) add_upkeep(Step::kAway, incident, 0, down);
}

// A disarming is looked at once more a second later.
void ApiServer::add_upkeep(Step step, IncidentId incident, u32 member, Duration down) {
  const bool idle = upkeep_.empty();
  upkeep_.push_back({step, member, incident, down});
  if (step == Step::kDisarm) upkeep_.push_back({Step::kVerify, member, incident, {}});
  if (idle) maintain();
}

void ApiServer::add_defragmentation(EtcdMembers which, IncidentId incident) {
  for (const u32 m : members_of(which)) add_upkeep(Step::kDefragment, incident, m);
}

// Begins the first of the steps that are to come; the event at its end drops it.
void ApiServer::maintain() {
  const Upkeep now = upkeep_.front();
  Duration wait{};
  switch (now.step) {
    case Step::kCompact:
      wait = from_seconds(static_cast<double>(etcd_->file().in_use_bytes()) /
                          params_.compaction_speed.bytes_per_second);
      etcd_->compact();
      break;
    case Step::kDefragment:
      wait = etcd_->defragment_time();
      etcd_->defragment(now.member);
      blocked_by_ = now.incident;
      blocked_until_ = world_.now() + wait + etcd_->params().request_timeout;
      break;
    case Step::kDisarm:
      etcd_->disarm();
      repaired_ = now.incident;
      wait = 1_s;
      break;
    case Step::kVerify:
      etcd_->settle();
      break;
    case Step::kHandOver:
      etcd_->move_leader();
      wait = kBetweenRestarts;
      break;
    case Step::kRestart:
      stop_member(now.member, now.down, now.incident);
      wait = now.down + kBetweenRestarts;
      break;
    case Step::kAway:
      wait = now.down;
      break;
  }
  world_.scheduler.after(wait + 1_ns, Priority::kControl, component_, kMaintain);
}

}  // namespace stampede
