"""Ranking figures and their intervals against DeLong's by hand, and against a bootstrap over patients."""

import numpy as np
import pytest

from common.metrics.case_figures import case_figures
from common.metrics.case_sums import Cases, count_cases
from common.metrics.clusters import Z, design_effects, wilson_share
from common.metrics.intervals import wilson
from common.metrics.ranking import auroc, auroc_interval, average_precision
from common.metrics.score_bins import BINS, count_scores
from tests.common.metrics.test_case_figures import hospital


def counts(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_a_case_in_the_same_bin_is_half_below():
    assert auroc(counts(0, 1), counts(1, 1)) == 0.75
    assert auroc(counts(0, 3), counts(2, 0)) == 1.0
    assert auroc(counts(0, 0), counts(1, 1)) is None
    assert average_precision(counts(0, 1, 1), counts(1, 1, 0)) == pytest.approx((1 + 2 / 2.5) / 2)
    assert average_precision(counts(1, 0), counts(0, 0)) is None


def test_the_variance_of_independent_cases_is_delongs_of_the_pooled_ones():
    parts = [hospital(200, 1), hospital(120, 2)]
    histograms = [count_scores(each.probabilities, each.labels)[0] for each in parts]
    scores = np.concatenate([each.probabilities[:, 0] for each in parts])
    own = np.concatenate([each.labels for each in parts]) == 0
    above = (scores[own][:, None] > scores[~own]).astype(float)
    area = above.mean()
    variance = above.mean(axis=1).var(ddof=1) / own.sum() + above.mean(axis=0).var(ddof=1) / (~own).sum()
    low, high = auroc_interval([(each[0], each[1]) for each in histograms], [1.0, 1.0])
    middle, spread = np.log(area / (1 - area)), Z * np.sqrt(variance) / (area * (1 - area))
    assert low <= 1 / (1 + np.exp(spread - middle)) + 1e-3
    assert high >= 1 / (1 + np.exp(-spread - middle)) - 1e-3
    assert high - low < 1.4 * 2 * Z * np.sqrt(variance), "Newcombe's is the wider one"


def test_classes_told_apart_without_a_mistake_still_have_an_interval():
    low, high = auroc_interval([(counts(0, 20), counts(60, 0))], [1.0])
    assert high == 1.0
    assert 0.8 < low < 0.99
    narrower = auroc_interval([(counts(0, 200), counts(600, 0))], [1.0])
    wider = auroc_interval([(counts(0, 20), counts(60, 0))], [4.0])
    assert wider[0] < low < narrower[0]


@pytest.mark.parametrize("scale", [1.0, 6.0])
def test_intervals_are_no_narrower_than_those_of_a_bootstrap_over_patients_of_the_pooled_cases(scale):
    parts = [hospital(300, 11, scale), hospital(200, 12, scale)]
    found = case_figures([each.sums for each in parts])["per_class"]["meningioma"]
    chance = np.random.default_rng(0)
    areas, precisions = [], []
    for _ in range(400):
        drawn = np.zeros((2, BINS), np.int64)
        for each in parts:
            patients = int(each.patient.max()) + 1
            slices = np.repeat(chance.integers(0, patients, patients), 5) * 5 + np.tile(np.arange(5), patients)
            drawn += count_scores(each.probabilities[slices], each.labels[slices])[1]
        areas.append(auroc(*drawn))
        precisions.append(average_precision(*drawn))
    for name, draws in (("auroc", areas), ("average_precision", precisions)):
        low, high = np.percentile(draws, [2.5, 97.5])
        width = found[f"{name}_interval"][1] - found[f"{name}_interval"][0]
        assert 0.9 * (high - low) < width < 1.7 * (high - low), name


def test_slices_that_stand_alone_have_no_design_effect_and_copies_have_that_of_their_number():
    each = hospital(300, 4)
    alone = design_effects(each.probabilities, each.labels, np.arange(300))
    assert max(alone.accuracy, *alone.own, *alone.others, *alone.both) < 1.05
    four = np.repeat(np.arange(300), 4)
    copied = design_effects(each.probabilities[four], each.labels[four], four)
    assert copied.accuracy == pytest.approx(4, abs=0.05)
    assert copied.both == pytest.approx((4,) * 4, abs=0.05)


def test_slices_of_one_patient_count_as_one_case():
    each = hospital(40, 4, classes=2)
    found = design_effects(each.probabilities, each.labels, np.zeros(40, np.int64))
    assert found.accuracy == 40
    assert found.both == (40,) * 4
    assert found.own[0] == (each.labels == 0).sum()
    assert found.own[3] == 1.0, "no case of that class"


def test_wilsons_interval_of_whole_cases_is_scipys():
    for hits, total in ((0, 5), (3, 7), (50, 50)):
        assert wilson_share(hits / total, total) == pytest.approx(wilson(hits, total))
    assert wilson_share(0.5, 0) is None


def test_one_case_gives_figures_and_no_error():
    sums = count_cases(np.array([[0.7, 0.1, 0.1, 0.1]]), np.array([0]), Cases(np.array([3])))
    found = case_figures([sums])
    assert found["per_class"]["glioma"]["sensitivity"] == 1.0
    two = count_cases(np.array([[0.7, 0.1, 0.1, 0.1], [0.2, 0.6, 0.1, 0.1]]), np.array([0, 1]), Cases(np.arange(2)))
    low, high = case_figures([two])["per_class"]["glioma"]["auroc_interval"]
    assert (low, high) == (pytest.approx(0, abs=0.25), 1.0)
