"""Figures from hospitals' sums against what scikit-learn makes of the pooled cases."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    recall_score,
    roc_auc_score,
)

from common.labels import CLASSES
from common.metrics.case_figures import case_figures
from common.metrics.case_sums import Cases, CaseSums, count_cases
from common.metrics.score_bins import BINS


class Hospital(NamedTuple):
    """Cases of one hospital, five slices a patient."""

    probabilities: np.ndarray
    labels: np.ndarray
    patient: np.ndarray
    sex: list[str]

    @property
    def sums(self) -> CaseSums:
        return count_cases(self.probabilities, self.labels, Cases(self.patient, "manifest", {"sex": self.sex}))


def hospital(cases: int, seed: int, scale: float = 1.0, classes: int = 4) -> Hospital:
    """A network that is the surer, the larger `scale`; some of what it errs on is the patient's."""
    chance = np.random.default_rng(seed)
    patient = np.arange(cases) // 5
    labels = chance.integers(0, classes, cases // 5 + 1)[patient]
    logits = chance.normal(size=(cases, 4)) + chance.normal(size=(cases // 5 + 1, 4))[patient]
    logits[np.arange(cases), labels] += 2.5
    odds = np.exp(scale * (logits - logits.max(axis=1, keepdims=True)))
    return Hospital(
        odds / odds.sum(axis=1, keepdims=True), labels, patient, [("male", "female")[p % 2] for p in patient]
    )


def pooled(hospitals: list[Hospital]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([each.probabilities for each in hospitals]), np.concatenate(
        [each.labels for each in hospitals]
    )


def three(scale: float = 1.0) -> list[Hospital]:
    """Of different sizes; the last holds two of the classes."""
    return [hospital(400, 1, scale), hospital(150, 2, scale), hospital(250, 3, scale, classes=2)]


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0, 12.0])
def test_ranking_is_that_of_the_pooled_cases_however_sure_the_network_is(scale):
    """2,208 bins; at a scale of 12 most probabilities are within a thousandth of 0 or 1."""
    found = case_figures([each.sums for each in three(scale)])
    probabilities, labels = pooled(three(scale))
    assert found["bins"] == BINS == 2208
    areas = []
    for i, name in enumerate(CLASSES):
        own = labels == i
        areas.append(roc_auc_score(own, probabilities[:, i]))
        assert found["per_class"][name]["auroc"] == pytest.approx(areas[-1], abs=1e-3)
        expected = average_precision_score(own, probabilities[:, i])
        assert found["per_class"][name]["average_precision"] == pytest.approx(expected, abs=1e-3)
        assert found["per_class"][name]["positives"] == own.sum()
        assert found["per_class"][name]["negatives"] == (~own).sum()
        low, high = found["per_class"][name]["auroc_interval"]
        assert low < areas[-1] < high
    assert found["macro_auroc"] == pytest.approx(np.mean(areas), abs=1e-3)


def test_probabilities_that_float_rounds_to_one_are_still_told_apart():
    chance = np.random.default_rng(0)
    own = np.repeat([True, False], 400)
    rest = 10.0 ** -np.where(own, chance.uniform(14, 16.5, 800), chance.uniform(13, 15.5, 800))
    probabilities = np.stack([1 - rest, rest, 0 * rest, 0 * rest], axis=1)
    found = case_figures([count_cases(probabilities, np.where(own, 0, 1), Cases(np.arange(800)))])
    expected = roc_auc_score(own, -rest)
    assert found["per_class"]["glioma"]["auroc"] == pytest.approx(expected, abs=2e-3)
    assert len(np.unique(probabilities[:, 0])) < 400, "double precision itself ties many of them"


def test_brier_is_scikit_learns():
    found = case_figures([each.sums for each in three()])
    probabilities, labels = pooled(three())
    expected = brier_score_loss(labels, probabilities, labels=range(4), scale_by_half=False)
    assert found["brier"] == pytest.approx(expected, abs=1e-9)
    for i, name in enumerate(CLASSES):
        expected = brier_score_loss(labels == i, probabilities[:, i])
        assert found["per_class"][name]["brier"] == pytest.approx(expected, abs=1e-9)


def test_sensitivity_specificity_and_net_benefit_are_those_of_counting():
    found = case_figures([each.sums for each in three()])
    probabilities, labels = pooled(three())
    for i, name in enumerate(CLASSES):
        own, said = labels == i, probabilities[:, i] >= 0.5
        figures = found["per_class"][name]
        assert figures["threshold"] == 0.5
        assert figures["sensitivity"] == pytest.approx(recall_score(own, said), abs=1e-9)
        assert figures["specificity"] == pytest.approx(recall_score(~own, ~said), abs=1e-9)
        for point in found["net_benefit"][name]:
            cut = point["threshold"]
            (_, needless), (_, right) = confusion_matrix(own, probabilities[:, i] >= cut)
            cost = cut / (1 - cut)
            assert point["model"] == pytest.approx((right - needless * cost) / len(own), abs=1e-9)
            assert point["all"] == pytest.approx((own.sum() - (~own).sum() * cost) / len(own), abs=1e-9)


def test_scores_just_at_a_threshold_count_as_above_it():
    """A network that says nothing gives a quarter to each class, and a quarter is a threshold."""
    sums = count_cases(np.full((8, 4), 0.25), np.arange(8) % 4, Cases(np.arange(8)))
    point = next(each for each in case_figures([sums])["net_benefit"]["glioma"] if each["threshold"] == 0.25)
    assert point["model"] == point["all"]
    assert case_figures([sums])["per_class"]["glioma"]["auroc"] == 0.5


def test_patients_are_judged_by_the_mean_of_their_slices():
    found = case_figures([each.sums for each in three()])["per_patient"]
    means, classes = [], []
    for each in three():
        for patient in np.unique(each.patient):
            slices = each.patient == patient
            means.append(each.probabilities[slices].mean(axis=0))
            classes.append(int(each.labels[slices][0]))
    scores, true = np.stack(means), np.array(classes)
    assert (found["patients"], found["source"]) == (160, "manifest")
    assert found["test_accuracy"] == pytest.approx(accuracy_score(true, scores.argmax(axis=1)), abs=1e-9)
    assert found["confusion_matrix"] == confusion_matrix(true, scores.argmax(axis=1), labels=range(4)).tolist()
    recalls = recall_score(true, scores.argmax(axis=1), labels=range(4), average=None)
    assert list(found["per_class_recall"].values()) == pytest.approx(recalls.tolist(), abs=1e-9)
    assert found["interval"][0] < found["test_accuracy"] < found["interval"][1]
    for i, name in enumerate(CLASSES):
        expected = roc_auc_score(true == i, scores[:, i])
        assert found["per_class"][name]["auroc"] == pytest.approx(expected, abs=2e-3), "160 patients"


def test_subgroups_add_up_over_hospitals():
    found = case_figures([each.sums for each in three()])
    for cell in found["subgroups"]:
        right = total = 0
        for each in three():
            chosen = np.array(each.sex) == cell["cell"]
            right += int((each.probabilities.argmax(axis=1) == each.labels)[chosen].sum())
            total += int(chosen.sum())
        assert (cell["by"], cell["slices"], cell["patients"]) == ("sex", total, total // 5)
        assert cell["test_accuracy"] == pytest.approx(right / total, abs=1e-9)
        assert cell["interval"][0] < cell["test_accuracy"] < cell["interval"][1]
    assert [cell["cell"] for cell in found["subgroups"]] == ["female", "male"]
    assert found["subgroups_withheld"] == 0


def test_what_cannot_be_computed_is_none():
    alone = hospital(60, 5, classes=1)
    found = case_figures([alone.sums])
    assert (found["macro_auroc"], found["macro_auroc_interval"]) == (None, None)
    own, other = found["per_class"]["glioma"], found["per_class"]["notumor"]
    assert (own["auroc"], own["auroc_interval"], own["specificity"]) == (None, None, None)
    assert own["sensitivity"] is not None
    assert (other["average_precision"], other["sensitivity"], other["sensitivity_interval"]) == (None, None, None)
    assert found["per_patient"]["per_class_recall"]["notumor"] is None


def test_without_the_sums_of_one_hospital_there_is_no_figure_over_all():
    nothing = count_cases(np.zeros((0, 4)), np.zeros(0, np.int64), Cases(np.zeros(0, np.int64)))
    some = hospital(50, 1).sums
    assert case_figures([some, None]) is None
    assert case_figures([nothing]) is None
    assert case_figures([]) is None
    assert case_figures([some, nothing]) == case_figures([some]), "a hospital without a test slice changes nothing"
