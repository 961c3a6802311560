"""The report in headless Chromium: what a reader clicks, reads and prints, and that it asks nobody.

Wants the packages chromium, chromium-driver and python3-selenium (tools/install_packages check).
"""
import base64
import importlib.util
import json
import os
import pathlib
import subprocess
import unittest

from played import PROGRAM, ROOT
from small_run import SmallRun, INCIDENTS, incident
from test_report import HOSTILE, hostile

import stampede
from stampede.report import report

DRIVER = "/usr/bin/chromedriver"
READY = importlib.util.find_spec("selenium") and pathlib.Path(DRIVER).exists()
PEOPLE = INCIDENTS[:5] + [incident(6, 131.0, "paged", [5], "operations"),
                          incident(7, 150.0, "acted", [6], "operations"),
                          incident(8, 590.0, "recovered", [5], "service")]

# Text whose contrast with what is behind it is below 4.5 (WCAG 2, AA), as [text, ratio].
CONTRAST = """
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255).map(
      (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("script, style, noscript, svg") || !element.offsetParent) continue;
    const a = light(parts(getComputedStyle(element).color).slice(0, 3)), b = light(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([element.textContent.slice(0, 40), ratio]);
  }
  return poor;
"""


@unittest.skipUnless(READY, "no Chromium: tools/install_packages check")
class InBrowser(SmallRun):
    @classmethod
    def setUpClass(cls):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1200,900"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(DRIVER), options=options)
        cls.addClassCleanup(cls.browser.quit)

    def open(self, *runs):
        path = self.directory / "report.html"
        path.write_text(report(list(runs)), encoding="utf-8")
        self.browser.get_log("performance"), self.browser.get_log("browser")
        self.browser.get(path.as_uri())

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def one(self, selector):
        return self.browser.find_element("css selector", selector)

    def values(self, panel):
        """What the legend of a panel shows now, by curve."""
        return {row.find_element("css selector", "th").text:
                row.find_element("css selector", "td").text
                for row in self.all(f'.chart[data-panel="{panel}"] .u-legend .u-series')}

    def quiet(self):
        """It logs no fault (of its policy neither) and asks for nothing beside its own file."""
        self.assertEqual(self.browser.get_log("browser"), [])
        asked = [json.loads(entry["message"])["message"] for entry in
                 self.browser.get_log("performance")]
        urls = {entry["params"]["request"]["url"].partition(":")[0] for entry in asked
                if entry["method"] == "Network.requestWillBeSent"}
        self.assertLessEqual(urls, {"file", "data"})

    def test_a_reader_clicks_and_reads(self):
        self.open(self.write(incidents=PEOPLE))
        self.quiet()
        panels = json.loads(self.one("#data").get_attribute("textContent"))[0]["panels"]
        self.assertEqual(len(self.all(".chart canvas")), len(panels))
        # An entry of the list leads to its moment; what the panels show then are the run's values.
        self.one('[data-incident="5"]').click()
        self.assertIn("13:32:10", self.one("#now").text)
        self.assertIn("breaker opened", self.one("#now").text)
        success = next(at for at, panel in enumerate(panels) if panel["title"].startswith("Success"))
        self.assertEqual(self.values(success), {"time": "13:32:10", "east": "25 %",
                                                "west": "25 %"})
        self.one('[data-does="all"]').click()
        self.assertIn("13:30:00 to 13:40:00", self.one("#now").text)
        self.one('[data-does="in"]').click()
        self.assertNotIn("13:30:00 to 13:40:00", self.one("#now").text)
        # A region that is switched off is gone from every panel.
        self.one('.regions input[value="west"]').click()
        off = self.all(f'.chart[data-panel="{success}"] .u-series.u-off')
        self.assertEqual([row.find_element("css selector", "th").text for row in off], ["west"])
        # The story and the graph lead to incidents, and the filter hides others.
        self.one(".firsts").click()
        hidden = "#run0-incident4"
        self.assertFalse(self.one(hidden).is_displayed())
        self.browser.execute_script(f"location.hash = '{hidden}'")
        self.assertTrue(self.one(hidden).is_displayed())
        self.assertEqual(len(self.all(".graph a")), 6)  # kinds, and the step of people
        self.assertTrue(self.all(".graph .people"))
        # Whatever stands in a box is no wider than the box.
        self.assertEqual(self.browser.execute_script("""
          return [...document.querySelectorAll(".graph a")].filter((node) => {
            const box = node.querySelector("rect").getBoundingClientRect();
            return [...node.querySelectorAll("text")].some((text) => {
              const own = text.getBoundingClientRect();
              return own.left < box.left || own.right > box.right;
            });
          }).map((node) => node.textContent)"""), [])
        self.quiet()

    def test_by_keyboard_and_screen_reader(self):
        from selenium.webdriver.common.keys import Keys
        self.open(self.write(incidents=PEOPLE))
        before = self.one("#now").text
        self.one("#moment").send_keys(Keys.ARROW_RIGHT * 30)
        self.assertNotEqual(self.one("#now").text, before)
        name = self.one(".u-legend .u-series:nth-child(2) th")
        name.send_keys(Keys.ENTER)
        self.assertEqual(len(self.all(".u-series.u-off")), 1)
        tree = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        roles = ("button", "slider", "checkbox", "link", "image", "combobox", "img", "heading",
                 "graphics-document", "region")
        nameless = [node["role"]["value"] for node in tree if not node.get("ignored")
                    and node.get("role", {}).get("value") in roles
                    and not node.get("name", {}).get("value")]
        self.assertEqual(nameless, [])
        found = {node["role"]["value"] for node in tree if not node.get("ignored")}
        self.assertTrue({"button", "slider", "checkbox", "link", "heading", "table"} <= found)
        self.assertEqual(self.browser.execute_script(CONTRAST), [])
        levels = [int(heading.tag_name[1]) for heading in self.all("h1, h2, h3")]
        self.assertTrue(all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels)

    def test_on_a_phone_and_on_paper(self):
        self.open(self.write(incidents=PEOPLE))
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        self.browser.refresh()
        wide = self.browser.execute_script("return document.scrollingElement.scrollWidth")
        self.assertLessEqual(wide, 360)
        # A graph that is wider than the screen shows its root, not an empty corner.
        graph, first = self.browser.execute_script("""
          const graph = document.querySelector(".graph");
          const box = graph.querySelector(".box").getBoundingClientRect();
          return [graph.scrollWidth, [box.left, box.right]]""")
        self.assertGreater(graph, 360)
        self.assertTrue(0 <= first[0] < first[1] <= 360, first)
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        paper = self.browser.execute_cdp_cmd("Page.printToPDF", {})["data"]
        self.assertTrue(base64.b64decode(paper).startswith(b"%PDF"))

    def test_hostile_names_do_nothing(self):
        self.open(self.write(**hostile(HOSTILE)))
        self.quiet()
        self.assertEqual(len(self.all("script")), 2)
        self.assertEqual(len(self.all("img")), 1)
        self.assertIn("<script>alert(1)", self.browser.title)
        self.one('[data-incident="5"]').click()
        self.assertIn("<script>", self.one("#now").text)
        self.quiet()

    def test_runs_side_by_side(self):
        run = self.write(incidents=PEOPLE)
        self.open(run, run)
        self.quiet()
        self.one('[data-run="1"].jump').click()
        self.assertTrue(self.all("#run1-incident1.shown"))
        self.assertEqual(len(self.all("#runs tbody tr")), len(self.all("#runs tbody th")))

    def test_a_fleet_from_a_template_with_and_without_its_mistake(self):
        for name, words in (("mistake", ()), ("calm", ("--set", "spec.timeline=[]"))):
            out = self.directory / name
            subprocess.run([PROGRAM, "run", str(ROOT / "scenarios/templates/init.yaml"), "--quiet",
                            "--set", "spec.expect=[]", *words, "--out", str(out)], check=True,
                           stdout=subprocess.DEVNULL)
            run = stampede.load(out)
            self.open(run)
            self.quiet()
            self.assertLess((self.directory / "report.html").stat().st_size, 500_000)
            self.assertEqual(len(self.all(".jump")), len(run.incidents))
            for button in self.all(".jump")[::7]:
                at = button.text
                self.browser.execute_script("arguments[0].click()", button)
                self.assertTrue(self.one("#now").text.startswith(f"{at} UTC"), at)
            self.assertEqual("no incidents" in self.one("#story").text, name == "calm")
            self.assertEqual(self.browser.execute_script(CONTRAST), [])

    @unittest.skipUnless(os.environ.get("STAMPEDE_TIER") == "full", "STAMPEDE_TIER=full")
    def test_the_outage_of_march_2026_at_full_scale(self):
        subprocess.run([PROGRAM, "run", str(ROOT / "scenarios/01-deepseek-2026-03-29.yaml"),
                        "--quiet", "--out", str(self.directory / "outage")], check=True,
                       stdout=subprocess.DEVNULL)
        self.open(stampede.load(self.directory / "outage"))
        self.assertLess((self.directory / "report.html").stat().st_size, 2_000_000)
        self.quiet()
        self.assertEqual(len(self.all("#story p")), 10)
        self.one(".jump").click()
        self.assertIn("14:02:00 UTC", self.one("#now").text)
        self.assertEqual(self.browser.execute_script(CONTRAST), [])
        self.quiet()


if __name__ == "__main__":
    unittest.main()
