"""What led to what: the first incident of each kind and each step that people took, each below
what caused it.

Causes are those that the run recorded with the data that led there.
"""
from typing import NamedTuple

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

from stampede.plots.labels import pooled, shortened, width_of as text_width
from stampede.plots.spread import PEOPLE
from stampede.plots.style import (
    BLACK, BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY, Picture, clock, footer, styled)

# The subsystem of a component by the end of its name; the first that fits.
SUBSYSTEMS = (
    ("network", "network", BLUE), ("balancer", "balancer", SKY),
    ("/api", "control plane", RED), ("/cluster", "cluster", ORANGE),
    ("kv_cache", "KV cache", PINK), ("safety", "safety layer", BLACK),
    ("clients", "clients and service", GREY), ("service", "clients and service", GREY),
    ("operations", "people", "#5c4a00"))
ENGINES = ("engines of a region", GREEN)
PEOPLES_FACE = "#fff0b3"

BOX_WIDTH, BOX_HEIGHT, LAYER = 1.95, 0.52, 0.92  # inches
DUMMY_WIDTH, SPACE = 0.16, 0.22


class Node(NamedTuple):
    """The incidents that share a box: those of a kind, or those of a step that people took."""
    name: str
    first: object  # the row of the first one
    times: int
    acts: list     # of a step: the rows of what people did, in order; otherwise empty


class Graph(NamedTuple):
    nodes: dict   # number, in order of time -> Node
    edges: dict   # (cause, effect) -> whether the first incident names the cause; all of a step do
    layer: dict   # number -> longest chain of causes above it
    rows: list    # by layer, from left to right: a number, or (cause, effect) that passes through
    x: dict       # of every member of rows


def subsystem_of(component):
    return next(((name, colour) for end, name, colour in SUBSYSTEMS
                 if str(component).endswith(end)), ENGINES)


def key_of(row):
    """What an incident shares a box with: its kind, or of what people do the step."""
    return ("step", str(row.text).partition(":")[0]) if row.kind in PEOPLE else ("kind", row.kind)


def nodes_of(run):
    """(nodes by number, the number of each incident's box by its id)."""
    rows = sorted(run.incidents.itertuples(), key=lambda row: row.time_seconds)
    members = {}
    for row in rows:
        members.setdefault(key_of(row), []).append(row)
    nodes, number = {}, {}
    for index, ((what, name), those) in enumerate(members.items(), 1):
        nodes[index] = Node(name, those[0], len(those), those if what == "step" else [])
        number.update((row.id, index) for row in those)
    return nodes, number


def edges_of(nodes, number, run):
    """Between boxes, from an earlier to a later one."""
    edges = {}
    for row in run.incidents.sort_values("id").itertuples():
        effect = number[row.id]
        strong = bool(nodes[effect].acts) or nodes[effect].first.id == row.id
        for cause in row.causes:
            if number.get(cause, effect) < effect:
                pair = (number[cause], effect)
                edges[pair] = edges.get(pair, False) or strong
    return edges


def graph_of(run):
    """Layers by the longest chain; edges over several layers pass through places of their own."""
    nodes, number = nodes_of(run)
    edges = edges_of(nodes, number, run)
    layer = {}
    for number in nodes:  # causes have smaller numbers
        layer[number] = max((layer[a] + 1 for a, b in edges if b == number), default=0)
    rows = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for number in nodes:
        rows[layer[number]].append(number)
    above, below = {}, {}

    def link(a, b):
        below.setdefault(a, []).append(b)
        above.setdefault(b, []).append(a)

    for a, b in edges:
        previous = a
        for between in range(layer[a] + 1, layer[b]):
            place = (a, b, between)
            rows[between].append(place)
            link(previous, place)
            previous = place
        link(previous, b)
    return Graph(nodes, edges, layer, rows, arrange(rows, above, below))


def width_of(member):
    return BOX_WIDTH if isinstance(member, int) else DUMMY_WIDTH


def arrange(rows, above, below):
    """Orders each row by the mean of its neighbours, sweeping down and up, then places it there."""
    x = {}
    for row in rows:
        at = 0.0
        for member in row:
            x[member] = at + width_of(member) / 2
            at += width_of(member) + SPACE
    for sweep in range(24):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = above if down else below
            wanted = {m: sum(x[n] for n in near[m]) / len(near[m]) if m in near else x[m]
                      for m in row}
            row.sort(key=lambda member: wanted[member])
            offsets, at = [], 0.0
            for member in row:
                offsets.append(at + width_of(member) / 2)
                at += width_of(member) + SPACE
            x.update(zip(row, pooled([wanted[m] for m in row], offsets)))
    return x


def after(seconds):
    if seconds < 120:
        return f"+{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"+{minutes} min" if minutes < 60 else f"+{minutes // 60} h {minutes % 60:02d}"


def steps_times(run, acts):
    """When somebody was paged and how that ended."""
    last = acts[-1]
    when = f"paged {clock(run, acts[0].time_seconds, True)}"
    if last.kind == "paged":
        return when
    return f"{when}, {last.kind.replace('_', ' ')} {clock(run, last.time_seconds, True)}"


def draw_box(run, axes, node, x, y, begin):
    _, colour = subsystem_of(node.first.component)
    left, bottom = x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2
    rounding = BOX_HEIGHT / 2 if node.acts else 0.06
    axes.add_patch(FancyBboxPatch((left, bottom), BOX_WIDTH, BOX_HEIGHT, zorder=4,
                                  boxstyle=f"round,pad=0,rounding_size={rounding}",
                                  facecolor=PEOPLES_FACE if node.acts else "white",
                                  edgecolor=colour, linewidth=1.6))
    figure, name = axes.figure, node.name.replace("_", " ")
    if node.acts:
        for line, high, size, weight in ((name, 0.105, 8, "bold"),
                                         (steps_times(run, node.acts), -0.105, 6.5, "normal")):
            axes.text(x, y + high, shortened(figure, line, size, BOX_WIDTH - 0.26, weight),
                      fontsize=size, fontweight=weight, va="center", ha="center", zorder=5)
        return
    axes.add_patch(FancyBboxPatch((left, bottom), 0.09, BOX_HEIGHT, zorder=4,
                                  boxstyle="round,pad=0,rounding_size=0.04", facecolor=colour,
                                  edgecolor=colour, linewidth=0.5))
    times, room = f"  ×{node.times}" if node.times > 1 else "", BOX_WIDTH - 0.23
    axes.text(left + 0.17, y + 0.115, shortened(figure, name, 8, room, "bold"), fontsize=8,
              fontweight="bold", va="center", zorder=5)
    at = node.first.time_seconds
    when = f"{clock(run, at, True)}  {after(at - begin)}"
    axes.text(left + 0.17, y - 0.115, when, fontsize=7, va="center", zorder=5)
    room -= text_width(figure, when, 7) + 0.06 + text_width(figure, times, 6)
    where = shortened(figure, str(node.first.component), 6, room)
    axes.text(x + BOX_WIDTH / 2 - 0.06, y - 0.115, f"{where}{times}", fontsize=6,
              color="#555555", va="center", ha="right", zorder=5)


def draw_edge(axes, graph, pair, y_of):
    """A smooth curve through the places that the edge has in the layers between."""
    cause, effect = pair
    points = [(graph.x[cause], y_of(graph.layer[cause]) - BOX_HEIGHT / 2)]
    for between in range(graph.layer[cause] + 1, graph.layer[effect]):
        x, y = graph.x[(cause, effect, between)], y_of(between)
        points += [(x, y + BOX_HEIGHT / 2), (x, y - BOX_HEIGHT / 2)]
    points.append((graph.x[effect], y_of(graph.layer[effect]) + BOX_HEIGHT / 2 + 0.02))
    vertices, codes = [points[0]], [Path.MOVETO]
    for number, ((x0, y0), (x1, y1)) in enumerate(zip(points, points[1:])):
        if number % 2:  # straight down beside the boxes of a layer
            vertices.append((x1, y1))
            codes.append(Path.LINETO)
        else:
            middle = (y0 + y1) / 2
            vertices += [(x0, middle), (x1, middle), (x1, y1)]
            codes += [Path.CURVE4] * 3
    _, colour = subsystem_of(graph.nodes[cause].first.component)
    axes.add_patch(FancyArrowPatch(
        path=Path(vertices, codes), arrowstyle="-|>", mutation_scale=9, color=colour, zorder=3,
        linewidth=1.2 if graph.edges[pair] else 0.8, alpha=0.85 if graph.edges[pair] else 0.6,
        linestyle="-" if graph.edges[pair] else (0, (4, 2))))


@styled
def causes(run):
    """The graph of a run's causes; returns a Picture."""
    graph = graph_of(run)
    edge = [graph.x[m] + side * width_of(m) / 2 for m in graph.x for side in (-1, 1)] or [0, 6]
    left, right = min(edge) - 0.3, max(edge) + 0.3
    width, layers = max(right - left, 8.5), len(graph.rows)
    left -= (width - (right - left)) / 2
    head, foot = 0.95, 0.95
    height = head + max(layers * LAYER, 0.6) + foot
    figure = Picture(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(left, left + width)
    axes.set_ylim(0, height)

    def y_of(layer):
        return height - head - (layer + 0.5) * LAYER

    root = {}  # when the chain that ends in an incident began
    for number, node in graph.nodes.items():
        root[number] = min((root[a] for a, b in graph.edges if b == number),
                           default=node.first.time_seconds)
    for pair in graph.edges:
        draw_edge(axes, graph, pair, y_of)
    for number, node in graph.nodes.items():
        draw_box(run, axes, node, graph.x[number], y_of(graph.layer[number]), root[number])
    title = f"{run.manifest.get('name', 'run')}: what led to what"
    axes.text(left + 0.2, height - 0.3, shortened(figure, title, 13, width - 0.4, "bold"),
              fontsize=13, fontweight="bold", va="center")
    what = ("first incident of each kind, time of day in UTC and since its chain of causes "
            "began; dashed: named only by a later one of the kind\n"
            "filled and round: a step that people took, when they were paged and when they acted")
    axes.text(left + 0.2, height - 0.62, what if graph.nodes else "No incidents.", fontsize=8,
              va="center")
    shown = list(dict.fromkeys(subsystem_of(node.first.component) for node in graph.nodes.values()))
    if shown:
        axes.legend(handles=[Patch(color=colour, label=name) for name, colour in shown],
                    loc="lower left", bbox_to_anchor=(0.2 / width, 0.28 / height),
                    bbox_transform=axes.transAxes, ncol=min(len(shown), int(width // 1.35)),
                    fontsize=7.5, frameon=False, handlelength=1, columnspacing=1.2,
                    borderaxespad=0)
    axes.text(left + 0.2, 0.14, footer(run), fontsize=7, color="#555555", va="center")
    return figure
