"""Accuracy by likeness over hospitals is that of their slices together, as far as they tell it."""

import numpy as np
import pytest

from common.metrics.case_sums import Cases, CaseSums, count_cases
from common.metrics.likeness.counts import UNLIKE
from common.metrics.likeness.figures import likeness_figures
from tests.common.metrics.test_case_figures import hospital


def slices_of(cases: int, seed: int, low: float = 0.7) -> tuple[CaseSums, np.ndarray, np.ndarray]:
    """A hospital's sums, and for each slice its likeness and whether it was named right."""
    each = hospital(cases, seed)
    likeness = np.random.default_rng(seed).uniform(low, 1, cases)
    sums = count_cases(each.probabilities, each.labels, Cases(each.patient, likeness=likeness))
    return sums, likeness, each.probabilities.argmax(axis=1) == each.labels


def test_bins_are_those_of_all_slices_together():
    parts = {"A": slices_of(400, 1), "B": slices_of(300, 2)}
    found = likeness_figures({name: sums for name, (sums, _, _) in parts.items()})
    likeness, right = (np.concatenate([part[place] for part in parts.values()]) for place in (1, 2))
    assert (found["hospitals"], found["left_out"]) == (["A", "B"], [])
    assert len(found["bins"]) == 6
    for each in found["bins"]:
        members = (likeness >= (each["from"] or -1)) & (likeness < (each["below"] or 2))
        assert (each["slices"], each["right"]) == (members.sum(), right[members].sum())
        assert each["test_accuracy"] == pytest.approx(right[members].mean())
        assert each["interval"][0] < each["test_accuracy"] < each["interval"][1]
    unlike = likeness < UNLIKE
    assert (found["unlike"]["slices"], found["unlike"]["right"]) == (unlike.sum(), right[unlike].sum())
    assert found["unlike"]["below"] == UNLIKE


def test_related_slices_make_the_interval_wider():
    sums, likeness, _ = slices_of(400, 1)
    related = likeness_figures({"A": sums})
    alone = count_cases(*hospital(400, 1)[:2], Cases(np.arange(400), likeness=likeness))
    single = likeness_figures({"A": alone})
    assert single["design_effect"] == pytest.approx(1, abs=0.02)
    assert related["design_effect"] > 1.2

    def width(found):
        return found["unlike"]["interval"][1] - found["unlike"]["interval"][0]

    assert width(related) > 1.05 * width(single)


def test_a_hospital_that_tells_no_likeness_or_not_what_is_unlike_is_left_out_by_name():
    none = hospital(100, 3).sums
    alike = slices_of(100, 4, low=0.95)[0]
    found = likeness_figures({"A": slices_of(200, 1)[0], "none": none, "old": None})
    assert (found["hospitals"], found["left_out"]) == (["A"], ["none", "old"])
    few = count_cases(
        *hospital(100, 3)[:2], Cases(np.arange(100), likeness=np.linspace(0.89, 0.99, 100), smallest_cell=20)
    )
    assert not few.likeness.tells_unlike
    found = likeness_figures({"A": slices_of(200, 1)[0], "few": few, "alike": alike})
    assert (found["hospitals"], found["left_out"]) == (["A", "alike"], ["few"]), "none below 0.90 is no secret"
    assert likeness_figures({"few": few})["unlike"] is None
    assert likeness_figures({"few": few})["bins"]


def test_without_any_hospital_that_tells_there_is_nothing():
    nobody = count_cases(np.zeros((0, 4)), np.zeros(0, np.int64), Cases(np.zeros(0, np.int64), likeness=np.zeros(0)))
    assert likeness_figures({}) is None
    assert likeness_figures({"A": hospital(100, 3).sums}) is None
    assert likeness_figures({"A": nobody, "B": None}) is None


def test_an_empty_bin_has_no_accuracy():
    found = likeness_figures({"A": slices_of(200, 1, low=0.91)[0]})
    assert found["unlike"] == {"below": UNLIKE, "slices": 0, "right": 0, "test_accuracy": None, "interval": None}
