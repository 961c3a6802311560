"""py:percent files as Jupyter notebooks: python3 -m stampede.notebook FILE... --out DIR

A cell begins with `# %%`, one of text with `# %% [markdown]`; `tags=["parameters"]` behind it marks
the cell after which --set puts its values, as papermill does. With --execute the cells are run, and
a cell that raises ends the program with 1 and its traceback.
"""
import argparse
import json
import os
import pathlib
import re
import sys

MARKER = re.compile(r"^# %%(?: \[(markdown)\])?(?:.*?tags=(\[.*?\]))?")


def cells_of(text):
    """(kind, tags, source) of each cell; what stands before the first is one of code."""
    cells = [("code", [], [])]
    for line in text.splitlines():
        marker = MARKER.match(line)
        if marker:
            cells.append((marker[1] or "code", json.loads(marker[2] or "[]"), []))
        else:
            cells[-1][2].append(line)
    for kind, tags, lines in cells:
        if kind == "markdown":
            lines = [re.sub(r"^# ?", "", line) for line in lines]
        source = "\n".join(lines).strip("\n")
        if source:
            yield kind, tags, source


def injected(cells, values):
    """The cells with NAME=VALUE put after the one tagged parameters."""
    cells = list(cells)
    if not values:
        return cells
    place = next((index for index, (_, tags, _) in enumerate(cells) if "parameters" in tags), None)
    if place is None:
        raise ValueError("no cell is tagged parameters")
    for value in values:
        name = value.partition("=")[0].strip()
        if not re.search(rf"^{re.escape(name)} =", cells[place][2], re.MULTILINE):
            raise ValueError(f"{name} is no parameter of the notebook")
    cells.insert(place + 1, ("code", ["injected-parameters"], "\n".join(values)))
    return cells


def notebook_of(cells):
    """The notebook as JSON would hold it (nbformat 4.5)."""
    found = []
    for number, (kind, tags, source) in enumerate(cells, 1):
        cell = {"cell_type": kind, "id": f"cell-{number}",
                "metadata": {"tags": tags} if tags else {},
                "source": source}
        if kind == "code":
            cell.update(execution_count=None, outputs=[])
        found.append(cell)
    return {"cells": found, "nbformat": 4, "nbformat_minor": 5, "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}}}


def execute(notebook, directory):
    """Runs the cells in a kernel that starts in the directory; returns it with outputs."""
    import nbformat  # only needed here: Debian's python3-nbconvert and python3-ipykernel
    from nbconvert.preprocessors import ExecutePreprocessor
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # else a warning a kernel
    runner = ExecutePreprocessor(timeout=1800, kernel_name="python3")
    done, _ = runner.preprocess(nbformat.from_dict(notebook),
                                {"metadata": {"path": str(directory)}})
    return done


def parser():
    options = argparse.ArgumentParser(prog="python3 -m stampede.notebook",
                                      description="Makes Jupyter notebooks of py:percent files.")
    options.add_argument("files", metavar="FILE", nargs="+", type=pathlib.Path)
    options.add_argument("--out", metavar="DIR", required=True, type=pathlib.Path)
    options.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], dest="values",
                         help="a parameter of the notebook, as Python writes it")
    options.add_argument("--execute", action="store_true", help="run the cells")
    return options


def main(arguments):
    options = parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for file in options.files:
        try:
            notebook = notebook_of(injected(cells_of(file.read_text(encoding="utf-8")),
                                            options.values))
            if options.execute:
                notebook = execute(notebook, file.parent)
        except Exception as error:  # a kernel's text is the cell and its traceback
            print(f"stampede.notebook: {file}: {error}", file=sys.stderr)
            return 1
        path = options.out / f"{file.stem}.ipynb"
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n",
                        encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
