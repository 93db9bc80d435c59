import numpy as np
import pytest

from common.config.partition import Part
from common.data.groups import Groups
from common.data.partition.deal import deal
from common.errors import InputError

WAYS = ("patients", "size", "classes")


def cut(count: int, by: str = "patients", alpha: float = 0.5, seed: int = 42) -> Part:
    return Part(1, count, by, alpha, seed)


def groups_of(group: np.ndarray, ordered: bool = False) -> Groups:
    count = len(group)
    return Groups(group, np.full(count, 0 if ordered else -1), np.arange(count), np.full(count, 0.5), 0.96)


def folder(count: int = 400, largest: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels in order, and groups of 1 to `largest` slices of one class."""
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, 4, count))
    group, number = np.zeros(count, dtype=np.int64), 0
    for label in range(4):
        files = np.flatnonzero(labels == label)
        bunches = np.repeat(np.arange(len(files)), rng.integers(1, largest + 1, len(files)))[: len(files)]
        group[files] = number + bunches
        number += len(files)
    return labels, np.unique(group, return_inverse=True)[1].astype(np.int64)


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("count", [2, 5, 17])
def test_every_usable_slice_is_in_one_part_and_no_group_in_two(by, ordered, count):
    labels, group = folder()
    usable = np.arange(len(labels)) % 7 > 0
    part = deal(labels, groups_of(group, ordered), usable, cut(count, by))
    assert ((part >= 0) == usable).all()
    assert set(part[usable].tolist()) == set(range(count))
    for number in np.unique(group[usable]):
        assert len(np.unique(part[(group == number) & usable])) == 1


@pytest.mark.parametrize("ordered", [False, True])
def test_by_patients_parts_have_alike_many_slices_of_each_class(ordered):
    labels, group = folder(800, 3)
    part = deal(labels, groups_of(group, ordered), np.ones(800, dtype=bool), cut(8))
    held = np.array([np.bincount(labels[part == each], minlength=4) for each in range(8)])
    assert (abs(held - np.bincount(labels) / 8) < 4).all()


def test_a_group_larger_than_a_share_is_one_parts_share_of_its_class():
    labels = np.repeat([0, 1], [120, 120])
    group = np.concatenate([np.zeros(60, dtype=np.int64), np.arange(1, 181)])
    part = deal(labels, groups_of(group), np.ones(240, dtype=bool), cut(6))
    sizes = np.array([np.bincount(labels[part == each], minlength=2) for each in range(6)])
    assert sorted(sizes[:, 0].tolist()) == [12, 12, 12, 12, 12, 60], "the others share what is left"
    assert sizes[:, 1].tolist() == [20] * 6


def test_in_a_listing_each_part_has_one_stretch_of_a_class():
    labels = np.zeros(120, dtype=np.int64)
    part = deal(labels, groups_of(np.repeat(np.arange(40), 3), ordered=True), np.ones(120, dtype=bool), cut(5))
    assert (np.diff(part) != 0).sum() == 4, "patients that several groups are of are cut at four places at most"


def test_parts_too_small_to_be_divided_are_topped_up():
    labels, group = folder(400, 1)
    part = deal(labels, groups_of(group), np.ones(400, dtype=bool), cut(40, "size", 0.05))
    for each in range(40):
        own = labels[part == each]
        assert len(own) >= 4
        assert np.bincount(own).max() >= 3


def test_too_few_groups_is_one_sentence_that_says_for_how_many_they_are_enough():
    labels = np.repeat([0, 1], [60, 60])
    with pytest.raises(InputError, match="PART002") as error:
        deal(labels, groups_of(np.repeat(np.arange(12), 10)), np.ones(120, dtype=bool), cut(4))
    assert "12 groups of related slices are too few for 4 hospitals" in error.value.sentence
    assert "enough for 3 at most" in error.value.sentence


def test_a_folder_without_usable_slices_cannot_be_cut():
    with pytest.raises(InputError, match="PART002"):
        deal(np.zeros(9, dtype=np.int64), groups_of(np.arange(9)), np.zeros(9, dtype=bool), cut(2))


@pytest.mark.parametrize("by", WAYS)
def test_the_seed_alone_decides(by):
    labels, group = folder()
    usable = np.ones(400, dtype=bool)
    first, again, other = (deal(labels, groups_of(group), usable, cut(5, by, seed=seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
