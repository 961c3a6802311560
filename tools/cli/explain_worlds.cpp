// The verdict on a mitigation over the plausible ranges of all assumed parameters at once: in how
// many worlds does it still win?
#include <fmt/format.h>

#include "tools/cli/explain.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/shown.h"

namespace stampede {

Explained explain_worlds(const ExplainOptions& o, TrialSession& session) {
  const std::vector<Policy> policies = parse_policies(o.policies);
  if (policies.size() != 2)
    throw InputError({{"--of worlds", 0, 0, "", "one --with is judged, A or A,B together", ""}});
  const Policy& policy = policies.back();
  if (const auto fault = session.trials().fault({{}, policy.mitigations})) throw InputError(*fault);
  std::vector<std::string> left_out;
  const std::vector<Axis> axes = assumed_axes(session.trials(), left_out);
  // One sequence of worlds, whatever their number: a longer budget adds to a shorter one's.
  const auto worlds = sobol_points(static_cast<std::size_t>(o.runs), axes.size(), 1);
  std::vector<double> differences;
  std::size_t less = 0, more = 0, same = 0, prevented = 0, outages = 0;
  for (std::size_t w = 0; w < worlds.size() && !session.budget().over(); ++w) {
    const Variation world = change_at(axes, worlds[w]);
    Variation with = world;
    with.mitigations = policy.mitigations;
    const i64 seed = session.trials().seed() + static_cast<i64>(w);
    const auto answers = session.ask({{world, seed}, {with, seed}});
    if (session.budget().over()) break;
    if (!answers[0] || !answers[1]) continue;  // no valid scenario
    const double difference = answers[1]->downtime_seconds - answers[0]->downtime_seconds;
    differences.push_back(difference);
    ++(difference < 0 ? less : difference > 0 ? more : same);
    outages += answers[0]->outage;
    prevented += answers[0]->outage && !answers[1]->outage;
  }
  const std::size_t n = differences.size();
  Explained out;
  if (n == 0 && session.budget().over()) {
    out.over_before = "one world was played with it and without";
    out.least_runs = 2;
    return out;
  }
  const Interval wins = anytime_share(less, n), loses = anytime_share(more, n),
                 stops = anytime_share(prevented, outages);
  const Paired change = paired(differences, session.trials().scenario().spec.duration.seconds());
  out.table = fmt::format(
      "{} in {} plausible worlds ({} assumed parameters drawn at once, one seed each)\n\n"
      "  less downtime in {} of {} {}\n  more in {} of {} {}\n  the same in {}\n"
      "  {} min of downtime in the mean {}\n"
      "  it prevents {} of the {} outages of {} or more {}\n",
      policy.name, n, axes.size(), less, n, percent(wins), more, n, percent(loses), same,
      n > 0 ? minutes_text(change.mean) : "-", minutes_text(change.interval), prevented, outages,
      o.outage_after, percent(stops));
  if (session.impossible() > 0)
    out.table += fmt::format("  {} runs of combinations that are no valid scenario are left out\n",
                             session.impossible());
  if (!left_out.empty()) out.table += "  not varied: " + listed(left_out) + "\n";
  out.json = {{"policy", policy.name},
              {"worlds", n},
              {"less", less},
              {"more", more},
              {"same", same},
              {"less_low", wins.low},
              {"less_high", wins.high},
              {"outages", outages},
              {"prevented", prevented},
              {"prevented_low", stops.low},
              {"prevented_high", stops.high},
              {"downtime", json_of(change)},
              {"left_out", left_out}};
  return out;
}

}  // namespace stampede
