"""How far a run is from what was measured, signal by signal."""
import dataclasses

import numpy
import pandas

from stampede.results import increase

EPOCH = 1e8  # s: times above it count from 1970
LASTS = 180.0  # s for which a signal has to be away before it has departed
WINDOW = 60.0  # s, of rates
HIGH = 0.95  # the quantile that is compared of what may have another unit
FACTORS = (60.0, 100.0, 1000.0, 3600.0, 1e6)  # between units: minutes, percent, ms, hours, us


@dataclasses.dataclass
class Laid:
    """One signal of the run beside a measured one; times are seconds of the run."""
    signal: str         # component/stat, in the run
    name: str           # as it was measured
    samples: int        # that both have
    measured: float     # means over these
    simulated: float
    error: float        # mean of |simulated - measured| by the mean of |measured|; None: that is 0
    worst: float        # time of the largest difference
    departs: float      # since when it was away for LASTS seconds; None: never
    points: object      # Series of what was measured, over seconds of the run
    difference: object  # Series of simulated - measured
    factor: float = None  # of measured to simulated, as if of another unit; None: none
    taken_as_utc: bool = False  # measured at times of day without an offset


def series_of(run, signal):
    """component/stat of a run; with `rate:` before it, of a total its increase per second."""
    rate = signal.startswith("rate:")
    component, _, stat = signal.removeprefix("rate:").rpartition("/")
    points = run.get(component, stat)
    if points is None:
        near = sorted({f"{a}/{b}" for a, b in run.wide.columns if b == stat or a == component})[:5]
        raise ValueError(f"the run has no series {signal}"
                         + (f"; it has {', '.join(near)}" if near else ""))
    return increase(points, WINDOW).dropna() if rate else points


def departure(times, away):
    """When it went away for LASTS seconds for the first time; None: never."""
    since = None
    for at, one in zip(times, away):
        since = (at if since is None else since) if one else None
        if since is not None and at - since >= LASTS:
            return float(since)
    return None


def factor_between(measured, simulated, error):
    """The factor between units by which both reach as high and most of an error goes; None: none."""
    reach = numpy.quantile(numpy.abs(simulated), HIGH)
    if error is None or error < 0.5 or not reach:
        return None
    for factor in (*FACTORS, *(1 / factor for factor in FACTORS)):
        scaled = measured / factor
        size = numpy.abs(scaled).mean()
        if (abs(numpy.quantile(numpy.abs(scaled), HIGH) / reach - 1) < 0.2
                and numpy.abs(simulated - scaled).mean() < 0.75 * size):
            return factor
    return None


def laid(run, signal, name, points, starts=None, tolerance=0.2):
    """Lays a measured series over a signal of the run; returns a Laid.

    `starts`: the measured time that is the run's start [s since 1970]. Away is what differs by more
    than `tolerance` of the measured range (from 0 or the least to the greatest). Raises ValueError
    where the run has no such signal or both have no time in common.
    """
    simulated = series_of(run, signal)
    times = points.index.to_numpy(dtype=float)
    if len(times) and times.max() > EPOCH:
        begin = starts if starts is not None else run.start.timestamp() if run.start else 0.0
        times = times - begin
    inside = (times >= simulated.index.min()) & (times <= simulated.index.max())
    if not inside.any():
        raise ValueError(f"{name}: no sample lies within the run; --starts says which time is the "
                         "run's start")
    times, values = times[inside], points.to_numpy(dtype=float)[inside]
    known = simulated.to_numpy(dtype=float)
    at = numpy.interp(times, simulated.index.to_numpy(dtype=float), known)
    with numpy.errstate(over="ignore", invalid="ignore"):  # of sums beyond what a number can hold
        difference = at - values
        scale = numpy.abs(values).mean()
        reach = max(values.max(), 0.0) - min(values.min(), 0.0)
        away = numpy.abs(difference) > tolerance * reach if reach > 0 else difference != 0
        error = float(numpy.abs(difference).mean() / scale) if scale else None
        return Laid(signal, name, len(times), float(values.mean()), float(at.mean()), error,
                    float(times[numpy.abs(difference).argmax()]), departure(times, away),
                    pandas.Series(values, index=times), pandas.Series(difference, index=times),
                    factor_between(values, at, error), points.attrs.get("taken_as_utc", False))
