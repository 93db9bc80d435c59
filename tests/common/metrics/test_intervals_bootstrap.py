"""The bootstrap over groups, against draws worked out one by one and against theory."""

import time

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from common.labels import CLASSES
from common.metrics import intervals
from common.metrics.confusion import count_confusion, figures
from common.metrics.intervals import Resampling, add_replicates, bootstrap_intervals, resample, wilson


def answers(count: int, seed: int = 0, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    true = chance.integers(0, classes, count)
    return true, np.where(chance.random(count) < 0.7, true, chance.integers(0, 4, count))


def test_each_draw_is_made_of_whole_groups_by_hand():
    """Group 5 holds two slices, group 2 one: a draw is (5, 5), (5, 2), (2, 5) or (2, 2)."""
    true, predicted, group = np.array([0, 1, 3]), np.array([0, 2, 3]), np.array([5, 5, 2])
    first, second = count_confusion([0, 1], [0, 2]), count_confusion([3], [3])
    draws = resample(true, predicted, Resampling(group, 1), 4000)
    kinds = {"both first": 2 * first, "one each": first + second, "both second": 2 * second}
    seen = {name: (draws == kind).all(axis=(1, 2)).mean() for name, kind in kinds.items()}
    assert sum(seen.values()) == 1.0, "nothing else is ever drawn"
    assert seen["one each"] == pytest.approx(0.5, abs=0.03)
    assert seen["both first"] == pytest.approx(0.25, abs=0.03)


def test_it_equals_a_plain_loop_over_the_same_draws():
    true, predicted = answers(60)
    group = np.arange(60) // 4
    draws = resample(true, predicted, Resampling(group, 9), 50)
    chance = np.random.Generator(np.random.PCG64(9)).integers(0, 15, size=(50, 15))
    for row, drawn in enumerate(chance):
        members = np.concatenate([np.flatnonzero(group == number) for number in drawn])
        np.testing.assert_array_equal(draws[row], count_confusion(true[members], predicted[members]))


def test_a_seed_is_a_stream_and_blocks_change_nothing(monkeypatch):
    true, predicted = answers(40)
    whole = resample(true, predicted, Resampling(np.arange(40), 3), 100)
    monkeypatch.setattr(intervals, "_CELLS_AT_ONCE", 40 * 7)
    np.testing.assert_array_equal(resample(true, predicted, Resampling(np.arange(40), 3), 100), whole)
    assert (resample(true, predicted, Resampling(np.arange(40), 4), 100) != whole).any()


def test_without_a_slice_every_draw_is_empty():
    nothing = np.zeros(0, np.int64)
    draws = resample(nothing, nothing, Resampling(nothing, 1), 10)
    assert draws.shape == (10, 4, 4)
    assert not draws.any()
    found = bootstrap_intervals(draws, count_confusion(nothing, nothing))
    assert (found.accuracy, found.macro_f1, found.recall) == (None, None, {})


def test_the_figures_of_each_draw_are_scikit_learns(monkeypatch):
    """Percentiles replaced by the draws themselves."""
    kept = []
    monkeypatch.setattr(intervals, "_percentiles", lambda values: kept.append(values) or (0.0, 1.0))
    true, predicted = answers(50, seed=2, classes=3)
    group = np.arange(50) // 2
    observed = count_confusion(true, predicted)
    draws = resample(true, predicted, Resampling(group, 5), 20)
    bootstrap_intervals(draws, observed)
    accuracy, precision, recall, f1 = kept[:4]
    labels = [0, 1, 2]
    rows, columns = (axis.ravel() for axis in np.indices((4, 4)))
    for i, draw in enumerate(draws):
        assert draw[:3].sum(axis=1).all(), "every class is drawn here"
        weight = draw.ravel()
        macro = {"labels": labels, "average": "macro", "sample_weight": weight, "zero_division": 0.0}
        assert accuracy[i] == pytest.approx(accuracy_score(rows, columns, sample_weight=weight))
        assert precision[i] == pytest.approx(precision_score(rows, columns, **macro))
        assert recall[i] == pytest.approx(recall_score(rows, columns, **macro))
        assert f1[i] == pytest.approx(f1_score(rows, columns, **macro))
        assert f1[i] == pytest.approx(figures(draw).macro_f1)


def test_a_draw_without_a_class_leaves_that_class_out():
    observed = count_confusion([0, 0, 1], [0, 0, 1])
    draws = np.stack([observed, count_confusion([0, 0, 0], [0, 0, 0]), count_confusion([1, 1, 1], [0, 1, 1])])
    found = bootstrap_intervals(draws, observed)
    assert found.recall["meningioma"] == pytest.approx((2 / 3 + 0.025 / 3, 1 - 0.025 / 3), abs=0.02)
    assert found.recall["glioma"] == (1.0, 1.0), "the third draw has no glioma, which is not a recall of 0"
    assert set(found.recall) == {"glioma", "meningioma"}
    low, high = found.macro_recall
    assert (round(low, 2), high) == (0.68, 1.0)


def test_single_slices_agree_with_wilson_and_groups_that_err_together_are_wider():
    chance = np.random.default_rng(1)
    right = np.repeat(chance.random(100) < 0.8, 4)  # a group of four is right or wrong together
    true = np.zeros(400, np.int64)
    predicted = np.where(right, 0, 1)
    observed = count_confusion(true, predicted)
    one_by_one = bootstrap_intervals(resample(true, predicted, Resampling(np.arange(400), 2)), observed)
    low, high = wilson(int(right.sum()), 400)
    assert one_by_one.accuracy == pytest.approx((low, high), abs=0.01)
    together = bootstrap_intervals(resample(true, predicted, Resampling(np.arange(400) // 4, 2)), observed)
    ratio = (together.accuracy[1] - together.accuracy[0]) / (high - low)
    assert ratio == pytest.approx(2.0, rel=0.15), "four that err together are worth one: the root of 4"


def test_hospitals_add_up_to_a_bootstrap_stratified_by_hospital():
    parts = [answers(40, seed) for seed in (1, 2)]
    drawn = [resample(*part, Resampling(np.arange(40) // 2, seed), 30) for seed, part in enumerate(parts)]
    total = add_replicates(drawn)
    np.testing.assert_array_equal(total[7], drawn[0][7] + drawn[1][7])
    assert add_replicates([]).shape == (0, 4, 4)
    with pytest.raises(ValueError, match="different numbers"):
        add_replicates([drawn[0], drawn[1][:5]])


def test_the_ends_hold_the_figure_and_stay_fractions():
    true, predicted = answers(120)
    observed = count_confusion(true, predicted)
    found = bootstrap_intervals(resample(true, predicted, Resampling(np.arange(120) // 3, 8)), observed)
    result = figures(observed)
    for ends, value in [
        (found.accuracy, result.accuracy),
        (found.macro_f1, result.macro_f1),
        (found.macro_precision, result.macro_precision),
        *[(found.f1[name], result.per_class[name].f1) for name in CLASSES],
        *[(found.precision[name], result.per_class[name].precision) for name in CLASSES],
    ]:
        assert 0 <= ends[0] < value < ends[1] <= 1


def test_a_thousand_draws_of_five_hundred_slices_take_no_second():
    true, predicted = answers(500)
    started = time.process_time()
    bootstrap_intervals(resample(true, predicted, Resampling(np.arange(500), 1)), count_confusion(true, predicted))
    assert time.process_time() - started < 1.0
