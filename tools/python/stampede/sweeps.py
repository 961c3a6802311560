"""The store of a sweep as tidy pandas frames; docs/store.md describes its tables."""
import dataclasses
import json
import pathlib
import sqlite3
from contextlib import closing

import pandas

from stampede.results import UNKNOWN_BUILD, warn_of_mixed_builds

APPLICATION_ID, VERSION = 0x53544d50, 2


@dataclasses.dataclass
class Sweep:
    """What `stampede sweep --out` keeps: the frames of its tables, and one that joins them.

    Each frame carries the units of its columns in `attrs["units"]`.
    """
    path: pathlib.Path
    runs: pandas.DataFrame       # a row a run, with the build that made it; index: id
    params: pandas.DataFrame     # run_id, path, value, number, axis
    scalars: pandas.DataFrame    # run_id, name, value, unit
    series: pandas.DataFrame     # run_id, time_seconds, component, stat, value, unit
    incidents: pandas.DataFrame  # run_id, id, time_seconds, kind, component, causes (list), text
    units: pandas.Series         # by the name of a scalar, statistic or parameter

    @property
    def axes(self):
        """The parameters that the sweep varies."""
        return list(dict.fromkeys(self.params.loc[self.params["axis"] == 1, "path"]))

    @property
    def table(self):
        """A row a planned run: its columns of `runs`, then its parameters, then its scalars.

        A parameter is its number in base units where each of its values has one, else its text.
        Failed runs are rows without scalars.
        """
        planned = self.runs[self.runs["plan_index"].notna()].sort_values("plan_index")
        columns = [planned]
        for path, rows in self.params.groupby("path", sort=False):
            values = rows.set_index("run_id")
            chosen = "number" if values["number"].notna().all() else "value"
            columns.append(values[chosen].rename(path))
        columns.append(self.scalars.pivot(index="run_id", columns="name", values="value"))
        table = pandas.concat(columns, axis=1).reindex(planned.index)
        table.index.name = "id"
        table.attrs["units"] = {**planned.attrs["units"],
                                **{name: self.units.get(name, "1") for name in table
                                   if name not in planned}}
        return table


def opened(path):
    """A connection that only reads, also in a directory that cannot be written."""
    for option in ("mode=ro", "immutable=1"):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{option}", uri=True)
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            return connection
        except sqlite3.OperationalError:
            connection.close()
        except sqlite3.DatabaseError:
            connection.close()
            break
    raise ValueError(f"{path}: not a store of stampede sweep")


def sweep(database):
    """Reads the store that `stampede sweep --out` wrote, also while it is written.

    Warns when planned runs are of several builds of the program, which may give one scenario
    different numbers. Raises FileNotFoundError, and ValueError when the file is something else.
    """
    path = pathlib.Path(database)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    with closing(opened(path)) as connection:
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0]
                 for name in ("application_id", "user_version")]
        if found[0] != APPLICATION_ID:
            raise ValueError(f"{path}: not a store of stampede sweep")
        if found[1] not in (1, VERSION):
            raise ValueError(f"{path}: version {found[1]} of the store; {VERSION} is wanted")
        connection.execute("BEGIN")  # all tables at one moment
        frames = {name: pandas.read_sql(f"SELECT * FROM {name}", connection)
                  for name in ("runs", "params", "scalars", "series", "incidents", "units")}
    units = frames.pop("units").set_index("name")["unit"]
    frames["runs"] = frames["runs"].set_index("id")
    for name in ("build", "git_commit"):
        if name not in frames["runs"]:
            frames["runs"][name] = UNKNOWN_BUILD
    frames["runs"].attrs["units"] = {"wall_clock_seconds": "s"}
    frames["params"]["number"] = frames["params"]["number"].astype("float64")
    frames["params"]["unit"] = frames["params"]["path"].map(units)
    frames["scalars"]["unit"] = frames["scalars"]["name"].map(units)
    frames["series"]["unit"] = frames["series"]["stat"].map(units)
    frames["incidents"]["causes"] = [json.loads(text) for text in frames["incidents"]["causes"]]
    for name in ("series", "incidents"):
        frames[name].attrs["units"] = {"time_seconds": "s"}
    planned = frames["runs"]["plan_index"].notna()
    warn_of_mixed_builds(path, frames["runs"].loc[planned, "build"])
    return Sweep(path, units=units, **frames)
