"""What stands beside a run's accuracy: which slices it is of, and how the model does on what it has not seen."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from common.artifacts.schema import Run
from common.artifacts.tested.headline import accuracy_is_of
from common.artifacts.tested.likeness import Alike, unlike
from common.artifacts.tested.patients import patient_test
from dashboard.charts import formats, theme
from dashboard.components import parts
from dashboard.data import beyond, cached

UNLIKE, BY_PATIENT = "Unlike any trained on", "By patient"
MOST_STUDIES = 20
"""That are looked through for a run, the newest first."""


def accuracy_metric(label: str, share: formats.Share, run: Run) -> parts.Metric:
    """Return a run's accuracy as a card that says which slices it is of."""
    of = accuracy_is_of(run.meta)
    help = f"Of {of}." if of else "With its 95 % interval."
    return parts.Metric(label, formats.percent(share.value), formats.interval(share.interval), help=help)


def beside(run: Run) -> list[parts.Metric]:
    """Return the cards beside it: slices unlike any trained on, and whole patients; as far as they are recorded."""
    metrics = run.metrics
    return [each for each in (_unlike(unlike(metrics)), _by_patient(metrics)) if each]


def _unlike(found: Alike | None) -> parts.Metric | None:
    if found is None or found.accuracy is None:
        return None
    help = f"Of test slices whose likeness to the nearest training slice of their hospital is below {found.end:.2f}."
    return parts.Metric(UNLIKE, formats.percent(found.accuracy), _of(found.interval, f"{found.slices:,}"), help=help)


def _by_patient(metrics: Mapping[str, Any]) -> parts.Metric | None:
    found = patient_test(metrics)
    if found is None:
        return None
    cases = f"{found.patients:,}{' guessed' * found.guessed}"
    help = "Each patient is judged by the mean of the slices' probabilities."
    help += " Whose slices they are was guessed from their order and likeness." * found.guessed
    return parts.Metric(BY_PATIENT, formats.percent(found.accuracy), _of(found.interval, cases), help=help)


def _of(ends: Any, cases: str) -> str:
    return f"{formats.interval(ends)} of {cases}" if ends else f"of {cases}"


def caption(run: Run) -> None:
    """Say below the cards which slices the accuracy is of, and what studies and evaluations say beside it."""
    of = accuracy_is_of(run.meta)
    studies = [cached.study(each) for each in cached.study_ids()[:MOST_STUDIES]] if of else []
    evaluations, _ = cached.evaluations(run.folder.parent.parent) if of else ((), ())
    said = [*beyond.of_studies(run.run_id, studies), *beyond.of_evaluations(run.run_id, evaluations)]
    if of:
        st.caption(theme.markdown(" ".join([f"Accuracy is of {of}.", *said])))
