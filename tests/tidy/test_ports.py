#!/usr/bin/python3
"""Ports are ports: headers of interfaces and records, under names that exist once in the tree.

Prints one line a fault and exits 1 if there is any.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORTS = ROOT / "models" / "ports"
COMMENT_OR_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*')
BODY = re.compile(r"\)\s*(?:(?:const|override|noexcept|final)\s*)*\{")
TRIVIAL = re.compile(r"(return [^;]*;)?")


def bodies(code):
    """(offset, text) of each function body."""
    for match in BODY.finditer(code):
        depth, end = 1, match.end()
        while depth > 0:
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        yield match.start(), " ".join(code[match.end():end - 1].split())


def faults_of(header):
    code = COMMENT_OR_TEXT.sub(lambda text: " " * len(text.group()), header.read_text("utf-8"))
    if "virtual" in code and not header.name.endswith("_port.h"):
        yield 1, "an interface of another name than *_port.h"
    for offset, body in bodies(code):
        if not TRIVIAL.fullmatch(body):
            yield code.count("\n", 0, offset) + 1, f"behaviour in a port: {{ {body} }}"


def shared_names():
    names = collections.defaultdict(list)
    for top in ("sim", "models", "tools", "tests", "bench"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                names[path.stem].append(path)
    for header in sorted(PORTS.glob("*.h")):
        if len(names[header.stem]) > 1:
            yield header, [str(path.relative_to(ROOT)) for path in names[header.stem]]


def main():
    found = [(path, 1, "behaviour has no place among ports") for path in PORTS.glob("*.cpp")]
    for header in sorted(PORTS.glob("*.h")):
        found += [(header, number, what) for number, what in faults_of(header)]
    found += [(header, 1, f"a name that is not its own: {', '.join(paths)}")
              for header, paths in shared_names()]
    for path, number, what in found:
        print(f"{path.relative_to(ROOT)}:{number}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
