"""The strips of the timeline that are no curves: the breaker and the operators' steps."""
import pandas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from stampede.plots.labels import label_bar
from stampede.plots.style import BLACK, GREY, ORANGE, PINK, SKY, length

BREAKER = ("safety", "admitted_ratio")
# What an operators' step sets going belongs to the mechanism, but for these, which are policy.
POLICY_ACTIONS = ("start_ramp",)
OWNERS = {"operator": (ORANGE, "", "people: notice, find out, decide"),
          "mechanism": (SKY, "////", "mechanism: takes its time"),
          "policy": (PINK, "....", "policy: chosen ramp")}


def breaker_series(run):
    points = run.get(*BREAKER)
    return None if points is None or points.empty else points


def draw_breaker(axes, points, low, high):
    """What share the breaker admits: white all, black none; the share written where it fits."""
    changes = points[points != points.shift()]
    edges = list(changes.index) + [points.index[-1]]
    edges[0] = min(edges[0], low) if edges[0] <= 60 else edges[0]
    for begin, end, share in zip(edges[:-1], edges[1:], changes):
        colour = str(round(0.15 + 0.80 * min(max(share, 0), 1), 3))
        axes.axvspan(begin, end, 0.08, 0.92, facecolor=colour, edgecolor=GREY, linewidth=0.4)
        begin, end = max(begin, low), min(end, high)
        if end - begin > 0.055 * (high - low) or (0.01 <= share < 1
                                                 and end - begin > 0.033 * (high - low)):
            axes.text((begin + end) / 2, 0.48, f"{100 * share:.0f} %", ha="center", va="center",
                      fontsize=6.5, color="white" if share < 0.5 else BLACK, clip_on=True,
                      transform=axes.get_xaxis_transform())
    axes.set_yticks([])
    axes.grid(False)


def steps_taken(run):
    taken = run.operations
    return taken[taken["acted_at_seconds"].notna()].reset_index(drop=True)


def action_of(run, step):
    for declared in (run.spec.get("operations") or {}).get("steps") or []:
        if declared.get("name") == step:
            return (declared.get("action") or {}).get("do", declared.get("do", ""))
    return ""


def legend_of_steps(axes):
    handles = [Patch(facecolor=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.3, label=label)
               for colour, hatch, label in OWNERS.values()]
    handles.append(Patch(facecolor="white", edgecolor=BLACK, linewidth=1.3,
                         label="outlined: critical path"))
    handles.append(Line2D([], [], marker="D", color=BLACK, markersize=3, linestyle="",
                          label="acts"))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0), fontsize=7,
                frameon=False, handlelength=1.8, labelspacing=0.35, borderaxespad=0)


def draw_steps(run, axes, steps, low, high, named):
    for row, step in steps.iterrows():
        due, acted, done = (step[k] for k in ("due_at_seconds", "acted_at_seconds",
                                              "done_at_seconds"))
        due = acted if pandas.isna(due) else due
        done = run.wide.index.max() if pandas.isna(done) else done
        owner = "policy" if action_of(run, step["step"]) in POLICY_ACTIONS else "mechanism"
        edge = {"edgecolor": BLACK, "linewidth": 1.3 if step["critical"] else 0.0}
        colour, _, _ = OWNERS["operator"]
        axes.barh(row, acted - due, left=due, height=0.66, color=colour, zorder=3, **edge)
        if done > acted:
            colour, hatch, _ = OWNERS[owner]
            axes.barh(row, done - acted, left=acted, height=0.66, color=colour, hatch=hatch,
                      zorder=3, **edge)
        axes.plot(acted, row, "D", color=BLACK, markersize=2.6, zorder=4)
        inside = [t for t in (due, acted, done) if low <= t <= high]
        if named and inside:
            text = length(acted - due) + (f" + {length(done - acted)}" if done > acted else "")
            label_bar(axes, text, due, max(due, acted, done), row, 6.5)
    axes.set_ylim(len(steps) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
