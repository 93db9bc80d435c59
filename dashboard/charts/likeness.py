"""Accuracy of test slices by how much they look like the nearest slice that was trained on."""

from collections.abc import Sequence

import plotly.graph_objects as go

from common.artifacts.tested.likeness import Alike
from common.metrics.intervals import Interval
from dashboard.charts import formats, theme

LIKENESS = "Likeness to the nearest training slice"


def by_likeness(ranges: Sequence[Alike], overall: float | None, colours: theme.Palette) -> go.Figure:
    """Draw each range's accuracy with its 95 % interval over bars of its slices, and the accuracy of all as a line.

    Parameters
    ----------
    overall : float or None
        Accuracy of all test slices, a fraction.
    """
    figure = theme.base_figure(LIKENESS, "Correct (%)", colours, height=360)
    places = [*range(len(ranges))]
    figure.add_bar(
        x=places,
        y=[each.slices for each in ranges],
        name="Test slices",
        yaxis="y2",
        marker={"color": colours.grid},
        hovertemplate="%{y:,} slices<extra></extra>",
    )
    tested = [(place, each.accuracy, each.interval) for place, each in enumerate(ranges) if each.accuracy is not None]
    figure.add_scatter(
        x=[place for place, _, _ in tested],
        y=[value * 100 for _, value, _ in tested],
        error_y=_bars([value for _, value, _ in tested], [ends for _, _, ends in tested], colours),
        name="Correct",
        mode="lines+markers",
        line={"color": colours.figures[0], "width": 2},
        marker={"size": 11, "color": colours.figures[0]},
        customdata=[formats.interval(ends) for _, _, ends in tested],
        hovertemplate="%{y:.1f} %, 95 % interval %{customdata}<extra></extra>",
    )
    if overall is not None and places:
        figure.add_scatter(
            x=[places[0] - 0.5, places[-1] + 0.5],
            y=[overall * 100] * 2,
            name="all test slices",
            mode="lines",
            line={"color": colours.muted, "dash": "dot"},
            hoverinfo="skip",
        )
    figure.update_layout(
        xaxis={
            "tickvals": places,
            "ticktext": [each.name for each in ranges],
            "range": [-0.5, len(ranges) - 0.5],
            "automargin": True,  # a phone's width turns the names
        },
        yaxis={"range": [0, 104], "tickvals": [*range(0, 101, 20)], "overlaying": "y2", "side": "left"},
        yaxis2=_of_slices(ranges, colours),
        bargap=0.35,
        margin={"r": 60},
    )
    return figure


def _bars(values: Sequence[float], ends: Sequence[Interval | None], colours: theme.Palette) -> dict[str, object]:
    return theme.error_bars(values, ends, colours.figures[0], 6)


def _of_slices(ranges: Sequence[Alike], colours: theme.Palette) -> dict[str, object]:
    """Return the axis of the bars, which fill the lower third."""
    most = max((each.slices for each in ranges), default=1)
    title = {"text": "Test slices", "font": {"color": colours.muted, "size": 13}}
    return {"side": "right", "title": title, "range": [0, 3 * max(most, 1)], "showgrid": False, "zeroline": False}
