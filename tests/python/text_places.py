"""Whether the texts of a picture can be read: none over another, none over the edge."""
from matplotlib.text import Text

SLACK = 1.5  # pixels by which boxes of neighbouring lines may touch


def hidden_labels(figure):
    """Labels of ticks beyond the ends of their axis, which are not drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                if not axes.axison or not low <= tick.get_loc() <= high:
                    yield from (tick.label1, tick.label2)


def texts_of(figure):
    """(text, box in pixels) of all that is drawn."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    hidden = set(map(id, hidden_labels(figure)))
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and id(text) not in hidden:
            yield text.get_text(), Text.get_window_extent(text, renderer)


def overlapping(figure):
    """Pairs of texts of which one lies over the other, and texts that leave the picture."""
    found, boxes = [], list(texts_of(figure))
    for number, (text, box) in enumerate(boxes):
        if (box.x0 < -SLACK or box.y0 < -SLACK or box.x1 > figure.bbox.width + SLACK
                or box.y1 > figure.bbox.height + SLACK):
            found.append((text, "the edge"))
        for other, its in boxes[:number]:
            across = min(box.x1, its.x1) - max(box.x0, its.x0)
            down = min(box.y1, its.y1) - max(box.y0, its.y0)
            if across > SLACK and down > SLACK:
                found.append((other, text))
    return found
