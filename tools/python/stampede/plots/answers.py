"""The answers of `stampede explain`, `when`, `survive`, `reopen` and `tipping-point`, from their JSON.

What changes downtime is a row with the mean and its interval (a tornado); what is a probability of
an outage is a share with its interval; a map of two parameters is a contour in its band.
"""
from matplotlib.ticker import MaxNLocator

from stampede.plots.style import BLACK, BLUE, ORANGE, Picture, styled, write_footer, write_title

ROW = 0.3  # inches


def changes_of(data):
    """Rows of (name, [(what, change)]), each change with mean_seconds, low and high; or none."""
    result = data.get("result")
    if data.get("of") == "delays":
        return [(row["step"], [("30 % shorter", row["shorter_by_30_percent"]),
                               ("30 % longer", row["longer_by_30_percent"])]) for row in result]
    if data.get("of") == "assumptions":
        return [(row["path"].removeprefix("spec."),
                 [(label, row[key]) for label, key in (("low end", "at_low"),
                                                       ("high end", "at_high")) if row[key]])
                for row in result["parameters"]]
    if data.get("of") == "links":
        return [(row["set"], [("removed", row["downtime"])])
                for row in result["levers"] if row["set"] and row["runs"]]
    return []


def shares_of(data):
    """Rows of (name, runs, outages, low, high)."""
    if "places" in data:
        return [(f"{place['place']}, {'cold' if place['cold'] else 'warm'}, "
                 f"{ramp['length_seconds'] / 60:g} min", ramp["runs"], ramp["relapses"],
                 ramp["low"], ramp["high"])
                for place in data["places"] for ramp in place["ramps"] if ramp["runs"]]
    rows = data.get("moments") or data.get("losses") or data.get("points") or []
    return [(f"{row['delay_seconds'] / 60:g} min" if "delay_seconds" in row else
             row.get("lost") or row.get("value"),
             row["runs"], row["outages"], row["low"], row["high"]) for row in rows if row["runs"]]


def draw_changes(axes, rows):
    colours = {"30 % shorter": BLUE, "low end": BLUE, "removed": BLUE}
    for y, (_, changes) in enumerate(rows):
        for label, change in changes:
            colour = colours.get(label, ORANGE)
            axes.barh(y, change["mean_seconds"] / 60, height=0.5, color=colour, alpha=0.85,
                      zorder=2)
            axes.plot([change["low"] / 60, change["high"] / 60], [y, y], color=BLACK,
                      linewidth=0.9, zorder=3)
    axes.axvline(0, color=BLACK, linewidth=0.9)
    axes.set_xlabel("change of downtime (min); line: 95 % interval that holds at any time",
                    fontsize=8)


def draw_shares(axes, rows):
    for y, (_, runs, outages, low, high) in enumerate(rows):
        axes.plot([100 * low, 100 * high], [y, y], color=BLACK, linewidth=1.0)
        axes.plot(100 * outages / runs, y, "o", color=BLUE, markersize=5, zorder=3)
    axes.axvline(50, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set_xlim(-4, 104)
    axes.set_xlabel("% of runs with an outage or a relapse; line: 95 % interval that holds at any "
                    "time", fontsize=8)


def draw_map(data):
    """The contour of a tipping-point of two parameters within its band, and what was played."""
    rows = [row for row in data["rows"] if row["points"]]
    if not rows:
        raise ValueError("there is nothing to draw: no row has a run")
    width, height = 8.0, 5.4
    figure = Picture(width, height)
    axes = figure.subplots(1, 1)
    figure.subplots_adjust(left=1.1 / width, right=1 - 0.3 / width, top=1 - 0.9 / height,
                           bottom=0.95 / height)
    known = [row for row in rows if row["low_at"] is not None]
    levels = [row["at"] for row in known]
    axes.fill_betweenx(levels, [row["low_at"] for row in known], [row["high_at"] for row in known],
                       color=BLUE, alpha=0.2, linewidth=0)
    axes.plot([(row["low_at"] + row["high_at"]) / 2 for row in known], levels, color=BLUE,
              linewidth=1.4, marker="o", markersize=4)
    for row in rows:
        for point in row["points"]:
            down = 2 * point["outages"] > point["runs"]
            axes.plot(point["at"], row["at"], "x" if down else "+", markersize=6,
                      color=ORANGE if down else BLACK)
    ends = data["between"]
    axes.set_xticks([0, 1], ends[0])
    axes.set_yticks([row["at"] for row in data["rows"]], [row["value"] for row in data["rows"]])
    scale = "logarithmic" if data["log"] else "linear"
    axes.set_xlabel(f"{data['params'][0]} ({scale})", fontsize=8)
    axes.set_ylabel(data["params"][1], fontsize=8)
    axes.set_xlim(-0.03, 1.03)
    write_title(figure, f"{data['scenario']}: where it tips",
                f"Line: an outage is as likely as not; band: {100 * data['confidence']:g} % sure for "
                "all rows together.  x: most runs down  +: not")
    write_footer(figure, f"{data['scenario']}   stampede {data['version']}")
    return figure


@styled
def answer(data):
    """The answer of explain, when, survive, reopen or tipping-point as a picture; returns a Picture."""
    if data["schema"].startswith("stampede.tipping_map/"):
        return draw_map(data)
    changes, shares = changes_of(data), shares_of(data)
    names = [row[0] for row in changes or shares]
    if not names:
        raise ValueError("there is nothing to draw: no row has a run")
    width, height = 9.0, ROW * len(names) + 1.75
    figure = Picture(width, height)
    axes = figure.subplots(1, 1)
    left = 0.3 + 0.075 * max(map(len, names))
    figure.subplots_adjust(left=left / width, right=1 - 0.25 / width, top=1 - 0.85 / height,
                           bottom=0.75 / height)
    if changes:
        draw_changes(axes, changes)
    else:
        draw_shares(axes, shares)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    labels = {label for _, row in changes for label, _ in row}
    below = data.get("answer") or (
        "Blue: 30 % shorter. Orange: 30 % longer." if "30 % longer" in labels else
        "Blue: at the low end of the plausible range. Orange: at the high end."
        if "high end" in labels else "")
    kind = data["schema"].split(".")[1].split("/")[0].replace("_", " ")
    what = f"{kind} {data['of']}" if "of" in data else kind
    write_title(figure, f"{data['scenario']}: {what}", below)
    write_footer(figure, f"{data['scenario']}   stampede {data['version']}")
    return figure
