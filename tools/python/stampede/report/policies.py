"""The table of policies of a comparison: estimates with their intervals and what differs."""
import math

from stampede.plots.style import length
from stampede.report.markup import clean, table, tag


def value_text(value, unit):
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "s":
        return ("−" if value < 0 else "") + length(abs(value))
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def interval(low, high, unit):
    """Nothing where no interval is known."""
    if not (math.isfinite(low) or math.isfinite(high)):
        return ""
    return f" [{value_text(low, unit)} to {value_text(high, unit)}]"


def cell(row, unit, decided):
    """`decided`: by bets, so that only the row as a whole has a verdict and no mean its own p."""
    difference = getattr(row, "difference_mean", math.nan)
    own = "" if decided and math.isfinite(difference) else interval(row.low, row.high, unit)
    lines = [tag("div", f"{value_text(row.comparable_mean, unit)}{own}")]
    if math.isfinite(difference):
        said = "" if decided else (f": {'differs' if row.resolved else 'may be chance'} "
                                   f"(p {row.p_adjusted:.2g})")
        lines.append(tag("div", f"{value_text(difference, unit)}"
                                f"{interval(row.difference_low, row.difference_high, unit)} "
                                f"against the baseline{said}", class_="difference"))
    return lines


def verdict_cells(policy):
    found = policy.get("verdict")
    if not found:
        return ["–", "–"]
    return [found["verdict"], f"{found['seeds_with_less']}/{found['seeds_with_more']}"]


def words_of(data, decided):
    """What the numbers of the table are."""
    confidence = 100 * data.get("confidence", 0.95)
    after = length(data.get("collapse_after_seconds", 0))
    collapsed = f"A run collapsed if it was down for {after} or longer."
    if not decided:
        return (f"Means over {len(data['seeds'])} seeds, the same for all, with intervals of "
                f"{confidence:.0f} %. A difference is taken seed by seed; p is corrected for "
                f"{data.get('comparisons', 0)} comparisons. {collapsed}")
    return (f"Seeds were given to what was undecided, {len(data['seeds'])} at most. A verdict is of "
            "the whole row and holds at any time, and so do the intervals; a measure without a "
            f"bound has none. The chance that any verdict of the table is wrong is at most "
            f"{100 - confidence:.0f} %. The mean of a candidate is the baseline's mean plus the "
            f"difference over the seeds that both have. {collapsed}")


def policies_of(kept):
    """A row a policy, a column a measure; those of single regions are left out."""
    data = kept.data
    decided = data.get("intervals") == "any_time"
    measures = [name for name in kept.measures.index if "." not in name]
    rows = []
    for policy in data["policies"]:
        collapse = policy["collapse"]
        cells = [*verdict_cells(policy), f"{collapse['collapsed']} of {collapse['runs']}"]
        own = kept.estimates[kept.estimates["policy"] == policy["name"]]
        for measure in measures:
            found = list(own[own["measure"] == measure].itertuples())
            cells.append(cell(found[0], kept.measures.loc[measure, "unit"], decided)
                         if found else "–")
        rows.append([policy["name"], *cells])
    return [tag("p", words_of(data, decided)),
            table(["policy", "verdict", "seeds with less/more downtime", "runs that collapsed",
                   *(clean(kept.title(name)).removesuffix(" (s)") for name in measures)],
                  rows, "Policies compared"),
            *(tag("p", sentence) for sentence in data.get("answers", [])),
            tag("p", "The same comparison again:"), tag("pre", data.get("command", ""))]
