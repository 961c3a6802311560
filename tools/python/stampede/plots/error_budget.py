"""Error budget of a run: how well it served, how fast its budget burnt, what was left.

Source: The Site Reliability Workbook, chapter 5 (multi-window, multi-burn-rate alerts: pages at
14.4 over 1 h and 5 min and at 6 over 6 h and 30 min, of a budget of 30 days).
Limits: windows that reach before the start of the run find there a service without a fault, at the
rate of the run's first ten minutes.
"""
import numpy
import pandas

from stampede.plots.faults import faults_of, shade_faults
from stampede.plots.style import (
    BLACK, BLUE, GREEN, PINK, RED, Picture, footer, length, set_time_axis, start_of,
    styled, write_footer, write_title)
from stampede.units import quantity

PERIOD = 30 * 86400.0  # s
# (long window, short window, burn rate of both that pages, colour)
ALERTS = ((3600.0, 300.0, 14.4, RED), (21600.0, 1800.0, 6.0, BLUE))
NOT_OURS = ("requests_offered_total", "requests_served_elsewhere_total")


def target_of(run):
    """The share of requests that the service promises to serve well."""
    return quantity((run.spec.get("slo") or {}).get("target"), 0.99)


def mean_rate(total):
    return (total.iloc[-1] - total.iloc[0]) / (total.index[-1] - total.index[0])


def good_and_all(run):
    """Running totals of requests that ended well and of all that ended here, with a past.

    Raises ValueError when the run has none.
    """
    stats = [stat for component, stat in run.wide.columns
             if component == "clients" and stat.startswith("requests_")
             and stat.endswith("_total") and stat not in NOT_OURS]
    if "requests_succeeded_total" not in stats:
        raise ValueError("the run has no series of requests that succeeded")
    every = run.wide[[("clients", stat) for stat in stats]].sum(axis=1)
    good = run.wide[("clients", "requests_succeeded_total")]
    if len(every) < 2 or every.iloc[-1] <= every.iloc[0]:
        raise ValueError("no request ended between the first sample and the last")
    early = every[every.index <= every.index[0] + 600]
    rate = mean_rate(early)
    return with_past(good, rate), with_past(every, rate)


def with_past(total, rate):
    """A running total with the time before the run put before it, at this rate."""
    longest = max(long for long, *_ in ALERTS)
    begin = total.index[0]
    past = pandas.Series([total.iloc[0] - rate * longest], index=[begin - longest])
    return pandas.concat([past, total])


def windowed(total, window):
    """Increase over the trailing window, where the total reaches back so far."""
    times = total.index.to_numpy()
    before = numpy.interp(times - window, times, total.to_numpy(), left=numpy.nan)
    return total - before


def short_length(seconds):
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def burn_rate(good, every, target, window):
    """Share of bad requests over the window against the share that the budget allows."""
    ended = windowed(every, window)
    bad = 1 - windowed(good, window) / ended.where(ended > 0)
    return bad / (1 - target)


def budget_left(good, every, target):
    """Share of the budget of 30 days at the run's mean rate that is left; below 0: overspent."""
    allowed = (1 - target) * mean_rate(every) * PERIOD
    bad = (every - every.iloc[0]) - (good - good.iloc[0])
    return 1 - bad / allowed


def spans_of(flags):
    """From the first to the last sample of each stretch of true values."""
    begins = flags.index[flags & ~flags.shift(fill_value=False)]
    ends = flags.index[flags & ~flags.shift(-1, fill_value=False)]
    return list(zip(begins, ends))


def draw_burn(axes, good, every, target):
    """Returns (what pages, spans in which it does) for each rule."""
    firing = []
    for long, short, limit, colour in ALERTS:
        rates = [burn_rate(good, every, target, window) for window in (long, short)]
        for rate, window, style, width in zip(rates, (long, short), ("-", ":"), (1.6, 1.0)):
            axes.plot(rate.index, rate, style, color=colour, linewidth=width,
                      label=f"over {short_length(window)}")
        axes.axhline(limit, color=colour, linewidth=0.8, linestyle=(0, (6, 2)),
                     label=f"pages at {limit:g}")
        both = pandas.concat(rates, axis=1).min(axis=1, skipna=False) > limit
        firing.append((f"{short_length(long)} and {short_length(short)}", spans_of(both)))
    axes.set_yscale("symlog", linthresh=1, linscale=0.5)
    axes.set_ylim(0, 2 / (1 - target))
    axes.set_yticks([0, 1, 10] + ([100] if 2 / (1 - target) > 100 else []),
                    ["0", "1", "10"] + (["100"] if 2 / (1 - target) > 100 else []))
    return firing


def draw_firing(axes, firing, interval):
    for row, (_, spans) in enumerate(firing):
        for begin, end in spans:
            axes.barh(row, end - begin + interval, left=begin, height=0.6, zorder=3,
                      color=ALERTS[row][3])
    axes.set_yticks(range(len(firing)), [label for label, _ in firing])
    axes.set_ylim(len(firing) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)


def zero_crossing(left):
    """When the budget was spent, or None."""
    spent = left.index[left <= 0]
    return None if spent.empty else spent[0]


def draw_served(axes, good, every, target):
    ended = windowed(every, 300.0)
    share = 100 * windowed(good, 300.0) / ended.where(ended > 0)
    axes.plot(share.index, share, color=GREEN, linewidth=1.4, label="served well")
    axes.axhline(100 * target, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)),
                 label=f"target {100 * target:g} %")
    axes.set_ylim(-3, 103)


def draw_left(axes, left):
    axes.plot(left.index, 100 * left, color=PINK, linewidth=1.6, label="left")
    axes.axhline(0, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)), label="all spent")
    axes.fill_between(left.index, 100 * left, 0, where=left < 0, color=PINK, alpha=0.25,
                      linewidth=0)


PANELS = (("Requests served well, over 5 min", "% of requests", 1.0),
          ("Burn rate: 1 spends the budget in 30 days", "burn rate (log above 1)", 1.35),
          ("Alerts that page: both windows above their burn rate", "", 0.42),
          ("Budget of 30 days that is left", "% of the budget", 1.0))


@styled
def budget(run):
    """How a run's error budget burnt, with multi-window alerts; returns a Picture."""
    target = target_of(run)
    if not target < 1:
        raise ValueError("slo.target is 100 %: there is no budget to spend")
    good, every = good_and_all(run)
    left = budget_left(good.iloc[1:], every.iloc[1:], target)
    high = every.index[-1]
    spent = zero_crossing(left)
    said = f"{100 * left.iloc[-1]:.0f} % left at the end of the run"
    if spent is not None:
        said += f"; all spent after {length(spent)}"
    figure = Picture(11, 8.2)
    head = write_title(figure, f"{run.manifest.get('name', 'run')}: error budget",
                       f"{said}. Target {100 * target:g} % of requests served well; the budget is "
                       "what 30 days at the run's mean rate may lose.")
    grid = figure.add_gridspec(4, 1, height_ratios=[height for *_, height in PANELS], hspace=0.42,
                               left=0.1, right=0.845, top=1 - (head + 0.35) / 8.2, bottom=0.095)
    panels = [figure.add_subplot(cell) for cell in grid]
    for axes, (title, unit, _) in zip(panels, PANELS):
        set_time_axis(run, axes, 0.0, high, 10)
        axes.tick_params(labelbottom=axes is panels[-1])
        axes.set_title(title, loc="left", fontsize=8.5, fontweight="bold", pad=3)
        axes.set_ylabel(unit)
        shade_faults(axes, faults_of(run), high)
    served, burn, alerts, rest = panels
    draw_served(served, good, every, target)
    draw_firing(alerts, draw_burn(burn, good, every, target), high - good.index[-2])
    draw_left(rest, left)
    rest.set_xlabel(f"time ({start_of(run)})")
    for axes in (served, burn, rest):
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.03), fontsize=7.5, frameon=False,
                    borderaxespad=0)
    write_footer(figure, footer(run), "orange: a fault of the scenario lasts;   "
                 "before the run: no fault, at its first rate")
    return figure
