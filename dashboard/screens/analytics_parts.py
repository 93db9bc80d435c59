"""The pieces of the Analytics page: headline, doubts, choice of test set, reliability, report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from common.artifacts.load import load_card
from common.artifacts.schema import Run
from common.metrics.calibration import expected_calibration_error
from dashboard.charts import analytics, formats
from dashboard.charts.theme import Palette, class_title, markdown
from dashboard.components import address, parts
from dashboard.data import uncertainty
from dashboard.data.caveats import remarks
from dashboard.data.results import ALL, Result
from dashboard.data.shares import FEW_CASES
from dashboard.reports.run_report import run_pdf

QUIET: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
CHOSEN = "of"
ICONS = {True: ":material/check_circle:", False: ":material/warning:", None: ":material/help:"}


def why_no_test(run: Run) -> str:
    """Say why a run has no test figures."""
    if run.state == "running":
        return f"{run.run_id} is still going; the test follows its last round. Its rounds stand on the Training page."
    if run.state in ("failed", "interrupted"):
        return f"{run.run_id} did not reach its test. What it did reach stands on the Training page."
    return f"{run.run_id} recorded no test figures."


def headline(run: Run, overall: Result, hospitals: Mapping[str, Result]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the figures of the first row."""
    error = expected_calibration_error(uncertainty.stated(run))
    macro = overall.macro_f1
    cells = [
        ("Accuracy", formats.percent(overall.accuracy.value), _note(formats.interval(overall.accuracy.interval))),
        (
            "Macro F1",
            formats.percent(macro.value),
            {"help": "Mean over the classes that have test slices.", **_note(formats.interval(macro.interval))},
        ),
    ]
    known = [(result.accuracy.value, name) for name, result in hospitals.items() if result.accuracy.value is not None]
    if known:
        value, name = min(known)
        cells.append(("Lowest hospital", formats.percent(value), _note(markdown(name))))
    recalls = [(row.recall.value, row.name) for row in overall.classes if row.recall.value is not None]
    if recalls:
        value, name = min(recalls)
        cells.append(("Lowest recall", formats.percent(value), _note(class_title(name))))
    gap = "not recorded" if error is None else f"{error * 100:.1f} pp"
    words = "Expected calibration error: mean distance of stated confidence and share correct, in percentage points."
    return [*cells, ("Calibration", gap, {"help": words})]


def _note(text: str) -> dict[str, Any]:
    return {"delta": text, **QUIET} if text != formats.MISSING else {}


def doubts(run: Run, overall: Result, hospitals: Mapping[str, Result]) -> None:
    """Draw what to know before believing the figures."""
    found = remarks(run, [overall, *hospitals.values()])
    lines = [f"- {ICONS[remark.sound]} {markdown(remark.sentence)}" for remark in found]
    st.markdown("\n".join(lines))


def choose(overall: Result, hospitals: Mapping[str, Result]) -> Result:
    """Let the visitor choose whose test slices the figures below are about."""
    if not hospitals:
        st.caption("This run recorded its test over all hospitals together, not per hospital.")
        return overall
    options = [ALL, *hospitals]
    address.seed_one(CHOSEN, options, ALL)
    chosen = str(
        st.segmented_control("Test slices of", options, required=True, format_func=markdown, key=CHOSEN, wrap=True)
    )
    address.keep(**{CHOSEN: chosen if chosen != ALL else None})
    return hospitals.get(chosen, overall)


def classes(result: Result, colours: Palette) -> None:
    """Draw the classes' recall and precision with their intervals."""
    figure = analytics.class_intervals(result.classes, colours)
    parts.plot(figure, key="class_intervals", alt="Recall and precision of each class; the table says the same.")
    if any(row.few for row in result.classes):
        st.caption(f"Hollow: fewer than {FEW_CASES} test slices, so the figure says little.")


def confusion(result: Result, colours: Palette) -> None:
    """Draw the confusion matrix, or say that there is none."""
    if result.confusion is None:
        st.caption("Not recorded for this run.")
        return
    figure = analytics.confusion_matrix(result.confusion, colours)
    words = "; ".join(
        f"true {class_title(row.name)}: {', '.join(str(n) for n in counts)}"
        for row, counts in zip(result.classes, result.confusion, strict=True)
    )
    parts.plot(figure, key="confusion", alt=f"Slices by true class (predicted in the same order): {words}.")


def reliability(run: Run, colours: Palette) -> None:
    """Draw the reliability curve over all hospitals, or say that there is none."""
    bins, calibrated = uncertainty.stated(run), uncertainty.calibrated(run)
    if not any(part.count for part in bins):
        st.caption(uncertainty.NOT_RECORDED)
        return
    words = "; ".join(
        f"stated {part.confidence * 100:.0f} %, correct {part.accuracy * 100:.0f} % of {part.count}"
        for part in bins
        if part.count
    )
    figure = analytics.reliability(bins, colours, calibrated)
    parts.plot(figure, key="reliability", alt=f"Reliability: {words}.")
    st.caption(uncertainty.sentence(run))


def report(run: Run) -> None:
    """Draw the button whose document is made when it is pressed, and that of the model card."""
    card = load_card(run.folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Report as PDF",
            data=partial(_pdf, run),
            file_name=f"{run.run_id}-report.pdf",
            mime="application/pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
            key="run_pdf",
            help="A few pages for someone who was not there: figures, intervals, limits.",
        )
        if card is None:
            st.caption("This run wrote no model card.")
            return
        st.download_button(
            "Model card",
            data=card,
            file_name=f"{run.run_id}-model_card.md",
            mime="text/markdown",
            icon=":material/description:",
            on_click="ignore",
            key="model_card",
            help="model_card.md: what a stranger must know of the model, to lie beside its weights.",
        )


def _pdf(run: Run) -> bytes:
    return run_pdf(run, datetime.now().astimezone())
