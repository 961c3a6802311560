"""A small store of a sweep made here, with the tables that docs/store.md names."""
import json
import sqlite3

TABLES = """
PRAGMA application_id = 0x53544d50;
PRAGMA user_version = 2;
CREATE TABLE runs (id TEXT PRIMARY KEY, sweep TEXT, plan_index INTEGER, point INTEGER,
  seed INTEGER, scenario TEXT, status TEXT, digest TEXT, error TEXT, replay TEXT,
  wall_clock_seconds REAL, version TEXT, build TEXT, git_commit TEXT, inputs_id TEXT) STRICT;
CREATE TABLE params (run_id TEXT, path TEXT, value TEXT, number REAL, axis INTEGER) STRICT;
CREATE TABLE scalars (run_id TEXT, name TEXT, value REAL) STRICT;
CREATE TABLE series (run_id TEXT, time_seconds REAL, component TEXT, stat TEXT, value REAL) STRICT;
CREATE TABLE incidents (run_id TEXT, id INTEGER, time_seconds REAL, kind TEXT, component TEXT,
  causes TEXT, text TEXT) STRICT;
CREATE TABLE units (name TEXT, unit TEXT) STRICT;
"""
UNITS = {"rate": "1/s", "delay": "s", "mode": "1", "outage.downtime_seconds": "s",
         "success_ratio": "1"}


def write_store(path, runs):
    """`runs`: (parameters by path, seed, downtime in s or None for a run that failed)."""
    connection = sqlite3.connect(path)
    connection.executescript(TABLES)
    connection.executemany("INSERT INTO units VALUES (?, ?)", UNITS.items())
    for index, (parameters, seed, downtime) in enumerate(runs):
        run = f"{index:016x}"
        failed = downtime is None
        connection.execute(
            "INSERT INTO runs VALUES (?, 'small', ?, 0, ?, 'fleet', ?, ?, ?, 'stampede run', 0.5, "
            "'0.1.0', 'b1', 'c1', ?)", (run, index, seed, "failed" if failed else "done",
                         None if failed else "00ff", "out of memory" if failed else None, run))
        for name, value in parameters.items():
            number = None if isinstance(value, str) else float(value)
            connection.execute("INSERT INTO params VALUES (?, ?, ?, ?, 1)",
                               (run, name, str(value), number))
        if not failed:
            connection.execute("INSERT INTO scalars VALUES (?, 'outage.downtime_seconds', ?)",
                               (run, float(downtime)))
            connection.execute("INSERT INTO series VALUES (?, 10.0, 'east', 'success_ratio', 0.5)",
                               (run,))
            connection.execute("INSERT INTO incidents VALUES (?, 2, 5.0, 'recovered', 'service', "
                               "?, 'x')", (run, json.dumps([1])))
    connection.commit()
    connection.close()
