"""Colours with a second cue, and how figures are written; the same everywhere.

Hospitals have one scale, runs and strategies another, classes a third; what is said of one model (recall, calibration,
traffic) is ink and grey. A test holds contrast, and the distances for normal, protan, deutan and tritan vision (Machado
2009); symbol and dash (`dashboard.charts.marks`) carry what colour cannot.
"""

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from common.labels import CLASSES
from common.metrics.intervals import Interval

CLASS_TITLES: dict[str, str] = {
    "glioma": "Glioma",
    "meningioma": "Meningioma",
    "pituitary": "Pituitary",
    "notumor": "No tumour",
}
FONT = '"Source Sans", "Noto Sans", "Noto Sans Devanagari", sans-serif'
CLASS_PATTERNS = ("", "/", ".", "x")

_TITLE = 18  # pixels that an axis title takes beside names
WIDEST = 190  # pixels that names may take beside an axis
MANY_ROWS = 12
"""Hospitals above which a figure's rows are low, and a row's text is one line."""
_LOW_ROW = 22  # pixels
_PART = re.compile(r", part \d+ of \d+$")
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
    heat: str
    """A heat map's strongest cell, on which `text` can still be read."""
    hospitals: tuple[str, ...]
    runs: tuple[str, ...]
    figures: tuple[str, str]
    """Of what is said of one model: recall and precision, confidence before and after."""
    classes: tuple[str, ...]
    gain: str
    loss: str
    slots: Mapping[str, int] = field(default_factory=dict)
    """The number of each hospital that the folder knows, which gives it its mark."""


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
    heat="#8799AB",
    hospitals=("#0B5FA5", "#D1600A", "#1B998B", "#773366", "#882222", "#AA8855"),
    runs=("#006644", "#6688FF", "#9977AA", "#884400", "#EE4477", "#881188"),
    figures=("#17212B", "#78838F"),
    classes=("#5C1070", "#946212", "#5A97CC", "#676C72"),
    gain="#00695C",
    loss="#B3400E",
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
    heat="#4E6A86",
    hospitals=("#5BA4E6", "#F58A3C", "#3CC9B0", "#BB3399", "#CC2244", "#EEDD99"),
    runs=("#00FFCC", "#6666DD", "#DDCCFF", "#CC8855", "#FF6688", "#995577"),
    figures=("#E6EDF3", "#8794A1"),
    classes=("#D749DD", "#D9BA6B", "#C2F5F7", "#717679"),
    gain="#4FD1B5",
    loss="#FF9B6B",
)


def palette(theme: str | None) -> Palette:
    """Return the colours of ``"dark"``, or of ``"light"`` for anything else."""
    return DARK if theme == "dark" else LIGHT


def class_title(name: str) -> str:
    """Return a class's name as screens show it: ``"notumor"`` is "No tumour"."""
    return CLASS_TITLES.get(name, name)


def class_colour(name: str, colours: Palette) -> str:
    """Return a class's colour, the muted text's for a class that is not one of the four."""
    return colours.classes[CLASSES.index(name)] if name in CLASSES else colours.muted


def rows_height(count: int, around: int, row: int) -> int:
    """Return the height of a figure with a row for each hospital, pixels; many rows are lower."""
    return around + (row if count <= MANY_ROWS else min(row, _LOW_ROW)) * max(1, count)


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


def round_axis(last: int) -> dict[str, object]:
    """Return an axis of whole rounds, from the first to `last`, with at most ten ticks."""
    step = max(1, -(-last // 10))
    return {"range": [0.5, max(last, 1) + 0.5], "dtick": step, "tick0": step if step > 1 else 1}


def error_bars(values: Sequence[float], ends: Sequence[Interval | None], colour: str, width: int) -> dict[str, object]:
    """Return horizontal 95 % intervals in percent around fractions; where none has one, not even caps are drawn."""
    known = [(value, found or (value, value)) for value, found in zip(values, ends, strict=True)]
    return {
        "type": "data",
        "visible": any(found is not None for found in ends),
        "symmetric": False,
        "array": [max(0.0, high - value) * 100 for value, (_, high) in known],
        "arrayminus": [max(0.0, value - low) * 100 for value, (low, _) in known],
        "color": colour,
        "thickness": 2,
        "width": width,
    }


def faint(colour: str, opacity: float) -> str:
    """Return a hexadecimal colour as one that is seen through, for bands."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def pattern(shape: str | Sequence[str], surface: str, size: int, solidity: float) -> dict[str, object]:
    """Return a hatching of bars, the second cue beside their colour."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": surface, "size": size, "solidity": solidity}


def short(name: str, limit: int = 24) -> str:
    """Shorten a name for an axis or a legend and make it safe there; which part of a folder it is stays."""
    if len(name) <= limit:
        return plain(name)
    tail = found[0] if (found := _PART.search(name)) and len(found[0]) < limit - 4 else ""
    return plain(f"{name[: limit - 1 - len(tail)]}…{tail}")


def plain(name: str) -> str:
    """Make a name safe inside Plotly's and Leaflet's texts, which read HTML."""
    return html.escape(name, quote=True)


def markdown(name: str) -> str:
    """Make a name safe inside Markdown: every sign is shown as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(name.split()))


def label_pixels(names: Sequence[str]) -> int:
    """Return the room that the longest of these names needs beside an axis, rather too much than too little.

    Only the browser knows, and asking it has each chart drawn twice. No more than `WIDEST`, which holds 24 capitals of
    text: the chart, too, needs room on a phone.
    """
    lines = [html.unescape(line) for name in names for line in name.split("<br>")]
    return min(16 + round(max(sum(map(_advance, line)) for line in lines)), WIDEST)


def _advance(sign: str) -> float:
    """Return about how wide a sign is in the house's font of 13 pixels."""
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):  # drawn over or beside another one
        return 0.0
    if unicodedata.east_asian_width(sign) in ("W", "F"):
        return 13.5
    if sign in "MWmw%@":
        return 11.0
    if sign in "Iijlrt .,:;'!|()-":
        return 4.4
    return 8.4 if sign.isupper() else 6.8


def add_shares(figure: go.Figure, colours: Palette, **cells: Any) -> None:
    """Draw a table of fractions as a heat map, each written into its cell; `cells` is what plotly takes."""
    figure.add_heatmap(
        texttemplate="%{text}",
        textfont={"color": colours.text},  # Plotly's own choice cannot be read on half of the scale
        colorscale=[[0.0, colours.land], [1.0, colours.heat]],
        zmin=0.0,
        zmax=1.0,
        xgap=3,
        ygap=3,
        showscale=False,
        **cells,
    )
    # the margin is enough until a phone's width turns the names
    figure.layout.xaxis.update(showgrid=False, automargin=True, tickfont={"size": 12})
