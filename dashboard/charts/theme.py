"""Colours with a second cue, and how figures are written; the same everywhere.

The first three hospitals' and the classes' colours were checked for normal, protan, deutan and tritan vision (Machado
2009); symbol and dash carry what colour cannot.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from common.labels import CLASSES
from dashboard.charts.label_width import label_pixels

CLASS_TITLES: dict[str, str] = {
    "glioma": "Glioma",
    "meningioma": "Meningioma",
    "pituitary": "Pituitary",
    "notumor": "No tumour",
}
FONT = '"Source Sans", "Noto Sans", "Noto Sans Devanagari", sans-serif'
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
CLASS_PATTERNS = ("", "/", ".", "x")

_TITLE = 18  # pixels that an axis title takes beside names
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|$~<>:&])")


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as hexadecimal strings."""

    text: str
    muted: str
    grid: str
    surface: str
    sea: str
    land: str
    coast: str
    overall: str
    band: str
    hospitals: tuple[str, ...]
    classes: tuple[str, ...]


LIGHT = Palette(
    text="#17212B",
    muted="#5A6672",
    grid="#E3E8ED",
    surface="#FFFFFF",
    sea="#DCEAF5",
    land="#EEF1F4",
    coast="#B4C0CB",
    overall="#17212B",
    band="rgba(23,33,43,0.08)",
    hospitals=("#0B5FA5", "#D1600A", "#1B998B", "#7A3E9D", "#8A6D00", "#B0306A"),
    classes=("#5C1070", "#946212", "#5A97CC", "#676C72"),
)
DARK = Palette(
    text="#E6EDF3",
    muted="#9DAAB6",
    grid="#2B3947",
    surface="#0F1720",
    sea="#0B1118",
    land="#22303C",
    coast="#475867",
    overall="#E6EDF3",
    band="rgba(230,237,243,0.10)",
    hospitals=("#5BA4E6", "#F58A3C", "#3CC9B0", "#C08BE0", "#D9C04A", "#F07FB0"),
    classes=("#D749DD", "#D9BA6B", "#C2F5F7", "#717679"),
)


@dataclass(frozen=True)
class Mark:
    """How one series is drawn: colour, symbol and dash always together."""

    colour: str
    symbol: str
    dash: str


def palette(theme: str | None) -> Palette:
    """Return the colours of ``"dark"``, or of ``"light"`` for anything else."""
    return DARK if theme == "dark" else LIGHT


def marks(names: Sequence[str], colours: Palette) -> dict[str, Mark]:
    """Give each name, in this order, a mark of its own (the first six differ in all three cues)."""
    return {
        name: Mark(
            colours.hospitals[i % len(colours.hospitals)],
            SYMBOLS[(i + i // len(colours.hospitals)) % len(SYMBOLS)],
            DASHES[(i + i // len(colours.hospitals)) % len(DASHES)],
        )
        for i, name in enumerate(names)
    }


def class_title(name: str) -> str:
    """Return a class's name as screens show it: ``"notumor"`` is "No tumour"."""
    return CLASS_TITLES.get(name, name)


def class_colour(name: str, colours: Palette) -> str:
    """Return a class's colour, the muted text's for a class that is not one of the four."""
    return colours.classes[CLASSES.index(name)] if name in CLASSES else colours.muted


def base_figure(
    title_x: str, title_y: str, colours: Palette, *, height: int = 340, names: Sequence[str] = ()
) -> go.Figure:
    """Return an empty figure with the house's axes, fonts and legend.

    Margins are fixed: a margin that Plotly finds out for itself has the chart drawn twice. All is given at once, since
    a figure that is there already takes ten times as long over each change.

    Parameters
    ----------
    title_x, title_y : str
        Axis titles with their units; empty for none.
    colours : Palette
        Of the theme that the page is in.
    height : int
        Pixels.
    names : sequence of str
        Of rows, the first on top at y = 0, the next at y = 1 and so on, instead of a vertical axis of numbers; by
        number, since two long names may be cut to the same text. Lines are parted by ``<br>``.
    """
    # Plotly's own choice for what does not fit has every label measured, for a fifth of a chart's time
    axis = {"gridcolor": colours.grid, "linecolor": colours.grid, "zeroline": False, "ticklabeloverflow": "allow"}
    title = {"color": colours.muted, "size": 13}
    left = label_pixels(names) + (_TITLE if title_y else 0) if names else 60
    rows = {"tickvals": [*range(len(names))], "ticktext": [*names], "range": [len(names) - 0.5, -0.5]}
    layout = {
        "template": "none",  # Plotly's own is half of a figure's bytes, and every setting is looked up in it
        "autotypenumbers": "strict",  # a hospital called "12" is a name
        "height": height,
        "margin": {"l": left, "r": 12, "t": 8, "b": 46 if title_x else 26},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colours.text, "size": 13, "family": FONT},
        "hoverlabel": {"bgcolor": colours.surface, "font": {"color": colours.text}, "namelength": -1},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0, "font": {"size": 12}},
        "xaxis": {**axis, "title": {"text": title_x, "font": title}, "showgrid": bool(names)},
        "yaxis": {**axis, "title": {"text": title_y, "font": title}, **({**rows, "showgrid": False} if names else {})},
    }
    return go.Figure(layout=layout)


def plain(name: str) -> str:
    """Make a name safe inside Plotly's and Leaflet's texts, which read HTML."""
    return html.escape(name, quote=True)


def markdown(name: str) -> str:
    """Make a name safe inside Markdown: every sign is shown as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(name.split()))
