"""How a model does on test slices by how much they look like those trained on: a curve, a sentence, a table."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from common.artifacts.tested import likeness as recorded
from common.artifacts.values import number
from dashboard.charts import formats, theme
from dashboard.charts.likeness import LIKENESS, by_likeness
from dashboard.components import parts

ABOUT = (
    "The highest correlation of a slice's thumbnail with any slice that its own hospital trained on, turned or "
    "mirrored or not. Ranges with too few slices or patients are joined."
)


def draw(metrics: Mapping[str, Any]) -> None:
    """Draw ``metrics`` of all hospitals or of one."""
    ranges = recorded.alike(metrics)
    if not ranges:
        st.caption(recorded.NOT_TOLD)
        return
    st.caption("Slices on the left are most like those of a new patient. 95 % intervals.", help=ABOUT)
    words = "; ".join(f"{each.name}: {formats.percent(each.accuracy)} of {each.slices:,}" for each in ranges)
    figure = by_likeness(ranges, number(metrics.get("test_accuracy")), parts.colours())
    parts.plot(figure, key="by_likeness", alt=f"Share correct by likeness. {words}.")
    if said := recorded.unlike_sentence(metrics):
        st.markdown(theme.markdown(said))
    rows = recorded.likeness_rows(metrics)
    parts.table(pd.DataFrame(rows, columns=list(recorded.LIKENESS_HEAD)), alt=f"{LIKENESS}, in figures.")
