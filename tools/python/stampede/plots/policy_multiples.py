"""Small multiples: the same few panels for each policy of a comparison, on the same axes."""
from stampede.plots.faults import faults_of, shade_faults
from stampede.plots.labels import shortened
from stampede.plots.style import (
    BLACK, BLUE, GREEN, Picture, length, set_time_axis, start_of, styled, write_footer,
    write_title)

COLUMNS = 4
CURVES = (("requests_offered_total", "offered", BLACK, "-"),
          ("requests_succeeded_total", "goodput", GREEN, "-"))


def rates_of(run):
    for stat, label, colour, line in CURVES:
        rate = run.rate("clients", stat)
        if rate is not None and not rate.empty:
            yield 60 * rate, label, colour, line


def draw_one(run, axes, title, top):
    for rate, label, colour, line in rates_of(run):
        axes.plot(rate.index, rate, line, color=colour, linewidth=1.0, label=label)
        if label == "goodput":
            axes.fill_between(rate.index, 0, rate, color=colour, alpha=0.2, linewidth=0)
    breaker = run.get("safety", "admitted_ratio")
    if breaker is not None:
        axes.fill_between(breaker.index, -0.07 * top, -0.02 * top, where=breaker < 1, color=BLUE,
                          linewidth=0, step="post", label="breaker open")
    shade_faults(axes, faults_of(run), run.wide.index.max())
    set_time_axis(run, axes, 0, run.wide.index.max(), 4)
    axes.set_ylim(-0.09 * top, 1.08 * top)
    down = (run.summary.get("outage") or {}).get("downtime_seconds") or 0
    inches = axes.get_window_extent().width / axes.figure.dpi
    title = shortened(axes.figure, title, 8, inches, "bold")
    axes.set_title(f"{title}\ndown {length(down)}" if down else f"{title}\nnever down", loc="left",
                   fontsize=8, fontweight="bold")


@styled
def multiples(comparison, seed=None):
    """The course of each policy under one seed, side by side; returns a Picture."""
    seed = comparison.data["seeds"][0] if seed is None else seed
    runs = {policy: comparison.run(policy, seed) for policy in comparison.policies}
    top = max((rate.max() for run in runs.values() for rate, *_ in rates_of(run)), default=1.0)
    columns = min(COLUMNS, len(runs))
    rows = -(-len(runs) // columns)
    width, height = max(3.1 * columns, 6.5), 1.75 * rows + 1.6
    figure = Picture(width, height)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.75 / width, right=1 - 0.15 / width, top=1 - 1.1 / height,
                           bottom=0.85 / height, hspace=0.5, wspace=0.18)
    cells = grid.ravel()
    for (policy, run), axes in zip(runs.items(), cells):
        draw_one(run, axes, policy, top)
    first = runs[comparison.policies[0]]
    for number, axes in enumerate(cells):
        if number >= len(runs):
            axes.set_axis_off()
        last_of_column = number + columns >= len(runs)
        axes.tick_params(labelbottom=last_of_column)
        if number % columns == 0:
            axes.set_ylabel("requests / min", fontsize=7.5)
        if last_of_column and number < len(runs):
            axes.set_xlabel(start_of(first), fontsize=7.5)
    handles = {label: handle for handle, label in zip(*cells[0].get_legend_handles_labels())}
    figure.legend(handles.values(), handles.keys(), loc="lower right", ncol=len(handles),
                  fontsize=8, frameon=False, bbox_to_anchor=(1 - 0.1 / width, 0.02 / height))
    write_title(figure, f"{comparison.data['scenario']}: candidate by candidate",
                "The same seed and the same axes; orange: a fault of the scenario lasts.")
    write_footer(figure, f"{comparison.data['scenario']}   seed {seed}   "
                 f"stampede {comparison.data['version']}")
    return figure
