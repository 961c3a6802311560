// stampede tipping-point with two parameters: for each value of the second, between which values of
// the first an outage becomes as likely as not. Their middle is the contour, they are its band.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/cli/commands.h"
#include "tools/cli/tipping_command.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct MapRow {
  double at = 0;  // coordinate of the second parameter
  Tipping tipping;
  bool known() const {
    return tipping.end == TippingEnd::kFound || tipping.end == TippingEnd::kTooClose ||
           (tipping.end == TippingEnd::kBudget && tipping.points.size() > 2);
  }
  std::size_t runs() const {
    std::size_t sum = 0;
    for (const TestedPoint& p : tipping.points) sum += p.runs;
    return sum;
  }
};

// Rows one after the other; each may use its part of what is left of the budget. The errors of all
// rows add up to that of one statement.
std::vector<MapRow> rows_of(const TippingOptions& o, const Axis& first, const Axis& second,
                            TrialSession& session) {
  TippingPlan plan = tipping_plan(o);
  plan.confidence = 1 - (1 - kConfidence) / static_cast<double>(o.rows());
  std::vector<MapRow> rows;
  for (i64 k = 0; k < o.rows(); ++k) {
    MapRow row;
    row.at = static_cast<double>(k) / static_cast<double>(o.rows() - 1);
    const double until =
        session.budget().used() + session.budget().left() / static_cast<double>(o.rows() - k);
    row.tipping = find_tipping(plan, [&](double at, std::size_t n) -> std::optional<bool> {
      if (session.budget().used() >= until) return std::nullopt;
      const Variation change{{{o.params[0], text_at(first, at), "--between"},
                              {o.params[1], text_at(second, row.at), "--between"}},
                             o.policies};
      const auto trial = session.play(change, session.trials().seed() + static_cast<i64>(n));
      return trial ? std::optional(trial->outage) : std::nullopt;
    });
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string said(const MapRow& row) {
  switch (row.tipping.end) {
    case TippingEnd::kFound:
      return "";
    case TippingEnd::kTooClose:
      return "nearer, not surely above or below one half";
    case TippingEnd::kNoCrossing:
      return row.tipping.points.front().side == Side::kAbove ? "an outage at both ends"
                                                             : "none at either end";
    case TippingEnd::kOpenEnd:
      return "an end is open";
    case TippingEnd::kBudget:
      break;
  }
  return "its time was over";
}

std::string map_table(const TippingOptions& o, const Axis& first, const Axis& second,
                      const std::vector<MapRow>& rows, const std::string& scenario) {
  std::vector<std::vector<std::string>> cells{{o.params[1], "tips between", "and", "runs", ""}};
  for (const MapRow& row : rows)
    cells.push_back({text_at(second, row.at),
                     row.known() ? text_at(first, row.tipping.between.low) : "-",
                     row.known() ? text_at(first, row.tipping.between.high) : "-",
                     fmt::format("{}", row.runs()), said(row)});
  return fmt::format(
      "{}: where {} tips, an outage of {} or more being as likely as not\n\n{}\n"
      "all rows together {:.0f} % sure, if the probability of an outage only rises or only "
      "falls in each\n",
      scenario, o.params[0], o.outage_after, aligned(cells), 100 * kConfidence);
}

ordered_json point_json(const Axis& first, const TestedPoint& p) {
  return {{"value", text_at(first, p.at)}, {"at", p.at},         {"runs", p.runs},
          {"outages", p.outages},          {"low", p.share.low}, {"high", p.share.high}};
}

ordered_json map_json(const Axis& first, const Axis& second, const std::vector<MapRow>& rows) {
  ordered_json out = ordered_json::array();
  for (const MapRow& row : rows) {
    ordered_json points = ordered_json::array();
    for (const TestedPoint& p : row.tipping.points) points.push_back(point_json(first, p));
    const Interval& between = row.tipping.between;
    out.push_back({{"value", text_at(second, row.at)},
                   {"at", row.at},
                   {"ended", name_of(row.tipping.end)},
                   {"low", row.known() ? ordered_json(text_at(first, between.low)) : nullptr},
                   {"high", row.known() ? ordered_json(text_at(first, between.high)) : nullptr},
                   {"low_at", row.known() ? ordered_json(between.low) : nullptr},
                   {"high_at", row.known() ? ordered_json(between.high) : nullptr},
                   {"rises", row.tipping.rises},
                   {"points", points}});
  }
  return out;
}

}  // namespace

int tipping_map(const TippingOptions& o, TrialSession& session) {
  const Axis first = tipping_axis(o, 0, session.trials()),
             second = tipping_axis(o, 1, session.trials());
  const std::vector<MapRow> rows = rows_of(o, first, second, session);
  if (session.nothing_played()) return session.too_short("any value had a run", 2);
  const std::string name = session.trials().scenario().metadata.name;
  if (!o.quiet) narrate(session.spent() + "\n");
  if (o.format != "json") {
    print_result(map_table(o, first, second, rows, name));
    return kFine;
  }
  const auto ends = [](const Axis& axis) {
    return ordered_json::array({text_at(axis, 0), text_at(axis, 1)});
  };
  const ordered_json out = {{"schema", "stampede.tipping_map/1"},
                            {"version", stampede_version()},
                            {"build", stampede_build()},
                            {"scenario", name},
                            {"command", session.command() + tipping_words(o)},
                            {"params", o.params},
                            {"between", ordered_json::array({ends(first), ends(second)})},
                            {"log", o.log},
                            {"confidence", kConfidence},
                            {"rows", map_json(first, second, rows)}};
  print_result(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  return kFine;
}

}  // namespace stampede
