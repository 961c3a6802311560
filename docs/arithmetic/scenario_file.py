"""Reads the part of YAML that scenario files use, so that the arithmetic needs no package.

Block mappings and lists, flow mappings and lists, comments. Every scalar stays text; `number`
turns one with a unit into a float.
"""
import re

UNITS = {"": 1, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600,
         "/s": 1, "/min": 1 / 60, "%": 0.01, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9,
         "TB": 1e12, "PB": 1e15, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def number(text):
    """A scalar as a float in seconds, bytes, 1/s or 1. Raises ValueError on anything else."""
    match = re.fullmatch(r"(-?[0-9.]+(?:e-?[0-9]+)?)([A-Za-z/%]*)", str(text))
    if not match or match[2] not in UNITS:
        raise ValueError(f"no number: {text}")
    return float(match[1]) * UNITS[match[2]]


def _flow(text, at=0):
    """A flow value from `at`: (value, position behind it)."""
    while text[at] == " ":
        at += 1
    if text[at] in "{[":
        close, mapping = {"{": ("}", True), "[": ("]", False)}[text[at]]
        out, at = {} if mapping else [], at + 1
        while True:
            while text[at] in " ,":
                at += 1
            if text[at] == close:
                return out, at + 1
            if mapping:
                key, at = re.match(r"([^:]+):", text[at:])[1], text.index(":", at) + 1
                out[key.strip()], at = _flow(text, at)
            else:
                value, at = _flow(text, at)
                out.append(value)
    end = at
    while end < len(text) and text[end] not in ",]}":
        end += 1
    return text[at:end].strip(), end


def _scalar(text):
    return _flow(text)[0] if text[0] in "{[" else text


def _block(lines, at, indent):
    """The block whose lines are indented by `indent`: (value, next line)."""
    is_list = lines[at][1].startswith("- ")
    out = [] if is_list else {}
    while at < len(lines) and lines[at][0] == indent:
        text = lines[at][1]
        if is_list:
            item = text[2:]
            if item[0] == "{" or ": " not in item:
                out.append(_scalar(item))
                at += 1
            else:  # a mapping that begins behind the dash
                lines[at] = (indent + 2, item)
                value, at = _block(lines, at, indent + 2)
                out.append(value)
            continue
        key, _, rest = text.partition(":")
        rest, at = rest.strip(), at + 1
        if rest:
            out[key] = _scalar(rest)
        else:
            out[key], at = _block(lines, at, lines[at][0])
    return out, at


def read(path):
    """The scenario at `path` as nested dictionaries and lists of text."""
    lines = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = re.sub(r"(^|\s)#.*", "", line).rstrip()
            if line:
                lines.append((len(line) - len(line.lstrip()), line.lstrip()))
    return _block(lines, 0, 0)[0]
