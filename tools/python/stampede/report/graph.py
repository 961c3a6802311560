"""The graph of causes as SVG whose boxes lead to their incidents; the layout is the picture's."""
from stampede.plots.cause_graph import (
    BOX_HEIGHT, BOX_WIDTH, LAYER, after, graph_of, steps_times, subsystem_of)
from stampede.plots.style import clock
from stampede.report.markup import tag
from stampede.report.story import words

INCH = 100  # px
LETTERS = 25  # of a box's name


def short(text, letters):
    return text if len(text) <= letters else text[:letters - 1] + "…"


def number(value):
    return f"{value:.1f}"


def edge(graph, pair, y_of, arrow):
    cause, effect = pair
    points = [(graph.x[cause], y_of(graph.layer[cause]) + BOX_HEIGHT / 2)]
    for layer in range(graph.layer[cause] + 1, graph.layer[effect]):
        x = graph.x[cause, effect, layer]
        points += [(x, y_of(layer) - BOX_HEIGHT / 2), (x, y_of(layer) + BOX_HEIGHT / 2)]
    points.append((graph.x[effect], y_of(graph.layer[effect]) - BOX_HEIGHT / 2 - 0.04))
    path = "M" + " ".join(number(INCH * at) for at in points[0])
    for index, ((x0, y0), (x1, y1)) in enumerate(zip(points, points[1:])):
        middle = (y0 + y1) / 2
        path += (f"L{number(INCH * x1)} {number(INCH * y1)}" if index % 2 else "C" + " ".join(
            number(INCH * at) for at in (x0, middle, x1, middle, x1, y1)))
    _, colour = subsystem_of(graph.nodes[cause].first.component)
    return tag("path", d=path, stroke=colour, class_="edge" if graph.edges[pair] else "edge weak",
               marker_end=f"url(#{arrow})")


def box(run, node, x, y, begin, anchor):
    where, colour = subsystem_of(node.first.component)
    left, top = INCH * (x - BOX_WIDTH / 2), INCH * (y - BOX_HEIGHT / 2)
    at = node.first.time_seconds
    when = (steps_times(run, node.acts) if node.acts else
            f"{clock(run, at, True)} {after(at - begin)}"
            + (f", {node.times} times" if node.times > 1 else ""))
    name = words(node.name)
    shape = tag("rect", x=number(left), y=number(top), width=number(INCH * BOX_WIDTH),
                height=number(INCH * BOX_HEIGHT), rx="26" if node.acts else "5", stroke=colour,
                class_="box people" if node.acts else "box")
    said = f"{name}: {when}; {'people' if node.acts else where}, {node.first.component}"
    return tag("a", tag("title", said), shape,
               tag("text", short(name, LETTERS), x=number(INCH * x), y=number(top + 22),
                   class_="name"),
               tag("text", short(when, 36), x=number(INCH * x), y=number(top + 40),
                   class_="steps" if node.acts else None),
               href=f"#{anchor}{node.first.id}", aria_label=said)


def graph_svg(run, anchor):
    """The graph as Markup, or None without incidents. Its links lead to `anchor` + id."""
    graph = graph_of(run)
    if not graph.nodes:
        return None
    left = min(graph.x.values()) - BOX_WIDTH / 2 - 0.1
    width = max(graph.x.values()) + BOX_WIDTH / 2 + 0.1 - left
    height = len(graph.rows) * LAYER

    def y_of(layer):
        return (layer + 0.5) * LAYER

    root = {}  # when the chain that ends in an incident began
    for node in graph.nodes:
        root[node] = min((root[a] for a, b in graph.edges if b == node),
                         default=graph.nodes[node].first.time_seconds)
    arrow = tag("defs", tag("marker", tag("path", d="M0 0L8 4L0 8z"), id=f"{anchor}arrow",
                            viewBox="0 0 8 8", refX="7", refY="4", markerWidth="7",
                            markerHeight="7", orient="auto"))
    return tag("div", tag(
        "svg", arrow, [edge(graph, pair, y_of, f"{anchor}arrow") for pair in graph.edges],
        [box(run, node, graph.x[at], y_of(graph.layer[at]), root[at], anchor)
         for at, node in graph.nodes.items()],
        viewBox=" ".join(number(INCH * at) for at in (left, 0, width, height)),
        width=number(INCH * width), height=number(INCH * height), role="group",
        aria_label="what led to what"), class_="scroll graph", tabindex="0", role="region",
        aria_label="graph of causes")
