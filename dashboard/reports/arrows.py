"""The picture of who gains and who loses, for a document."""

from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, String
from reportlab.lib import colors

from dashboard.charts import theme
from dashboard.charts.gain import colour
from dashboard.data.gains import words as gain_words
from dashboard.data.gains.figures import GAINS, LOSES, Gain, Gains
from dashboard.reports.style import GRID, MUTED, TEXT, WIDTH, axis_start, printable

_LABEL, _WORDS, _ROW, _FOOT = 118.0, 160.0, 24.0, 18.0
_AXIS = WIDTH - _LABEL - _WORDS
_APART = 5.0  # of an interval from its arrow, points


def arrows(gains: Gains, names: dict[str, str]) -> Drawing:
    """Draw an arrow per hospital, from its own model's accuracy to the shared one's, with both intervals.

    Parameters
    ----------
    names : dict of str to str
        Each hospital's name as the document can draw it.
    """
    rows = gains.rows
    drawing = Drawing(WIDTH, _ROW * len(rows) + _FOOT)
    start = axis_start([share for row in rows for share in (row.own, row.shared)])
    for i in range(5):
        tick = start + (1.0 - start) * i / 4
        x = _x(tick, start)
        drawing.add(Line(x, 14, x, _ROW * len(rows) + 14, strokeColor=GRID))
        drawing.add(_text(x, 3, f"{tick * 100:.0f} %", MUTED, "middle"))
    for i, row in enumerate(rows):
        y = _ROW * (len(rows) - 1 - i) + 14 + _ROW / 2
        drawing.add(_text(0, y - 3, printable(names.get(row.hospital, row.hospital))[:24]))
        _add_row(drawing, row, y, start)
        drawing.add(_text(WIDTH - _WORDS + 10, y - 3, _said(row)))
    return drawing


def _said(row: Gain) -> str:
    return f"{gain_words.points(row)}{f': {row.kind}' if row.kind in (GAINS, LOSES) else ''}"


def _add_row(drawing: Drawing, row: Gain, y: float, start: float) -> None:
    shade = colors.HexColor(colour(row.kind, theme.LIGHT))
    for share, side in ((row.own, _APART), (row.shared, -_APART)):
        if share.interval:
            low, high = (_x(end, start) for end in share.interval)
            drawing.add(Line(low, y + side, high, y + side, strokeColor=MUTED, strokeWidth=0.7))
    if row.own.value is None or row.shared.value is None:
        return
    first, second = _x(row.own.value, start), _x(row.shared.value, start)
    drawing.add(Line(first, y, second, y, strokeColor=shade, strokeWidth=2))
    drawing.add(Circle(first, y, 3.2, fillColor=colors.white, strokeColor=shade, strokeWidth=1.5))
    way = 1 if second >= first else -1
    tip = [second, y, second - way * 8, y + 4, second - way * 8, y - 4]
    if abs(second - first) < 8:  # no room for a head
        tip = [second, y + 4, second + 4, y, second, y - 4, second - 4, y]
    drawing.add(Polygon(tip, fillColor=shade, strokeColor=shade))


def _x(share: float, start: float) -> float:
    return float(_LABEL + (max(share, start) - start) / (1.0 - start) * _AXIS)


def _text(x: float, y: float, text: str, shade: colors.Color = TEXT, anchor: str = "start") -> String:
    return String(x, y, printable(text), fontName="Helvetica", fontSize=8.5, fillColor=shade, textAnchor=anchor)
