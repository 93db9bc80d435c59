"""How the documents look, and how text gets into them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table

from dashboard.charts.theme import LIGHT

MARGIN = 18 * mm
_FRAME = 6.0  # points that a page's frame keeps free on each side
WIDTH = A4[0] - 2 * MARGIN - 2 * _FRAME
TEXT, MUTED, GRID = (colors.HexColor(value) for value in (LIGHT.text, LIGHT.muted, LIGHT.grid))
ACCENT = colors.HexColor(LIGHT.hospitals[0])
CLASS_COLOURS = [colors.HexColor(value) for value in LIGHT.classes]
RESEARCH_ONLY = "Research use only. Not a medical device; not for diagnosis or treatment."

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13.5, textColor=TEXT, alignment=TA_LEFT)
STYLES: dict[str, ParagraphStyle] = {
    "body": _BODY,
    "title": ParagraphStyle("title", _BODY, fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=6),
    "heading": ParagraphStyle(
        "heading", _BODY, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=10, spaceAfter=4
    ),
    "small": ParagraphStyle("small", _BODY, fontSize=8, leading=11, textColor=MUTED),
    "cell": ParagraphStyle("cell", _BODY, fontSize=8.5, leading=11),
    "head": ParagraphStyle("head", _BODY, fontName="Helvetica-Bold", fontSize=8.5, leading=11, textColor=MUTED),
    "large": ParagraphStyle("large", _BODY, fontName="Helvetica-Bold", fontSize=15, leading=20),
    "loud": ParagraphStyle("loud", _BODY, fontName="Helvetica-Bold", fontSize=10.5, leading=14, textColor=colors.white),
}


def printable(text: str, otherwise: str = "?") -> str:
    """Return text as the PDF's own fonts can draw it.

    They hold Western European letters. Accents that they lack are dropped; a text in another script is replaced, since
    half of a name would be worse than none.

    Parameters
    ----------
    text : str
        For example a hospital's name.
    otherwise : str
        Stands for a text that cannot be drawn.
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


def paragraph(text: str, style: str = "body") -> Paragraph:
    """Return a paragraph of plain text; nothing in it is read as markup."""
    return Paragraph(escape(printable(text)), STYLES[style])


def loud(text: str, colour: str = "#8A1C1C") -> Flowable:
    """Return a filled band with white text, for what must not be overlooked."""
    table = Table([[paragraph(text, "loud")]], colWidths=[WIDTH])
    padding = [(f"{side}PADDING", (0, 0), (-1, -1), 7) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    table.setStyle([("BACKGROUND", (0, 0), (-1, -1), colors.HexColor(colour)), *padding])
    return table


def table(head: Sequence[str] | None, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Flowable:
    """Return a table of plain texts.

    Parameters
    ----------
    head : sequence of str or None
        Column titles, repeated on each page; None for pairs of name and text.
    rows : sequence of sequence of str
        Cells.
    widths : sequence of float
        Shares of the page's width; they add up to 1.
    """
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

    Parameters
    ----------
    title : str
        Of the document's properties.
    story : sequence of Flowable
        The content.
    compress : bool
        False leaves the text readable in the bytes, for tests.

    Returns
    -------
    bytes
        A PDF; the same story gives the same bytes.
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
