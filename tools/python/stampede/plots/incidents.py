"""The incidents of a run as pictures name them: numbered, spaced, listed."""
from stampede.plots.labels import pooled, shortened, width_of
from stampede.plots.style import BLACK, GREY, clock

LEGEND_COLUMNS = 3
ZOOM_GAP, ZOOM_KINDS, ZOOM_SHARE = 600.0, 4, 0.2  # a burst that gets a column


def first_incidents(run):
    """The first incident of each kind, numbered, with the numbers of the kinds that caused it."""
    first = run.incidents.sort_values("time_seconds", kind="stable").drop_duplicates("kind")
    first = first.reset_index(drop=True)
    first["number"] = range(1, len(first) + 1)
    number = dict(zip(first["kind"], first["number"]))
    kind = dict(zip(run.incidents["id"], run.incidents["kind"]))
    first["led_by"] = [sorted({number[kind[c]] for c in causes if c in kind})
                       for causes in first["causes"]]
    first["times"] = first["kind"].map(run.incidents["kind"].value_counts())
    return first


def zoom_of(first, begin, end):
    """The span around the most incidents close together, if it holds much in little time.

    Returns (low, high, the smallest and the greatest number inside), or None.
    """
    bursts = []
    for row in first.itertuples():
        if bursts and row.time_seconds - bursts[-1][-1].time_seconds <= ZOOM_GAP:
            bursts[-1].append(row)
        else:
            bursts.append([row])
    burst = max(bursts, key=len, default=[])
    if len(burst) < ZOOM_KINDS:
        return None
    low, high = burst[0].time_seconds, burst[-1].time_seconds
    if high - low > ZOOM_SHARE * (end - begin):
        return None
    margin = max(0.15 * (high - low), 60.0)
    return max(begin, low - margin), min(end, high + margin), burst[0].number, burst[-1].number


def spread(wanted, width, low, high):
    """Places between low and high for labels of one width; narrower if there is no room."""
    width = min(width, (high - low) / max(len(wanted), 1))
    offsets = [index * width for index in range(len(wanted))]
    room = high - low - width * len(wanted)
    return [min(max(at - offset, low + width / 2), low + width / 2 + room) + offset
            for at, offset in zip(pooled(wanted, offsets), offsets)]


def draw_incidents(column, first, low, high, inches, merged):
    """A line through the column's panels at each incident; its number in the strip on top.

    No two numbers overlap. Those that another column shows one by one (the range `merged`) share
    one here.
    """
    strip, groups = column[0], []
    for incident in first.itertuples():
        if not low <= incident.time_seconds <= high:
            continue
        for axes in column[1:]:
            axes.axvline(incident.time_seconds, color=BLACK, linewidth=0.5, alpha=0.5,
                         linestyle=(0, (1, 2)), zorder=2.5)
        if merged and merged[0] < incident.number <= merged[1]:
            groups[-1][1] = incident.number
        else:
            groups.append([incident.number, incident.number, incident.time_seconds])
        strip.plot([incident.time_seconds] * 2, [0, 0.12], color=BLACK, linewidth=0.6)
    places = spread([at for _, _, at in groups], 0.25 * (high - low) / inches, low, high)
    for (begin, end, at), place in zip(groups, places):
        strip.plot([at, place], [0.12, 0.55], color=BLACK, linewidth=0.6)
        strip.text(place, 0.74, str(begin) if begin == end else f"{begin}–{end}", fontsize=7,
                   fontweight="bold", color="white", ha="center", va="center",
                   bbox={"boxstyle": "round,pad=0.28", "facecolor": BLACK, "edgecolor": "none"})


def write_legend(run, figure, first, top, height):
    """What the numbers stand for: time, kind, where, what led there."""
    if first.empty:
        figure.text(0.055, top - 0.2 / height, "No incidents.", fontsize=9, color=GREY)
        return
    renderer, width = figure.canvas.get_renderer(), figure.get_figwidth()
    rows = -(-len(first) // LEGEND_COLUMNS)
    for index, incident in enumerate(first.itertuples()):
        x = 0.055 + 0.31 * (index // rows)
        y = top - (0.2 + 0.19 * (index % rows)) / height
        figure.text(x, y, str(incident.number), fontsize=7, fontweight="bold", color="white",
                    ha="center", va="center",
                    bbox={"boxstyle": "round,pad=0.24", "facecolor": BLACK, "edgecolor": "none"})
        figure.text(x + 0.012, y, clock(run, incident.time_seconds, True), fontsize=8,
                    va="center", family="DejaVu Sans Mono")
        name = shortened(figure, incident.kind.replace("_", " "), 8, 0.14 * width, "bold")
        kind = figure.text(x + 0.061, y, name, fontsize=8, fontweight="bold", va="center")
        details = []
        if incident.times > 1:
            details.append(f"{incident.times} times")
        if incident.led_by:
            details.append("from " + ", ".join(map(str, incident.led_by)))
        right = kind.get_window_extent(renderer).x1 / figure.bbox.width
        room = (x + 0.29 - right) * width - width_of(figure, " · ".join(["", *details]), 7)
        details.insert(0, shortened(figure, str(incident.component), 7, room))
        figure.text(right + 0.006, y, " · ".join(details), fontsize=7, color="#555555",
                    va="center")
