"""Test slices by likeness: no bin that is told is small, hospitals add up, and what cannot be is said."""

from dataclasses import replace

import numpy as np
import pytest

from common.metrics.likeness.counts import (
    CELLS,
    EDGES,
    UNLIKE,
    LikenessCounts,
    add_likeness,
    count_likeness,
    counts_problem,
)
from common.metrics.subgroups import LEAST_PATIENTS

MIDDLES = (0.5, 0.82, 0.87, 0.91, 0.94, 0.98)  # one in each bin


def told(*sizes: int, patient: np.ndarray | None = None, smallest: int = 10) -> LikenessCounts:
    """Of so many slices in each of the six bins, every third answer wrong; each slice its own patient."""
    likeness = np.repeat(MIDDLES, sizes)
    slices = np.arange(len(likeness))
    return count_likeness(likeness, slices % 3 > 0, slices if patient is None else patient, smallest)


def test_where_every_bin_is_large_all_are_told():
    found = told(10, 11, 12, 13, 14, 15)
    assert found.cuts == tuple(range(len(EDGES)))
    assert found.slices == found.patients == (10, 11, 12, 13, 14, 15)
    assert sum(found.right) == 50


def test_a_slice_at_an_edge_belongs_to_the_bin_above():
    below, at = np.full(10, np.nextafter(UNLIKE, 0)), np.full(10, UNLIKE)
    found = count_likeness(np.concatenate([below, at]), np.arange(20) >= 10, np.arange(20), 10)
    at_unlike = found.at_cuts((EDGES.index(UNLIKE),))
    assert (at_unlike.slices, at_unlike.right) == ((10, 10), (0, 10))


def test_no_bin_that_is_told_is_small_and_they_hold_every_slice():
    chance = np.random.default_rng(1)
    for _ in range(300):
        sizes = chance.integers(0, 16, CELLS) * chance.integers(0, 2, CELLS)
        patient = chance.integers(0, 12, int(sizes.sum()))
        found = told(*sizes.tolist(), patient=patient)
        assert sum(found.slices) == sizes.sum()
        assert sum(found.right) == int((np.arange(sizes.sum()) % 3 > 0).sum())
        if found.cuts:
            for slices, patients in zip(found.slices, found.patients, strict=True):
                assert slices == 0 or (slices >= 10 and patients >= LEAST_PATIENTS)


def test_a_small_bin_is_joined_with_its_neighbour_and_the_middle_cut_is_kept_where_it_can_be():
    assert told(3, 30, 30, 30, 30, 30).slices == (33, 30, 30, 30, 30)
    assert told(20, 4, 4, 4, 4, 20).slices == (28, 28)
    assert told(2, 2, 2, 100, 100, 100).slices == (106, 100, 100)
    assert not told(2, 2, 2, 100, 100, 100).tells_unlike
    assert told(1, 1, 1, 1, 1, 1).slices == (6,), "the whole test, which is known"


def test_a_bin_of_two_patients_is_small_however_many_slices_it_has():
    patient = np.concatenate([np.repeat([100, 101], 20), np.arange(40)])
    assert told(40, 0, 0, 0, 0, 40, patient=patient).slices == (80,)


def test_an_empty_bin_is_told():
    assert told(20, 20, 20, 20, 20, 0).slices == (20, 20, 20, 20, 20, 0)


def test_a_hospital_may_ask_for_larger_bins():
    assert told(30, 30, 30, 30, 30, 30, smallest=90).slices == (90, 90)
    assert told(30, 30, 30, 30, 30, 30, smallest=10**6).cuts == ()


def test_hospitals_add_up_at_the_cuts_that_all_of_them_made():
    fine, coarse = told(20, 20, 20, 20, 20, 20), told(20, 4, 4, 4, 4, 20)
    both = add_likeness([fine, coarse])
    assert both.cuts == (EDGES.index(UNLIKE),)
    assert both.slices == (88, 88)
    assert sum(both.right) == sum(fine.right) + sum(coarse.right)
    assert add_likeness([fine]) == fine
    assert add_likeness([fine, fine]).slices == (40,) * CELLS


FINE = told(20, 20, 20, 20, 20, 20)
WRONG = {
    "do not fit its counts by class": replace(FINE, slices=(21, *FINE.slices[1:])),
    "do not fit its counts by": replace(FINE, right=(0, *FINE.right[1:])),
    "do not fit each other": replace(FINE, right=(21, *FINE.right[1:-1], FINE.right[-1] - 21 + FINE.right[0])),
    "do not fit each": replace(FINE, patients=(21, *FINE.patients[1:])),
    "do not fit": replace(FINE, patients=(0, *FINE.patients[1:])),
}


@pytest.mark.parametrize("said", WRONG)
def test_counts_that_cannot_be_are_said(said):
    assert counts_problem(FINE, 120, 80) is None
    assert said in str(counts_problem(WRONG[said], 120, 80))
