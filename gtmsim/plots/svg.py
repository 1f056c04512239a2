"""Pictures as SVG that stands inside a page: text as text, in the page's colours, without clock."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gtmsim.plots._axes import GREY

SIZE = (7.0, 4.5)
"""Inches; texts of pictures are laid out for it."""

_SETTINGS: Any = {
    "svg.fonttype": "none",  # text that can be read aloud, searched and copied
    "svg.hashsalt": "gtmsim",
    "text.parse_math": False,  # a name may hold a dollar sign, or two
    "path.simplify": True,
}
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}

_COLOURS = {
    "#000000": "currentColor",
    "#ffffff": "var(--paper, #ffffff)",
    GREY.lower(): f"var(--muted, {GREY.lower()})",
}
"""What follows the page, so that a picture can be read on dark paper too."""

_FONT = "var(--font, sans-serif)"
_PLACES = 2
"""Decimals of coordinates: a hundredth of a point is less than any screen shows."""


def inline_svg(
    draw: Callable[[Axes], object],
    *,
    prefix: str,
    description: str = "",
    size: tuple[float, float] = SIZE,
) -> str:
    """Return a picture as an SVG element for a page, with its finding as its name.

    Parameters
    ----------
    draw : callable
        Draws on the axes that it is given, as ``lambda ax: outcome(result, ax=ax)``.
    prefix : str
        Begins every id within the picture: letters and digits, another for each picture of a page.
    description : str, default ""
        What the picture shows, for those who do not see it, after its title.
    size : (float, float), default (7, 4.5)
        Width and height in inches.

    Returns
    -------
    str
        Black is the page's text colour, white its ``--paper`` and grey its ``--muted``. The same
        picture is the same text.

    Examples
    --------
    >>> text = inline_svg(lambda ax: ax.set_title("1 < 2"), prefix="a")
    >>> '<title id="a-title">1 &lt; 2</title>' in text, "<script" in text, "http" in text
    (True, False, False)
    """
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # The reader's fonts may know a letter that those here do not.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        draw(axes)
        title = axes.get_title(loc="left") or axes.get_title()
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata=_METADATA)
    root = ET.fromstring(file.getvalue())
    _clean(root, prefix)
    _name(root, prefix, title, description)
    return ET.tostring(root, encoding="unicode")


def _clean(root: ET.Element, prefix: str) -> None:
    """Keep what is drawn: without namespaces, style sheets and ids that nothing refers to."""
    for parent in root.iter():
        for child in [*parent]:
            name = child.tag.rpartition("}")[2]
            if name in ("metadata", "style"):
                parent.remove(child)
    used = set()
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in [*element.attrib]:
            value = element.attrib.pop(key)
            key = key.rpartition("}")[2]
            used.update(re.findall(r"url\(#([^)]*)\)", value))
            if key == "href":
                used.add(value.removeprefix("#"))
            element.attrib[key] = value
        element.text = element.text if element.tag in ("text", "tspan") else None
        element.tail = None if element.tag != "tspan" else element.tail
    numbers = {name: f"{prefix}-{place}" for place, name in enumerate(sorted(used))}
    for element in root.iter():
        _rewrite(element, numbers)


def _rewrite(element: ET.Element, numbers: dict[str, str]) -> None:
    attributes = element.attrib
    identity = attributes.pop("id", None)
    if identity in numbers:
        attributes["id"] = numbers[identity]
    if "href" in attributes:
        attributes["href"] = f"#{numbers[attributes['href'].removeprefix('#')]}"
    for key in ("clip-path", "fill", "stroke", "style"):
        if key in attributes:
            value = attributes[key]
            for old, new in _COLOURS.items():
                value = value.replace(old, new)
            value = re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{numbers[m[1]]})", value)
            # The page's own font, which is there: in "font: 10px 'DejaVu Sans', ..." too.
            value = re.sub(r"(font: [^;']*?px) [^;]*", rf"\1 {_FONT}", value)
            value = re.sub(r"font-family: [^;]*;? ?", "", value)
            attributes[key] = value
    for key in ("d", "x", "y", "width", "height"):
        if key in attributes and element.tag != "svg":
            attributes[key] = re.sub(r"-?\d+\.\d+", _shorter, attributes[key]).strip()
            attributes[key] = attributes[key].replace("\n", " ")


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.{_PLACES}f}".rstrip("0").rstrip(".")


def _name(root: ET.Element, prefix: str, title: str, description: str) -> None:
    """Give the picture its size, its name and its description."""
    box = root.attrib["viewBox"]
    names = f"{prefix}-title {prefix}-desc" if description else f"{prefix}-title"
    root.attrib.clear()
    root.attrib.update(
        {
            "class": "picture",
            "viewBox": box,
            "role": "img",
            "aria-labelledby": names,
            "fill": "currentColor",
            "stroke-linejoin": "round",
            "stroke-linecap": "butt",
        }
    )
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        if text:
            element = ET.Element(tag, {"id": f"{prefix}-{tag}"})
            element.text = text
            root.insert(place, element)
