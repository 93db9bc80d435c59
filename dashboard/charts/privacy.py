"""Figures of a run's protection: epsilon over the rounds below its budget, and the attack's bound beside the claim."""

import plotly.graph_objects as go

from common.artifacts.privacy.guarantee import RunPrivacy
from common.artifacts.schema import Run
from dashboard.charts import marks, theme

_AXIS = "Epsilon spent"


def spent(run: Run, privacy: RunPrivacy, colours: theme.Palette) -> go.Figure:
    """Draw what each hospital had spent after each round, the budget as a line, and who stopped where."""
    figure = theme.base_figure("Round", _AXIS, colours)
    last = max(run.status.rounds or 0, run.rounds[-1].number)
    for name, mark in marks.hospital_marks(run.hospital_names, colours).items():
        values = [(each.number, each.hospitals[name].epsilon) for each in run.rounds if name in each.hospitals]
        known = [(number, epsilon) for number, epsilon in values if epsilon is not None]
        if known:
            _add_hospital(figure, name, mark, known)
            own = privacy.per_hospital.get(name)
            if own is not None and own.stopped_after_round is not None:
                _add_stop(figure, name, mark, known[-1])
    if privacy.epsilon is not None:
        figure.add_scatter(
            x=[0.5, last + 0.5],
            y=[privacy.epsilon] * 2,
            name="Budget",
            mode="lines",
            line={"color": colours.overall, "width": 2.4},
            hoverinfo="skip",
        )
    figure.update_layout(hovermode="x unified", xaxis=theme.round_axis(last), yaxis={"rangemode": "tozero"})
    return figure


def claim(lower: float, claimed: float, colours: theme.Palette) -> go.Figure:
    """Draw where epsilon must lie: from what an attack proves to what the run claims."""
    figure = theme.base_figure("Epsilon", "", colours, height=150, names=["This run"])
    refuted = lower > claimed
    figure.add_scatter(
        x=[lower, claimed],
        y=[0, 0],
        mode="lines",
        line={"color": colours.loss if refuted else colours.figures[1], "width": 14},
        hoverinfo="skip",
        showlegend=False,
    )
    ends = (("At least, by the attack", lower, "diamond"), ("At most, by the claim", claimed, "line-ns"))
    for title, value, symbol in ends:
        figure.add_scatter(
            x=[value],
            y=[0],
            name=title,
            mode="markers",
            marker={"symbol": symbol, "size": 15, "color": colours.overall, "line": _line(symbol, colours)},
            hovertemplate="%{x:.2f}",
        )
    figure.update_layout(xaxis={"rangemode": "tozero"}, margin={**figure.layout.margin.to_plotly_json(), "t": 34})
    return figure


def _line(symbol: str, colours: theme.Palette) -> dict[str, object]:
    return {"color": colours.overall, "width": 4 if symbol == "line-ns" else 0}


def _add_hospital(figure: go.Figure, name: str, mark: marks.Mark, known: list[tuple[int, float]]) -> None:
    figure.add_scatter(
        x=[number for number, _ in known],
        y=[epsilon for _, epsilon in known],
        name=theme.short(name),
        mode="lines+markers",
        line={"color": mark.colour, "dash": mark.dash, "width": 1.8},
        marker={"symbol": mark.symbol, "size": 6},
        hovertemplate="%{y:.2f}",
    )


def _add_stop(figure: go.Figure, name: str, mark: marks.Mark, at: tuple[int, float]) -> None:
    figure.add_scatter(
        x=[at[0]],
        y=[at[1]],
        name=f"{theme.short(name)} stopped",
        mode="markers",
        marker={"symbol": "x-thin", "size": 14, "color": mark.colour, "line": {"color": mark.colour, "width": 3}},
        hoverinfo="skip",
    )
