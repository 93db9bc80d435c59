"""Whole patients beside slices: how many, how sure, and whether they were guessed."""

import json
from typing import Any

import pytest

from common.artifacts.tested.patients import patient_cells, patient_sentence, patient_test
from common.metrics.case_figures import case_figures
from tests.common.metrics.test_case_figures import three

FIGURES: dict[str, Any] = json.loads(json.dumps(case_figures([each.sums for each in three()])))


def of_source(source: str | None) -> dict[str, Any]:
    return {"figures": {"per_patient": FIGURES["per_patient"] | {"source": source}}}


def test_patients_have_their_share_its_interval_and_their_number():
    own, found = FIGURES["per_patient"], patient_test({"figures": FIGURES})
    assert (found.patients, found.accuracy, list(found.interval)) == (160, own["test_accuracy"], own["interval"])
    low, high = (f"{100 * end:.1f}" for end in own["interval"])
    share = f"{100 * own['test_accuracy']:.1f}"
    assert patient_sentence({"figures": FIGURES}) == (
        f"By patient, whose slices vote: {share} % ({low}–{high}) of 160 patients."
    )
    assert patient_cells({"figures": FIGURES}) == ["160", f"{share} ({low}–{high})"]


def test_guessed_patients_are_said_to_be():
    assert "of 160 guessed patients" in patient_sentence(of_source("guessed"))
    assert patient_cells(of_source("guessed"))[0] == "160 guessed"
    assert "guessed" in patient_sentence(of_source(None)), "not recorded is not known"
    assert "guessed" not in patient_sentence(of_source("dicom"))


@pytest.mark.parametrize("figures", [None, 3, {}, {"per_patient": []}, {"per_patient": {"patients": 3}}])
def test_what_is_not_recorded_is_a_dash(figures):
    assert patient_sentence({"figures": figures}) is None
    assert patient_cells({"figures": figures}) == ["–", "–"]
