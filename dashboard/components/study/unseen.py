"""What a new hospital and a new patient would see, by a study that tested what its models had not seen."""

from collections.abc import Sequence

import streamlit as st

from common.study.headline import meaning, rests_on, sentence
from common.study.records import Study
from common.study.unseen import KINDS, Unseen
from dashboard.charts import labels, theme
from dashboard.charts import study as charts
from dashboard.components import parts
from dashboard.data import unseen_rows


def draw(study: Study) -> None:
    """Draw each question that the study answers, the most honest first; nothing where it asked neither."""
    for kind, found in unseen_rows.asked(study).items():
        st.subheader(KINDS[kind], anchor=False)
        st.markdown(f"**{theme.markdown(labels.shown(sentence(study, _in_question(study, found))))}**")
        folded = st.expander("What this rests on", key=f"study_{kind}", on_change="rerun")
        if folded.open:  # each chart and each table keeps the browser busy
            with folded:
                _figures(study, kind, found)


def _in_question(study: Study, found: Sequence[Unseen]) -> Unseen:
    """Return the figures of the federated strategy, else the first."""
    return next((each for each in found if each.strategy == study.federated), found[0])


def _figures(study: Study, kind: str, found: Sequence[Unseen]) -> None:
    said = [meaning(study, kind), rests_on(study, kind)]
    if found[0].left_out:
        said.append(f"{found[0].left_out:,} slices of classes that no other hospital holds are left out.")
    st.markdown("\n".join(f"- {theme.markdown(each)}" for each in said))
    with parts.card("Accuracy on what the model had not seen", "Mean over seeds with its 95 % interval.", level=3):
        figure = charts.strategies(unseen_rows.accuracy_rows(study, found), "Accuracy (%)", parts.colours())
        parts.plot(figure, key=f"unseen_{kind}", alt=f"{KINDS[kind]} The table says the same.")
        parts.table(unseen_rows.figures_table(found), alt=f"{KINDS[kind]} As figures.")
        if len(compared := unseen_rows.differences_table(study, found)):
            parts.table(compared, alt=f"{KINDS[kind]} Strategies compared.")
