"""Text that must fit: how wide it is, cut or wrapped to a width, labels side by side."""
from stampede.plots.incidents import pooled


def width_of(figure, text, size, weight="normal"):
    """Of a line of text [inches]."""
    drawn = figure.text(0, 0, text, fontsize=size, fontweight=weight)
    width = drawn.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi
    drawn.remove()
    return width


def shortened(figure, text, size, width, weight="normal"):
    """The text, cut with an ellipsis where it is wider than so many inches."""
    if width_of(figure, text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        if width_of(figure, text[:middle].rstrip() + "…", size, weight) <= width:
            low = middle
        else:
            high = middle
    return text[:low].rstrip() + "…"


def wrapped(figure, text, size, width, most, weight="normal"):
    """The text in at most so many lines of so many inches; what is too long is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(lines) < most and width_of(figure, longer, size, weight) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [shortened(figure, line, size, width, weight) for line in lines]


def side_by_side(wanted, widths, low, high):
    """Centres of labels in order, without overlap and within bounds, near where they are wanted.

    Where they are too wide for the room they are pressed together evenly.
    """
    widths = [width * min(1.0, (high - low) / sum(widths)) for width in widths]
    offsets = [sum(widths[:n]) + width / 2 for n, width in enumerate(widths)]
    room = high - low - sum(widths)
    return [min(max(at - offset, low), low + room) + offset
            for at, offset in zip(pooled(wanted, offsets), offsets)]
