"""The bound is the paper's, and is wrong as seldom as it says."""

import numpy as np
import pytest
from scipy.stats import binom

from bench.privacy_audit.lower_bound import bound_from, epsilon_at_least, p_value


def test_ten_right_guesses_of_ten_refute_what_would_be_right_in_one_of_twenty_runs():
    # p^10 = 0.05 gives p = 0.74113, and epsilon = log(p / (1 - p))
    chance = 0.05 ** (1 / 10)
    assert epsilon_at_least(10, 10, 10, 0.0, 0.05) == pytest.approx(np.log(chance / (1 - chance)), abs=1e-6)
    assert epsilon_at_least(10, 10, 10, 0.0, 0.05) == pytest.approx(1.0516, abs=1e-3)


def test_nine_of_ten_by_hand():
    # P[Binomial(10, p) >= 9] = 10 p^9 (1 - p) + p^10 is 0.05 at p = 0.60584
    p = 0.60584
    assert 10 * p**9 * (1 - p) + p**10 == pytest.approx(0.05, abs=1e-5)
    assert epsilon_at_least(10, 10, 9, 0.0, 0.05) == pytest.approx(np.log(p / (1 - p)), abs=1e-3)


def test_half_of_the_guesses_right_shows_nothing():
    assert epsilon_at_least(100, 100, 50, 0.0, 0.05) == 0.0
    assert epsilon_at_least(100, 100, 0, 1e-5, 0.05) == 0.0


def test_the_paper_s_own_example():
    """Appendix D: 1,000 canaries, 100 guesses, 75 right, delta 1e-4, 95 %: epsilon is at least 0.673."""
    assert epsilon_at_least(1000, 100, 75, 1e-4, 0.05) == pytest.approx(0.673, abs=1e-3)


def test_delta_by_hand_for_two_guesses():
    """Two guesses, both right, p = 3/4: f(2) = 9/16, f(1) - f(2) = 6/16, (f(0) - f(2)) / 2 = 7/32."""
    assert p_value(5, 2, 2, np.log(3), 0.01) == pytest.approx(9 / 16 + 2 * 5 * 0.01 * 6 / 16)


def test_delta_weakens_the_bound():
    assert epsilon_at_least(1000, 100, 75, 1e-4, 0.05) < epsilon_at_least(1000, 100, 75, 0.0, 0.05)
    assert epsilon_at_least(1000, 100, 100, 0.01, 0.05) == 0.0  # ten in a thousand may be given away wholly


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_of_randomised_response_the_bound_is_too_high_in_at_most_one_of_twenty_trials(epsilon):
    """Each canary's presence is told truly with the probability that epsilon allows; ties are broken by lot."""
    chance = np.random.default_rng(7)
    truth, canaries, trials = 1 / (1 + np.exp(-epsilon)), 200, 200
    wrong = 0
    for _ in range(trials):
        included = chance.random(canaries) < 0.5
        told = np.where(chance.random(canaries) < truth, included, ~included)
        wrong += bound_from(told + 0.1 * chance.random(canaries), included, 0.0).epsilon_lower_bound > epsilon
    assert wrong <= binom.ppf(0.999, trials, 0.05)


def test_of_randomised_response_many_canaries_come_close():
    chance = np.random.default_rng(3)
    included = chance.random(20_000) < 0.5
    told = np.where(chance.random(20_000) < 1 / (1 + np.exp(-1.0)), included, ~included)
    found = bound_from(told + 0.1 * chance.random(20_000), included, 1e-9)
    assert 0.9 < found.epsilon_lower_bound < 1.0


def test_what_was_seen_plainly_is_bounded_by_the_number_of_canaries():
    included = np.arange(200) % 2 == 0
    found = bound_from(included.astype(float), included, 0.0)
    assert found.right == found.guesses == 180
    assert found.epsilon_lower_bound == found.epsilon_most == pytest.approx(3.7, abs=0.05)


def test_scores_that_say_nothing_show_nothing():
    chance = np.random.default_rng(0)
    found = bound_from(chance.random(200), chance.random(200) < 0.5, 1e-5)
    assert found.epsilon_lower_bound < 0.2
