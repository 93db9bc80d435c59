"""Ranking, thresholds, patients and subgroups of one test: a table with intervals, sentences, a decision curve."""

from typing import Any

import pandas as pd
import streamlit as st

from common.artifacts import figure_rows
from common.labels import CLASSES
from dashboard.charts import analytics, theme
from dashboard.components import address, parts

CURVE = "curve"


def draw(figures: Any) -> None:
    """Draw the figures of one test as recorded, whatever it is that was recorded."""
    rows = figure_rows.ranking_rows(figures)
    if not rows:
        st.caption(parts.NOT_RECORDED)
        return
    named = [[theme.class_title(row[0]) if row[0] in CLASSES else row[0], *row[1:]] for row in rows]
    parts.table(pd.DataFrame(named, columns=list(figure_rows.RANKING_HEAD)), alt="Ranking of each class in figures.")
    if (threshold := figure_rows.threshold(figures)) is not None:
        st.caption(f"Sensitivity and specificity, in percent, are of a probability of at least {threshold:.0%}.")
    for sentence in figure_rows.sentences(figures):
        st.caption(theme.markdown(sentence))
    if subgroups := figure_rows.subgroup_rows(figures):
        parts.table(pd.DataFrame(subgroups, columns=list(figure_rows.SUBGROUP_HEAD)), alt="Subgroups in figures.")
    _decision_curve(figures)


def _decision_curve(figures: Any) -> None:
    """Let the visitor choose a class and draw whether acting on the model is worth more than acting on all."""
    options = [label for label in CLASSES if figure_rows.decision_curve(figures, label)]
    if not options:
        return
    address.seed_one(CURVE, options, options[0])
    label = str(
        st.segmented_control("Net benefit for", options, required=True, format_func=theme.class_title, key=CURVE)
    )
    address.keep(**{CURVE: label if label != options[0] else None})
    points = figure_rows.decision_curve(figures, label)
    words = "; ".join(f"{at:.0%}: model {model:.3f}, every slice {everybody:.3f}" for at, model, everybody in points)
    figure = analytics.decision_curve(points, parts.colours())
    parts.plot(figure, key="decision_curve", alt=f"Net benefit by threshold. {words}.")
