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
    return f"[{value_text(low, unit)} to {value_text(high, unit)}]"


def cell(row, unit):
    lines = [tag("div", f"{value_text(row.mean, unit)} {interval(row.low, row.high, unit)}")]
    if math.isfinite(getattr(row, "difference_mean", math.nan)):
        said = "differs" if row.resolved else "may be chance"
        lines.append(tag("div", f"{value_text(row.difference_mean, unit)} "
                                f"{interval(row.difference_low, row.difference_high, unit)} "
                                f"against the baseline: {said} (p {row.p_adjusted:.2g})",
                         class_="difference"))
    return lines


def policies_of(kept):
    """A row a policy, a column a measure; those of single regions are left out."""
    data = kept.data
    measures = [name for name in kept.measures.index if "." not in name]
    rows = []
    for policy in data["policies"]:
        collapse = policy["collapse"]
        cells = [f"{collapse['collapsed']} of {collapse['runs']}"]
        own = kept.estimates[kept.estimates["policy"] == policy["name"]]
        for measure in measures:
            found = list(own[own["measure"] == measure].itertuples())
            cells.append(cell(found[0], kept.measures.loc[measure, "unit"]) if found else "–")
        rows.append([policy["name"], *cells])
    confidence = 100 * data.get("confidence", 0.95)
    after = length(data.get("collapse_after_seconds", 0))
    return [tag("p", f"Means over {len(data['seeds'])} seeds, the same for all, with intervals of "
                     f"{confidence:.0f} %. A difference is taken seed by seed; p is corrected for "
                     f"{data.get('comparisons', 0)} comparisons. A run collapsed if it was down "
                     f"for {after} or longer."),
            table(["policy", "runs that collapsed",
                   *(clean(kept.title(name)).removesuffix(" (s)") for name in measures)],
                  rows, "Policies compared"),
            tag("p", "The same comparison again:"), tag("pre", data.get("command", ""))]
