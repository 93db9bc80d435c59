"""All folds of a seed together, and two strategies fold by fold."""

from dataclasses import replace

import numpy as np
import pytest

from common.study.answers import difference
from common.study.figures import over_seeds
from common.study.folds import difference_over_folds, fold_differences
from common.study.statistics import ACCURACY, MACRO_F1, estimate
from tests.support.studies import HOSPITALS, A, study
from tests.support.unseen_studies import folded, of_folds


def test_confusions_of_all_folds_add_up_and_a_seed_that_lacks_one_is_left_out():
    found = of_folds()
    merged = found.seeds_of("fedavg")[42]
    assert merged.tests[A].sum() == 300
    assert merged.tests[A][0, 0] == 70 + 80 + 90
    assert merged.steps == 3 * 60
    lacking = replace(found, cells=tuple(each for each in found.cells if (each.cell.seed, each.cell.fold) != (43, 2)))
    assert list(lacking.seeds_of("fedavg")) == [42]


def test_a_design_effect_of_all_folds_counts_by_their_slices():
    found = of_folds()
    cells = [replace(each, effects={A: 1.0 + (each.cell.fold or 0)}) for each in found.cells]
    assert replace(found, cells=tuple(cells)).seeds_of("fedavg")[42].effects[A] == pytest.approx(3.0)


def test_pairs_are_of_one_fold_and_one_seed():
    pairs = fold_differences(of_folds(), "pooled", "fedavg", ACCURACY, HOSPITALS)
    assert sorted(round(100 * each) for each in pairs) == [1, 1, 2, 2, 3, 3]


def test_the_interval_of_a_difference_is_wider_than_that_of_independent_pairs():
    found = difference_over_folds(of_folds(), "pooled", "fedavg", ACCURACY, HOSPITALS)
    pairs = [0.02, 0.01, 0.03, 0.01, 0.03, 0.02]
    assert found.mean == pytest.approx(np.mean(pairs))
    half = 2.5706 * np.std(pairs, ddof=1) * (1 / 6 + 1 / 2) ** 0.5
    assert found.interval == pytest.approx((np.mean(pairs) - half, np.mean(pairs) + half), abs=1e-5)


def test_answers_are_of_all_folds_together_and_say_what_they_rest_on():
    said = difference(of_folds(), "fedavg", "pooled", ACCURACY, None)
    assert said.seeds == (42, 43)
    assert said.verdict.words.startswith("worse by 2.0 points (0.1 to 3.9)")
    one = replace(of_folds(), cells=tuple(each for each in of_folds().cells if each.cell.seed == 42))
    words = difference(one, "fedavg", "pooled", ACCURACY, None).verdict.words
    assert "no difference that three folds with one seed can show" in words, "folds stand for seeds"


def test_figures_have_intervals_over_groups_and_macro_f1_over_folds():
    found = over_seeds(of_folds(), "fedavg", ACCURACY, HOSPITALS)
    assert found.mean == pytest.approx(0.8)
    assert 0.02 < found.interval[1] - found.interval[0] < 0.06
    assert over_seeds(of_folds(), "fedavg", MACRO_F1, HOSPITALS).interval is not None


def test_models_that_differ_by_chance_alone_are_told_apart_as_rarely_as_the_interval_says():
    """A training set that suits one of them suits it in every fold, since folds share most of their slices."""
    draws, folds, trials = np.random.default_rng(3), 5, 300
    told, told_by_plain_t = 0, 0
    for _ in range(trials):
        luck = draws.normal(0, 0.7)
        rights = [[round(80 + sign * luck + draws.normal(0, 2)) for _ in range(folds)] for sign in (1, -1)]
        cells = [*folded("fedavg", 42, rights[0]), *folded("pooled", 42, rights[1])]
        found = study(cells, folds=folds)
        low, high = difference_over_folds(found, "fedavg", "pooled", ACCURACY, HOSPITALS).interval
        told += not low <= 0 <= high
        low, high = estimate(fold_differences(found, "fedavg", "pooled", ACCURACY, HOSPITALS)).interval
        told_by_plain_t += not low <= 0 <= high
    assert told / trials < 0.08
    assert told_by_plain_t / trials > 0.12
