"""Text that must fit: how wide it is, cut or wrapped to a width, labels side by side."""


def pooled(wanted, offsets):
    """Places in order and at least as far apart as `offsets`, as near as can be to `wanted`.

    The least squares solution: pool what would overlap and centre the pool.
    """
    pools = []  # [sum, count] of wanted - offset
    for at, offset in zip(wanted, offsets):
        pools.append([at - offset, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    flat = [total / count for total, count in pools for _ in range(count)]
    return [at + offset for at, offset in zip(flat, offsets)]


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


def label_bar(axes, text, begin, end, y, size):
    """A text behind a bar, before it where there is no room, or on it."""
    inches = axes.get_window_extent().width / axes.figure.dpi
    low, high = axes.get_xlim()
    wide = (width_of(axes.figure, text, size) + 0.12) * (high - low) / inches
    if end + wide < high:
        at, gap, side = end, 6, "left"
    elif begin - wide > low:
        at, gap, side = begin, -6, "right"
    else:
        at, gap, side = (max(begin, low) + min(end, high)) / 2, 0, "center"
    axes.annotate(text, (at, y), xytext=(gap, 0), textcoords="offset points", fontsize=size,
                  ha=side, va="center", zorder=6,
                  bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none",
                        "alpha": 0.85} if side == "center" else None)


def name_rows(axes, names, size, room):
    """The names of rows at the left of the axes, cut to so many inches."""
    axes.set_yticks(range(len(names)), [shortened(axes.figure, name, size, room)
                                        for name in names], fontsize=size)
