"""Vector drawings for the documents: bars of probabilities, shares with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib.colors import Color

from dashboard.charts import formats
from dashboard.data.shares import Share, written
from dashboard.reports.style import ACCENT, CLASS_COLOURS, GRID, MUTED, TEXT, WIDTH, printable

_LABEL = 150.0
_VALUE = 110.0
_ROW = 20.0
_AXIS = WIDTH - _LABEL - _VALUE


def bars(labels: Sequence[str], values: Sequence[float], threshold: float) -> Drawing:
    """Draw a bar a class from zero, with the threshold as a dashed line.

    Parameters
    ----------
    labels : sequence of str
    values : sequence of float
        Fractions.
    threshold : float
        Fraction.
    """
    drawing = Drawing(WIDTH, _ROW * len(labels) + 16)
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = _ROW * (len(labels) - 1 - i) + 14
        colour = CLASS_COLOURS[i % len(CLASS_COLOURS)]
        drawing.add(_text(0, y + 3, label))
        drawing.add(Rect(_LABEL, y, max(value * _AXIS, 0.5), 12, fillColor=colour, strokeColor=None))
        drawing.add(_text(_LABEL + value * _AXIS + 5, y + 3, formats.percent(value)))
    x = _LABEL + threshold * _AXIS
    drawing.add(Line(x, 12, x, _ROW * len(labels) + 14, strokeColor=MUTED, strokeDashArray=[2, 2]))
    drawing.add(_text(x, 2, f"no call below {threshold * 100:.0f} %", MUTED, "middle"))
    return drawing


def intervals(labels: Sequence[str], shares: Sequence[Share], *, start: float = 0.0) -> Drawing:
    """Draw shares as dots with their 95 % intervals over an axis in percent.

    Parameters
    ----------
    labels : sequence of str
    shares : sequence of Share
    start : float
        Left end of the axis, a fraction.
    """
    drawing = Drawing(WIDTH, _ROW * len(labels) + 18)
    top = _ROW * len(labels) + 14
    for i in range(5):
        tick = start + (1.0 - start) * i / 4
        x = _x(tick, start)
        drawing.add(Line(x, 14, x, top, strokeColor=GRID))
        drawing.add(_text(x, 3, f"{tick * 100:.0f} %", MUTED, "middle"))
    for i, (label, share) in enumerate(zip(labels, shares, strict=True)):
        y = _ROW * (len(labels) - 1 - i) + 24
        drawing.add(_text(0, y - 3, label))
        if share.value is not None:
            low, high = share.interval or (share.value, share.value)
            drawing.add(Line(_x(low, start), y, _x(high, start), y, strokeColor=ACCENT, strokeWidth=1.5))
            drawing.add(Circle(_x(share.value, start), y, 3.5, fillColor=ACCENT, strokeColor=None))
        drawing.add(_text(WIDTH - _VALUE + 12, y - 3, written(share)))
    return drawing


def axis_start(shares: Sequence[Share]) -> float:
    """Return where an axis of shares begins: a whole fifth at or below the lowest end, so that its ticks are whole."""
    ends = [share.interval[0] if share.interval else share.value for share in shares]
    lowest = min((end for end in ends if end is not None), default=0.0)
    return min(max(int(lowest * 5) / 5, 0.0), 0.8)


def _x(share: float, start: float) -> float:
    return float(_LABEL + (max(share, start) - start) / (1.0 - start) * _AXIS)


def _text(x: float, y: float, text: str, colour: Color = TEXT, anchor: str = "start") -> String:
    return String(x, y, printable(text), fontName="Helvetica", fontSize=8.5, fillColor=colour, textAnchor=anchor)
