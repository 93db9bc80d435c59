"""Figures of several runs: one line each, the baseline heavy, over all hospitals or a small chart per hospital."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts.measures import Measure
from dashboard.charts.theme import Mark, Palette, base_figure, marks
from dashboard.charts.training import short
from dashboard.data.comparison import AGAINST, Line

HEIGHT = 430
UNITS = {"round": "round %{x:.0f}", "bytes": "%{x:,.0f} MB", "seconds": "%{x:,.0f} s"}


def curves(
    lines: Sequence[Line],
    measure: Measure,
    against: str,
    colours: Palette,
    *,
    keys: Sequence[str],
    baseline: str | None,
) -> go.Figure:
    """Draw one line per run.

    Parameters
    ----------
    lines : sequence of Line
        From `dashboard.data.comparison.line`.
    measure : Measure
        What is drawn.
    against : str
        Key of `AGAINST`.
    colours : Palette
        Of the page's theme.
    keys : sequence of str
        All chosen runs in their order, which gives each its colour, symbol and dash.
    baseline : str or None
        The run that is drawn heavy.
    """
    figure = base_figure(AGAINST[against], measure.axis, colours, height=HEIGHT)
    style = marks(keys, colours)
    for line in lines:
        figure.add_trace(_trace(line, measure, against, style[line.key], colours, heavy=line.key == baseline))
    figure.update_layout(
        paper_bgcolor=colours.surface,
        plot_bgcolor=colours.surface,
        hovermode="closest",
        margin={"t": 34},
        legend={"y": -0.18, "yanchor": "top"},  # below: the toolbar has the top
    )
    return figure


def small_charts(
    lines: Mapping[str, Sequence[Line]],
    measure: Measure,
    against: str,
    colours: Palette,
    *,
    keys: Sequence[str],
    baseline: str | None,
) -> go.Figure:
    """Draw a small chart per hospital, all with the same axes.

    Parameters
    ----------
    lines : dict of str to sequence of Line
        By hospital.
    measure, against, colours, keys, baseline
        As for `curves`.
    """
    names = list(lines)
    columns = min(2, max(1, len(names)))
    rows = -(-len(names) // columns) or 1
    grid = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[short(name, 36) for name in names],
        horizontal_spacing=0.06,
        vertical_spacing=62 / (90 + 250 * rows) if rows > 1 else 0,
    )
    style = marks(keys, colours)
    drawn: set[str] = set()
    for position, name in enumerate(names):
        for line in lines[name]:
            trace = _trace(line, measure, against, style[line.key], colours, heavy=line.key == baseline)
            trace.update(showlegend=line.key not in drawn, legendgroup=line.key)
            drawn.add(line.key)
            row, column = divmod(position, columns)
            grid.add_trace(trace, row=row + 1, col=column + 1)
    base = base_figure(AGAINST[against], measure.axis, colours, height=90 + 250 * rows).layout
    grid.update_layout(
        height=base.height,
        font=base.font,
        hoverlabel=base.hoverlabel,
        legend={**base.legend.to_plotly_json(), "y": 1 + 30 / (90 + 250 * rows)},
        margin={**base.margin.to_plotly_json(), "t": 70},
        paper_bgcolor=colours.surface,
        plot_bgcolor=colours.surface,
    )
    grid.update_xaxes({**base.xaxis.to_plotly_json(), "title": None})
    grid.update_yaxes({**base.yaxis.to_plotly_json(), "title": None})
    grid.update_yaxes(title=base.yaxis.title, col=1)
    for position in range(max(0, len(names) - columns), len(names)):  # the lowest of each column
        row, column = divmod(position, columns)
        grid.update_xaxes(title=base.xaxis.title, showticklabels=True, row=row + 1, col=column + 1)
    return grid


def _trace(line: Line, measure: Measure, against: str, mark: Mark, colours: Palette, *, heavy: bool) -> go.Scatter:
    colour = colours.overall if heavy else mark.colour
    value = "%{y:.1f} %" if measure.percent else "%{y:.3f}"
    return go.Scatter(
        x=line.x,
        y=[measure.shown(value) for value in line.y],
        name=_title(line, heavy),
        mode="lines+markers",
        line={"color": colour, "width": 3.4 if heavy else 1.9, "dash": "solid" if heavy else mark.dash},
        marker={"symbol": mark.symbol, "size": 7 if len(line.x) <= 40 else 4, "color": colour},
        hovertemplate=f"{short(line.key)}<br>{UNITS[against]}: {value}<extra></extra>",
    )


def _title(line: Line, heavy: bool) -> str:
    notes = [
        note
        for note, wanted in (("baseline", heavy), (line.state, line.state not in ("completed", "unrecorded")))
        if wanted
    ]
    return short(line.key, 32) + (f" ({', '.join(notes)})" if notes else "")
