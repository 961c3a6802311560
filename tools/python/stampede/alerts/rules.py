"""Rule files as people have them: Prometheus' own, or a PrometheusRule of Kubernetes."""
import re
from typing import NamedTuple

import yaml

DURATION = re.compile(r"([0-9]+)(ms|[smhdwy])")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
INTERVAL = 60.0  # s: how often Prometheus evaluates a group that says nothing else
TEXT = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')
BRACES = re.compile(r"\{[^{}]*\}")
RANGES = re.compile(r"\[[^\]]*\]")
GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
NAME = re.compile(r"(?<![\w:])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
PLACE = object()  # the key of a mapping's line
SERIES, LABEL = re.compile(r"[a-zA-Z_:][\w:]*", re.ASCII), re.compile(r"[a-zA-Z_]\w*", re.ASCII)
WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left",
         "group_right", "inf", "nan"}


class Rule(NamedTuple):
    name: str       # of the alert, or of the series that is recorded
    group: str
    expression: str
    held: float      # `for` [s]
    kept: float      # `keep_firing_for` [s]
    interval: float  # s
    labels: dict
    place: str = ""  # FILE:LINE, for messages


def seconds(text):
    """A duration of Prometheus, such as 1h30m [s]."""
    parts = DURATION.findall(str(text))
    if "".join(a + b for a, b in parts) != str(text):
        raise ValueError(f"{text!r} is no duration such as 5m")
    return sum(int(number) * SECONDS[unit] for number, unit in parts)


class Placed(yaml.SafeLoader):
    """Mappings know their line: PLACE is a key of each."""

    def construct_mapping(self, node, deep=False):
        return {**super().construct_mapping(node, deep=deep), PLACE: node.start_mark.line + 1}


Placed.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(
    node, deep=True))


def tree_of(path):
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=Placed)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ValueError(f"{path}{at}: {error.problem or error.context}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {str(error).splitlines()[0]}") from error


def groups_of(path):
    """[(name, interval [s], rules)] of a file."""
    tree = tree_of(path)
    if isinstance(tree, dict) and tree.get("kind") == "PrometheusRule":
        tree = tree.get("spec")
    groups = tree.get("groups") if isinstance(tree, dict) else None
    if not isinstance(groups, list):
        raise ValueError(f"{path}: no rules: `groups` is expected, or a PrometheusRule")
    for group in groups:
        if not isinstance(group, dict):
            raise ValueError(f"{path}: a group is no mapping: {str(group)[:40]}")
        rules = group.get("rules") or []
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise ValueError(f"{path}:{group[PLACE]}: `rules` is no list of rules")
        interval = duration(path, group, "interval", f"{INTERVAL:.0f}s")
        if interval <= 0:
            raise ValueError(f"{path}:{group[PLACE]}: interval: 0 s is none")
        yield str(group.get("name", "")), interval, rules


def duration(path, mapping, key, otherwise):
    try:
        return seconds(mapping.get(key, otherwise))
    except ValueError as error:
        raise ValueError(f"{path}:{mapping[PLACE]}: {key}: {error}") from error


def rule_of(path, group, interval, rule):
    place, name = f"{path}:{rule[PLACE]}", rule.get("alert") or rule.get("record")
    if not name or "expr" not in rule:
        raise ValueError(f"{place}: a rule of {group} has no name or expr")
    if "record" in rule and not SERIES.fullmatch(str(name)):
        raise ValueError(f"{place}: record: {name!r} is no name of a series")
    return Rule(str(name), group, str(rule["expr"]), duration(path, rule, "for", "0s"),
                duration(path, rule, "keep_firing_for", "0s"), interval, labels_of(place, rule),
                place)


def labels_of(place, rule):
    labels = rule.get("labels") or {}
    if not isinstance(labels, dict):
        raise ValueError(f"{place}: labels: {labels!r} is no mapping")
    named = {str(name): value for name, value in labels.items() if name is not PLACE}
    for name, value in named.items():
        if not LABEL.fullmatch(name) or isinstance(value, (dict, list)):
            raise ValueError(f"{place}: labels: {name} is no label with one value")
    return {name: str(value) for name, value in named.items()}


def rules_of(path):
    """(alerting rules, recording rules) of a file."""
    alerts, recorded = [], []
    for group, interval, rules in groups_of(path):
        for rule in rules:
            (alerts if "alert" in rule else recorded).append(rule_of(path, group, interval, rule))
    return alerts, recorded


def names_in(expression):
    """The series that an expression asks for, by name."""
    text = TEXT.sub('""', expression)
    # `__name__` in braces names one too, but is not looked for.
    for pattern in (BRACES, RANGES, GROUPING):
        text = pattern.sub(" ", text)
    return {name for name in NAME.findall(text) if name.lower() not in WORDS}


def in_levels(recorded):
    """Recording rules such that each asks only for what earlier levels record."""
    levels, left = [], list(recorded)
    while left:
        names = {rule.name for rule in left}
        ready = [rule for rule in left if not names_in(rule.expression) & (names - {rule.name})]
        levels.append(ready or left)  # in a circle: all at once
        left = [rule for rule in left if rule not in levels[-1]]
    return levels
