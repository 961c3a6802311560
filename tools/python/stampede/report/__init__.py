"""One page of HTML about runs and a comparison, which needs nothing but a browser.

python3 -m stampede.report DIR... prints it; `stampede report DIR...` writes it into a file.
"""
from stampede.needs import needs

needs("matplotlib")

from stampede.report.page import report

__all__ = ["report"]
