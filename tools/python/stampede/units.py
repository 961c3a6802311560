"""Units of statistics by their names, and quantities with a unit as a manifest writes them."""

# The unit of a series by the end of its name; the first that fits. What is counted stands in the
# name itself (`requests_offered_total` counts requests).
UNITS = (
    ("_bytes_total", "B"), ("_bytes", "B"),
    ("_seconds_total", "s"), ("_seconds", "s"),
    ("_per_second", "1/s"),
    ("_ratio", "share"), ("_share", "share"),
    ("_total", "count"),
)

PREFIXES = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "Ki": 2**10, "Mi": 2**20,
            "Gi": 2**30, "Ti": 2**40}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}


def unit_of(stat):
    return next((unit for end, unit in UNITS if stat.endswith(end)), "count")


def quantity(value, default=None):
    """A number from a manifest's scalar: 0.5, "0.5", "50%", "2147483648B", "2GiB", "1min"."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    number = text.rstrip("%/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    suffix = text[len(number):]
    try:
        amount = float(number)
    except ValueError:
        return default
    if suffix == "%":
        return amount / 100
    if suffix in SECONDS:
        return amount * SECONDS[suffix]
    suffix = suffix.removesuffix("/s").removesuffix("B")
    return amount * PREFIXES[suffix] if suffix in PREFIXES else default
