#!/usr/bin/python3
"""Nothing in models/ is there for tests alone: each public class and function of its headers is used
by the program. What is registered is checked by tests/tools/test_ways_in.cpp.

Prints one line a fault as file:line: name, and exits 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMENT_OR_TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*')
CLASS = re.compile(r"^(?:class|struct|enum class)\s+(?:alignas\(\d+\)\s*)?(\w+)[^;{}()]*\{", re.M)
FUNCTION = re.compile(r"^(?!using|return|template)(?:[\w:<>,&*]+ )+[&*]*(\w+)\(", re.M)
# What waits for its way in, which is being built: graphs from files (`spec.network`).
FOR_TESTS = set()


def block(text, start):
    """From `start` to the brace that closes the first one after it."""
    depth, at = 0, text.index("{", start)
    while True:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return text[start:at]


def declared(header):
    """(name, offset, its own text) of each class and free function of a header."""
    for match in CLASS.finditer(header):
        yield match.group(1), match.start(), block(header, match.start())
    for match in FUNCTION.finditer(header):
        end = re.compile(r"[;{]").search(header, match.end())
        own = block(header, match.start()) if end.group() == "{" else header[match.start():end.end()]
        yield match.group(1), match.start(), own


def used(name, own, path, code):
    word = re.compile(rf"\b{name}\b")
    source = path.with_suffix(".cpp")
    if any(word.search(text) for other, text in code.items() if other not in (path, source)):
        return True
    if word.search(code[path].replace(own, "")):
        return True
    # In its own source: members of a class, or the definition of a function, are no use.
    uses = [m for m in word.finditer(code.get(source, ""))
            if not code[source].startswith("::", m.end())]
    return len(uses) > (0 if own.startswith(("class", "struct", "enum")) else 1)


def main():
    code = {}
    for top in ("sim", "models", "tools"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                code[path] = COMMENT_OR_TEXT.sub(
                    lambda match: " " * len(match.group()), path.read_text(encoding="utf-8"))
    bad = 0
    for path, text in code.items():
        if path.suffix != ".h" or ROOT / "models" not in path.parents:
            continue
        for name, offset, own in declared(text):
            if name not in FOR_TESTS and not used(name, own, path, code):
                line = text.count("\n", 0, offset) + 1
                print(f"{path.relative_to(ROOT)}:{line}: only tests use {name}")
                bad += 1
    for name in sorted(FOR_TESTS):
        if not any(name in text for text in code.values()):
            print(f"tests/tidy/test_reachable.py: {name} is gone")
            bad += 1
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
