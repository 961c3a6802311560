#!/usr/bin/python3
"""Functions of sim/ and models/ stay short enough to be read at once; describe() is a table.

Prints one line a fault as file:line: rule, and exits 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST = 70  # lines, from the first of the signature to the closing brace
COMMENT_OR_TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*')
TYPE = re.compile(r"\b(class|struct|union|enum)\b[^()]*$")
NAME = re.compile(r"([\w:~]+|operator[^(]*)\s*\(")


def scope_of(head, inside):
    """What a brace opens, by the text before it and the scopes around it."""
    if head.strip().startswith(("namespace", "inline namespace")):
        return "namespace"
    if TYPE.search(head):
        return "type"
    return "function" if "(" in head and inside <= {"namespace", "type"} else "other"


def functions(text):
    """(name, first line, last line) of each function that has a body."""
    code = COMMENT_OR_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    code = re.sub(r"(?m)^#.*(\\\n.*)*$", lambda match: re.sub(r"[^\n]", " ", match.group()), code)
    open_ones, begin = [], 0
    for at, letter in enumerate(code):
        if letter == "{":
            if code[at - 1].isalnum() or code[at - 1] in "_>":  # a value, as in `count_{0}`
                open_ones.append(("value", begin))
                continue
            head = code[begin:at]
            open_ones.append((scope_of(head, {kind for kind, _ in open_ones}),
                              begin + len(head) - len(head.lstrip())))
            begin = at + 1
        elif letter == "}":
            kind, start = open_ones.pop()
            if kind == "value":
                continue
            begin = at + 1
            if kind == "function":
                name = NAME.search(code, start).group(1).strip()
                yield name, code.count("\n", 0, start) + 1, code.count("\n", 0, at) + 1
        elif letter == ";":
            begin = at + 1


def main():
    found = []
    for top in ("sim", "models"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            for name, first, last in functions(path.read_text(encoding="utf-8")):
                length = last - first + 1
                if length > MOST and name.split("::")[-1] != "describe":
                    found.append(f"{path.relative_to(ROOT)}:{first}: {name} has {length} lines, "
                                 f"{MOST} are allowed")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
