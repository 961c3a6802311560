#include "models/operations/trigger.h"

#include <algorithm>

#include "models/operations/condition_text.h"
#include "models/operations/signal_rows.h"
#include "sim/check.h"

namespace stampede {
namespace {

void append(std::vector<IncidentId>& to, const std::vector<IncidentId>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Of several regions: what each of them shows.
template <class Ports, class Shows>
Alarm any_of(const Ports& ports, Shows shows) {
  Alarm all;
  for (const auto* port : ports) {
    const Alarm one = shows(*port);
    if (!one.holds) continue;
    all.holds = true;
    append(all.shown_by, one.shown_by);
  }
  return all;
}

// Parts of which all hold, or one does, one after the other.
class Combined {
 public:
  explicit Combined(bool all) : all_(all) {
    whole_.now = whole_.sustained = all ? Seen::kYes : Seen::kNo;
  }
  void add(const Reading& part) {
    const auto both = [&](Seen a, Seen b) { return all_ ? std::min(a, b) : std::max(a, b); };
    whole_.now = both(whole_.now, part.now);
    whole_.sustained = both(whole_.sustained, part.sustained);
    if (part.now == Seen::kYes) append(whole_.shown_by, part.shown_by);
  }
  Reading whole() && { return std::move(whole_); }

 private:
  const bool all_;
  Reading whole_;
};

}  // namespace

Trigger::Trigger(const ConditionParams& params, Share below, World& world, Monitor& monitor,
                 const Scene& scene)
    : below_(below.value),
      world_(world),
      monitor_(monitor),
      scene_(scene),
      all_(params.either.empty()),
      text_(text_of(params)) {
  for (const GroupParams& part : all_ ? params.both : params.either) groups_.push_back(group(part));
  if (groups_.empty()) groups_.push_back({true, {term(params)}});
}

Trigger::Group Trigger::group(const GroupParams& params) {
  Group made{params.either.empty(), {}};
  for (const TermParams& part : made.all ? params.both : params.either)
    made.terms.push_back(term(part));
  if (made.terms.empty()) made.terms.push_back(term(params));
  return made;
}

Trigger::Term Trigger::term(const TermParams& params) {
  Term made{params, {}, {}, {}};
  if (params.signal.empty()) {
    made.below = below_;
    if (!params.below.empty()) {
      const std::string wrong = parse_bound(params.below, "1", *made.below);
      STAMPEDE_CHECK(wrong.empty(), wrong);
    }
    return made;
  }
  const SignalRows found = signal_rows(world_, params);
  STAMPEDE_CHECK(found.wrong.empty(), found.wrong);
  made.above = found.above;
  made.below = found.below;
  for (const SignalRow& row : found.rows) {
    Row& watched = made.rows.emplace_back();
    watched.watched = monitor_.watch(row.row, params.rate_over);
    if (!row.divisor) continue;
    const bool total = world_.stats.rows()[*row.divisor].kind == StatKind::kCounter;
    watched.divisor = monitor_.watch(*row.divisor, total ? params.rate_over : Duration{});
  }
  return made;
}

Reading Trigger::read() {
  Combined whole(all_);
  for (Group& group : groups_) {  // each of them, as each counts its own time
    Combined part(group.all);
    for (Term& term : group.terms) part.add(read(term));
    whole.add(std::move(part).whole());
  }
  return std::move(whole).whole();
}

Reading Trigger::read(Term& term) {
  Reading reading;
  if (term.rows.empty()) {
    Alarm alarm = named(term);
    reading.now = alarm.holds ? Seen::kYes : Seen::kNo;
    reading.shown_by = std::move(alarm.shown_by);
  } else {
    reading = measured(term);
  }
  if (reading.now != Seen::kYes)
    term.since = kNever;
  else if (term.since == kNever)
    term.since = world_.now();
  const bool waits = reading.now == Seen::kYes && world_.now() - term.since < term.params.sustained;
  reading.sustained = waits ? Seen::kNo : reading.now;
  return reading;
}

Alarm Trigger::named(const Term& term) const {
  switch (term.params.condition.value_or(Watched::kSuccessBelow)) {
    case Watched::kSuccessBelow:
      return scene_.service->success_below(*term.below);
    case Watched::kPrefixWithdrawn:
      return scene_.routing->prefix_withdrawn();
    case Watched::kControlPlaneFrozen:
      return any_of(scene_.control_planes,
                    [](const ControlPlanePort& plane) { return plane.frozen(); });
    case Watched::kBreakerOpen:
      return scene_.breakers->breaker_open();
    case Watched::kAutoscalerStopped:
      return any_of(scene_.autoscalers,
                    [](const AutoscalerControlPort& c) { return c.autoscaler_stopped(); });
  }
  return {};
}

// Of each region, or one that sums them up. A sum is of those that are there, as a query's is.
std::vector<Sighting> Trigger::values(const Term& term) const {
  const OverRegions over = term.params.over_regions;
  const bool together = over == OverRegions::kSum || over == OverRegions::kMean;
  std::vector<Sighting> each;
  double sum = 0, divisors = 0;
  Sighting all, none;
  for (const Row& row : term.rows) {
    Sighting seen = monitor_.read(row.watched);
    const Sighting by = row.divisor ? monitor_.read(*row.divisor) : Sighting{.value = 1};
    append(seen.shown_by, by.shown_by);
    seen.too_early |= by.too_early;
    none.too_early |= seen.too_early;
    const bool there = seen.value && by.value;
    append(there ? all.shown_by : none.shown_by, seen.shown_by);
    if (there) {
      sum += *seen.value;
      divisors += *by.value;
    }
    if (!there || *by.value == 0)
      seen.value.reset();
    else
      *seen.value /= *by.value;
    each.push_back(std::move(seen));
  }
  if (!together) return each;
  // Without a divisor each one's is 1, so that they count what is there.
  if (over == OverRegions::kSum && !term.rows.front().divisor) divisors = divisors > 0;
  if (divisors == 0) return {std::move(none)};
  all.value = sum / divisors;
  return {std::move(all)};
}

Reading Trigger::measured(const Term& term) const {
  Combined whole(term.params.over_regions == OverRegions::kAll);
  const bool bounded = term.above || term.below;
  for (Sighting& value : values(term)) {
    Reading one;
    if (!value.value)
      one.now = term.params.absent && !value.too_early ? Seen::kYes : Seen::kAbsent;
    else if (bounded && (!term.above || *value.value > *term.above) &&
             (!term.below || *value.value < *term.below))
      one.now = Seen::kYes;
    one.shown_by = std::move(value.shown_by);
    whole.add(one);
  }
  return std::move(whole).whole();
}

}  // namespace stampede
