#include <cstdio>

#include "sim/scheduler.h"

struct Clock final : stampede::Component {
  void handle(const stampede::Event& event) override {
    std::printf("event at %g s\n", event.at.seconds());
  }
};

int main() {
  stampede::Scheduler scheduler;
  Clock clock;
  const stampede::Instant at{3'000'000'000};
  scheduler.at(at, stampede::Priority::kControl, scheduler.add(&clock), 0);
  scheduler.run_until(at);
}
