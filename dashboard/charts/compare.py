"""Figures of several runs: one line each, the baseline heavy, over all hospitals or a small chart per hospital."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts import marks, theme
from dashboard.data.compared.curves import AGAINST, Line
from dashboard.data.rounds import Measure

HEIGHT = 430
LEGEND_LINE = 20  # pixels of height that each line beyond the fourth adds, since a legend on a phone takes them
UNITS = {"round": "round %{x:.0f}", "bytes": "%{x:,.0f} MB", "seconds": "%{x:,.0f} s"}
_BAND = 0.16  # opacity of what seeds reach


@dataclass(frozen=True)
class Style:
    """What all lines of a comparison share."""

    measure: Measure
    against: str
    """Key of `AGAINST`."""
    colours: theme.Palette
    keys: tuple[str, ...]
    """All lines in their order, which gives each its colour, symbol and dash."""
    baseline: str | None
    """The line that is drawn heavy."""

    def traces(self, line: Line) -> list[go.Scatter]:
        """Return a line, after the band of its seeds where it stands for several."""
        heavy, mark = line.key == self.baseline, marks.run_marks(self.keys, self.colours)[line.key]
        colour = self.colours.overall if heavy else mark.colour
        value, seeds = ("%{y:.1f} %", "%{customdata[0]:.1f} to %{customdata[1]:.1f} %")
        if not self.measure.percent:
            value, seeds = ("%{y:.3f}", "%{customdata[0]:.3f} to %{customdata[1]:.3f}")
        low, high = self._shown(line.low), self._shown(line.high)
        drawn = go.Scatter(
            x=line.x,
            y=self._shown(line.y),
            name=_title(line, heavy),
            legendgroup=line.key,
            mode="lines+markers",
            line={"color": colour, "width": 3.4 if heavy else 1.9, "dash": "solid" if heavy else mark.dash},
            marker={"symbol": mark.symbol, "size": 8 if len(line.x) <= 40 else 4, "color": colour},
            customdata=list(zip(low, high, strict=True)) or None,
            hovertemplate=f"{theme.short(line.title, 60)}<br>{UNITS[self.against]}: {value}"
            + f"<br>seeds {seeds}" * bool(low)
            + "<extra></extra>",
        )
        return [self._band(line, colour), drawn] if low else [drawn]

    def figure(self, height: int) -> go.Figure:
        """Return an empty figure with the axes' titles."""
        return theme.base_figure(AGAINST[self.against], self.measure.axis, self.colours, height=height)

    def axis(self, lines: Sequence[Line]) -> dict[str, object]:
        """Return the horizontal axis of these lines: whole rounds, or as Plotly has it."""
        return theme.round_axis(int(max((max(line.x) for line in lines), default=1))) if self.against == "round" else {}

    def _band(self, line: Line, colour: str) -> go.Scatter:
        return go.Scatter(
            x=[*line.x, *reversed(line.x)],
            y=[*self._shown(line.high), *reversed(self._shown(line.low))],
            mode="lines",
            fill="toself",
            fillcolor=theme.faint(colour, _BAND),
            line={"width": 0},
            legendgroup=line.key,
            hoverinfo="skip",
            showlegend=False,
        )

    def _shown(self, values: Sequence[float]) -> list[float | None]:
        return [self.measure.shown(value) for value in values]


def curves(lines: Sequence[Line], style: Style) -> go.Figure:
    """Draw one line per entry."""
    figure = style.figure(HEIGHT + LEGEND_LINE * max(0, len(lines) - 4))
    figure.add_traces([trace for line in lines for trace in style.traces(line)])
    figure.update_layout(
        paper_bgcolor=style.colours.surface,
        plot_bgcolor=style.colours.surface,
        hovermode="closest",
        margin={"t": 34},
        legend={"y": -0.18, "yanchor": "top"},  # below: the toolbar has the top
        xaxis=style.axis(lines),
    )
    figure.layout.xaxis.title.standoff = 4  # so that the legend of many lines on a phone does not reach it
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
            *band, trace = style.traces(line)
            trace.update(showlegend=line.key not in drawn)
            drawn.add(line.key)
            grid.add_traces([*band, trace], rows=row + 1, cols=column + 1)
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
    together = [line for found in lines.values() for line in found]
    grid.update_xaxes({**base.xaxis.to_plotly_json(), "title": None, **style.axis(together)})
    grid.update_xaxes(range=None)  # with one, Plotly finds no range for vertical axes that match each other
    grid.update_yaxes({**base.yaxis.to_plotly_json(), "title": None})
    grid.update_yaxes(title=base.yaxis.title, col=1)
    for position in range(max(0, len(names) - columns), len(names)):  # the lowest of each column
        row, column = divmod(position, columns)
        grid.update_xaxes(title=base.xaxis.title, showticklabels=True, row=row + 1, col=column + 1)
    return grid


def _title(line: Line, heavy: bool) -> str:
    notes = ["baseline"] * heavy + [line.state] * (line.state not in ("completed", "unrecorded"))
    return theme.short(line.title, 48) + (f" ({', '.join(notes)})" if notes else "")
