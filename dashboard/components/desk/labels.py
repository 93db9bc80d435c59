"""The reader's own labels beside the model's, how far both agree, and all of it to take away."""

from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from common.labels import CLASSES
from dashboard.charts import theme
from dashboard.components import parts
from dashboard.data import agreement
from dashboard.model import in_service, reading
from dashboard.model.desk import Case, Desk
from dashboard.reports import desk as reports
from dashboard.reports import prediction

_NONE = "None yet"
_OWN = "Your label"
_TITLES = {theme.class_title(name): name for name in CLASSES}


def one(desk: Desk, case: Case) -> None:
    """Draw the choice of the reader's label of the slice that is shown large."""
    key = f"label-{case.number}"
    st.session_state[key] = theme.class_title(desk.labels[case.number]) if case.number in desk.labels else _NONE

    def labelled() -> None:
        _set(desk, case.number, st.session_state[key])
        st.session_state.pop(in_service.TABLE, None)

    st.radio(_OWN, [_NONE, *_TITLES], key=key, horizontal=True, on_change=labelled)


def table(desk: Desk, threshold: float) -> None:
    """Draw all slices as a table in which the reader's labels are written, with the keyboard alone if need be."""
    if not st.toggle("Label in a table", key="desk_table_open"):
        return
    # An editor that is given other rows forgets what was typed: it keeps its own until something else changes them.
    version = (len(desk.cases), threshold)
    base = st.session_state.get(in_service.TABLE)
    if base is None or base[0] != version:
        base = (version, dict(desk.labels), st.session_state.get("desk_table_round", 0) + 1)
        st.session_state[in_service.TABLE], st.session_state["desk_table_round"] = base, base[2]
    _, labels, number = base
    key = f"desk_table-{number}"

    def typed() -> None:
        desk.labels = dict(labels)
        for row, changed in st.session_state[key]["edited_rows"].items():
            _set(desk, desk.cases[int(row)].number, changed.get(_OWN))

    st.data_editor(
        pd.DataFrame([_row(case, labels, threshold) for case in desk.cases]),
        key=key,
        hide_index=True,
        disabled=["Slice", "Instance", "The model", "Probability"],
        column_config={
            _OWN: st.column_config.SelectboxColumn(options=list(_TITLES)),
            "Probability": st.column_config.NumberColumn(format="%.1f %%"),
        },
        on_change=typed,
        height=min(36 * (len(desk.cases) + 1), 400),
    )


def compared(desk: Desk, threshold: float) -> None:
    """Say how far reader and model agree, with a table of who said what; nothing before there is a label."""
    if not desk.labels:
        st.caption("Label a slice to see how far you and the model agree.")
        return
    found = reports.agreement_of(desk, threshold)
    st.markdown(theme.markdown(agreement.sentences(found)))
    if found.named:
        head, rows = reports.confusion_rows(found)
        parts.table(pd.DataFrame(rows, columns=head), alt="Your labels (rows) against the model's")
        st.caption(agreement.INDEPENDENT)


def downloads(desk: Desk, order: str, answer: prediction.Answer) -> None:
    """Draw the table and the document of all slices, and the document of the one that is shown large."""
    threshold = answer.threshold
    with st.container(horizontal=True, gap="small"):
        parts.download("All slices as CSV", partial(reports.desk_csv, desk, threshold), "slices.csv", key="desk_csv")
        if len(desk.cases) > 1:
            parts.download("All slices as PDF", partial(_all, desk, order, threshold), "slices.pdf", key="desk_pdf")
        name = f"slice-{answer.case.sha256[:8]}.pdf"
        parts.download("This slice as PDF", partial(_one, answer), name, key="prediction_pdf")


def _all(desk: Desk, order: str, threshold: float) -> bytes:
    return reports.desk_pdf(desk, order, threshold, datetime.now().astimezone())


def _one(answer: prediction.Answer) -> bytes:
    return prediction.prediction_pdf(answer, datetime.now().astimezone())


def _set(desk: Desk, number: int, title: str | None) -> None:
    """Note a label, or take it back."""
    if title in _TITLES:
        desk.labels[number] = _TITLES[title]
    else:
        desk.labels.pop(number, None)


def _row(case: Case, labels: dict[int, str], threshold: float) -> dict[str, object]:
    found = case.prediction
    return {
        "Slice": case.number,
        **({} if case.instance is None else {"Instance": case.instance}),
        "The model": reading.short(case, threshold),
        "Probability": None if found.unfamiliar else found.confidence * 100,
        _OWN: theme.class_title(labels[case.number]) if case.number in labels else None,
    }
