"""Epsilon of noisy steps: against closed forms, against other accountants, and as it must grow and shrink."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from common.privacy.accountant import Spending, epsilon_of, noise_for, steps_left

DELTA = 1e-5
CASES = [(1.0, 0.1, 100), (0.6, 0.05, 300), (4.0, 0.3, 60), (20.0, 0.1, 50), (0.3, 0.02, 10), (0.3, 0.1, 200)]


def gaussian_epsilon(mu: float, delta: float) -> float:
    """Epsilon of one Gaussian that a unit moves by `mu` deviations (Balle and Wang, arXiv 1805.06530)."""

    def excess(epsilon: float) -> float:
        tail = math.exp(epsilon + norm.logcdf(-epsilon / mu - mu / 2))
        return norm.cdf(mu / 2 - epsilon / mu) - tail - delta

    return brentq(excess, 0.0, 200.0)


@pytest.mark.parametrize(("noise", "steps"), [(1.0, 1), (4.0, 10), (10.0, 10), (2.0, 40)])
def test_steps_that_draw_everybody_cost_what_one_gaussian_costs(noise, steps):
    exact = gaussian_epsilon(math.sqrt(steps) / noise, DELTA)  # n steps move by sqrt(n) / noise deviations
    assert exact <= epsilon_of([Spending(noise, 1.0, steps)], DELTA) <= 1.012 * exact


def test_two_hospitals_with_the_same_noise_pay_by_how_often_each_of_their_patients_is_drawn():
    large, small = (epsilon_of([Spending(1.0, 16 / patients, 200)], DELTA) for patients in (400, 100))
    assert 2 * large < small


def test_two_hospitals_that_draw_everybody_pay_what_their_own_noise_says():
    first = [Spending(3.0, 1.0, 9)]  # moves by sqrt(9 / 9) = 1 deviation
    second = [Spending(3.0, 1.0, 9), Spending(2.0, 1.0, 12)]  # by sqrt(9 / 9 + 12 / 4) = 2
    for history, mu, by_hand in ((first, 1.0, 4.377), (second, 2.0, 9.997)):
        exact = gaussian_epsilon(mu, DELTA)
        assert exact == pytest.approx(by_hand, abs=0.001)
        assert exact <= epsilon_of(history, DELTA) <= 1.012 * exact


@pytest.mark.parametrize(("noise", "rate", "steps"), CASES)
def test_a_second_accountant_finds_hardly_less_and_never_more(noise, rate, steps):
    pytest.importorskip("dp_accounting", reason="make test installs it")
    from dp_accounting import dp_event
    from dp_accounting.pld import PLDAccountant

    step = dp_event.PoissonSampledDpEvent(rate, dp_event.GaussianDpEvent(noise))
    second = PLDAccountant().compose(dp_event.SelfComposedDpEvent(step, steps)).get_epsilon(DELTA)
    ours = epsilon_of([Spending(noise, rate, steps)], DELTA)
    assert second <= ours + 1e-3, "our bound lies below a pessimistic one, so one of the two is wrong"
    assert ours <= 1.02 * second + 2e-3


def test_noise_and_rate_that_change_on_the_way_are_composed_by_the_second_accountant_alike():
    pytest.importorskip("dp_accounting", reason="make test installs it")
    from dp_accounting import dp_event
    from dp_accounting.pld import PLDAccountant

    history = [Spending(1.0, 0.1, 40), Spending(1.3, 0.2, 40)]
    second = PLDAccountant()
    for each in history:
        step = dp_event.PoissonSampledDpEvent(each.rate, dp_event.GaussianDpEvent(each.noise_multiplier))
        second.compose(dp_event.SelfComposedDpEvent(step, each.steps))
    assert second.get_epsilon(DELTA) <= epsilon_of(history, DELTA) <= 1.02 * second.get_epsilon(DELTA)


def test_epsilon_grows_with_steps_and_rate_and_shrinks_with_noise_and_delta():
    base = {"noise_multiplier": 1.0, "rate": 0.1, "steps": 50}

    def costs(name, values):
        return [epsilon_of([Spending(**{**base, name: value})], DELTA) for value in values]

    for name, values in (("steps", (1, 2, 50, 51, 400)), ("rate", (0.01, 0.1, 0.11, 1.0))):
        assert all(less < more for less, more in pairwise(costs(name, values))), name
    assert all(more > less for more, less in pairwise(costs("noise_multiplier", (0.05, 0.3, 0.31, 1, 5, 1000))))
    assert all(
        more > less for more, less in pairwise(epsilon_of([Spending(1.0, 0.1, 50)], d) for d in (1e-9, 1e-5, 1e-2))
    )


def test_steps_of_one_kind_cost_the_same_however_they_are_told():
    together = epsilon_of([Spending(1.0, 0.1, 50)], DELTA)
    assert epsilon_of([Spending(1.0, 0.1, 20), Spending(1.0, 0.1, 30), Spending(2.0, 0.1, 0)], DELTA) == together
    assert epsilon_of([], DELTA) == 0 == epsilon_of([Spending(1.0, 0.1, 0)], DELTA)


@pytest.mark.parametrize("noise", [0.01, 0.3, 1e4])
def test_there_is_a_finite_epsilon_whatever_the_noise(noise):
    for rate, delta in ((0.0005, 1e-3), (0.5, 1e-6), (1.0, 1e-6)):
        assert 0 <= epsilon_of([Spending(noise, rate, 300)], delta) < 1e8


@pytest.mark.parametrize(("epsilon", "rate", "steps"), [(1.0, 0.1, 100), (8.0, 0.2, 300), (1000.0, 0.1, 300)])
def test_the_chosen_noise_is_enough_and_hardly_more(epsilon, rate, steps):
    noise = noise_for(epsilon, DELTA, rate, steps)
    assert epsilon_of([Spending(noise, rate, steps)], DELTA) <= epsilon
    assert epsilon_of([Spending(noise * 0.997, rate, steps)], DELTA) > epsilon


def test_where_no_noise_is_enough_there_is_none():
    with pytest.raises(ValueError, match="no noise"):
        noise_for(1e-9, 1e-12, 1.0, 10)


def test_a_million_steps_are_accounted_for_in_bounded_memory():
    assert 1.9 < epsilon_of([Spending(20.0, 0.01, 1_000_000)], DELTA) < 2.2  # a Gaussian of 0.5 deviations: 2.0


def test_as_many_steps_are_left_as_the_budget_reaches_for():
    history = [Spending(1.2, 0.1, 100)]
    left = steps_left(history, 6.0, DELTA, 1.0, 0.1, most=100)
    assert 0 < left < 100
    assert epsilon_of([*history, Spending(1.0, 0.1, left)], DELTA) <= 6.0
    assert epsilon_of([*history, Spending(1.0, 0.1, left + 1)], DELTA) > 6.0
    assert steps_left(history, 60.0, DELTA, 1.0, 0.1, most=20) == 20
    assert steps_left(history, 1.0, DELTA, 1.0, 0.1, most=20) == 0
