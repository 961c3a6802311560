"""What every picture has in common: colours, axes of time, the footer, files, the command line.

The same results give the same bytes: no dates, no versions, fixed names in the SVG.
"""
import datetime
import functools
import io
import math
import pathlib

import numpy
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter

from stampede.plots.labels import shortened, width_of, wrapped
from stampede.units import quantity

# Okabe and Ito: told apart with every kind of colour blindness.
BLUE, ORANGE, GREEN, RED, PINK, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
BLACK, GREY = "#222222", "#777777"
TITLE, LINE = 0.53, 0.165  # from the top to the first line below a title, and of a line [inches]
LONGEST_NAME = 48  # letters of a run's name in a footer
FIXED = {
    "font.family": "DejaVu Sans", "font.size": 8, "axes.grid": True, "grid.alpha": 0.25,
    "grid.linewidth": 0.5, "axes.spines.top": False, "axes.spines.right": False,
    "axes.axisbelow": True, "hatch.linewidth": 0.5, "savefig.dpi": 130, "path.simplify": True,
    "svg.hashsalt": "stampede", "svg.fonttype": "path", "axes.linewidth": 0.6,
    "text.parse_math": False,  # a name with two dollars is a name
    "xtick.major.width": 0.6, "ytick.major.width": 0.6,
}


class Picture(Figure):
    """A matplotlib figure that belongs to nobody else: no pyplot, no window, no global state."""

    def __init__(self, *size):
        super().__init__(figsize=size)
        FigureCanvasAgg(self)

    def save(self, directory, name):
        """Writes name.png and name.svg into a directory; returns their paths.

        Both are drawn in memory first: whoever is killed while drawing leaves no half of a file.
        """
        metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
        drawn = {}
        for kind, says in metadata.items():
            file = io.BytesIO()
            with styled_context():
                self.savefig(file, format=kind, metadata=says)
            drawn[pathlib.Path(directory) / f"{name}.{kind}"] = file.getvalue()
        for path, content in drawn.items():
            path.write_bytes(content)
        return tuple(drawn)

    def _repr_png_(self):  # how notebooks show it
        file = io.BytesIO()
        with styled_context():
            self.savefig(file, format="png", dpi=90, metadata={"Software": None})
        return file.getvalue()


def styled_context():
    """The settings of every picture, whatever the user's own matplotlibrc says."""
    return style.context(["default", FIXED])


def styled(draw):
    """Of a function that makes a picture."""
    @functools.wraps(draw)
    def wrapped(*arguments, **options):
        with styled_context():
            return draw(*arguments, **options)
    return wrapped


def scale_of(run):
    return quantity(run.spec.get("scale", 1), 1.0) or 1.0


def tick_step(seconds, ticks):
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
    return next((s for s in steps if seconds / s <= ticks), 86400 * max(1, round(
        seconds / 86400 / ticks)))


def clock(run, seconds, with_seconds=False):
    start = run.start or datetime.datetime(2000, 1, 1)
    at = start + datetime.timedelta(seconds=math.floor(seconds))  # as a clock shows it
    if run.start is None:
        hours = int((at - start).total_seconds()) // 3600
        return f"+{hours}:{at:%M:%S}" if with_seconds else f"+{hours}:{at:%M}"
    return f"{at:%H:%M:%S}" if with_seconds else f"{at:%H:%M}"


def length(seconds):
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = math.floor(seconds / 60 + 0.5)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def tick_text(run, seconds, step):
    """The time of day of a tick; at midnight the date."""
    seconds = round(float(seconds))
    at = run.utc(seconds)
    if at and step >= 60 and seconds > 0 and (at.hour, at.minute) == (0, 0):
        return f"{at:%-d %b}"
    return clock(run, seconds, step < 60)


def set_time_axis(run, axes, low, high, ticks):
    step = tick_step(high - low, ticks)
    offset = 0.0
    if run.start is not None:
        offset = (run.start - run.start.replace(hour=0, minute=0, second=0)).total_seconds()
    first = numpy.ceil((low + offset) / step) * step - offset
    axes.xaxis.set_major_locator(FixedLocator(numpy.arange(first, high + 1e-6, step)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: tick_text(run, x, step)))
    axes.set_xlim(low, high)


def count_text(value):
    return EngFormatter(places=1, sep=" ")(value) if value >= 1e4 else f"{value:,.0f}"


def start_of(run):
    return f"{run.start:%Y-%m-%d}, UTC" if run.start else "hours and minutes since the start"


def footer(run):
    scale = scale_of(run)
    scale_text = "1" if scale == 1 else f"1/{1 / scale:g}" if scale < 1 else f"{scale:g}"
    note = "" if scale == 1 else " (counts are those of the reduced system)"
    manifest = run.manifest
    name = str(manifest.get("name", "?"))
    name = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME - 1] + "…"
    return (f"{name}   seed {manifest.get('seed', '?')}   "
            f"digest {manifest.get('digest', '?')}   scale {scale_text}{note}   "
            f"stampede {manifest.get('version', '?')}")


def footer_of_sweep(sweep):
    planned = sweep.runs[sweep.runs["plan_index"].notna()]
    seeds = sorted(planned["seed"].unique())
    text = f"seed {seeds[0]}" if len(seeds) == 1 else (
        f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}")
    sweeps, versions = (", ".join(sorted(planned[name].unique())) for name in ("sweep", "version"))
    return f"sweep {sweeps}   {len(planned)} runs   {text}   stampede {versions}"


def write_footer(figure, text, note=""):
    """Who drew from what, at the very bottom; a note on the right, or above where both are long."""
    side, options = 0.17, {"fontsize": 7, "color": "#555555", "va": "center"}
    room = figure.get_figwidth() - 2 * side
    apart = width_of(figure, text, 7) + 0.3 + width_of(figure, note, 7) <= room
    for line, right, up in ((text, False, 0.12), (note, apart, 0.12 if apart else 0.26)):
        figure.text(1 - side / figure.get_figwidth() if right else side / figure.get_figwidth(),
                    up / figure.get_figheight(), shortened(figure, line, 7, room),
                    ha="right" if right else "left", **options)


def write_title(figure, title, below=""):
    """The title and lines of explanation at the upper left; returns how far they reach [inches]."""
    side, height = 0.17, figure.get_figheight()
    room, left = figure.get_figwidth() - 2 * side, side / figure.get_figwidth()
    figure.text(left, 1 - 0.25 / height, shortened(figure, title, 13, room, "bold"), fontsize=13,
                fontweight="bold", va="center")
    lines = [line for text in below.split("\n") for line in wrapped(figure, text, 8.5, room, 3)]
    for number, line in enumerate(lines):
        figure.text(left, 1 - (TITLE + LINE * number) / height, line, fontsize=8.5, va="center")
    return TITLE + LINE * (len(lines) - 0.5)
