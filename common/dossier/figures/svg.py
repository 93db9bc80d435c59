"""A small writer of SVG: every text is escaped, coordinates are pixels, and the same calls give the same bytes."""

import math
from collections.abc import Sequence
from xml.etree import ElementTree

FONT = "Helvetica, Arial, 'Noto Sans', sans-serif"
TEXT, MUTED, GRID, PAPER, LOUD = "#17212B", "#4A5561", "#D9DFE5", "#FFFFFF", "#8A1C1C"
SIZE = 13
"""Of ordinary text, pixels."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito, "Color Universal Design" (2008): told apart with every common colour vision."""
SYMBOLS = ("circle", "diamond", "square", "triangle", "cross", "ring")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 5", "5 2 1 2")
_NAMESPACE = "http://www.w3.org/2000/svg"
_SHAPES = {
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "triangle": ((0, -1.3), (1.2, 1), (-1.2, 1)),
}


class Drawing:
    """One figure on white paper."""

    def __init__(self, title: str, about: str, width: int, height: int) -> None:
        self.width, self.height = width, height
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        style = {"role": "img", "font-family": FONT, "font-size": str(SIZE), "fill": TEXT}
        self._root = ElementTree.Element("svg", {"xmlns": _NAMESPACE, **size, **style})
        ElementTree.SubElement(self._root, "title").text = title
        ElementTree.SubElement(self._root, "desc").text = about
        self.rect(0, 0, width, height, PAPER)

    def line(
        self, x: float, y: float, x2: float, y2: float, colour: str = GRID, width: float = 1, dash: str = ""
    ) -> None:
        """Draw a straight line."""
        ends = {"x1": _at(x), "y1": _at(y), "x2": _at(x2), "y2": _at(y2)}
        self._add("line", {**ends, "stroke": colour, "stroke-width": _at(width), **_dashed(dash)})

    def path(self, points: Sequence[tuple[float, float]], colour: str, dash: str = "") -> None:
        """Draw a line through points."""
        self._add(
            "polyline",
            {"points": _points(points), "fill": "none", "stroke": colour, "stroke-width": "2", **_dashed(dash)},
        )

    def area(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """Fill what is between points, lightly."""
        self._add("polygon", {"points": _points(points), "fill": colour, "fill-opacity": "0.15"})

    def rect(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle."""
        self._add("rect", {"x": _at(x), "y": _at(y), "width": _at(width), "height": _at(height), "fill": colour})

    def mark(self, x: float, y: float, symbol: str, colour: str, radius: float = 4) -> None:
        """Draw a symbol of `SYMBOLS` around a point."""
        if symbol in _SHAPES:
            corners = [(x + radius * dx, y + radius * dy) for dx, dy in _SHAPES[symbol]]
            self._add("polygon", {"points": _points(corners), "fill": colour})
        elif symbol == "cross":
            self.line(x - radius, y - radius, x + radius, y + radius, colour, 2)
            self.line(x - radius, y + radius, x + radius, y - radius, colour, 2)
        else:
            fill = {"fill": PAPER, "stroke": colour, "stroke-width": "2"} if symbol == "ring" else {"fill": colour}
            self._add("circle", {"cx": _at(x), "cy": _at(y), "r": _at(radius), **fill})

    def text(
        self,
        x: float,
        y: float,
        said: str,
        *,
        anchor: str = "start",
        colour: str = TEXT,
        size: int = SIZE,
        bold: bool = False,
        upright: bool = False,
    ) -> None:
        """Write a line; `anchor` is ``"start"``, ``"middle"`` or ``"end"``, `upright` turns it to read upwards."""
        more = {"font-weight": "bold"} if bold else {}
        more |= {"transform": f"rotate(-90 {_at(x)} {_at(y)})"} if upright else {}
        style = {"text-anchor": anchor, "fill": colour, "font-size": str(size)}
        self._add("text", {"x": _at(x), "y": _at(y), **style, **more}).text = clean(said)

    def to_bytes(self) -> bytes:
        """Return the file."""
        ElementTree.indent(self._root)
        return ElementTree.tostring(self._root, encoding="utf-8", xml_declaration=True) + b"\n"

    def _add(self, tag: str, attributes: dict[str, str]) -> ElementTree.Element:
        return ElementTree.SubElement(self._root, tag, attributes)


def clean(said: str) -> str:
    """Return a text without the signs that XML cannot hold."""
    return "".join(sign if sign.isprintable() else " " for sign in said)


def short(name: str, limit: int = 26) -> str:
    """Cut a name so that it fits beside an axis."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers from at most `low` to at least `high`."""
    span = (high - low) or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(span / about))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= span / about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def _at(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_at(x)},{_at(y)}" for x, y in points)


def _dashed(dash: str) -> dict[str, str]:
    return {"stroke-dasharray": dash} if dash else {}
