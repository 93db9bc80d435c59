"""Noise in parts: what is left of it against whom, and how far a step with it can go."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from common.config.dp import DpPlan
from common.privacy.shared import left_against, longest_steps, most_drawn, part_in_steps, part_of

DP = DpPlan(epsilon=8.0, delta=1e-5, clip=2.0, patients_per_step=4, steps=1, views=1)


def delta_of(epsilon: float, mu: float) -> float:
    """The exact delta of a Gaussian mechanism whose sensitivity is mu deviations (Balle and Wang, ICML 2018)."""
    below = NormalDist().cdf
    return below(mu / 2 - epsilon / mu) - math.exp(epsilon) * below(-mu / 2 - epsilon / mu)


def epsilon_of(multiplier: float) -> float:
    """The epsilon at delta 1e-5 of one sum of everybody, by halving."""
    low, high = 0.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, 1 / multiplier) > 1e-5 else (low, middle)
    return low


def test_three_hospitals_with_a_threshold_of_three_have_epsilon_8_then_10_2_then_15_9():
    """Noise over clip 0.600 is epsilon 8 against the centre; two parts of three are 0.490, one is 0.347."""
    against = left_against(0.60023, 3)
    assert against == pytest.approx((0.60023, 0.60023 * math.sqrt(2 / 3), 0.60023 / math.sqrt(3)))
    assert [round(epsilon_of(each), 1) for each in against] == [8.0, 10.2, 15.9]


def test_as_many_parts_as_the_threshold_are_the_whole_and_more_are_more():
    part = part_of(2.0, 4)
    assert math.sqrt(4 * part**2) == pytest.approx(2.0)
    assert math.sqrt(5 * part**2) == pytest.approx(2.0 * math.sqrt(5 / 4))


def test_with_a_threshold_of_two_one_colluding_hospital_is_as_bad_as_all_but_one():
    assert left_against(1.0, 2) == pytest.approx((1.0, math.sqrt(0.5), math.sqrt(0.5)))


def test_so_many_patients_are_never_drawn():
    """Of 100 patients drawn with probability 0.04, the exact chance of more than the bound is below the one asked."""
    most = most_drawn(4, 1e-9)
    chance = sum(math.comb(100, n) * 0.04**n * 0.96 ** (100 - n) for n in range(most, 101))
    assert 4 < most < 30
    assert chance <= 1e-9


def test_a_step_is_bounded_by_its_patients_and_its_noise_and_not_by_what_a_gradient_may_be():
    model = {"fc.weight": np.full((10, 10), 0.5, np.float32), "fc.bias": np.zeros(10, np.float32)}
    reach = longest_steps(model, DP, 1.0, 0.1)
    step = 0.1 * 2.0 / 4  # one clip, divided by the patients that are expected
    assert step * (most_drawn(4, 1e-15) + 7) < reach["fc.bias"] < step * (most_drawn(4, 1e-17) + 12)
    assert reach["fc.weight"] - reach["fc.bias"] == pytest.approx(0.5 * 2**-23, rel=1e-3)
    assert longest_steps(model, DP, 3.0, 0.1)["fc.bias"] > reach["fc.bias"] + 2 * 7 * step


def test_a_part_of_the_noise_is_counted_in_steps_of_the_ring():
    assert part_in_steps(DP, 1.5, 0.1, 0.001) == pytest.approx(0.1 * 2.0 * 1.5 / 4 / 0.001)
