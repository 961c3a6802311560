#include "models/cluster/shared_links.h"

namespace stampede::cluster {

SharedLinks::SharedLinks(World& world, TransferListener& listener)
    : world_(world), listener_(listener), component_(world.scheduler.add(this)) {}

u32 SharedLinks::add(Bandwidth total, Bandwidth cap) {
  Link& link = links_.emplace_back();
  link.total = total.bytes_per_second;
  link.cap = cap.bytes_per_second;
  return static_cast<u32>(links_.size() - 1);
}

void SharedLinks::retune(u32 index, Bandwidth total, Bandwidth cap) {
  Link& link = links_[index];
  advance(link);
  link.total = total.bytes_per_second;
  link.cap = cap.bytes_per_second;
  schedule(index);
}

double SharedLinks::rate(const Link& link) {
  const double share = link.total / static_cast<double>(link.transfers.size());
  return share < link.cap ? share : link.cap;
}

void SharedLinks::advance(Link& link) {
  if (link.transfers.empty()) {
    link.attained = 0;  // keeps the sum small over a long run
  } else {
    link.attained += rate(link) * (world_.now() - link.updated).seconds();
  }
  link.updated = world_.now();
}

void SharedLinks::start(u32 index, Bytes size, u32 subject, u32 generation) {
  Link& link = links_[index];
  advance(link);
  link.transfers.push(
      {link.attained + static_cast<double>(size.value), order_++, subject, generation});
  schedule(index);
}

void SharedLinks::schedule(u32 index) {
  Link& link = links_[index];
  world_.scheduler.cancel(link.next);
  if (link.transfers.empty()) return;
  const double left = link.transfers.top().end - link.attained;
  Duration wait = from_seconds((left > 0 ? left : 0) / rate(link));
  if (wait.ns < 1) wait.ns = 1;
  link.next = world_.scheduler.after(wait, Priority::kControl, component_, 0, index);
}

void SharedLinks::handle(const Event& event) {
  Link& link = links_[event.subject];
  advance(link);
  // Rounding of times to nanoseconds leaves less than a few bytes a transfer.
  const double reached = link.attained + rate(link) * 2e-9;
  std::vector<Transfer> done;
  while (!link.transfers.empty() && link.transfers.top().end <= reached) {
    done.push_back(link.transfers.top());
    link.transfers.pop();
  }
  schedule(event.subject);
  for (const Transfer& t : done) listener_.transferred(t.subject, t.generation);
}

}  // namespace stampede::cluster
