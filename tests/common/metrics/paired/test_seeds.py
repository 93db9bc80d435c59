"""Two recipes over seeds: cases that seeds share count once, and what seeds change is part of the interval."""

from __future__ import annotations

import numpy as np
import pytest

from common.metrics.paired.difference import paired_interval
from common.metrics.paired.seeds import (
    PairedTables,
    add_tables,
    distinct_share,
    figures_over_seeds,
    interval_over_seeds,
)


def tables(both: int, this: int, reference: int, neither: int, effect: float = 1.0, scale: int = 5) -> PairedTables:
    """One class alone; a group is `scale` slices."""
    slices = np.zeros((4, 2, 2), np.int64)
    slices[0] = [[both, this], [reference, neither]]
    return PairedTables(slices, slices // scale, effect)


ONE = tables(800, 100, 60, 40, effect=2.0)


def test_seeds_that_judge_the_same_cases_are_not_more_cases():
    alone, thrice = figures_over_seeds([ONE], 1.0), figures_over_seeds([ONE] * 3, 1 / 3)
    for part in ("slices", "patients"):
        for key in ("cases", "groups", "difference", "groups_needed", "mcnemar_p"):
            assert thrice[part][key] == pytest.approx(alone[part][key]), key
        assert thrice[part]["interval"] == pytest.approx(alone[part]["interval"])
    assert alone["slices"]["interval"] == paired_interval(ONE.slices[0], 2.0)
    assert alone["slices"]["groups"] == alone["patients"]["cases"] == 200


def test_what_counts_is_how_often_each_slice_is_tested():
    assert distinct_share([{"A": [0, 1, 2]}, {"A": [3, 4]}]) == 1.0
    assert distinct_share([{"A": [0, 1, 2]}, {"B": [0, 1, 2]}]) == 1.0, "two hospitals' slices share no index"
    assert distinct_share([{"A": range(10)}] * 4) == 0.25
    assert distinct_share([{"A": [0, 1, 2, 3]}, {"A": [2, 3, 4, 5]}]) == pytest.approx(8 / (4 * 1 + 2 * 4))
    assert distinct_share([]) == 1.0


def test_cells_that_share_no_case_add_up_with_the_effect_of_their_slices():
    found = add_tables([ONE, tables(10, 0, 0, 0, effect=5.0)])
    assert found.slices[0].tolist() == [[810, 100], [60, 40]]
    assert found.effect == pytest.approx((1000 * 2.0 + 10 * 5.0) / 1010)
    assert add_tables([tables(0, 0, 0, 0)]).effect == 1.0


def test_seeds_that_disagree_widen_the_interval_as_few_of_them_must():
    seeds = [tables(800, 120, 40, 40), tables(800, 80, 80, 40), tables(800, 100, 60, 40)]
    found, alike = figures_over_seeds(seeds, 1 / 3)["slices"], figures_over_seeds([seeds[2]] * 3, 1 / 3)["slices"]
    assert found["spread"] == pytest.approx(np.std([0.08, 0.0, 0.04], ddof=1))
    assert found["difference"] == pytest.approx(alike["difference"])
    assert found["interval"][0] < 0 < alike["interval"][0]
    assert found["groups_needed"] is None, "seeds alone hide it"
    assert alike["groups_needed"] > 0


def test_the_interval_holds_the_true_difference_where_seeds_share_cases_and_move_it():
    """Groups, seeds and both together move a difference; the interval is to hold the mean over all of them."""
    rng, truth, held, narrow = np.random.default_rng(5), 0.04, 0, 0
    groups, slices, number = 120, 5, 3
    for _ in range(500):
        of_group = rng.normal(0, 0.06, groups)
        seeds = []
        for _ in range(number):
            gain = truth + rng.normal(0, 0.02) + of_group
            chance = rng.random((groups, slices))
            this, reference = chance < (0.12 + gain / 2)[:, None], chance > 1 - (0.12 - gain / 2)[:, None]
            seeds.append([[(~this & ~reference).sum(), this.sum()], [reference.sum(), 0]])
        table = np.sum(seeds, axis=0) / number
        spread = float(np.std([(t[0][1] - t[1][0]) / (groups * slices) for t in seeds], ddof=1))
        low, high = interval_over_seeds(table, 1.0, spread, number)
        held += low <= truth <= high
        low, high = paired_interval(np.sum(seeds, axis=0), 1.0)  # as if seeds were new cases
        narrow += low <= truth <= high
    assert 0.94 <= held / 500 <= 1.0
    assert narrow < 0.92 * 500 < held, "seeds counted as cases claim too much"


def test_classes_and_nothing_at_all():
    found = figures_over_seeds([ONE], 1.0)
    assert found["slices"]["per_class"]["glioma"]["difference"] == pytest.approx(0.04)
    empty = found["slices"]["per_class"]["notumor"]
    assert (empty["cases"], empty["difference"], empty["interval"], empty["groups_needed"]) == (0, None, None, None)
    assert figures_over_seeds([], 1.0) is None
    assert figures_over_seeds([tables(0, 0, 0, 0)], 1.0) is None
