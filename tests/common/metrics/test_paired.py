"""Two models on the same cases: counts of hospitals against the same computed over the pooled cases."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from common.labels import CLASSES
from common.metrics.case_sums import Cases, CaseSums, count_cases
from common.metrics.paired.counts import PairedCounts, count_pairs
from common.metrics.paired.difference import mcnemar, paired_difference, paired_interval
from common.metrics.paired.figures import paired_figures
from tests.common.metrics.test_case_figures import hospital


class Both(NamedTuple):
    """What two models gave the same cases of one hospital."""

    this: np.ndarray
    reference: np.ndarray
    labels: np.ndarray
    patient: np.ndarray

    @property
    def sums(self) -> CaseSums:
        return count_cases(self.this, self.labels, Cases(self.patient, "manifest", reference=self.reference))


def both(cases: int, seed: int) -> Both:
    one = hospital(cases, seed)
    noise = np.random.default_rng(seed + 100).dirichlet(np.ones(4), cases)
    return Both(one.probabilities, 0.6 * one.probabilities + 0.4 * noise, one.labels, one.patient)


THREE = [both(400, 1), both(150, 2), both(35, 3)]


def pooled(*, patients: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class, whether this model is right and whether the reference is, of every case of every hospital."""
    rows = []
    for each in THREE:
        for number in np.unique(each.patient) if patients else range(len(each.labels)):
            members = each.patient == number if patients else np.array([number])
            true = int(np.bincount(each.labels[members]).argmax())
            named = [model[members].mean(axis=0).argmax() for model in (each.this, each.reference)]
            rows.append((true, named[0] == true, named[1] == true))
    return tuple(np.array(column) for column in zip(*rows, strict=True))  # type: ignore[return-value]


def newcombe(right: np.ndarray, also: np.ndarray, effect: float = 1.0) -> tuple[float, float]:
    """Newcombe's paired interval as his paper has it, from the cases themselves."""
    z, n = norm.ppf(0.975), len(right) / effect
    a, b, c, d = ((one & other).sum() / effect for one in (right, ~right) for other in (also, ~also))

    def ends(p: float) -> tuple[float, float]:
        root = z * np.sqrt(z**2 + 4 * n * p * (1 - p))
        return ((2 * n * p + z**2 - root) / (2 * (n + z**2)), (2 * n * p + z**2 + root) / (2 * (n + z**2)))

    (l1, u1), (l2, u2), p1, p2 = ends((a + b) / n), ends((a + c) / n), (a + b) / n, (a + c) / n
    raw = a * d - b * c
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    phi = (max(raw - n / 2, 0) if raw > 0 else raw) / np.sqrt(margins) if margins else 0.0
    low = np.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    high = np.sqrt((u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2)
    return p1 - p2 - low, p1 - p2 + high


@pytest.mark.parametrize("part", ["slices", "patients"])
def test_figures_from_counts_are_those_of_the_pooled_cases(part):
    found = paired_figures([each.sums for each in THREE])[part]
    true, right, also = pooled(patients=part == "patients")
    effect = found.get("design_effect", 1.0)
    for name, body in {None: found, **found["per_class"]}.items():
        own = np.ones(len(true), bool) if name is None else true == CLASSES.index(name)
        only_this, only_reference = (right & ~also & own).sum(), (also & ~right & own).sum()
        assert body["cases"] == own.sum()
        assert (body["only_this"], body["only_reference"]) == (only_this, only_reference)
        assert body["accuracy"] == pytest.approx(right[own].mean(), abs=1e-9)
        assert body["reference_accuracy"] == pytest.approx(also[own].mean(), abs=1e-9)
        assert body["difference"] == pytest.approx(right[own].mean() - also[own].mean(), abs=1e-9)
        differ = int(only_this + only_reference)
        p = binomtest(int(only_this), differ, 0.5).pvalue if differ else 1
        assert body["mcnemar_p"] == pytest.approx(p, abs=1e-9)
        assert body["interval"] == pytest.approx(newcombe(right[own], also[own], effect), abs=1e-9)
    assert found["only_this"] > 0 < found["only_reference"], "else nothing was tested"


def test_the_design_effect_is_the_clustered_variance_over_that_of_independent_slices():
    each = THREE[0]
    gain = (each.this.argmax(1) == each.labels) * 1.0 - (each.reference.argmax(1) == each.labels)
    centred = gain - gain.mean()
    sums = np.array([centred[each.patient == number].sum() for number in np.unique(each.patient)])
    expected = len(sums) / (len(sums) - 1) * (sums**2).sum() / (centred**2).sum()
    assert each.sums.paired.effect == round(max(expected, 1), 2)
    effects = [each.sums.paired.effect for each in THREE]
    found = paired_figures([each.sums for each in THREE])["slices"]["design_effect"]
    assert found == pytest.approx(np.average(effects, weights=[len(each.labels) for each in THREE]), abs=1e-9)


def test_slices_that_differ_by_whole_patients_count_for_as_many_as_there_are_patients():
    labels, patient = np.zeros(60, int), np.arange(60) // 6
    right, wrong = np.eye(4)[labels], np.eye(4)[labels + 1]
    better = patient < 3
    found = count_pairs(np.where(better[:, None], right, wrong), wrong, labels, patient)
    assert found.slices[0].tolist() == [[0, 18], [0, 42]]
    assert found.patients[0].tolist() == [[0, 3], [0, 7]]
    assert found.effect == pytest.approx(6 * 10 / 9, abs=0.01)


@pytest.mark.parametrize(
    ("table", "ends"),
    [
        ([[36, 12], [2, 0]], (0.0569, 0.3404)),
        ([[20, 12], [2, 16]], (0.0562, 0.3292)),
        ([[54, 0], [0, 0]], (-0.0664, 0.0664)),
    ],
)
def test_the_interval_is_that_of_newcombes_examples(table, ends):
    assert paired_interval(np.array(table)) == pytest.approx(ends, abs=1e-4)
    one, other = paired_interval(np.array(table)), paired_interval(np.array(table).T)
    assert one == pytest.approx((-other[1], -other[0]), abs=1e-12), "and the other way round it is the same"


def test_equal_models_do_not_differ_and_no_case_says_nothing():
    each = THREE[0]
    found = paired_figures([Both(each.this, each.this, each.labels, each.patient).sums])["patients"]
    assert (found["difference"], found["mcnemar_p"]) == (0, 1)
    assert found["interval"][0] < 0 < found["interval"][1]
    nothing = np.zeros((2, 2), int)
    assert (paired_difference(nothing), paired_interval(nothing), mcnemar(nothing)) == (None, None, 1)
    empty = Both(np.zeros((0, 4)), np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, int)).sums
    assert paired_figures([empty]) is None
    assert paired_figures([each.sums, empty]) == paired_figures([each.sums])
    assert paired_figures([replace(each.sums, paired=None)]) is None
    assert isinstance(empty.paired, PairedCounts)
