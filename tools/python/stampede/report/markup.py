"""HTML from Python: whatever is no Markup is text, and text never becomes markup."""
import html
import re

# Characters that steer: of terminals, of the direction of writing, of lines that are none.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
                      "\ufeff\ud800-\udfff\ufffe\uffff]")
VOID = ("meta", "img", "input", "br")


class Markup(str):
    """Text that is HTML already. Only this module and constant texts of the package make it."""


def clean(text):
    return STEERING.sub("\ufffd", str(text))


def escaped(value):
    return value if isinstance(value, Markup) else Markup(html.escape(clean(value)))


def joined(children):
    """Of texts, Markup and lists of them; None is nothing."""
    return Markup("".join(joined(child) if isinstance(child, (list, tuple)) else escaped(child)
                          for child in children if child is not None))


def tag(name, /, *children, **attributes):
    """An element: `class_` and `data_run` become class and data-run; None leaves one out."""
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
                   for key, value in attributes.items() if value is not None)
    return Markup(f"<{name}{said}>" if name in VOID
                  else f"<{name}{said}>{joined(children)}</{name}>")


def table(head, rows, caption=None, **attributes):
    """A table that scrolls sideways where it does not fit; the first cell of a row heads it."""
    top = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head)))
    body = tag("tbody", *(tag("tr", tag("th", row[0], scope="row"),
                              *(tag("td", cell) for cell in row[1:])) for row in rows))
    return tag("div", tag("table", tag("caption", caption) if caption else None, top, body,
                          **attributes), class_="scroll", tabindex="0", role="region",
               aria_label=caption or " ".join(clean(cell) for cell in head))
