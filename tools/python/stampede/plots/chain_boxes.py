"""The chains of incidents of the overview as rows of boxes, from the root to the effects.

All boxes have one width. A row that leaves another one begins to the right of the box at which they
part. What does not fit is left out before the end of its row, which says how many are missing.
"""
from matplotlib.patches import FancyBboxPatch

from stampede.plots.labels import shortened, width_of, wrapped
from stampede.plots.spread import place_of
from stampede.plots.style import BLACK, GREY, clock

ROW, BOX_HEIGHT, GAP, WIDEST = 0.78, 0.64, 0.15, 1.9  # inches
LINES, LINE = 4, 0.142  # of a box; inches of one
MOST_COLUMNS = 8
ROOT_COLOUR, END_COLOUR = BLACK, "#8c1d18"
LOOKS = {"root": (ROOT_COLOUR, "white"), "end": (END_COLOUR, "white"), "between": ("white", BLACK)}


def fitted(links, room):
    """The links as far as there is room: (shown, how many are missing at the place of None)."""
    if len(links) <= room:
        return list(links), 0
    if room < 3:
        return [None, *links[-1:]][-room:], len(links) - 1
    kept = room - 3  # besides the stub and the last two
    return [*links[:kept], None, *links[-2:]], len(links) - kept - 2


def rows_of(chains):
    """(column of the first box, shown links with None for what is missing, missing) by chain."""
    columns = min(MOST_COLUMNS, max(len(chain.links) for chain in chains))
    rows, column_of = [], {}
    for chain in chains:
        stem = [column_of[link] for link in chain.links[:chain.joins] if link in column_of]
        first = min(stem[-1] + 1, columns - 1) if stem else 0
        shown, missing = fitted(chain.links[chain.joins:], columns - first)
        for column, link in enumerate(shown, first):
            column_of.setdefault(link, column)
        rows.append((first, shown, missing))
    return rows


def write_box(run, axes, incident, column, y, look):
    (left, width), (face, ink) = column, LOOKS[look]
    axes.add_patch(FancyBboxPatch((left, y - BOX_HEIGHT / 2), width, BOX_HEIGHT, facecolor=face,
                                  boxstyle="round,pad=0,rounding_size=0.05", edgecolor=BLACK,
                                  linewidth=0.8, zorder=3))
    figure, middle = axes.figure, left + width / 2
    details = details_of(run, figure, incident, width - 0.06)
    lines = [(line, 8, "bold") for line in wrapped(figure, incident.kind.replace("_", " "), 8,
                                                   width - 0.08, LINES - len(details), "bold")]
    lines += [(line, 7.5, "normal") for line in details]
    top = y + LINE * (len(lines) - 1) / 2
    for number, (line, size, weight) in enumerate(lines):
        axes.text(middle, top - LINE * number, line, fontsize=size, fontweight=weight, color=ink,
                  ha="center", va="center", zorder=4)


def details_of(run, figure, incident, width):
    """When and, if that is a region, where: on one line if both fit there."""
    when, place = clock(run, incident.time_seconds, True), place_of(run, incident)
    if place not in run.regions:
        return [when]
    both = f"{when}  {place}"
    if width_of(figure, both, 7.5) <= width:
        return [both]
    return [when, shortened(figure, place, 7.5, width)]


def arrow(axes, points):
    """A line through the points with a head at its end."""
    xs, ys = zip(*points)
    axes.plot(xs[:-1] + (xs[-1] - 0.03,), ys, color=BLACK, linewidth=1.0, zorder=2,
              solid_joinstyle="miter")
    axes.annotate("", xy=points[-1], xytext=(xs[-1] - 0.05, ys[-1]), zorder=2,
                  arrowprops={"arrowstyle": "-|>", "color": BLACK, "linewidth": 0, "shrinkA": 0,
                              "shrinkB": 0, "mutation_scale": 9})


def draw_chains(run, axes, chains):
    """One row a chain in axes whose unit is an inch."""
    incident = {row.id: row for row in run.incidents.itertuples()}
    rows, room = rows_of(chains), axes.get_xlim()[1]
    columns = max(first + len(shown) for first, shown, _ in rows)
    width = min(WIDEST, (room - GAP * (columns - 1)) / columns)
    heights = [-ROW * (row + 0.5) for row in range(len(rows))]
    for y, chain, (first, shown, missing) in zip(heights, chains, rows):
        for column, link in enumerate(shown, first):
            left = column * (width + GAP)
            if link is None:
                axes.text(left + width / 2, y, f"+ {missing} more", fontsize=8, color=GREY,
                          ha="center", va="center")
            else:
                look = ("end" if link == chain.links[-1] and len(chain.links) > 1 else
                        "root" if link == chain.links[0] else "between")
                write_box(run, axes, incident[link], (left, width), y, look)
            if column > first:
                arrow(axes, [(left - GAP, y), (left, y)])
            elif chain.joins:  # from the row that it leaves
                fork = left - 0.55 * GAP
                arrow(axes, [(fork, heights[chain.row]), (fork, y), (left, y)])
        if columns == 1:  # room for what it says
            text = str(incident[chain.links[0]].text)
            axes.text(width + GAP, y, shortened(axes.figure, text, 8.5, room - width - GAP),
                      fontsize=8.5, va="center")
