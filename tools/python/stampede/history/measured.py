"""Measured series as people have them: answers of Prometheus (query_range) or CSV."""
import csv
import datetime
import json

import pandas

TIMES = ("time", "timestamp", "time_seconds", "Time")


def seconds_of(text):
    """A time as seconds: a number, or a date and time with an offset (UTC without)."""
    try:
        return float(text)
    except ValueError:
        at = datetime.datetime.fromisoformat(str(text).strip().replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)).timestamp()


def value_of(text):
    return float(text) if str(text).strip() not in ("", "NaN", "null") else float("nan")


def series(points):
    found = pandas.Series([value_of(value) for _, value in points],
                          index=[seconds_of(at) for at, _ in points], dtype="float64").dropna()
    return found[~found.index.duplicated(keep="last")].sort_index()


def name_of(metric):
    """`name{label="value",...}`, as Prometheus shows it; labels in their order by name."""
    labels = ",".join(f'{key}="{value}"' for key, value in sorted(metric.items())
                      if key != "__name__")
    return f"{metric.get('__name__', '')}{{{labels}}}" if labels else metric.get("__name__", "")


def from_prometheus(path, text):
    try:
        tree = json.loads(text)
        result = tree.get("data", tree)["result"]
        return {name_of(one["metric"]): series(one["values"]) for one in result}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path}: no answer of Prometheus' query_range ({error})") from error


def from_csv(path, text):
    rows = list(csv.reader(text.splitlines()))
    if len(rows) < 2 or rows[0][0].strip() not in TIMES:
        raise ValueError(f"{path}: the first column has to be one of {', '.join(TIMES)}, and rows "
                         "have to follow")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise ValueError(f"{path}:{number}: {len(row)} fields, {len(rows[0])} are expected")
    try:
        return {name.strip(): series([(row[0], row[column]) for row in rows[1:]])
                for column, name in enumerate(rows[0]) if column}
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def measured(path):
    """{name: Series over seconds}: since 1970, or since the run's start if they are small."""
    text = path.read_text(encoding="utf-8")
    found = (from_prometheus if text.lstrip().startswith("{") else from_csv)(path, text)
    if not found:
        raise ValueError(f"{path}: no series")
    return found
