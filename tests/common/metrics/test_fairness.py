import json

import numpy as np
import pytest

from common.metrics.fairness import exclusive_classes, fairness
from common.metrics.intervals import wilson


def counts(right: int, wrong: int) -> np.ndarray:
    found = np.zeros((4, 4), np.int64)
    found[2, 2], found[2, 0] = right, wrong
    return found


def test_three_hospitals_by_hand():
    found = fairness({"A": counts(9, 1), "B": counts(30, 30), "C": counts(7, 3), "D": counts(0, 0)})
    assert (found.worst_hospital, found.worst_accuracy, found.worst_samples) == ("B", 0.5, 60)
    assert (found.best_hospital, found.best_accuracy) == ("A", 0.9)
    assert found.gap == pytest.approx(0.4)
    assert found.standard_deviation == pytest.approx(np.sqrt((0.2**2 + 0.2**2 + 0) / 3)), "mean 0.7, each counts once"
    assert found.worst_interval == wilson(30, 60)
    assert json.loads(json.dumps(found.to_json()))["worst_interval"] == list(wilson(30, 60))


def test_one_hospital_is_compared_with_nobody():
    assert fairness({}) is None
    assert fairness({"A": counts(3, 1), "B": counts(0, 0)}) is None


def test_classes_of_one_hospital_alone():
    counts = {"A": {"notumor": 3, "glioma": 5}, "B": {"glioma": 1, "pituitary": 2, "notumor": 0}}
    assert exclusive_classes(counts) == [("pituitary", "B"), ("notumor", "A")]


def test_one_hospital_holds_nothing_alone():
    assert exclusive_classes({"A": {"glioma": 5}}) == exclusive_classes({}) == []
