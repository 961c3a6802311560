"""JSON files of runs and comparisons; what cannot be used is said with the file and the line."""
import json


def parsed(place, text, first_line=1):
    """The value of a JSON text. Raises ValueError with the place of the fault."""
    try:
        return json.loads(text)
    except ValueError as error:
        line = first_line - 1 + error.lineno
        raise ValueError(f"{place}:{line}:{error.colno}: no JSON: {error.msg}") from error


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no UTF-8: {error.reason} at byte {error.start}") from error


def require(place, mapping, kinds):
    """Raises ValueError where a value of a mapping is there and of another kind than `kinds` says."""
    for key, kind in kinds.items():
        if mapping.get(key) is not None and not isinstance(mapping[key], kind):
            wanted = {dict: "an object", list: "a list", str: "text"}.get(kind, "a number")
            raise ValueError(f"{place}: {key}: {wanted} is expected")


def object_of(path, kinds=None):
    """The JSON object in a file; `kinds` as for require(). Raises OSError or ValueError."""
    found = parsed(path, text_of(path))
    if not isinstance(found, dict):
        raise ValueError(f"{path}: a JSON object is expected")
    require(path, found, kinds or {})
    return found
