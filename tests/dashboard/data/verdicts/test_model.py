"""The verdict on a model: which classes it finds, and whether guessing would do as well."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from common.artifacts.schema import Run, Status
from dashboard.data import results
from dashboard.data.verdicts import model
from dashboard.data.verdicts.verdict import Verdict


def result_of(counts: list[list[int]]) -> results.Result:
    metrics = {"confusion_matrix": counts, "test_accuracy": float(np.trace(counts) / np.sum(counts))}
    run = Run("run-001", Path(), Status(), {}, (), {"metrics": metrics}, ())
    found = results.overall_result(run)
    assert found is not None
    return found


def judge(counts: list[list[int]], doubts: int = 0) -> Verdict:
    return model.of_test(result_of(counts), doubts)


def test_a_class_that_is_never_found_is_not_to_be_used() -> None:
    found = judge([[12, 0, 8, 0], [9, 0, 9, 0], [0, 0, 18, 0], [0, 0, 0, 24]])
    assert found.tone == "refuse"
    assert found.text == (
        "Do not use. Recognises glioma (12 of 20), pituitary (18 of 18) and no tumour (24 of 24); never finds "
        "meningioma (0 of 18)."
    )


def test_every_class_at_the_lowest_recall_is_named() -> None:
    result = result_of([[0, 0, 20, 0], [0, 0, 18, 0], [0, 0, 18, 0], [0, 0, 0, 24]])
    assert model.lowest_sentence(result) == "Glioma and meningioma: 0 of 20 and 0 of 18"
    assert "never finds glioma (0 of 20) and meningioma (0 of 18)" in model.of_test(result).text


def test_a_model_that_names_every_slice_alike_recognises_nothing() -> None:
    found = judge([[0, 0, 20, 0], [0, 0, 18, 0], [0, 0, 18, 0], [0, 0, 4, 0]])
    assert found.text == "Do not use. Names every slice pituitary and so recognises none."


def test_a_class_found_no_more_often_than_by_chance_is_not_to_be_used() -> None:
    found = judge([[5, 15, 0, 0], [0, 20, 0, 0], [0, 0, 20, 0], [0, 0, 0, 20]])
    assert (found.tone, "glioma (5 of 20) no more often than by chance" in found.text) == ("refuse", True)


def test_what_always_naming_the_commonest_class_would_do_as_well_is_not_to_be_used() -> None:
    found = judge([[40, 20, 0, 0], [12, 8, 0, 0], [8, 2, 10, 0], [0, 0, 0, 0]])
    assert found.tone == "refuse"
    assert "cannot be told from always naming glioma (60 %)" in found.text


def test_the_class_found_least_often_comes_with_its_interval_and_the_range_of_the_others() -> None:
    found = judge([[92, 8, 0, 0], [20, 59, 21, 0], [5, 5, 90, 0], [15, 0, 0, 85]])
    assert found.tone == "fine"
    assert found.text == (
        "Better than guessing. Meningioma is found least often: 59 % (49 to 68). Glioma, pituitary and no tumour: "
        "85 to 92 %."
    )


def test_a_lowest_class_that_could_be_chance_is_said_to_be() -> None:
    assert "though that could be chance" in judge([[19, 1, 0, 0], [3, 17, 0, 0], [0, 0, 20, 0], [0, 0, 0, 20]]).text


def test_few_cases_show_nothing_and_are_not_counted_out() -> None:
    found = judge([[40, 0, 0, 0], [2, 2, 0, 0], [0, 0, 40, 0], [0, 0, 0, 40]])
    assert found.tone == "caution"
    assert "Cannot be shown to find meningioma (some of <5) more often than by chance." in found.text


def test_reasons_to_doubt_and_untested_classes_are_said() -> None:
    found = judge([[20, 0, 0, 0], [2, 18, 0, 0], [0, 0, 20, 0], [0, 0, 0, 0]], doubts=2)
    assert found.tone == "caution"
    assert "Not one test slice of no tumour. There are 2 reasons to doubt these figures." in found.text


@pytest.mark.parametrize(("value", "written"), [(0.997, "99.7"), (0.003, "0.3"), (1.0, "100"), (0.0, "0")])
def test_nothing_is_rounded_to_all_or_none(value: float, written: str) -> None:
    from dashboard.data.verdicts.verdict import rounded

    assert rounded(value) == written
