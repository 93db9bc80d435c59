"""Figures of a ROC curve by hand."""

import numpy as np

from bench.privacy_audit.roc import auroc, auroc_interval, curve, found_at, mean_by

SCORES = np.array([4.0, 3.0, 2.0, 1.0])
MEMBERS = np.array([True, False, True, False])


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    assert auroc(SCORES, MEMBERS) == 0.75


def test_what_is_found_at_a_share_of_false_positives_stays_below_it():
    assert found_at(SCORES, MEMBERS, 0.01) == 0.5
    assert found_at(SCORES, MEMBERS, 0.5) == 1.0


def test_the_curve_goes_from_corner_to_corner_in_few_points():
    chance = np.random.default_rng(0)
    points = curve(chance.random(2000), chance.random(2000) < 0.5)
    assert (points[0].false_positives, points[0].true_positives) == (0.0, 0.0)
    assert (points[-1].false_positives, points[-1].true_positives) == (1.0, 1.0)
    assert len(points) <= 40


def test_slices_of_few_patients_leave_the_interval_wide():
    chance = np.random.default_rng(0)
    members = np.repeat(np.arange(20) < 10, 8)
    scores = np.repeat(chance.normal(size=20), 8) + members
    low, high = auroc_interval(scores, members, np.repeat(np.arange(20), 8))
    alone_low, alone_high = auroc_interval(scores, members, np.arange(160))
    assert high - low > 1.5 * (alone_high - alone_low)


def test_a_patients_score_is_the_mean_over_its_slices():
    means, first = mean_by(np.array([1.0, 5.0, 3.0]), np.array([7, 9, 7]))
    assert means.tolist() == [2.0, 5.0]
    assert first.tolist() == [0, 1]
