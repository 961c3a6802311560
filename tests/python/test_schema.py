"""The generated schema judged by jsonschema, a second validator: itself, and what the program writes."""
import json
import os
import pathlib
import subprocess
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("STAMPEDE_PROGRAM", str(ROOT / "build" / "stampede"))


def output(*arguments):
    return json.loads(subprocess.run([PROGRAM, *map(str, arguments)], check=True,
                                     capture_output=True, text=True).stdout)


def scenarios():
    return [path for path in sorted((ROOT / "scenarios").rglob("*.yaml"))
            if "kind: Scenario" in path.read_text(encoding="utf-8")
            and path.name != "vllm.yaml"]  # a template: its recording is written by `init`


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = output("schema")
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def test_is_a_schema_of_draft_7(self):
        jsonschema.Draft7Validator.check_schema(self.schema)

    def test_accepts_every_scenario_with_all_its_values(self):
        self.assertGreater(len(scenarios()), 10)
        for path in scenarios():
            whole = output("run", path, "--dry-run", "--format", "json")["scenario"]
            self.assertEqual([e.message for e in self.validator.iter_errors(whole)], [], path)

    def test_refuses_a_changed_type_key_or_range(self):
        whole = output("run", ROOT / "scenarios" / "templates" / "init.yaml", "--dry-run",
                       "--format", "json")["scenario"]
        for key, value in (("seed", "one"), ("seed", -1), ("duration", 60), ("scale", 2),
                           ("regions", {}), ("sede", 1)):
            changed = dict(whole, spec=dict(whole["spec"], **{key: value}))
            self.assertFalse(self.validator.is_valid(changed), (key, value))


if __name__ == "__main__":
    unittest.main()
