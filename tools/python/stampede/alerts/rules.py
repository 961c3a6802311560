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


def seconds(text):
    """A duration of Prometheus, such as 1h30m [s]."""
    parts = DURATION.findall(str(text))
    if "".join(a + b for a, b in parts) != str(text):
        raise ValueError(f"{text!r} is no duration such as 5m")
    return sum(int(number) * SECONDS[unit] for number, unit in parts)


def groups_of(path):
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {str(error).splitlines()[0]}") from error
    if isinstance(tree, dict) and tree.get("kind") == "PrometheusRule":
        tree = tree.get("spec")
    groups = tree.get("groups") if isinstance(tree, dict) else None
    if not isinstance(groups, list):
        raise ValueError(f"{path}: no rules: `groups` is expected, or a PrometheusRule")
    return groups


def rules_of(path):
    """(alerting rules, recording rules) of a file."""
    alerts, recorded = [], []
    for group in groups_of(path):
        interval = seconds(group["interval"]) if "interval" in group else INTERVAL
        for rule in group.get("rules") or []:
            name = rule.get("alert") or rule.get("record")
            if not name or "expr" not in rule:
                raise ValueError(f"{path}: a rule of {group.get('name')} has no name or expr")
            (alerts if "alert" in rule else recorded).append(Rule(
                str(name), str(group.get("name", "")), str(rule["expr"]),
                seconds(rule.get("for", "0s")), seconds(rule.get("keep_firing_for", "0s")),
                interval, rule.get("labels") or {}))
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


def written(rules):
    """A file of Prometheus with these recording rules."""
    return yaml.safe_dump({"groups": [{"name": "recorded", "rules": [
        {"record": rule.name, "expr": rule.expression,
         **({"labels": {key: str(value) for key, value in rule.labels.items()}}
            if rule.labels else {})} for rule in rules]}]})
