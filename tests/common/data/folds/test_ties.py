import numpy as np

from common.data.duplicates import NearPairs
from common.data.folds.ties import tie_look_alikes


def pairs(*found: tuple[int, int, float]) -> NearPairs:
    first, second, correlation = (np.array(each) for each in zip(*sorted(found), strict=True))
    return NearPairs(first, second, correlation, np.zeros(len(found), dtype=np.int64))


def pieces(group: list[int], found: NearPairs, largest: int, members: list[int] | None = None) -> list[int]:
    every = np.arange(len(group)) if members is None else np.array(members)
    return tie_look_alikes(np.array(group), every, found, largest).tolist()


def test_the_most_alike_are_tied_first_and_only_up_to_a_size():
    found = pairs((0, 1, 0.94), (1, 2, 0.95), (2, 3, 0.95), (3, 4, 0.959))
    assert pieces([0, 1, 2, 3, 4], found, largest=2) == [0, 1, 1, 3, 3]
    assert pieces([0, 1, 2, 3, 4], found, largest=5) == [0, 0, 0, 0, 0]


def test_groups_are_tied_whole_and_one_that_is_too_large_stays_alone():
    found = pairs((0, 3, 0.95), (2, 4, 0.95))
    assert pieces([0, 0, 1, 2, 3], found, largest=3) == [0, 0, 1, 0, 1]
    assert pieces([0, 0, 1, 2, 3], found, largest=2) == [0, 0, 1, 2, 1]


def test_slices_of_another_class_and_pairs_that_are_hardly_alike_tie_nothing():
    assert pieces([0, 1, 2], pairs((0, 1, 0.99), (1, 2, 0.93)), largest=3) == [0, 0, 2]
    assert pieces([0, 1, 2], pairs((0, 1, 0.99), (1, 2, 0.97)), largest=3, members=[1, 2]) == [0, 1, 1]
