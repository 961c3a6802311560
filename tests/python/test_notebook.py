"""py:percent files become notebooks; tools/check runs those of notebooks/."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest

from stampede import notebook

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = '''# %% [markdown]
# # Title
#
# A line
#     of code

# %% tags=["parameters"]
SCALE = "1/20"  # a comment
SEED = 1

# %%
# a comment of code
print(SCALE)
'''


class Cells(unittest.TestCase):
    def test_cells(self):
        self.assertEqual(list(notebook.cells_of(TEXT)), [
            ("markdown", [], "# Title\n\nA line\n    of code"),
            ("code", ["parameters"], 'SCALE = "1/20"  # a comment\nSEED = 1'),
            ("code", [], "# a comment of code\nprint(SCALE)")])

    def test_values_stand_behind_the_parameters(self):
        cells = notebook.injected(notebook.cells_of(TEXT), ['SCALE = "1/100"', "SEED=2"])
        self.assertEqual(cells[2], ("code", ["injected-parameters"], 'SCALE = "1/100"\nSEED=2'))
        with self.assertRaisesRegex(ValueError, "SCALES is no parameter"):
            notebook.injected(notebook.cells_of(TEXT), ["SCALES=1"])
        with self.assertRaisesRegex(ValueError, "no cell is tagged"):
            notebook.injected(notebook.cells_of("# %%\nSCALE = 1\n"), ["SCALE=1"])

    def test_format(self):
        found = notebook.notebook_of(notebook.cells_of(TEXT))
        self.assertEqual((found["nbformat"], found["nbformat_minor"]), (4, 5))
        self.assertEqual([cell["cell_type"] for cell in found["cells"]],
                         ["markdown", "code", "code"])
        self.assertEqual(found["cells"][1]["metadata"], {"tags": ["parameters"]})
        self.assertEqual(found["cells"][2]["source"], "# a comment of code\nprint(SCALE)")
        self.assertEqual(found["cells"][2]["outputs"], [])

    def test_command(self):
        with tempfile.TemporaryDirectory() as directory:
            out = pathlib.Path(directory)
            (out / "one.py").write_text(TEXT)
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(notebook.main([str(out / "one.py"), "--out", str(out / "a")]), 0)
            self.assertEqual(said.getvalue().strip(), str(out / "a" / "one.ipynb"))
            self.assertEqual(json.loads((out / "a" / "one.ipynb").read_text())["nbformat"], 4)
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertEqual(notebook.main([str(out / "two.py"), "--out", str(out)]), 1)
            self.assertIn("two.py", said.getvalue())

    def test_the_projects_notebooks_have_parameters_and_prose(self):
        files = sorted((ROOT / "notebooks").glob("*.py"))
        self.assertEqual(len(files), 6)
        for file in files:
            with self.subTest(file.name):
                cells = list(notebook.cells_of(file.read_text()))
                self.assertEqual(sum("parameters" in tags for _, tags, _ in cells), 1)
                self.assertTrue(cells[0][0] == "markdown" and cells[0][2].startswith("# "))
                for kind, _, source in cells:
                    if kind == "code":
                        compile(source, file.name, "exec")


if __name__ == "__main__":
    unittest.main()
