"""Measured series as people have them: answers of Prometheus (query_range) or CSV."""
import csv
import datetime
import json
import math

import pandas

TIMES = ("time", "timestamp", "time_seconds", "Time")


def seconds_of(text):
    """A time as seconds: a number, or a date and time with an offset (UTC without)."""
    try:
        number = float(text)
    except ValueError:
        at = datetime.datetime.fromisoformat(str(text).strip().replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)).timestamp()
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no time")
    return number


def lacks_offset(text):
    """Whether it is a time of day without an offset, which could be of any zone."""
    try:
        return datetime.datetime.fromisoformat(str(text).strip().replace("Z", "+00:00")).tzinfo is None
    except ValueError:
        return False


def value_of(text):
    """NaN where nothing was measured: an empty cell, NaN, an infinite quantile."""
    number = float(text) if str(text).strip() not in ("", "null") else math.nan
    return number if math.isfinite(number) else math.nan


def series(points):
    """Of (seconds, value) pairs; of several at one time the last."""
    found = pandas.Series([value for _, value in points], index=[at for at, _ in points],
                          dtype="float64").dropna()
    return found[~found.index.duplicated(keep="last")].sort_index()


def name_of(metric):
    """`name{label="value",...}`, as Prometheus shows it; labels in their order by name."""
    labels = ",".join(f'{key}="{value}"' for key, value in sorted(metric.items())
                      if key != "__name__")
    return f"{metric.get('__name__', '')}{{{labels}}}" if labels else metric.get("__name__", "")


def from_prometheus(path, text):
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from error
    try:
        found = {}
        for one in tree.get("data", tree)["result"]:
            found[name_of(one["metric"])] = series([(seconds_of(at), value_of(value))
                                                    for at, value in one["values"]])
        return found
    except KeyError as error:
        raise ValueError(f"{path}: no answer of Prometheus' query_range: it has no {error}"
                         ) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path}: no answer of Prometheus' query_range: {error}") from error


def from_csv(path, text):
    lines = csv.reader(text.splitlines())
    names = [name.strip() for name in next(lines, [""])]
    if names[0] not in TIMES:
        raise ValueError(f"{path}:1: the first column has to be one of {', '.join(TIMES)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path}:1: two columns are called {', '.join(twice)}")
    points, anywhere = {name: [] for name in names[1:]}, False
    for row in lines:
        place = f"{path}:{lines.line_num}"
        if not row:
            continue
        if len(row) != len(names):
            raise ValueError(f"{place}: {len(row)} fields, {len(names)} are expected")
        try:
            at, values = seconds_of(row[0]), [value_of(text) for text in row[1:]]
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
        anywhere = anywhere or lacks_offset(row[0])
        for name, value in zip(names[1:], values):
            points[name].append((at, value))
    found = {name: series(own) for name, own in points.items()}
    for own in found.values():
        own.attrs["taken_as_utc"] = anywhere
    return found


def measured(path):
    """{name: Series over seconds}: since 1970, or since the run's start if they are small.

    What was not measured (empty, NaN, infinite) is left out. `attrs["taken_as_utc"]`: whether there
    were times of day without an offset. Raises ValueError with the place.
    """
    text = path.read_text(encoding="utf-8-sig")
    found = (from_prometheus if text.lstrip().startswith("{") else from_csv)(path, text)
    found = {name: points for name, points in found.items() if len(points)}
    if not found:
        raise ValueError(f"{path}: no series with a measured value")
    return found
