"""The figure of one answer: a bar a class, from zero, and the threshold below which there is no call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from common.labels import CLASSES
from dashboard.charts import formats
from dashboard.charts.theme import CLASS_PATTERNS, Palette, base_figure, class_title


def probability_bars(probabilities: npt.NDArray[np.float64], threshold: float, colours: Palette) -> go.Figure:
    """Draw the four probabilities and the threshold.

    Parameters
    ----------
    probabilities : ndarray of float64, shape [4]
        In the order of ``CLASSES``, fractions.
    threshold : float
        Fraction.
    """
    titles = [class_title(name) for name in CLASSES]
    figure = base_figure("Probability (%)", "", colours, height=250, names=titles)
    figure.add_bar(
        x=probabilities * 100,
        y=[*range(len(titles))],
        orientation="h",
        text=[formats.percent(float(value)) for value in probabilities],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": list(colours.classes),
            "pattern": {
                "shape": list(CLASS_PATTERNS),
                "fillmode": "overlay",
                "size": 7,
                "solidity": 0.15,
                "fgcolor": colours.surface,
            },
        },
        customdata=titles,
        hovertemplate="%{customdata}: %{x:.1f} %<extra></extra>",
    )
    figure.add_vline(
        x=threshold * 100,
        line={"color": colours.muted, "dash": "dot", "width": 2},
        annotation={
            "text": f"no call below {threshold * 100:.0f} %",
            "font": {"size": 12, "color": colours.muted},
            "yanchor": "bottom",
        },
        annotation_position="top",
    )
    figure.update_layout(
        showlegend=False,
        bargap=0.3,
        margin={"t": 30, "r": 24},
        xaxis={"range": [0, 112], "tickvals": [0, 25, 50, 75, 100]},
    )
    return figure
