"""A distance out of sums: what three hospitals' sums give is what their pooled slices give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from common.metrics.familiar.sums import (
    FeatureSums,
    Likeness,
    fit,
    likeness_from,
    may_tell,
    sum_features,
    sums_problem,
)

FEATURES = 6


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(size=(300, FEATURES)) @ rng.normal(size=(FEATURES, FEATURES)) + rng.normal(size=FEATURES)


def test_three_hospitals_sums_give_the_distance_of_their_pooled_slices(slices):
    parts = [sum_features(part) for part in np.split(slices, [40, 170])]
    apart, pooled = fit(parts), fit([sum_features(slices)])
    np.testing.assert_allclose(apart.distances(slices), pooled.distances(slices), rtol=1e-4)


def test_the_distance_is_mahalanobis_and_a_slice_of_training_has_1_on_average(slices):
    found = fit([sum_features(slices)]).distances(slices)
    assert np.sqrt((found**2).mean()) == pytest.approx(1.0, abs=0.02)
    off = slices - slices.mean(axis=0)
    exact = np.sqrt(np.einsum("ij,jk,ik->i", off, np.linalg.inv(np.cov(slices.T)), off) / FEATURES)
    np.testing.assert_allclose(found, exact, rtol=0.1)


def test_a_feature_that_never_moved_makes_its_movement_far_and_nothing_infinite(slices):
    still = slices.copy()
    still[:, 2] = 0.5
    known = fit([sum_features(still)])
    moved = still[:1].copy()
    moved[:, 2] += 1.0
    assert known.distances(still).max() < 3 < 30 < known.distances(moved)[0] < 1e3


def test_sums_of_no_more_slices_than_features_may_not_be_told():
    assert not may_tell(FEATURES, FEATURES)
    assert may_tell(FEATURES + 1, FEATURES)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, None),
        ({"count": 299}, "299 slices, but it described 300"),
        ({"total": np.full(FEATURES, np.nan)}, "not finite"),
        ({"products": np.zeros(FEATURES * (FEATURES + 1) // 2)}, "fit no slices"),
        ({"total": np.full(FEATURES, 1e6)}, "fit no slices"),
    ],
)
def test_sums_that_no_slices_can_have_are_refused(slices, change, says):
    problem = sums_problem(replace(sum_features(slices), **change), 300)
    assert problem is None if says is None else says in problem


def test_few_slices_that_claim_to_be_as_many_as_described_are_refused_too(slices):
    assert sums_problem(sum_features(slices[:FEATURES]), FEATURES)


def test_what_is_sent_is_read_back_and_nothing_else(slices):
    known = fit([sum_features(slices)])
    again = likeness_from(known.arrays(), FEATURES)
    np.testing.assert_array_equal(again.distances(slices), known.distances(slices))
    bad = [
        {},
        {**known.arrays(), "mean": known.mean[:3]},
        {**known.arrays(), "mean": known.mean.astype(np.float64)},
        {**known.arrays(), "whitening": np.full(FEATURES * (FEATURES + 1) // 2, np.inf, np.float32)},
        {"mean": np.zeros(0, np.float32), "whitening": np.zeros(0, np.float32)},
    ]
    for arrays in bad:
        with pytest.raises(ValueError, match="arrays"):
            likeness_from(arrays)
    with pytest.raises(ValueError, match="another network"):
        likeness_from(known.arrays(), FEATURES + 1)


def test_the_types_are_as_they_are_stored(slices):
    known = fit([sum_features(slices)])
    assert isinstance(known, Likeness)
    assert (known.mean.dtype, known.whitening.dtype) == (np.float32, np.float32)
    assert isinstance(sum_features(slices), FeatureSums)
