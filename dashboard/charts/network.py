"""Figures of what hospitals hold and how the model does at each."""

from collections.abc import Mapping

import plotly.graph_objects as go

from common.artifacts.schema import HospitalData
from common.labels import CLASSES
from dashboard.charts import formats, marks, theme
from dashboard.data import facts


def class_mix(hospitals: Mapping[str, HospitalData], colours: theme.Palette) -> go.Figure:
    """Draw each hospital's slices by class, stacked from zero; hatching is the second cue."""
    names = sorted(hospitals)
    ticks = [theme.short(name) for name in names]
    figure = theme.base_figure("Slices", "", colours, height=theme.rows_height(len(names), 110, 52), names=ticks)
    rows = [*range(len(names))]
    for position, label in enumerate(CLASSES):
        values = [hospitals[name].class_counts.get(label, 0) for name in names]
        figure.add_bar(
            y=rows,
            x=values,
            name=theme.class_title(label),
            orientation="h",
            marker={
                "color": colours.classes[position],
                "line": {"color": colours.surface, "width": 1},
                "pattern": {
                    **theme.pattern(theme.CLASS_PATTERNS[position], colours.surface, 7, 0.12),
                    "fgopacity": 0.55,
                },
            },
            customdata=[[tick, facts.small(value)] for tick, value in zip(ticks, values, strict=True)],
            hovertemplate="%{customdata[0]}: %{customdata[1]} slices<extra>" + theme.class_title(label) + "</extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        xaxis={"tickformat": ",", "rangemode": "tozero"},
        legend={"traceorder": "normal"},
    )
    return figure


def accuracy_intervals(
    tests: Mapping[str, facts.TestFigures], overall: facts.TestFigures | None, colours: theme.Palette
) -> go.Figure:
    """Draw each hospital's test accuracy with its 95 % interval, and the accuracy over all as a dashed line."""
    names = sorted(tests)
    between = "<br>" if len(names) <= theme.MANY_ROWS else " "
    ticks = [f"{theme.short(name)}{between}<b>{formats.percent(tests[name].accuracy)}</b>" for name in names]
    figure = theme.base_figure(
        "Test accuracy (%)", "", colours, height=theme.rows_height(len(names), 110, 56), names=ticks
    )
    style = marks.hospital_marks(names, colours)
    for row, name in enumerate(names):
        test = tests[name]
        figure.add_scatter(
            x=[test.accuracy * 100],
            y=[row],
            error_x=theme.error_bars([test.accuracy], [test.interval], style[name].colour, 7),
            mode="markers",
            marker={"size": 12, "color": style[name].colour, "symbol": style[name].symbol},
            showlegend=False,
            hovertemplate=f"{theme.short(name)}: {formats.percent(test.accuracy)}, 95 % interval "
            f"{formats.interval(test.interval)}, {formats.whole(test.n_test)} slices<extra></extra>",
        )
    if overall is not None and names:
        figure.add_vline(
            x=overall.accuracy * 100,
            line={"color": colours.overall, "width": 1.5, "dash": "dash"},
            annotation={
                "text": f"all hospitals {formats.percent(overall.accuracy)}",
                "font": {"size": 12, "color": colours.text},
                "yanchor": "bottom",
            },
            annotation_position="top",
        )
    figure.layout.margin.t = 34
    figure.layout.yaxis.showgrid = True
    return figure
