"""Puts the page together: sections of text and tables, the timeline's data, script and style.

Everything is in the one file, and a policy in it forbids the browser to load anything else. What
runs, scenarios and directories are called is only ever text (markup.py).
"""
import base64
import hashlib
import io
import json
import pathlib
import warnings

from stampede.files import object_of
from stampede.plots import overview
from stampede.plots.spread import PEOPLE, chains_of, place_of
from stampede.plots.style import clock, count_text, length, scale_of, styled_context
from stampede.plots.telling import OWNERS, headline
from stampede.report.graph import graph_svg
from stampede.report.markup import Markup, clean, joined, table, tag
from stampede.report.missing import missing
from stampede.report.policies import policies_of
from stampede.report.story import Mention, share_text, story_of, words
from stampede.report.timeline import timeline_of

MARK = "<!DOCTYPE html>\n<!-- stampede.report/1 -->\n"
MOST_BYTES = 2_000_000
STRETCHES, LEAST_STRETCHES = 1000, 60  # of the timeline; halved until the page is small enough
MOST_INCIDENTS, MOST_ASSUMED = 400, 1500
HERE = pathlib.Path(__file__).parent


def file_of(*names):
    return Markup(HERE.joinpath(*names).read_text(encoding="utf-8"))


def hashed(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def label_of(runs, run):
    name = run.manifest.get("name", "run")
    return name if len(runs) == 1 else f"{run.directory.name}: {name}"


def anchor_of(number):
    return f"run{number}-incident"


def story(number, run):
    def piece(part):
        if isinstance(part, Mention):
            return tag("a", part.text, href=f"#{anchor_of(number)}{part.incident}")
        return part
    gone = missing(run)
    warning = tag("div", tag("p", "This run is damaged; what follows leaves out what is missing:"),
                  tag("ul", *(tag("li", text) for text in gone)), class_="damaged",
                  role="note") if gone else None
    return [warning, *(tag("p", *(piece(part) for part in sentence))
                       for sentence in story_of(run))]


def picture(run):
    """The overview as an image; what it says is in the story, which its text repeats in short."""
    if run.wide.empty:
        return tag("p", "The run has no series, so there is no picture.")
    file = io.BytesIO()
    with styled_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that no font has
        overview(run).savefig(file, format="png", dpi=100, metadata={"Software": None})
    data = base64.b64encode(file.getvalue()).decode()
    _, root = chains_of(run)
    said = (f"Overview of the run. {headline(run, root)}. The story and the tables below say the "
            "same.")
    return tag("div", tag("img", src=f"data:image/png;base64,{data}", alt=said),
               class_="scroll picture", tabindex="0", role="region", aria_label="overview")


def listed_incidents(run):
    """In order of time. Of too many the first of each kind, what people did, and the earliest."""
    rows = list(run.incidents.sort_values(["time_seconds", "id"]).itertuples())
    if len(rows) <= MOST_INCIDENTS:
        return rows
    first = {}
    for row in rows:
        first.setdefault(row.kind, row.id)
    wanted = sorted(rows, key=lambda row: (row.id not in first.values(), row.kind not in PEOPLE))
    return sorted(wanted[:MOST_INCIDENTS], key=lambda row: (row.time_seconds, row.id))


def incident_list(number, run, rows):
    if not rows:
        return tag("p", "Nothing happened: the run recorded no incident.")
    anchor, known, seen, body = anchor_of(number), {row.id for row in rows}, set(), []
    for row in rows:
        causes = [tag("a", f"#{cause}", href=f"#{anchor}{cause}") if cause in known else f"#{cause}"
                  for cause in row.causes]
        listed = [[", ", cause] if index else cause for index, cause in enumerate(causes)]
        show = tag("button", clock(run, row.time_seconds, True), type="button", class_="jump",
                   data_run=number, data_at=float(row.time_seconds), data_incident=row.id,
                   aria_label=f"show {clock(run, row.time_seconds, True)} in the timeline")
        body.append(tag("tr", tag("th", f"#{row.id}", scope="row"), tag("td", show),
                        tag("td", words(row.kind)), tag("td", place_of(run, row)),
                        tag("td", row.text), tag("td", *listed or ["–"]),
                        id=f"{anchor}{row.id}", tabindex="-1", data_kind=row.kind,
                        data_first="" if row.kind not in seen else None))
        seen.add(row.kind)
    kinds = [tag("option", "all kinds", value="")] + [
        tag("option", words(kind), value=kind) for kind in sorted(seen)]
    left_out = len(run.incidents) - len(rows)
    note = tag("p", f"{left_out} more are in incidents.jsonl.") if left_out else None
    controls = tag("p", tag("label", "Kind: ", tag("select", *kinds, class_="kinds")), " ",
                   tag("label", tag("input", type="checkbox", class_="firsts"),
                       " only the first of each kind"), class_="controls")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in (
        "incident", "time", "what", "where", "what it said", "led to by"))))
    return tag("div", controls, tag("div", tag("table", head, tag("tbody", *body)),
                                    class_="scroll tall", tabindex="0", role="region",
                                    aria_label="incidents"), note, class_="incidents")


def minutes(number, run):
    outage, found = run.summary.get("outage") or {}, []
    owners = outage.get("seconds_by_owner") or {}
    total = outage.get("downtime_seconds") or 0
    if total:
        found.append(table(["whose time", "downtime", "share"], [
            [OWNERS[owner], length(owners[owner]), share_text(owners[owner], total)]
            for owner in ("operator", "mechanism", "policy") if owners.get(owner)],
            "Downtime of the service by who or what was at work"))
    regions = outage.get("by_region") or {}
    if regions:
        found.append(table(["home region", "down"], [[region, length(down)] for region, down in
                                                     regions.items()],
                           "Downtime by home region"))

    def at(value):
        return "–" if value is None or value != value else clock(run, value, True)
    steps = [[words(row.step), at(row.due_at_seconds), at(row.acted_at_seconds),
              at(row.done_at_seconds), "yes" if row.critical else "no",
              "–" if row.slack_seconds is None or row.slack_seconds != row.slack_seconds
              else length(row.slack_seconds)] for row in run.operations.itertuples()]
    if steps:
        found.append(table(["step", "due", "acted", "done", "critical", "slack"], steps,
                           "What people did; a critical step decided when the last one ended"))
    requests = run.summary.get("requests") or {}
    reasons = sorted(((count, name) for name, count in (requests.get("failed_by") or {}).items()
                      if count), reverse=True)
    if reasons:
        found.append(table(["how the last attempt ended", "requests", "of those that failed"], [
            [words(name), f"{count:,}", share_text(count, requests.get("failed") or count)]
            for count, name in reasons], "Requests that failed"))
    return found or tag("p", "No minute was down and no request failed.")


def band(number, run):
    """What `run --band` found: 10 to 90 % with the stated error of step times."""
    found = run.summary.get("band")
    if not found:
        return tag("p", "The run was made without --band.")
    return table(["figure", "10 %", "median", "90 %"], [
        [path, *(f"{ends[end]:.6g}" for end in ("low", "median", "high"))]
        for path, ends in found.items() if isinstance(ends, dict)],
        f"{found.get('runs')} runs with the stated error of step times")


def expectations(number, run):
    stated = run.spec.get("expect") or []
    judged = run.manifest.get("expectations")
    if not stated:
        return tag("p", "The scenario states none.")
    if judged is None:
        return tag("p", "The run was made by a version that did not record how they ended.")
    failed = judged.get("failed") or []
    lines = [tag("p", "All of them held." if not failed else
                 f"{len(failed)} of {len(stated)} did not hold:")]
    if failed:
        lines.append(tag("ul", *(tag("li", text) for text in failed)))
    lines.append(tag("details", tag("summary", f"The {len(stated)} expectations"), tag(
        "ul", *(tag("li", json.dumps(entry, ensure_ascii=False)) for entry in stated))))
    return lines + [tag("pre", text) for text in judged.get("shown") or []]


def value_at(tree, path):
    """The value of a manifest's scenario at a path such as spec.regions[0].share, or None."""
    for part in path.replace("]", "").replace("[", ".").split("."):
        try:
            tree = tree[int(part)] if isinstance(tree, list) else tree[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return tree


def explained(run):
    """What `stampede explain --of assumptions --format json` found: explain.json beside the run."""
    path = run.directory / "explain.json"
    if not path.exists():
        return None
    found = object_of(path, {"result": dict})
    if found.get("schema") != "stampede.explain/1" or found.get("of") != "assumptions":
        raise ValueError(f"{path}: not of `stampede explain --of assumptions --format json`")

    def share(index):
        return "–" if index is None else (
            f"{index['share']:.2f} [{index['low']:.2f} to {index['high']:.2f}]")
    return table(["parameter", "from", "to", "changes the downtime by", "share of the variance"], [
        [one["path"], one["low"], one["high"], length(abs(one["absolute_effect_seconds"])),
         share(one.get("total"))] for one in found["result"]["parameters"]],
        "How much assumed parameters matter, over their plausible ranges")


def assumptions(number, run):
    origins, assumed = run.manifest.get("origins") or {}, run.manifest.get("assumed")
    if assumed is None:
        return tag("p", "The run was made by a version that did not record what is assumed.")
    stated = sum(origin != "default" for origin in origins.values())
    values = [(path, value_at(run.manifest.get("scenario"), path))
              for path in assumed[:MOST_ASSUMED]]
    matters = explained(run)
    rows = [[path, json.dumps(value, ensure_ascii=False)] for path, value in values
            if not isinstance(value, (dict, list))]
    return [tag("p", f"Of {len(origins)} values {stated} were stated by the scenario or computed "
                     f"from it; {len(assumed)} are defaults that rest on no published source. "
                     + ("" if matters else
                        "How much each one matters for this run was not measured: vary those that "
                        "a conclusion depends on (docs/assumptions.md names sixty to begin with).")),
            matters,
            tag("details", tag("summary", f"The {len(assumed)} assumed values"),
                table(["parameter", "value"], rows, "Defaults without a source"))]


def replay(number, run):
    manifest = run.manifest
    rows = [[name, str(manifest.get(key, "unknown"))] for name, key in (
        ("scenario", "name"), ("seed", "seed"), ("digest of the run", "digest"),
        ("version", "version"), ("build", "build"), ("commit", "commit"))]
    rows.append(["scale", f"{scale_of(run):g}"])
    replayed = "stampede replay manifest.json"
    return [table(["", ""], rows, "What this was made from"),
            tag("p", "The same run again, from the scenario:"),
            tag("pre", manifest.get("command", "")),
            tag("p", "or from the manifest in its directory, which says whether the digest is the "
                     "same:"), tag("pre", replayed)]


def figures(run):
    """(name, text) of what runs are compared by."""
    outage, requests, attempts, latency = (run.summary.get(key) or {} for key in (
        "outage", "requests", "attempts", "latency"))

    def told(value, text):
        return "–" if value is None else text(value)
    ttft = (latency.get("ttft_seconds") or {}).get("p99")
    return [
        ("downtime", told(outage.get("downtime_seconds"), length)),
        *((f"downtime, clients of {region}", length(down))
          for region, down in (outage.get("by_region") or {}).items()),
        ("recovered", told(outage.get("recovered"), lambda value: "yes" if value else "no")),
        ("requests offered", told(requests.get("offered"), count_text)),
        ("of them failed", told(requests.get("failed"), lambda failed: share_text(
            failed, requests.get("offered") or 1))),
        ("attempts for each request", told(requests.get("attempts_per_request"),
                                           lambda value: f"{value:.2f}")),
        ("attempts for clients that had left", told(attempts.get("doomed"), count_text)),
        ("time to first token, longest 1 %", told(ttft, lambda value: f"{value:.3g} s")),
        ("incidents", str(len(run.incidents))),
        ("expectations that failed", told(run.manifest.get("expectations"),
                                          lambda judged: str(len(judged.get("failed") or []))))]


def side_by_side(runs):
    told = [dict(figures(run)) for run in runs]
    names = dict.fromkeys(name for found in told for name in found)
    return table(["", *(label_of(runs, run) for run in runs)],
                 [[name, *(found.get(name, "–") for found in told)] for name in names],
                 "Runs side by side")


def section(name, title, runs, content):
    """A section with a part for each run."""
    parts = []
    for number, run in enumerate(runs):
        heading = tag("h3", label_of(runs, run)) if len(runs) > 1 else None
        parts.append(tag("div", heading, content(number, run), class_="run"))
    return whole_section(name, title, tag("div", *parts, class_="runs"))


def whole_section(name, title, *content):
    return tag("section", tag("h2", title, id=f"{name}-title"), *content, id=name,
               aria_labelledby=f"{name}-title")


def timeline_section(runs, data):
    def button(name, does):
        return tag("button", name, type="button", data_does=does)
    drawn = [(number, run, found) for number, (run, found) in enumerate(zip(runs, data)) if found]
    regions = dict.fromkeys(region for _, _, found in drawn for region in found["regions"])
    boxes = [tag("label", tag("input", type="checkbox", checked="", value=region), " ", region)
             for region in regions]
    thin = any(found["thinned"] for _, _, found in drawn)
    charts = [tag("div", tag("h3", label_of(runs, run)) if len(runs) > 1 else None, [
        tag("figure", tag("figcaption", tag("b", panel["title"]), f" [{panel['unit']}]; ",
                          panel["peak"]), tag("div", class_="chart", data_run=number,
                                              data_panel=index))
        for index, panel in enumerate(found["panels"])], class_="run")
        for number, run, found in drawn]
    return whole_section(
        "timeline", "Timeline",
        tag("p", "Drag over a panel to zoom, or use the buttons. All panels show the same time. "
                 "Dotted lines: the first incident of each kind. Grey: the service is down. "
                 "Orange: a fault that the scenario states."
                 + (" Of each stretch of time the least and the greatest value are drawn."
                    if thin else "")),
        tag("div", tag("div", button("Earlier", "earlier"), button("Later", "later"),
                       button("Zoom in", "in"), button("Zoom out", "out"),
                       button("Whole run", "all"), role="group", aria_label="zoom"),
            tag("fieldset", tag("legend", "Regions"), *boxes, class_="regions")
            if len(regions) > 1 else None,
            tag("label", "Moment: ", tag("input", type="range", id="moment", min="0", step="any",
                                         value="0")),
            tag("output", "", id="now", aria_live="polite"),
            class_="controls bar"),
        tag("noscript", tag("p", "The curves want JavaScript; everything else does not.")),
        tag("div", *charts, class_="runs"))


def page_of(runs, comparisons, pictures, data):
    """The sections; `data` is what the script draws of those runs that have series."""
    incidents = [listed_incidents(run) for run in runs]
    sections = []
    if runs:
        sections += [section("story", "What happened", runs, story),
                     section("picture", "In half a minute", runs,
                             lambda number, _: pictures[number])]
    if len(runs) > 1:
        sections.append(whole_section("runs", "Side by side", side_by_side(runs)))
    sections += [whole_section("policies", "Policies", policies_of(kept)) for kept in comparisons]
    if any(data):
        sections.append(timeline_section(runs, data))
    if runs:
        sections += [
            section("incidents", "Incidents", runs,
                    lambda number, run: incident_list(number, run, incidents[number])),
            section("causes", "What led to what", runs, lambda number, run: graph_svg(
                run, anchor_of(number)) or tag("p", "No incidents.")),
            section("minutes", "Where the minutes went", runs, minutes),
            *([section("band", "How sure the figures are", runs, band)]
              if any(run.summary.get("band") for run in runs) else []),
            section("expectations", "What was expected", runs, expectations),
            section("assumed", "What was assumed", runs, assumptions),
            section("replay", "How to play it again", runs, replay)]
    return joined(sections)


def html_of(title, body, data):
    style = joined([file_of("uplot", "uPlot.min.css"), "\n", file_of("report.css")])
    script = joined([file_of("uplot", "uPlot.iife.min.js"), "\n", file_of("report.js")])
    policy = (f"default-src 'none'; img-src data:; style-src {hashed(style)}; "
              f"script-src {hashed(script)}; base-uri 'none'; form-action 'none'")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
    licence = Markup("<!-- Contains uPlot 1.6.32, (c) 2022 Leon Sorokin, under the MIT licence:\n"
                     f"{file_of('uplot', 'LICENSE')}-->\n")
    names = (("story", "Story"), ("picture", "Picture"), ("runs", "Side by side"),
             ("policies", "Policies"), ("timeline", "Timeline"), ("incidents", "Incidents"),
             ("causes", "Causes"), ("minutes", "Minutes"), ("expectations", "Expectations"),
             ("assumed", "Assumed"), ("replay", "Replay"))
    links = [tag("a", said, href=f"#{name}") for name, said in names if f'id="{name}"' in body]
    head = tag("head", tag("meta", charset="utf-8"),
               tag("meta", http_equiv="Content-Security-Policy", content=policy),
               tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
               tag("title", title), tag("style", style))
    return MARK + licence + tag("html", head, tag(
        "body", tag("a", "Skip to the story", href="#main", class_="skip"),
        tag("header", tag("h1", title), tag("nav", *links, aria_label="sections")),
        tag("main", body, id="main"),
        tag("footer", "Made by Stampede from a simulated run; every sentence and number is "
                      "computed from its outputs."),
        tag("script", safe, type="application/json", id="data"), tag("script", script)),
        lang="en") + "\n"


def report(runs, comparisons=()):
    """The page about runs and comparisons, below 2 MB.

    Raises ValueError where that many runs do not fit.
    """
    runs = list(runs) + [kept.run(kept.policies[0]) for kept in comparisons
                         if not runs and kept.runs["directory"].notna().all()]
    names = [clean(run.manifest.get("name", "run")) for run in runs] or [
        clean(kept.data.get("scenario", "comparison")) for kept in comparisons]
    title, stretches = " and ".join(dict.fromkeys(names)), STRETCHES
    pictures = [picture(run) for run in runs]
    while True:
        data = [timeline_of(run, stretches) if len(run.wide) else None for run in runs]
        html = html_of(title, page_of(runs, comparisons, pictures, data), data)
        if len(html.encode()) <= MOST_BYTES:
            return html
        stretches //= 2
        if stretches < LEAST_STRETCHES:
            raise ValueError("the report would be larger than 2 MB: show fewer runs in one")
