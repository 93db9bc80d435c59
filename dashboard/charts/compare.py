"""Figures of several runs: one line each, the baseline heavy, over all hospitals or a small chart per hospital."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts import theme
from dashboard.data.comparison import AGAINST, Line
from dashboard.data.rounds import Measure

HEIGHT = 430
UNITS = {"round": "round %{x:.0f}", "bytes": "%{x:,.0f} MB", "seconds": "%{x:,.0f} s"}


@dataclass(frozen=True)
class Style:
    """What all lines of a comparison share."""

    measure: Measure
    against: str
    """Key of `AGAINST`."""
    colours: theme.Palette
    keys: tuple[str, ...]
    """All chosen runs in their order, which gives each its colour, symbol and dash."""
    baseline: str | None
    """The run that is drawn heavy."""

    def trace(self, line: Line) -> go.Scatter:
        """Return a run's line."""
        heavy, mark = line.key == self.baseline, theme.marks(self.keys, self.colours)[line.key]
        colour = self.colours.overall if heavy else mark.colour
        value = "%{y:.1f} %" if self.measure.percent else "%{y:.3f}"
        return go.Scatter(
            x=line.x,
            y=[self.measure.shown(value) for value in line.y],
            name=_title(line, heavy),
            mode="lines+markers",
            line={"color": colour, "width": 3.4 if heavy else 1.9, "dash": "solid" if heavy else mark.dash},
            marker={"symbol": mark.symbol, "size": 7 if len(line.x) <= 40 else 4, "color": colour},
            hovertemplate=f"{theme.short(line.key)}<br>{UNITS[self.against]}: {value}<extra></extra>",
        )

    def figure(self, height: int) -> go.Figure:
        """Return an empty figure with the axes' titles."""
        return theme.base_figure(AGAINST[self.against], self.measure.axis, self.colours, height=height)


def curves(lines: Sequence[Line], style: Style) -> go.Figure:
    """Draw one line per run."""
    figure = style.figure(HEIGHT)
    figure.add_traces([style.trace(line) for line in lines])
    figure.update_layout(
        paper_bgcolor=style.colours.surface,
        plot_bgcolor=style.colours.surface,
        hovermode="closest",
        margin={"t": 34},
        legend={"y": -0.18, "yanchor": "top"},  # below: the toolbar has the top
    )
    return figure


def small_charts(lines: Mapping[str, Sequence[Line]], style: Style) -> go.Figure:
    """Draw a small chart per hospital, all with the same axes."""
    names = list(lines)
    columns = min(2, max(1, len(names)))
    rows = -(-len(names) // columns) or 1
    height = 90 + 250 * rows
    grid = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[theme.short(name, 36) for name in names],
        horizontal_spacing=0.06,
        vertical_spacing=62 / height if rows > 1 else 0,
    )
    drawn: set[str] = set()
    for position, name in enumerate(names):
        row, column = divmod(position, columns)
        for line in lines[name]:
            trace = style.trace(line).update(showlegend=line.key not in drawn, legendgroup=line.key)
            drawn.add(line.key)
            grid.add_trace(trace, row=row + 1, col=column + 1)
    base = style.figure(height).layout
    grid.update_layout(
        height=height,
        font=base.font,
        hoverlabel=base.hoverlabel,
        legend={**base.legend.to_plotly_json(), "y": 1 + 30 / height},
        margin={**base.margin.to_plotly_json(), "t": 70},
        paper_bgcolor=style.colours.surface,
        plot_bgcolor=style.colours.surface,
    )
    grid.update_xaxes({**base.xaxis.to_plotly_json(), "title": None})
    grid.update_yaxes({**base.yaxis.to_plotly_json(), "title": None})
    grid.update_yaxes(title=base.yaxis.title, col=1)
    for position in range(max(0, len(names) - columns), len(names)):  # the lowest of each column
        row, column = divmod(position, columns)
        grid.update_xaxes(title=base.xaxis.title, showticklabels=True, row=row + 1, col=column + 1)
    return grid


def _title(line: Line, heavy: bool) -> str:
    notes = ["baseline"] * heavy + [line.state] * (line.state not in ("completed", "unrecorded"))
    return theme.short(line.key, 32) + (f" ({', '.join(notes)})" if notes else "")
