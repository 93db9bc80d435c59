"""A chart's figures as a table of texts, read from the figure itself: what a keyboard and a screen reader get."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import formats

_LINES = re.compile(r"<br\s*/?>")


def table(figure: go.Figure) -> pd.DataFrame:
    """Return a row for each place along the axis of names or rounds and a column for each series.

    Series that only guide the eye (those without a hover text) are left out.
    """
    cells: dict[str, dict[str, list[str]]] = {}
    columns: list[str] = []
    first = ""
    for trace in figure.data:
        if trace.hoverinfo == "skip":
            continue
        first = first or _words(_title(figure, trace, _along(figure, trace)))
        for row, column, text in _read(figure, trace):
            columns += [column] if column not in columns else []
            cells.setdefault(row, {}).setdefault(column, []).append(text)
    rows = [[row, *("; ".join(found.get(name, [formats.MISSING])) for name in columns)] for row, found in cells.items()]
    return pd.DataFrame(rows, columns=[first or "Of", *columns])


def _read(figure: go.Figure, trace: Any) -> Iterator[tuple[str, str, str]]:
    """Yield row, column and text of each value of a series."""
    if trace.type == "heatmap":
        texts = trace.z if trace.text is None else trace.text
        for place, row in zip(trace.y, texts, strict=True):
            for name, cell in zip(trace.x, row, strict=True):
                yield _label(figure, trace, "y", place), _words(name), _number(cell)
        return
    along = _along(figure, trace)
    value = "x" if along == "y" else "y"
    places, values = _list(trace[along]), _list(trace[value])
    column = _words(trace.name) or _words(_title(figure, trace, value)) or "Value"
    for at, (place, number) in enumerate(zip(places, values, strict=False)):
        ends = _ends(trace[f"error_{value}"], number, at)
        yield _label(figure, trace, along, place), column, f"{_label(figure, trace, value, number)}{ends}"


def _along(figure: go.Figure, trace: Any) -> str:
    """Return the axis of names, else of rounds: ``"y"`` where the rows are named or the bars lie."""
    lies = getattr(trace, "orientation", None) == "h"
    return "y" if trace.type == "heatmap" or lies or _axis(figure, trace, "y").ticktext else "x"


def _axis(figure: go.Figure, trace: Any, which: str) -> Any:
    number = (trace[f"{which}axis"] or which)[1:]
    return figure.layout[f"{which}axis{number}"]


def _title(figure: go.Figure, trace: Any, which: str) -> str:
    return _axis(figure, trace, which).title.text or ""


def _label(figure: go.Figure, trace: Any, which: str, place: Any) -> str:
    """Return a place's name, its number where the axis has no names."""
    names, at = _axis(figure, trace, which).ticktext, _axis(figure, trace, which).tickvals
    if names and isinstance(place, int | float):
        return _words(min(zip(at, names, strict=True), key=lambda tick: abs(tick[0] - place))[1])
    return _number(place)


def _ends(error: Any, value: Any, at: int) -> str:
    """Return an interval's ends in parentheses, nothing where there is none."""
    above, below = _list(error.array), _list(error.arrayminus)
    if error.visible is False or not isinstance(value, int | float) or at >= min(len(above), len(below)):
        return ""
    if not above[at] and not below[at]:
        return ""
    return f" ({_number(value - below[at])} to {_number(value + above[at])})"


def _list(values: Any) -> Sequence[Any]:
    found = values.tolist() if hasattr(values, "tolist") else values
    return [] if found is None else [each.item() if hasattr(each, "item") else each for each in found]


def _number(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value
    if value is None or value != value:
        return formats.MISSING
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else _words(value)


def _words(text: Any) -> str:
    return html.unescape(_LINES.sub(" ", "" if text is None else str(text)))
