"""Whole patients, each judged by the mean of the slices, as ``model_meta.json`` keeps them beside single slices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.artifacts.values import count, interval, mapping, number, text
from common.artifacts.words import NOTHING, share_text
from common.metrics.intervals import Interval


@dataclass(frozen=True)
class PatientTest:
    """A test whose cases are patients."""

    patients: int
    accuracy: float
    interval: Interval | None
    guessed: bool
    """Whether it was guessed, for one hospital at least, whose slices they are."""


def patient_test(metrics: Mapping[str, Any]) -> PatientTest | None:
    """Return the test by patient, by ``metrics`` of all hospitals or of one; None where it was not recorded."""
    own = mapping(mapping(metrics.get("figures")).get("per_patient"))
    patients, value, ends = count(own.get("patients")), number(own.get("test_accuracy")), interval(own.get("interval"))
    if not patients or value is None or not 0 <= value <= 1:
        return None
    sure = ends if ends and 0 <= ends[0] <= ends[1] <= 1 else None
    return PatientTest(patients, value, sure, text(own.get("source")) in (None, "guessed"))


def patient_sentence(metrics: Mapping[str, Any]) -> str | None:
    """Say how patients are judged: "By patient, whose slices vote: 84.4 % (73.6–91.3) of 64 guessed patients."."""
    found = patient_test(metrics)
    if found is None:
        return None
    share = share_text(found.accuracy, found.interval, sign=" %")
    return f"By patient, whose slices vote: {share} of {found.patients:,} {'guessed ' * found.guessed}patients."


def patient_cells(metrics: Mapping[str, Any]) -> list[str]:
    """Return patients and accuracy by patient as a table's cells; guessed ones say so."""
    found = patient_test(metrics)
    if found is None:
        return [NOTHING, NOTHING]
    return [f"{found.patients:,}{' guessed' * found.guessed}", share_text(found.accuracy, found.interval)]
