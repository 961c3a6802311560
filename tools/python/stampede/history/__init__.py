"""A user's measured series laid over a run's: how far apart, and since when.

python3 -m stampede.history DIR --measured FILE --signal ...; docs/how-to/my-own-incident.md shows it.
"""
from stampede.history.laying import Laid, laid
from stampede.history.measured import measured

__all__ = ["Laid", "laid", "measured"]
