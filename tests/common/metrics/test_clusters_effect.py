"""The design effect that a recorded interval stands for."""

import numpy as np
import pytest

from common.metrics.clusters import effect_of_interval
from common.metrics.intervals import wilson


def test_an_interval_as_wide_as_that_of_independent_cases_is_no_effect():
    assert effect_of_interval(wilson(800, 1000), 800, 1000, 1000) == pytest.approx(1.0, abs=0.02)
    assert effect_of_interval((0.79, 0.81), 800, 1000, 500) == 1.0, "never below, whatever chance makes of few groups"


def test_the_bootstrap_over_patients_of_five_slices_that_go_together_says_five():
    draws, patients, slices = np.random.default_rng(0), 200, 5
    right = draws.random(patients) < 0.8
    shares = [right[draws.integers(0, patients, patients)].mean() for _ in range(2000)]
    low, high = np.percentile(shares, [2.5, 97.5])
    hits = int(right.sum()) * slices
    assert effect_of_interval((low, high), hits, patients * slices, patients) == pytest.approx(5.0, rel=0.15)


def test_where_nothing_varied_each_group_counts_as_one_case():
    assert effect_of_interval((1.0, 1.0), 60, 60, 20) == 3.0
    assert effect_of_interval(None, 60, 60, 20) == 1.0
    assert effect_of_interval((0.5, 0.6), 0, 0, 0) == 1.0
