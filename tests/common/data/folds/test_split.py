from time import process_time

import numpy as np
import pytest

from common.data.duplicates import NearPairs
from common.data.folds.parts import GAP_SLICES
from common.data.folds.split import fold_split
from common.data.groups import Groups
from common.data.split import Split, groups_across_splits

FOLDS = 5


def grouped(group: list[int], ordered: bool) -> Groups:
    count = len(group)
    listing = np.full(count, 0 if ordered else -1, dtype=np.int64)
    return Groups(np.array(group), listing, np.arange(count), np.full(count, 0.5), 0.96)


def look_alikes(*pairs: tuple[int, int, float]) -> NearPairs:
    first, second, correlation = (np.array(each) for each in zip(*sorted(pairs), strict=True))
    return NearPairs(first, second, correlation, np.zeros(len(pairs), dtype=np.int64))


def all_folds(labels, groups=None, pairs=None, usable=None, folds=FOLDS, seed=42) -> list[Split]:
    labels = np.array(labels, dtype=np.int64)
    usable = np.ones(len(labels), dtype=bool) if usable is None else usable
    return [fold_split(labels, groups, pairs, usable, folds, fold, 0.15, seed) for fold in range(1, folds + 1)]


def patients(rng: np.random.Generator, count: int, largest: int) -> list[int]:
    """Numbers that come in bunches of 1 to `largest`."""
    return np.repeat(np.arange(count), rng.integers(1, largest + 1, count))[:count].tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ordered", [False, True])
def test_each_usable_slice_is_tested_in_exactly_one_fold_and_no_group_is_cut(seed, ordered):
    rng = np.random.default_rng(seed)
    groups = grouped(patients(rng, 400, 12), ordered)
    labels, usable = np.sort(rng.integers(0, 4, 400)), rng.random(400) < 0.9
    splits = all_folds(labels, groups, None, usable, seed=seed)
    assert sorted(np.concatenate([each.test for each in splits]).tolist()) == np.flatnonzero(usable).tolist()
    for each in splits:
        together = np.concatenate([each.train, each.val, each.test, each.gap])
        assert sorted(together.tolist()) == np.flatnonzero(usable).tolist()
        assert groups_across_splits(each, groups.group) == 0
        assert {label for part in each.parts().values() for label in labels[part].tolist()} == {0, 1, 2, 3}
        assert abs(len(each.test) - usable.sum() / FOLDS) < 40
        assert abs(len(each.val) - 0.15 * (usable.sum() - len(each.test))) < 20
        assert len(each.gap) <= 4 * 2 * 15 * ordered  # whole groups, of four classes, on two sides


def test_a_fold_is_the_same_whichever_was_asked_for_first_and_another_with_another_seed():
    groups = grouped(patients(np.random.default_rng(0), 200, 6), ordered=True)
    one, again, other = (all_folds([0] * 200, groups, seed=seed) for seed in (1, 1, 2))
    assert [each.test.tolist() for each in one] == [each.test.tolist() for each in again]
    assert [each.test.tolist() for each in one] != [each.test.tolist() for each in other]


def test_along_a_listing_nothing_near_a_tested_slice_trains():
    groups = grouped([number // 4 for number in range(400)], ordered=True)
    for each in all_folds([0] * 400, groups):
        apart = np.abs(each.train[:, None] - each.test).min()
        assert apart > 15  # half of the validation slices, and the gap behind them
        assert len(each.gap) == 2 * 8  # two whole groups of four on either side
        assert np.abs(each.train[:, None] - each.val).min() > GAP_SLICES


def test_without_an_order_nothing_is_left_out():
    groups = grouped([number // 4 for number in range(400)], ordered=False)
    for each in all_folds([0] * 400, groups):
        assert len(each.gap) == 0
        assert len(each.test) == 80


def test_look_alikes_below_the_level_of_groups_are_tested_together():
    groups = grouped(list(range(100)), ordered=False)
    pairs = look_alikes(*((number, number + 50, 0.94) for number in range(50)))
    for each in all_folds([0] * 100, groups, pairs):
        tested = set(each.test.tolist())
        assert all((number in tested) == (number + 50 in tested) for number in range(50))
        assert len(tested) == 20
    assert any({0, 50} & set(each.test.tolist()) != {0, 50} for each in all_folds([0] * 100, groups) if 0 in each.test)


def test_a_chain_of_look_alikes_is_no_giant():
    groups = grouped(list(range(100)), ordered=False)
    pairs = look_alikes(*((number, number + 1, 0.95) for number in range(99)))
    assert {len(each.test) for each in all_folds([0] * 100, groups, pairs)} == {20}


def test_a_group_of_two_classes_is_in_one_fold():
    labels = [0, 1, *([0] * 40), *([1] * 60)]
    groups = grouped([0, 0, *range(1, 101)], ordered=False)
    splits = all_folds(labels, groups)
    assert all((0 in each.test) == (1 in each.test) for each in splits)
    assert sum(0 in each.test for each in splits) == 1


def test_a_class_of_fewer_groups_than_folds_is_tested_once_and_trains_else():
    labels = [0] * 50 + [1] * 6
    groups = grouped([*range(50), 50, 50, 51, 51, 52, 52], ordered=False)
    splits = all_folds(labels, groups)
    tested = [sorted(index for index in each.test.tolist() if index >= 50) for each in splits]
    assert sorted(filter(None, tested)) == [[50, 51], [52, 53], [54, 55]]
    assert all(any(index >= 50 for index in each.train.tolist()) for each in splits)


def test_a_giant_takes_a_fold_and_the_others_share_the_rest():
    groups = grouped([0] * 40 + list(range(1, 61)), ordered=True)
    for seed in range(5):
        assert sorted(len(each.test) for each in all_folds([0] * 100, groups, seed=seed)) == [15, 15, 15, 15, 40]


@pytest.mark.parametrize("ordered", [False, True])
def test_of_as_many_groups_as_folds_each_is_tested_in_another(ordered):
    groups = grouped([0] * 12 + [1] * 6 + [2] * 6 + [3] * 5 + [4] * 1, ordered)
    for seed in range(10):
        assert all(len(set(groups.group[each.test])) == 1 for each in all_folds([0] * 30, groups, seed=seed))


def test_one_lonely_slice_of_a_class_is_tested_in_one_fold():
    splits = all_folds([0] * 30 + [3])
    assert sum(30 in each.test for each in splits) == 1
    assert sum(30 in each.train for each in splits) == FOLDS - 1


def test_twenty_thousand_slices_are_dealt_in_seconds():
    count = 20_000
    groups = grouped([number // 3 for number in range(count)], ordered=True)
    start = process_time()
    one = fold_split(np.zeros(count, np.int64), groups, None, np.ones(count, bool), 5, 2, 0.15, 42)
    assert process_time() - start < 10
    assert len(one.test) == pytest.approx(count / 5, abs=3)
