"""Whether the texts of a picture can be read: none over another, none over the edge."""
from matplotlib.text import Text

SLACK = 1.5  # pixels by which boxes of neighbouring lines may touch


def texts_of(figure):
    """(text, box in pixels) of all that is drawn."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible():
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
