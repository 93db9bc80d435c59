"""Matching on tokens made by hand: what counts as one slice, and that nothing else does."""

import numpy as np
import pytest

from common.errors import InputError
from common.overlap.fingerprints import BANDS, POSES, SAME_SLICE_BANDS, Fingerprints
from common.overlap.matches import MatchList
from common.overlap.matching import cross_match, match_lists


def hospital(key: str, slices: int, seed: int, mark: str = "m") -> Fingerprints:
    """A hospital whose tokens are all its own; its indices are the odd numbers."""
    tokens = np.random.default_rng(seed).integers(0, 2**64, (slices, POSES, BANDS), dtype=np.uint64)
    indices = np.arange(slices, dtype=np.int64) * 2 + 1
    return Fingerprints(key, f"Hospital {key.upper()}", 2 * slices, f"{key * 64}", mark, indices, tokens)


def found(first: Fingerprints, second: Fingerprints) -> list[tuple[int, int, int]]:
    matches = cross_match(first, second)
    return list(zip(matches.first.tolist(), matches.second.tolist(), matches.bands.tolist(), strict=True))


@pytest.fixture
def hospitals():
    return hospital("a", 70, 1), hospital("b", 50, 2)


def test_strangers_share_nothing(hospitals):
    assert found(*hospitals) == []
    assert len(cross_match(*hospitals)) == 0


@pytest.mark.parametrize(("equal", "counts"), [(SAME_SLICE_BANDS - 1, False), (SAME_SLICE_BANDS, True), (48, True)])
def test_so_many_equal_tokens_make_one_slice(hospitals, equal, counts):
    a, b = hospitals
    b.tokens[40, 6, :equal] = a.tokens[65, 2, :equal]
    assert found(a, b) == ([(131, 81, equal)] if counts else [])
    assert found(b, a) == ([(81, 131, equal)] if counts else [])


def test_tokens_of_two_orientations_do_not_add_up(hospitals):
    a, b = hospitals
    b.tokens[0, 0, :2], b.tokens[0, 1, :2] = a.tokens[0, 0, :2], a.tokens[0, 1, :2]
    assert found(a, b) == []


def test_the_best_orientation_counts(hospitals):
    a, b = hospitals
    b.tokens[3, 1, :5], b.tokens[3, 4, 10:19] = a.tokens[9, 0, :5], a.tokens[9, 7, 10:19]
    assert found(a, b) == [(19, 7, 9)]


def test_several_copies_are_several_pairs_in_order(hospitals):
    a, b = hospitals
    a.tokens[2] = b.tokens[30] = b.tokens[4] = a.tokens[8]
    assert found(a, b) == [(5, 9, 48), (5, 61, 48), (17, 9, 48), (17, 61, 48)]


def test_a_token_that_everybody_has_is_no_trouble():
    a, b = hospital("a", 300, 1), hospital("b", 300, 2)
    a.tokens[:, :, 0] = b.tokens[:, :, 0] = 7
    assert found(a, b) == []


def test_different_keys_are_no_clean_result(hospitals):
    with pytest.raises(InputError, match=r"DUP003.*Hospital A and Hospital C"):
        cross_match(hospitals[0], hospital("c", 5, 3, mark="other"))


def test_nobody_has_nothing(hospitals):
    assert found(hospitals[0], hospital("c", 0, 3)) == []
    assert found(hospital("c", 0, 3), hospitals[0]) == []


def test_each_hospital_learns_its_own_indices_and_the_others(hospitals):
    a, b = hospitals
    c = hospital("c", 10, 3)
    b.tokens[1] = a.tokens[4]
    c.tokens[2] = a.tokens[4]
    pairs = {(0, 1): cross_match(a, b), (0, 2): cross_match(a, c), (1, 2): cross_match(b, c)}
    lists = match_lists([a, b, c], pairs)
    assert lists == [
        MatchList("a", "a" * 64, ((9, "Hospital B", 3), (9, "Hospital C", 5))),
        MatchList("b", "b" * 64, ((3, "Hospital A", 9), (3, "Hospital C", 5))),
        MatchList("c", "c" * 64, ((5, "Hospital A", 9), (5, "Hospital B", 3))),
    ]
