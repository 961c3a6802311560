// What is expected of the incidents of a run: that there are some, where, when and in which order.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "tools/judgement/register_expectation.h"
#include "tools/language/diagnostics.h"
#include "tools/language/published_timeline.h"

namespace stampede {
namespace {

struct IncidentMatch {
  std::string kind, region;
  i32 nth = 1;
  static void describe(Schema<IncidentMatch>& s) {
    s.shorthand("kind");
    s.field("kind", &IncidentMatch::kind).required().help("kind of incident");
    s.field("region", &IncidentMatch::region)
        .help("region that its component belongs to or its text names; left out: anywhere");
    s.field("nth", &IncidentMatch::nth)
        .range(1, 1e6)
        .help("which of those that fit is meant, counted from the first (in the window)");
  }
};

struct IncidentWindow : IncidentMatch {
  std::vector<Duration> between;
  static void describe(Schema<IncidentWindow>& s) {
    s.base<IncidentMatch>();
    s.field("between", &IncidentWindow::between).help("earliest and latest time of the run");
  }
};

struct IncidentOrder {
  std::vector<IncidentMatch> incidents;
  static void describe(Schema<IncidentOrder>& s) {
    s.field("incidents", &IncidentOrder::incidents)
        .required()
        .not_empty()
        .help(
            "kinds, the first incident of each, or the `nth`, not before that of the one in front "
            "of it");
  }
};

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// As a word of its own.
bool names_word(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !letter(text[at - 1])) && (end == text.size() || !letter(text[end])))
      return true;
  }
  return false;
}

bool fits(const Incident& incident, const std::string& kind, const std::string& region) {
  return incident.kind == kind && (region.empty() || names_word(incident.component, region) ||
                                   names_word(incident.text, region));
}

std::string called(const std::string& kind, const std::string& region) {
  return region.empty() ? kind : kind + " in " + region;
}

std::string called(const IncidentMatch& p) {
  return called(p.kind, p.region) + (p.nth > 1 ? fmt::format(" (number {})", p.nth) : "");
}

// With the kinds that did happen, if one is like it.
std::string missing(const Facts& facts, const std::string& kind, const std::string& region) {
  std::vector<std::string> kinds;
  for (const Incident& i : *facts.incidents) kinds.push_back(i.kind);
  const bool happened = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  const std::string near = happened ? "" : nearest_name(kind, kinds);
  return "no incident of kind " + called(kind, region) +
         (near.empty() ? "" : "; '" + near + "' happened");
}

std::string minutes(Instant at) { return fmt::format("{:.1f} min", at.seconds() / 60); }

// In the window, if there is one.
std::vector<const Incident*> fitting(const Facts& facts, const IncidentWindow& p) {
  std::vector<const Incident*> all;
  for (const Incident& i : *facts.incidents)
    if (fits(i, p.kind, p.region) && (p.between.size() != 2 || (i.at >= Instant{} + p.between[0] &&
                                                                i.at <= Instant{} + p.between[1])))
      all.push_back(&i);
  return all;
}

const Incident* found_by(const Facts& facts, const IncidentWindow& p) {
  const std::vector<const Incident*> all = fitting(facts, p);
  const auto n = static_cast<std::size_t>(p.nth);
  return all.size() < n ? nullptr : all[n - 1];
}

// Of too few the count, of none what is like it.
std::string missing(const Facts& facts, const IncidentMatch& p) {
  const std::size_t happened = fitting(facts, {p, {}}).size();
  if (happened == 0) return missing(facts, p.kind, p.region);
  return fmt::format("{} did not happen, {} of the kind did", called(p), happened);
}

const RegisterExpectation<IncidentWindow> incident{
    "incident", "an incident of this kind happened, there and then",
    [](const IncidentWindow& p, const Facts& f) -> std::string {
      if (found_by(f, p) != nullptr) return "";
      const Incident* otherwise = found_by(f, {{p.kind, p.region, p.nth}, {}});
      if (otherwise == nullptr) return missing(f, p);
      const std::string window = fmt::format("between {} and {}", minutes(Instant{} + p.between[0]),
                                             minutes(Instant{} + p.between[1]));
      if (p.nth > 1)
        return fmt::format("{} happened {} times {}, expected {}", called(p.kind, p.region),
                           fitting(f, p).size(), window, p.nth);
      return fmt::format("{} happened first at {}, expected {}", called(p), minutes(otherwise->at),
                         window);
    }};

const RegisterExpectation<IncidentWindow> no_incident{
    "no_incident", "no incident of this kind happened, there and then",
    [](const IncidentWindow& p, const Facts& f) -> std::string {
      const Incident* found = found_by(f, p);
      if (found == nullptr) return "";
      return fmt::format("an incident of kind {} happened at {}", called(p), minutes(found->at));
    }};

const RegisterExpectation<IncidentOrder> order{
    "order", "the first incidents of these kinds, or the nth, happened in this order",
    [](const IncidentOrder& p, const Facts& f) -> std::string {
      const Incident* before = nullptr;
      for (const IncidentMatch& match : p.incidents) {
        const Incident* found = found_by(f, {match, {}});
        if (found == nullptr) return missing(f, match);
        if (before != nullptr && found->at < before->at)
          return fmt::format("{} happened at {}, before {} at {}", called(match),
                             minutes(found->at), before->kind, minutes(before->at));
        before = found;
      }
      return "";
    }};

// The nearest in time, as there may be several.
const Incident* nearest(const Facts& facts, const PublishedEvent& event, Instant published) {
  const Incident* best = nullptr;
  const auto apart = [&](const Incident& i) {
    return std::max(i.at, published) - std::min(i.at, published);
  };
  for (const Incident& i : *facts.incidents)
    if (fits(i, event.event, event.region) && (best == nullptr || apart(i) < apart(*best)))
      best = &i;
  return best;
}

const RegisterExpectation<PublishedTimeline> timeline{
    "timeline", "each published event happened, and not further from its time than tolerated",
    [](const PublishedTimeline& p, const Facts& f) -> Judged {
      Judged judged;
      std::size_t width = 5;
      for (const PublishedEvent& e : p.events)
        width = std::max(width, called(e.event, e.region).size());
      judged.report = fmt::format("  {:<{}}  {:>10}  {:>10}  {:>10}  {:>10}\n", "event", width,
                                  "published", "run", "error", "tolerance");
      std::size_t missed = 0;
      for (const PublishedEvent& e : p.events) {
        const Instant published = Instant{} + p.from + e.at;
        const Incident* found = nearest(f, e, published);
        const double error = found != nullptr ? (found->at - published).seconds() / 60 : 0;
        const bool held = found != nullptr && std::abs(error) * 60 <= e.tolerance.seconds() + 1e-9;
        missed += !held;
        judged.report += fmt::format(
            "  {:<{}}  {:>10.1f}  {:>10}  {:>10}  {:>10.1f}{}\n", called(e.event, e.region), width,
            published.seconds() / 60,
            found != nullptr ? fmt::format("{:.1f}", found->at.seconds() / 60) : "never",
            found != nullptr ? fmt::format("{:+.1f}", error) : "", e.tolerance.seconds() / 60,
            held ? "" : "  not met");
        if (!held && judged.wrong.empty())
          judged.wrong =
              found == nullptr
                  ? missing(f, e.event, e.region)
                  : fmt::format("{} happened at {}, published is {}, tolerated {:.1f} min",
                                called(e.event, e.region), minutes(found->at), minutes(published),
                                e.tolerance.seconds() / 60);
      }
      if (missed > 1) judged.wrong += fmt::format("; {} of {} not met", missed, p.events.size());
      if (p.events.empty()) judged.wrong = "`events` or `file` is wanted";
      return judged;
    }};

}  // namespace
}  // namespace stampede
