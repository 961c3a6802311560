"""Says which package is missing, in a sentence instead of a traceback.

Under `python3 -m stampede.X` the sentence goes to stderr and the exit code is 2; elsewhere it is the
text of an ImportError.
"""
import importlib.util
import sys

ALL = ("numpy", "pandas", "matplotlib")
SYSTEM = "/usr/bin/python3"


def is_a_command():
    """Whether this process is `python3 -m stampede.X`; argv is -m while Python looks X up."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return sys.argv[:1] == ["-m"] or str(getattr(spec, "name", "")).startswith("stampede.")


def missing_of(packages):
    return [name for name in packages if importlib.util.find_spec(name) is None]


def needs(*packages):
    """Raises ImportError, or ends a command, if one of these packages cannot be found."""
    if not missing_of(packages):
        return
    missing, here = missing_of(ALL), sys.executable
    install = "`tools/install_packages plots`, or apt-get install " + " ".join(
        f"python3-{name}" for name in missing)
    if here != SYSTEM:
        install = f"`{here} -m pip install {' '.join(missing)}`, or use {SYSTEM}"
    text = f"stampede: {here} has no {', no '.join(missing)}; to install: {install}"
    if is_a_command():
        print(text, file=sys.stderr)
        sys.exit(2)
    raise ImportError(text)
