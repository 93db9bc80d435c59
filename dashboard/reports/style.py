"""How the documents look: text, tables, and drawings of shares."""

import unicodedata
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Table

from dashboard.charts import formats, theme

MARGIN = 18 * mm
_FRAME = 6.0  # points that a page's frame keeps free on each side
WIDTH = A4[0] - 2 * MARGIN - 2 * _FRAME
TEXT, MUTED, GRID = (colors.HexColor(value) for value in (theme.LIGHT.text, theme.LIGHT.muted, theme.LIGHT.grid))
ACCENT = colors.HexColor(theme.LIGHT.figures[0])
CLASS_COLOURS = [colors.HexColor(value) for value in theme.LIGHT.classes]
PURPLE = "#5C1070"
RESEARCH_ONLY = "Research use only. Not a medical device; not for diagnosis or treatment."

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13.5, textColor=TEXT)
STYLES: dict[str, ParagraphStyle] = {
    "body": _BODY,
    "title": ParagraphStyle("title", _BODY, fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=6),
    "heading": ParagraphStyle(
        "heading", _BODY, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=10, spaceAfter=4
    ),
    "verdict": ParagraphStyle("verdict", _BODY, fontName="Helvetica-Bold", fontSize=11, leading=15, spaceAfter=6),
    "small": ParagraphStyle("small", _BODY, fontSize=8, leading=11, textColor=MUTED),
    "cell": ParagraphStyle("cell", _BODY, fontSize=8.5, leading=11),
    "head": ParagraphStyle("head", _BODY, fontName="Helvetica-Bold", fontSize=8.5, leading=11, textColor=MUTED),
    "large": ParagraphStyle("large", _BODY, fontName="Helvetica-Bold", fontSize=15, leading=20),
    "loud": ParagraphStyle("loud", _BODY, fontName="Helvetica-Bold", fontSize=10.5, leading=14, textColor=colors.white),
}


def printable(text: str, otherwise: str = "?") -> str:
    """Return text as the PDF's own fonts can draw it.

    They hold Western European letters. Accents that they lack are dropped; a text in another script is replaced by
    `otherwise`, since half of a name would be worse than none.
    """
    line = " ".join("".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in text).split())
    if _drawable(line):
        return line
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", line) if not unicodedata.combining(sign))
    return plain if _drawable(plain) else otherwise


def _drawable(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


class _Heading(Paragraph):
    """A heading that is a bookmark, too: reportlab writes no tags, so this is how a reader finds its way."""

    def draw(self) -> None:
        text = self.getPlainText()
        key = f"{self.canv.getPageNumber()} {text}"
        self.canv.bookmarkHorizontal(key, 0, self.height)
        self.canv.addOutlineEntry(text, key)
        super().draw()


def paragraph(text: str, style: str = "body") -> Paragraph:
    """Return a paragraph of plain text; nothing in it is read as markup."""
    kind = _Heading if style in ("title", "heading") else Paragraph
    return kind(escape(printable(text)), STYLES[style])


def section(heading: str, *parts: Flowable) -> Flowable:
    """Return parts under a heading, on one page if they fit."""
    return KeepTogether([paragraph(heading, "heading"), *parts])


def loud(text: str, colour: str = "#8A1C1C") -> Flowable:
    """Return a filled band with white text, for what must not be overlooked."""
    table = Table([[paragraph(text, "loud")]], colWidths=[WIDTH])
    padding = [(f"{side}PADDING", (0, 0), (-1, -1), 7) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    table.setStyle([("BACKGROUND", (0, 0), (-1, -1), colors.HexColor(colour)), *padding])
    return table


def table(head: Sequence[str] | None, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Flowable:
    """Return a table of plain texts; `head` is repeated on each page, `widths` are shares of the page's width."""
    titles = [[paragraph(text, "head") for text in head]] if head else []
    cells = titles + [[paragraph(text, "cell") for text in row] for row in rows]
    found = Table(cells, colWidths=[share * WIDTH for share in widths], repeatRows=len(titles))
    found.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, GRID),
            *([("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED)] if head else []),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return found


def render(title: str, story: Sequence[Flowable], *, compress: bool = True) -> bytes:
    """Set the flowables on A4 pages, each with the sentence on research use and its number.

    The same story gives the same bytes; `compress=False` leaves the text readable in them, for tests.
    """
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=15 * mm,
        bottomMargin=18 * mm,
        title=printable(title),
        author="Brain tumour federation",
        lang="en",
        invariant=1,
        pageCompression=int(compress),
    )
    document.build(list(story), onFirstPage=_foot, onLaterPages=_foot)
    return buffer.getvalue()


def _foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(MUTED)
    canvas.drawString(MARGIN + _FRAME, 10 * mm, RESEARCH_ONLY)
    canvas.drawRightString(A4[0] - MARGIN - _FRAME, 10 * mm, f"Page {document.page}")
    canvas.restoreState()


_LABEL = 150.0
_VALUE = 110.0
_ROW = 20.0
_AXIS = WIDTH - _LABEL - _VALUE


def bars(labels: Sequence[str], values: Sequence[float], threshold: float) -> Drawing:
    """Draw fractions as a bar a class from zero, with the threshold, a fraction, as a dashed line."""
    drawing = Drawing(WIDTH, _ROW * len(labels) + 16)
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = _ROW * (len(labels) - 1 - i) + 14
        colour = CLASS_COLOURS[i % len(CLASS_COLOURS)]
        drawing.add(_text(0, y + 3, label))
        drawing.add(Rect(_LABEL, y, max(value * _AXIS, 0.5), 12, fillColor=colour, strokeColor=None))
        drawing.add(_text(_LABEL + _AXIS + 8, y + 3, formats.percent(value)))  # in a column of its own
    x = _LABEL + threshold * _AXIS
    drawing.add(Line(x, 12, x, _ROW * len(labels) + 14, strokeColor=MUTED, strokeDashArray=[2, 2]))
    drawing.add(_text(x, 2, f"no class is named below {threshold * 100:.0f} %", MUTED, "middle"))
    return drawing


def intervals(labels: Sequence[str], shares: Sequence[formats.Share], *, start: float = 0.0) -> Drawing:
    """Draw shares as dots with their 95 % intervals over an axis in percent that begins at `start`, a fraction."""
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
        drawing.add(_text(WIDTH - _VALUE + 12, y - 3, formats.share(share)))
    return drawing


def axis_start(shares: Sequence[formats.Share]) -> float:
    """Return where an axis of shares begins: a whole fifth at or below the lowest end, so that its ticks are whole."""
    ends = [share.interval[0] if share.interval else share.value for share in shares]
    lowest = min((end for end in ends if end is not None), default=0.0)
    return min(max(int(lowest * 5) / 5, 0.0), 0.8)


def _x(share: float, start: float) -> float:
    return float(_LABEL + (max(share, start) - start) / (1.0 - start) * _AXIS)


def _text(x: float, y: float, text: str, colour: colors.Color = TEXT, anchor: str = "start") -> String:
    return String(x, y, printable(text), fontName="Helvetica", fontSize=8.5, fillColor=colour, textAnchor=anchor)
