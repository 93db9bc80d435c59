"""Figures of a model away from home: accuracy where it was evaluated, and every update at every hospital."""

from collections.abc import Sequence

import plotly.graph_objects as go

from common.artifacts.external.load import Matrix, Measured
from dashboard.charts import formats, theme

SHARED = "shared model"


def accuracies(rows: Sequence[Measured], home: Measured, colours: theme.Palette) -> go.Figure:
    """Draw the accuracy at each place with its 95 % interval, and the run's own test as a dotted line."""
    ticks = [f"{row.name}<br>{formats.whole(row.slices)} slices" for row in (*rows, home)]
    figure = theme.base_figure("Accuracy (%)", "", colours, height=110 + 52 * len(ticks), names=ticks)
    known = [(i, row, row.accuracy) for i, row in enumerate((*rows, home)) if row.accuracy is not None]
    figure.add_scatter(
        x=[100 * value for _, _, value in known],
        y=[i for i, _, _ in known],
        error_x=theme.error_bars(
            [value for _, _, value in known], [row.interval for _, row, _ in known], colours.figures[0], 6
        ),
        mode="markers",
        marker={
            "size": 11,
            "color": colours.figures[0],
            "symbol": ["diamond-open" if row is home else "circle" for _, row, _ in known],
        },
        customdata=[[row.name, formats.interval(row.interval)] for _, row, _ in known],
        hovertemplate="%{customdata[0]}: %{x:.1f} %, 95 % interval %{customdata[1]}<extra></extra>",
    )
    if home.accuracy is not None:
        figure.add_vline(x=100 * home.accuracy, line={"color": colours.muted, "dash": "dot", "width": 2})
    figure.update_layout(showlegend=False)
    return figure


def heat_map(matrix: Matrix, colours: theme.Palette) -> go.Figure:
    """Draw each update (row) at each hospital (column), and the shared model in the last row; colour is accuracy."""
    rows = [*matrix.cells, matrix.shared]
    names = [*(f"update of<br>{name}" for name in matrix.models), SHARED]
    figure = theme.base_figure("Tested at", "", colours, height=130 + 62 * len(names), names=names)
    theme.add_shares(
        figure,
        colours,
        z=[[cell.accuracy for cell in row] for row in rows],
        x=list(matrix.hospitals),
        y=[*range(len(names))],
        text=[[formats.percent(cell.accuracy) for cell in row] for row in rows],
        customdata=[[[name, formats.interval(cell.interval)] for cell in row] for name, row in _named(matrix, rows)],
        hovertemplate="%{customdata[0]} at %{x}: %{text}, 95 % interval %{customdata[1]}<extra></extra>",
    )
    return figure


def _named(matrix: Matrix, rows: Sequence[Sequence[Measured]]) -> list[tuple[str, Sequence[Measured]]]:
    return list(zip([*matrix.models, SHARED], rows, strict=True))
