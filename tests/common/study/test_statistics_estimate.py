import pytest

from common.study.statistics import SHARE, estimate


def test_three_seeds_by_hand():
    found = estimate([0.90, 0.92, 0.94])
    half = 4.302653 * 0.02 / 3**0.5  # t(0.975, 2) from a table, standard deviation 0.02
    assert (found.mean, found.spread, found.n) == (pytest.approx(0.92), pytest.approx(0.02), 3)
    assert found.interval == pytest.approx((0.92 - half, 0.92 + half), abs=1e-6)


def test_two_seeds_are_hardly_sure():
    assert estimate([0.50, 0.52]).interval == pytest.approx((0.51 - 12.7062 * 0.01, 0.51 + 12.7062 * 0.01), abs=1e-5)


def test_an_interval_ends_where_a_mean_can_be():
    assert estimate([0.2, 0.9], SHARE).interval == (0.0, 1.0)
    assert estimate([0.2, 0.9]).interval == (-1.0, 1.0)


def test_one_seed_has_no_interval_and_none_no_mean():
    found = estimate([0.9])
    assert (found.mean, found.interval, found.spread, found.n) == (0.9, None, None, 1)
    assert estimate([]) is None
