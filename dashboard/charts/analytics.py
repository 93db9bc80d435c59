"""Figures of how the finished model does: intervals per class, confusion, reliability, one answer."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from common.labels import CLASSES
from common.metrics.calibration import Bin
from common.metrics.confusion import Confusion
from dashboard.charts import formats, theme
from dashboard.data import results

_FIGURES = (("Recall", "recall", "circle"), ("Precision", "precision", "diamond"))
_VALUES = 102  # percent: to the right of every bar and threshold
_TITLES = [theme.class_title(name) for name in CLASSES]


def class_intervals(classes: Sequence[results.ClassResult], colours: theme.Palette) -> go.Figure:
    """Draw recall and precision of each class with 95 % intervals; hollow where a class has few cases."""
    ticks = [f"{theme.class_title(row.name)}<br>{formats.whole(row.support)} slices" for row in classes]
    figure = theme.base_figure("Share (%)", "", colours, height=110 + 62 * len(classes), names=ticks)
    for offset, (title, field, symbol), colour in zip((-0.13, 0.13), _FIGURES, colours.figures, strict=True):
        rows = [(i, row, getattr(row, field)) for i, row in enumerate(classes)]
        rows = [(i, row, share) for i, row, share in rows if share.value is not None]
        figure.add_scatter(
            x=[share.value * 100 for _, _, share in rows],
            y=[i + offset for i, _, _ in rows],
            error_x=theme.error_bars(
                [share.value for _, _, share in rows], [share.interval for _, _, share in rows], colour, 6
            ),
            name=title,
            mode="markers",
            marker={
                "size": 11,
                "color": colour,
                "line": {"color": colour, "width": 2},
                "symbol": [f"{symbol}-open" if row.few else symbol for _, row, _ in rows],
            },
            customdata=[[theme.class_title(row.name), formats.interval(share.interval)] for _, row, share in rows],
            hovertemplate="%{customdata[0]}: %{x:.1f} %, 95 % interval %{customdata[1]}<extra>" + title + "</extra>",
        )
    return figure


def confusion_matrix(confusion: Confusion, colours: theme.Palette) -> go.Figure:
    """Draw true (rows) against predicted classes: the colour is the share of the true class."""
    totals = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(confusion, totals, out=np.full(confusion.shape, np.nan), where=totals > 0)
    empty = np.isnan(shares)
    texts = [
        ["–" if empty[i, j] else f"{confusion[i, j]:,}<br>{shares[i, j] * 100:.0f} %" for j in range(len(CLASSES))]
        for i in range(len(CLASSES))
    ]
    names = [f"{title}<br>{int(total):,}" for title, total in zip(_TITLES, totals[:, 0], strict=True)]
    figure = theme.base_figure("Predicted class", "True class", colours, height=400, names=names)
    theme.add_shares(
        figure,
        colours,
        z=np.where(empty, 0.0, shares),
        x=_TITLES,
        y=[*range(len(names))],
        text=texts,
        customdata=[[title] * len(_TITLES) for title in _TITLES],
        hovertemplate="true %{customdata}, predicted %{x}: %{text}<extra></extra>",
    )
    return figure


def reliability(bins: Sequence[Bin], colours: theme.Palette, calibrated: Sequence[Bin] = ()) -> go.Figure:
    """Draw confidence, as stated and with the run's temperature, against the share correct; dot area = slices."""
    filled = [part for part in (*bins, *calibrated) if part.count]
    figure = theme.base_figure("Stated confidence (%)", "Share correct (%)", colours, height=400)
    lowest = min([*(part.lower for part in filled), *(part.accuracy for part in filled)], default=0.0)
    start = np.floor(lowest * 10) * 10
    figure.add_scatter(
        x=[start, 100],
        y=[start, 100],
        mode="lines",
        name="honest",
        line={"color": colours.muted, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(**_reliability_line("as stated" if calibrated else "this model", bins, colours.figures[0]))
    if calibrated:
        figure.add_scatter(**_reliability_line("with the temperature", calibrated, colours.figures[1]))
    figure.update_layout(xaxis={"showgrid": True, "range": [start - 2, 102]}, yaxis={"range": [start - 2, 104]})
    return figure


def _reliability_line(name: str, bins: Sequence[Bin], colour: str) -> dict[str, object]:
    filled = [part for part in bins if part.count]
    largest = max((part.count for part in filled), default=1)
    return {
        "x": [part.confidence * 100 for part in filled],
        "y": [part.accuracy * 100 for part in filled],
        "mode": "lines+markers",
        "name": name,
        "line": {"color": colour, "width": 2},
        "marker": {"size": [8 + 22 * (part.count / largest) ** 0.5 for part in filled], "color": colour},
        "customdata": [part.count for part in filled],
        "hovertemplate": "stated %{x:.1f} %, correct %{y:.1f} %, %{customdata:,} slices<extra></extra>",
    }


def decision_curve(points: Sequence[tuple[float, float, float]], colours: theme.Palette) -> go.Figure:
    """Draw net benefit by threshold: of the model, of acting on every slice, and of acting on none.

    Parameters
    ----------
    points : sequence of (threshold, model, all)
        Fractions.
    """
    figure = theme.base_figure("Act from a probability of (%)", "Net benefit", colours, height=340)
    thresholds, model, everybody = ([point[i] for point in points] for i in range(3))
    shares = [threshold * 100 for threshold in thresholds]
    lines = (
        ("the model", model, {"color": colours.figures[0], "width": 2}),
        ("every slice", everybody, {"color": colours.figures[1], "width": 2, "dash": "dash"}),
        ("none", [0.0] * len(shares), {"color": colours.muted, "dash": "dot"}),
    )
    for name, benefits, line in lines:
        hover = "from %{x:.0f} %: %{y:.3f}<extra>" + name + "</extra>"
        figure.add_scatter(x=shares, y=benefits, mode="lines", name=name, line=line, hovertemplate=hover)
    highest = max([0.05, *model])
    figure.update_layout(xaxis={"range": [0, 100]}, yaxis={"range": [-0.25 * highest, 1.1 * highest]})
    return figure


def probability_bars(probabilities: npt.NDArray[np.float64], threshold: float, colours: theme.Palette) -> go.Figure:
    """Draw the four probabilities and the threshold, all of them fractions."""
    titles = [theme.class_title(name) for name in CLASSES]
    figure = theme.base_figure("Probability (%)", "", colours, height=250, names=titles)
    figure.add_bar(
        x=probabilities * 100,
        y=[*range(len(titles))],
        orientation="h",
        marker={
            "color": list(colours.classes),
            "pattern": theme.pattern(theme.CLASS_PATTERNS, colours.surface, 7, 0.15),
        },
        customdata=titles,
        hovertemplate="%{customdata}: %{x:.1f} %<extra></extra>",
    )
    figure.add_scatter(  # in a column of its own, where no threshold can strike them through
        x=[_VALUES] * len(titles),
        y=[*range(len(titles))],
        mode="text",
        text=[formats.percent(float(value)) for value in probabilities],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.add_vline(
        x=threshold * 100,
        line={"color": colours.muted, "dash": "dot", "width": 2},
        annotation={
            "text": f"named from {threshold * 100:.0f} %",
            "font": {"size": 12, "color": colours.muted},
            "yanchor": "bottom",
        },
        annotation_position="top",
    )
    figure.update_layout(
        showlegend=False,
        bargap=0.3,
        margin={"t": 30, "r": 24},
        xaxis={"range": [0, 128], "tickvals": [0, 25, 50, 75, 100]},
    )
    return figure
