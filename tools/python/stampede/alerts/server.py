"""A Prometheus of its own for one run: blocks made from metrics.om, served on loopback only."""
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PROMTOOL, PROMETHEUS, SETPRIV = "/usr/bin/promtool", "/usr/bin/prometheus", "/usr/bin/setpriv"
STARTS = 30.0  # s, in which a server has to be ready
POINTS = 10_000  # of a query; Prometheus refuses more than 11,000


class NoPrometheus(Exception):
    """Prometheus is not installed, or refuses what it is given."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def quoted(value):
    """The value of a label in OpenMetrics."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def called(*words):
    ended = subprocess.run(words, capture_output=True, text=True)
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise NoPrometheus(f"{pathlib.Path(words[0]).name}: {said[-1] if said else 'failed'}")
    return ended.stdout


class Server:
    """Use it in `with`: it ends, and its files go, with the block."""

    def __init__(self, metrics):
        for program in (PROMTOOL, PROMETHEUS, SETPRIV):
            if not pathlib.Path(program).exists():
                raise NoPrometheus(f"{program} is missing: apt-get install prometheus")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="stampede-alerts-"))
        self.process, self.port = None, free_port()
        try:
            self.add_blocks(metrics)
        except BaseException:
            shutil.rmtree(self.directory)
            raise

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        (self.directory / "empty.yml").write_text("scrape_configs: []\n", encoding="utf-8")
        with open(self.directory / "log", "ab") as log:
            # It ends with this process, however that ends.
            self.process = subprocess.Popen(
                [SETPRIV, "--pdeathsig", "KILL", PROMETHEUS,
                 f"--config.file={self.directory}/empty.yml",
                 f"--storage.tsdb.path={self.directory}/data",
                 "--storage.tsdb.retention.time=100y",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        until = time.monotonic() + STARTS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        raise NoPrometheus("prometheus does not start: "
                           + (self.directory / "log").read_text(errors="replace")[-300:])

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def add_blocks(self, metrics):
        called(PROMTOOL, "tsdb", "create-blocks-from", "openmetrics", "--quiet",
               "--max-block-duration=24h", str(metrics), str(self.directory / "data"))

    def record(self, rules, begin, end):
        """Evaluates recording rules over the run; what they record can be asked for afterwards.

        rules: [(rule, step in seconds)]; begin and end are seconds since 1970. Each is evaluated at
        begin and every step after it, as alerts are. (promtool would begin at a time that depends
        on the name of the file that the rules lie in.)
        """
        lines = []
        for rule, step in rules:
            given = {}
            for labels, seen in self.evaluated(rule, begin, end, step).items():
                named = {**dict(labels), **rule.labels}
                named.pop("__name__", None)
                text = ",".join(f"{name}={quoted(value)}" for name, value in sorted(named.items()))
                if text in given:
                    raise NoPrometheus(f"{rule.place}: {rule.name}: two series with the labels "
                                       f"{{{text}}} once those of the rule are set")
                given[text] = [f"{rule.name}{{{text}}} {value} {at!r}" for at, value in seen]
            lines += [line for text in given for line in given[text]]
        if not lines:
            return
        file = self.directory / "recorded.om"
        file.write_text("\n".join([*lines, "# EOF\n"]), encoding="utf-8")
        self.stop()  # it looks for new blocks when it starts
        self.add_blocks(file)
        self.start()

    def ask(self, path, **parameters):
        data = urllib.parse.urlencode(parameters).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/{path}",
                                         data if parameters else None)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise NoPrometheus(json.load(error).get("error", str(error))) from error

    def names(self):
        """Of all series that there are."""
        return set(self.ask("label/__name__/values"))

    def evaluated(self, rule, begin, end, step):
        """query() of a rule's expression; what Prometheus refuses is said with the rule's place."""
        try:
            return self.query(rule.expression, begin, end, step)
        except NoPrometheus as error:
            raise NoPrometheus(f"{rule.place}: {rule.name}: {error}") from error

    def query(self, expression, begin, end, step):
        """{labels (sorted pairs): [(time [s], value as text)]} at begin and every `step` seconds
        after it.
        """
        found = {}
        while begin <= end:
            data = self.ask("query_range", query=expression, start=repr(begin),
                            end=repr(min(end, begin + step * POINTS)), step=repr(step))
            for series in data["result"]:
                labels = tuple(sorted(series["metric"].items()))
                found.setdefault(labels, []).extend(
                    (float(at), value) for at, value in series["values"])
            begin += step * (POINTS + 1)
        return found
