// A plain multi-server queueing station: what named services are made of, and what the analytic
// oracles of queueing theory are checked on.
// **State** a job is refused, or waits -> is served (-> waits again if preempted) -> leaves; a
// waiting job may run out of patience, any job may be dropped.
// **Source** textbook queueing theory: M/G/c/K, Erlang-A, priorities with resume, processor
// sharing; N. J. Gunther, Guerrilla Capacity Planning (2007): throughput that falls with
// concurrency.
// **Limits** processor sharing has one pool of capacity and no waiting room of its own; patience
// ends with the start of service; what a service takes longer by for the jobs beside it is settled
// when it begins (processor sharing: always as it is now).
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "models/dependencies/station_params.h"
#include "sim/slot_pool.h"
#include "sim/world.h"

namespace stampede {

__extension__ typedef unsigned __int128 u128;

// What happened to one job.
struct StationJob {
  u32 customer = 0;
  u8 class_ = 0;        // 0 is served first
  bool served = false;  // false: patience ran out
  Instant arrived{}, left{};
  Duration service{};  // work asked for
  Duration waited() const { return left - arrived - (served ? service : Duration{}); }
};

// Told when a job leaves; may offer new jobs from within.
struct StationUser {
  virtual ~StationUser() = default;
  // A server has taken the job at this place. False: it holds the server and is not worked on
  // before proceed().
  virtual bool begins(u32 /*station*/, u32 /*customer*/, u32 /*place*/) { return true; }
  virtual void left(u32 station, const StationJob& job) = 0;
};

class Station final : public Component {
 public:
  static constexpr u8 kClasses = 2;

  // `number` is given back to the user.
  Station(World& world, const StationParams& params, StationUser& user, u32 number = 0);

  // False if every place is taken. Patience zero is infinite. The job waited iff it was not served
  // at once.
  bool offer(u32 customer, Duration service, Duration patience = {}, u8 class_ = 0);
  void handle(const Event& event) override;

  // Other servers, or places. What is served stays where it is, so that for a while more may be
  // served than there are servers.
  void resize(u32 servers, u32 places);
  // Each server works at so many times its speed, also on what it has begun; 0: it stands still.
  void set_speed(double speed);
  void set_contention(double contention) { params_.contention = contention; }
  void set_lifo_after(Duration span) { params_.lifo_after = span; }
  // Work on a job that holds its server begins, or the job leaves unserved.
  void proceed(u32 place);
  void release(u32 place);
  // The jobs in service that began last leave unserved; with `line` also all that wait.
  void drop(u32 in_service, bool line);

  u32 present() const { return present_; }
  u32 waiting() const { return waiting_; }
  u32 busy() const { return busy_; }
  // Whether for longer than this there has always been somebody in line.
  bool stands_for(Duration span) const;

  // Integrals over time since the start [job ns]; call at any instant.
  struct Areas {
    u128 present = 0, waiting = 0, busy = 0;
    u64 all_busy = 0;  // [ns]
    u64 offered = 0, refused = 0, delayed = 0, abandoned = 0;
  };
  const Areas& areas() {
    integrate();
    return areas_;
  }

 private:
  static constexpr u32 kNone = UINT32_MAX;
  enum Kind : u8 { kServed, kPatienceOver, kShareServed };
  struct Slot {
    StationJob job;
    Duration left{};     // work left at the start of the present service, or since its last change
    double stretch = 1;  // of that service, by the jobs beside it
    Instant started{};
    EventHandle event;                   // end of service, or of patience
    u32 previous = kNone, next = kNone;  // in the waiting line
    bool in_service = false;
    bool held = false;  // in a server, and not worked on
  };
  struct Line {
    u32 head = kNone, tail = kNone;
  };
  struct Share {  // processor sharing: leaves when virtual time reaches `at` [ns of work each]
    double at;
    u32 slot;
    bool operator<(const Share& o) const { return at != o.at ? at > o.at : slot > o.slot; }
  };
  void integrate();
  void start(u32 slot);
  void depart(u32 slot, bool served);
  void fill();
  void begin_work(u32 slot);
  void schedule_end(u32 slot);
  void interrupt(u32 slot);
  double stretch() const;
  double share() const;
  void wait(u32 slot, bool in_front);
  void leave_line(u32 slot);
  u32 next_waiting() const;
  u32 least_urgent_in_service() const;
  void share_changed();
  void advance_virtual_time();

  World& world_;
  StationParams params_;
  StationUser& user_;
  const u32 number_;
  const ComponentId component_;
  SlotPool<Slot> slots_;
  std::array<Line, kClasses> lines_{};
  u32 present_ = 0, waiting_ = 0, busy_ = 0;
  std::vector<Share> shares_;
  double virtual_ns_ = 0;
  double speed_ = 1;
  Instant virtual_at_{};
  EventHandle share_event_;
  Areas areas_;
  Instant integrated_{}, stands_since_{};
};

}  // namespace stampede
