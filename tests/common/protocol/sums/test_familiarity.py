"""Sums and counts as a message carries them; what cannot be is refused, whoever sent it."""

from __future__ import annotations

import numpy as np
import pytest

from common.metrics.familiar.distances import DistanceCounts, count_distances
from common.metrics.familiar.sums import sum_features
from common.protocol.postprocess import UnusableAnswer
from common.protocol.sums.familiarity import NOT_TOLD, distances_record, read_distances, read_sums, sums_record

RNG = np.random.default_rng(2)
SUMS = sum_features(RNG.normal(size=(30, 4)))
COUNTS = DistanceCounts(count_distances(RNG.gamma(9, 0.1, 12)), count_distances(RNG.gamma(9, 0.1, 7)))


def test_sums_travel_to_the_bit():
    again = read_sums(sums_record(SUMS), 30, 4)
    assert again.count == 30
    np.testing.assert_array_equal(again.total, SUMS.total)
    np.testing.assert_array_equal(again.products, SUMS.products)


def test_counts_travel():
    again = read_distances(distances_record(COUNTS), 12, 7)
    np.testing.assert_array_equal(again.val, COUNTS.val)
    np.testing.assert_array_equal(again.test, COUNTS.test)


def test_a_hospital_that_tells_nothing_is_left_out_with_the_reason():
    assert sums_record(None) == distances_record(None) == {}
    for read in (lambda: read_sums({}, 30, 4), lambda: read_distances({}, 12, 7)):
        with pytest.raises(UnusableAnswer, match=NOT_TOLD[:30]):
            read()


@pytest.mark.parametrize(
    "change",
    [
        {"count": "30"},
        {"count": 31},
        {"count": -1},
        {"total": SUMS.total.tobytes()[:-8]},
        {"total": "text"},
        {"products": b""},
        {"products": np.full(10, np.nan).tobytes()},
        {"products": (-SUMS.products).tobytes()},
    ],
)
def test_other_sums_are_refused(change):
    with pytest.raises(UnusableAnswer):
        read_sums({**sums_record(SUMS), **change}, 30, 4)


@pytest.mark.parametrize("record", [None, 3, [], {"val": []}, {**distances_record(COUNTS), "test": [7]}])
def test_other_counts_are_refused(record):
    with pytest.raises(UnusableAnswer):
        read_distances(record, 12, 7)


def test_counts_of_other_slices_are_refused():
    with pytest.raises(UnusableAnswer, match="the 13 slices"):
        read_distances(distances_record(COUNTS), 13, 7)
    with pytest.raises(UnusableAnswer):
        read_sums(sums_record(SUMS), 30, 5)
