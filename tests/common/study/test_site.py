import numpy as np
import pytest

from common.metrics.fairness import exclusive_classes
from common.study.site import FIGURES, Rate, over_seeds, site_rates
from tests.support.studies import COUNTS, A, B, C, done, study

HOLDER = np.array([[16, 2, 0, 2], [0, 19, 0, 1], [0, 0, 10, 0], [1, 0, 1, 8]])  # 10 slices without a tumour, 8 known
OTHER = np.array([[30, 0, 0, 1], [0, 20, 0, 0], [0, 0, 49, 0], [0, 0, 0, 0]])  # none of them; 1 of 100 called so
TESTS = {A: HOLDER, B: OTHER}


def test_the_three_kinds_of_slices_by_hand():
    found = site_rates(TESTS, "notumor", A)
    assert found.recall == Rate(8, 10)
    assert found.own_others == Rate(3, 50)
    assert found.elsewhere == Rate(1, 100)
    assert found.told_apart == pytest.approx(0.8 - 0.06)
    assert found.lean == pytest.approx(0.06 - 0.01)
    assert found.accuracy == pytest.approx((8 + 47 + 99) / 160)
    assert found.site_accuracy == pytest.approx((10 + 0 + 100) / 160)


def test_a_predictor_of_the_site_alone_tells_nothing_apart():
    site_only = {A: np.array([[0, 0, 0, 20], [0, 0, 0, 20], [0, 0, 0, 10], [0, 0, 0, 10]]), B: OTHER - OTHER % 1}
    site_only[B] = np.diag([31, 20, 49, 0])
    found = site_rates(site_only, "notumor", A)
    assert (found.recall.value, found.own_others.value, found.elsewhere.value) == (1.0, 1.0, 0.0)
    assert found.told_apart == 0.0
    assert found.accuracy == found.site_accuracy


def test_a_predictor_of_the_class_tells_all_apart():
    found = site_rates({A: np.diag([20, 20, 10, 10]), B: np.diag([31, 20, 49, 0])}, "notumor", A)
    assert (found.told_apart, found.lean, found.accuracy) == (1.0, 0.0, 1.0)


def test_what_is_not_there_is_not_counted():
    empty = np.zeros((4, 4), dtype=np.int64)
    found = site_rates({A: empty}, "notumor", A)
    assert (found.told_apart, found.lean, found.accuracy, found.site_accuracy) == (None, None, None, None)
    assert site_rates({B: OTHER}, "notumor", A) is None


def test_any_class_may_be_held_by_one():
    assert dict(exclusive_classes(COUNTS)) == {"notumor": A}
    assert dict(exclusive_classes({A: {"glioma": 3, "pituitary": 0}, B: {"pituitary": 2}})) == {
        "glioma": A,
        "pituitary": B,
    }
    assert dict(exclusive_classes({A: {"glioma": 3}})) == {}
    assert site_rates({A: OTHER, B: HOLDER}, "pituitary", B).elsewhere == Rate(49, 100)


def test_over_seeds_it_is_a_mean_with_an_interval():
    found = over_seeds(study([done("fedavg", 42, 90), done("fedavg", 43, 80)]), "fedavg", "glioma", C)
    assert set(found) == set(FIGURES)
    assert found["recall"].mean == pytest.approx(0.85)
    assert found["own_others"] is None, "that hospital has no other slice"
    assert found["elsewhere"].n == 2
