#include "models/mitigations/prefix_view.h"

#include <algorithm>

namespace stampede {

void PrefixViewParams::describe(Schema<PrefixViewParams>& s) {
  using P = PrefixViewParams;
  s.field("index", &P::index)
      .help(
          "events: pods tell which blocks they store and remove; approximate: the router remembers "
          "what it sent where")
      .source(
          "GIE: prefix plug-in, precise or approximate; NVIDIA Dynamo: --kv-events, the default");
  s.field("event_delay", &P::event_delay)
      .range(0, 3600)
      .help("events: time from a change in a pod until the router knows of it");
  s.field("blocks", &P::blocks)
      .range(1, 1e9)
      .help("approximate: blocks of 16 tokens remembered for each pod")
      .source("GIE: lruCapacityPerServer of 31250");
  s.field("lifetime", &P::lifetime)
      .range(0, 864000)
      .help("approximate: how long what was sent is remembered; 0: until others take its place")
      .source("NVIDIA Dynamo: 120 s without events; GIE: no limit");
}

// ---- what was sent -----------------------------------------------------------------------------
void SentPrefixes::enter(u32 entry) {
  Entry& e = entries_[entry];
  e.older = newest_;
  e.newer = kNobody;
  (newest_ == kNobody ? oldest_ : entries_[newest_].newer) = entry;
  newest_ = entry;
}

void SentPrefixes::leave(u32 entry) {
  const Entry& e = entries_[entry];
  (e.older == kNobody ? oldest_ : entries_[e.older].newer) = e.newer;
  (e.newer == kNobody ? newest_ : entries_[e.newer].older) = e.older;
}

// The beginning of a prompt is used last, so that its end is forgotten first.
void SentPrefixes::add(const std::vector<TextRun>& text, u64 capacity, Instant now) {
  for (std::size_t i = text.size(); i-- > 0;) {
    const auto [slot, fresh] = names_.try_add(text[i].name, 0);
    if (fresh) {
      slot = entries_.take();
      entries_[slot].name = text[i].name;
    } else {
      leave(slot);
    }
    Entry& e = entries_[slot];
    const u32 more = std::max(e.blocks, text[i].blocks) - e.blocks;
    e.blocks += more;
    blocks_ += more;
    e.sent = now;
    enter(slot);
  }
  while (blocks_ > capacity) {
    const u32 gone = oldest_;
    Entry& e = entries_[gone];
    const auto less = static_cast<u32>(std::min<u64>(blocks_ - capacity, e.blocks));
    blocks_ -= less;
    e.blocks -= less;
    if (e.blocks > 0) return;
    leave(gone);
    names_.erase(e.name);
    entries_.give_back(gone);
  }
}

u32 SentPrefixes::find(const std::vector<TextRun>& text, Instant since) const {
  u32 found = 0;
  for (const TextRun& run : text) {
    const u32* slot = names_.find(run.name);
    if (slot == nullptr || entries_[*slot].sent < since) break;
    found += std::min(run.blocks, entries_[*slot].blocks);
    if (entries_[*slot].blocks < run.blocks) break;
  }
  return found;
}

// ---- what was told -----------------------------------------------------------------------------
void ToldPrefixes::add(std::vector<Step>& steps, u32 at, i32 by) {
  const auto place = std::lower_bound(steps.begin(), steps.end(), at,
                                      [](const Step& s, u32 value) { return s.at < value; });
  if (place == steps.end() || place->at != at)
    steps.insert(place, {at, by});
  else if ((place->by += by) == 0)
    steps.erase(place);
}

void ToldPrefixes::change(u64 name, u32 from, u32 to, i32 by) {
  const auto [slot, fresh] = names_.try_add(name, 0);
  if (fresh) {
    slot = counts_.take_as_left();
    counts_[slot].clear();
  }
  add(counts_[slot], from, by);
  add(counts_[slot], to, -by);
  if (!counts_[slot].empty()) return;
  counts_.give_back(slot);
  names_.erase(name);
}

u32 ToldPrefixes::find(const std::vector<TextRun>& text) const {
  u32 found = 0;
  for (const TextRun& run : text) {
    const u32* slot = names_.find(run.name);
    if (slot == nullptr) break;
    u32 here = 0;  // without a gap
    i32 copies = 0;
    for (const Step& step : counts_[*slot]) {
      if (copies == 0 && step.at > here) break;
      here = step.at;
      copies += step.by;
    }
    found += std::min(run.blocks, here);
    if (here < run.blocks) break;
  }
  return found;
}

void ToldPrefixes::clear() {
  counts_.clear();
  names_.clear();
}

// ---- of a pool ---------------------------------------------------------------------------------
PrefixView::PrefixView(const PrefixViewParams& params, const ReplicaChoice::Place& place)
    : params_(params), world_(place.world), pods_(place.pods) {
  if (params.index == PrefixSource::kEvents && pods_ != nullptr)
    pods_->listen(place.workload, *this);
}

PrefixView::Pod& PrefixView::of(u32 pod) {
  if (pod >= views_.size()) views_.resize(pod + std::size_t{1});
  if (!views_[pod]) views_[pod] = std::make_unique<Pod>();
  return *views_[pod];
}

// Of a pod that is no longer listed, what was sent there is forgotten.
void PrefixView::set_endpoints(const std::vector<u32>& pods) {
  for (const u32 pod : listed_)
    if (!std::binary_search(pods.begin(), pods.end(), pod)) of(pod).sent = {};
  listed_ = pods;
  for (const u32 pod : pods) of(pod);
}

void PrefixView::take_in(Pod& pod) {
  const Instant known = world_.now() - params_.event_delay;
  for (; !pod.to_come.empty() && pod.to_come.front().at <= known; pod.to_come.pop_front()) {
    const Told& told = pod.to_come.front();
    if (told.by == 0)
      pod.told.clear();
    else
      pod.told.change(told.name, told.from, told.to, told.by);
  }
}

u32 PrefixView::found(u32 pod, const RoutedPrompt& prompt) {
  const u32 most = prompt.tokens == 0 ? 0 : (prompt.tokens - 1) / kTextBlockTokens;
  if (params_.index == PrefixSource::kEvents) {
    if (pods_ != nullptr) pods_->tell_events(pod);
    Pod& view = of(pod);
    take_in(view);
    return std::min(most, view.told.find(prompt.text));
  }
  const Instant since =
      params_.lifetime.ns > 0 ? world_.now() - params_.lifetime : Instant{INT64_MIN};
  return std::min(most, of(pod).sent.find(prompt.text, since));
}

void PrefixView::sent(u32 pod, const RoutedPrompt& prompt) {
  if (params_.index == PrefixSource::kApproximate)
    of(pod).sent.add(prompt.text, static_cast<u64>(params_.blocks), world_.now());
}

void PrefixView::hear(PodId pod, const Told& told) { of(pod).to_come.push_back(told); }
void PrefixView::stored(PodId pod, Instant at, u64 name, u32 from, u32 to) {
  hear(pod, {at, name, from, to, 1});
}
void PrefixView::removed(PodId pod, Instant at, u64 name, u32 from, u32 to) {
  hear(pod, {at, name, from, to, -1});
}
void PrefixView::cleared(PodId pod, Instant at) { hear(pod, {at, 0, 0, 0, 0}); }

}  // namespace stampede
