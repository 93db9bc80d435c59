"""Which distance is too far: what 95 % of the validation slices keep to, and their file."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest

from common.metrics.familiar.distances import (
    BINS,
    EDGES,
    add_counts,
    count_distances,
    counts_problem,
    threshold_of,
    within,
)
from common.metrics.familiar.file import MOST_BYTES, Recorded, decode, encode
from common.metrics.familiar.record import NO_SUMS, Familiarity, said
from common.metrics.familiar.sums import fit, sum_features

RNG = np.random.default_rng(1)
DISTANCES = RNG.gamma(20, 0.05, size=400)


def recorded(features: int = 5) -> Recorded:
    known = fit([sum_features(RNG.normal(size=(60, features)))])
    val = count_distances(DISTANCES)
    return Recorded(known, threshold_of(val) or 0, val, count_distances(DISTANCES[:100]))


def test_95_percent_of_the_validation_slices_pass_and_hardly_more():
    threshold = threshold_of(add_counts(count_distances(part) for part in np.split(DISTANCES, [100, 250])))
    passing = (threshold >= DISTANCES).mean()
    assert 0.95 <= passing < 0.97
    assert within(count_distances(DISTANCES), threshold) == (threshold >= DISTANCES).sum()


def test_distances_beyond_the_ends_are_counted_and_few_slices_set_no_threshold():
    ends = count_distances(np.array([0.0, 1e-9, EDGES[-1], 1e300, np.inf]))
    assert (ends.sum(), ends[0], ends[-1]) == (5, 2, 2)
    assert threshold_of(count_distances(DISTANCES[:39])) is None
    assert threshold_of(count_distances(np.full(40, 1e9))) == EDGES[-1]


def test_counts_that_are_not_of_the_described_slices_are_refused():
    counts = count_distances(DISTANCES).tolist()
    assert counts_problem(counts, 400) is None
    assert counts_problem(counts, 399) is not None
    assert counts_problem(counts[:-1], 400) is not None
    assert counts_problem([-1, 401, *[0] * (BINS - 2)], 400) is not None


def test_the_file_is_small_the_same_each_time_and_reads_back():
    found = recorded(144)
    content = encode(found)
    assert content == encode(found)
    assert len(content) < MOST_BYTES / 10
    again = decode(content)
    assert again.threshold == found.threshold
    for one, other in ((again.likeness.whitening, found.likeness.whitening), (again.val, found.val)):
        np.testing.assert_array_equal(one, other)


def with_arrays(**changes: np.ndarray) -> bytes:
    found = recorded()
    arrays = {**found.likeness.arrays(), "threshold": np.float64(1), "val": found.val, "test": found.test, **changes}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 nothing",
        with_arrays(mean=np.array([object()])),
        with_arrays(threshold=np.float64(np.nan)),
        with_arrays(threshold=np.float64(np.inf)),
        with_arrays(val=np.zeros(3, np.int64)),
        with_arrays(mean=np.zeros(4, np.float32)),
        with_arrays(more=np.zeros(5 * MOST_BYTES, np.uint8)),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_way(content):
    with pytest.raises(ValueError, match=r"no |arrays"):
        decode(content)


def test_a_run_says_what_it_found_or_why_nothing():
    found = Familiarity(recorded(), 60, ("A", "B"))
    body = found.to_json()
    assert body["sha256"] == hashlib.sha256(found.file()).hexdigest()
    assert (body["features"], body["train_slices"], body["hospitals"]) == (5, 60, ["A", "B"])
    assert body["val"]["slices"] == 400
    assert 380 <= body["val"]["within"] <= 388
    assert f"{body['test']['within']:.1f} % of 100 test slices" in said(body)
    nothing = Familiarity(reason=NO_SUMS)
    assert (nothing.file(), nothing.to_json()) == (None, {"reason": NO_SUMS})
    assert said(nothing.to_json()).endswith(NO_SUMS)
    cannot = "Whether an image is like the slices of training cannot be checked with this model."
    assert {said(value) for value in (None, 3, {}, {"reason": "<b>"}, {"test": {"slices": 0, "within": 0}})} == {cannot}
    assert replace(found, recorded=None).to_json() == {"reason": None}
