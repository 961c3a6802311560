"""Which regions of a run are told apart: all, or of many those that were down longest."""
from stampede.plots.style import BLACK, BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY

COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
OTHERS = GREY


def down_of(run, region):
    """Its downtime [s], or None."""
    return ((run.summary.get("outage") or {}).get("by_region") or {}).get(region)


def worst_of(run, regions, most, kept):
    """All of the regions if they are at most so many, else those to keep, longest down first."""
    if len(regions) <= most:
        return list(regions)
    return sorted(regions, key=lambda region: -(down_of(run, region) or 0))[:kept]


def coloured(run):
    """The regions that have a colour of their own, in the scenario's order."""
    worst = worst_of(run, run.regions, len(COLOURS), len(COLOURS) - 1)
    return [region for region in run.regions if region in worst]


def region_colour(run, region):
    named = coloured(run)
    return COLOURS[named.index(region)] if region in named else OTHERS
