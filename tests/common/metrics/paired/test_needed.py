"""How many groups tell two models apart: against comparisons that are drawn and decided as the product decides them."""

from __future__ import annotations

import numpy as np
import pytest

from common.metrics.clusters import design_effect
from common.metrics.paired.difference import paired_interval
from common.metrics.paired.needed import groups_needed, smallest_difference

SLICES = 6  # of a group


def drawn(rng: np.random.Generator, groups: int, gain: float, lost: float, alike: float) -> tuple[np.ndarray, float]:
    """A table and its design effect: slices of a group that only one model gets right, alike for a share of them."""
    group = np.repeat(np.arange(groups), SLICES)
    own, shared = rng.random(groups * SLICES), rng.random(groups)[group]
    chance = np.where(rng.random(groups * SLICES) < alike, shared, own)
    this, reference = chance < gain, chance > 1 - lost
    both = ~this & ~reference
    table = np.array([[both.sum(), this.sum()], [reference.sum(), 0]])
    return table, design_effect(this.astype(float) - reference, group)


@pytest.mark.parametrize("alike", [0.0, 0.7])
def test_so_many_groups_find_the_difference_four_times_in_five(alike):
    rng = np.random.default_rng(1)
    table, effect = drawn(rng, 20_000, 0.10, 0.06, alike)
    needed = round(groups_needed(table, 20_000, effect))
    found = 0
    for _ in range(600):
        low, high = paired_interval(*drawn(rng, needed, 0.10, 0.06, alike))
        found += not low <= 0 <= high
    assert 0.75 < found / 600 < 0.87
    if alike:
        alone = groups_needed(drawn(rng, 20_000, 0.10, 0.06, 0.0)[0], 20_000)
        assert needed > 1.5 * alone, "slices that are alike say less"


def test_the_smallest_difference_is_the_one_that_needs_all_the_groups_there_are():
    table = np.array([[800, 110], [60, 30]])
    shown = smallest_difference(table, effect=2.5)
    differ = 170 / 1000
    exactly = np.array([[800, 1000 * (differ + shown) / 2], [1000 * (differ - shown) / 2, 30]])
    assert groups_needed(exactly, 150, effect=2.5) == pytest.approx(150, rel=0.03)


def test_it_is_connors_number_for_independent_cases():
    # psi 0.25, d 0.10: (1.96 sqrt(0.25) + 0.8416 sqrt(0.24))^2 / 0.01 = 193.85
    assert groups_needed(np.array([[60, 17.5], [7.5, 15]]), 100) == pytest.approx(193.85, abs=0.01)


def test_seeds_that_differ_take_more_groups_and_in_the_end_no_number_is_enough():
    table = np.array([[800, 110], [60, 30]])
    few, more = groups_needed(table, 150), groups_needed(table, 150, of_seeds=0.01**2)
    assert few < more
    assert groups_needed(table, 150, of_seeds=0.02**2) is None
    assert smallest_difference(table, of_seeds=0.02**2) > smallest_difference(table)


def test_equal_models_and_no_case_need_no_number():
    assert groups_needed(np.array([[80, 5], [5, 10]]), 20) is None
    assert groups_needed(np.zeros((2, 2)), 0) is None
    assert smallest_difference(np.array([[80, 0], [0, 10]])) is None
    assert smallest_difference(np.array([[80, 5], [5, 10]])) > 0
