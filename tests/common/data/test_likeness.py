from time import process_time

import numpy as np
import pytest

from common.data.likeness import nearest_likeness
from common.data.thumbs import ORIENTATIONS, correlate, orient


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32), dtype=np.uint8)


def test_likeness_is_the_highest_correlation_over_slices_and_orientations():
    thumbs = noise(40, 1)
    of, to = np.arange(0, 40, 4), np.setdiff1d(np.arange(40), np.arange(0, 40, 4))
    expected = [
        max(correlate(orient(thumbs[[one]], way), thumbs[[other]])[0] for other in to for way in range(8)) for one in of
    ]
    assert nearest_likeness(thumbs, of, to) == pytest.approx(expected, abs=1e-12)


def test_a_slice_is_found_however_it_is_turned_and_even_beyond_the_first_block():
    thumbs = noise(2 * 2048 + 300, 2)
    to = np.arange(300, len(thumbs))
    for way in range(len(ORIENTATIONS)):
        thumbs[290 + way] = orient(thumbs[[len(thumbs) - 1 - way]], way)[0]
    likeness = nearest_likeness(thumbs, np.arange(300), to)
    assert likeness[290:298] == pytest.approx(np.ones(8), abs=1e-12)
    assert likeness[:290].max() < 0.5
    assert likeness.max() <= 1


def test_of_nothing_and_to_nothing_and_one_even_shade():
    thumbs = np.concatenate([noise(2, 3), np.full((1, 32, 32), 7, np.uint8)])
    none = np.empty(0, dtype=np.int64)
    assert nearest_likeness(thumbs, none, np.arange(3)).tolist() == []
    assert nearest_likeness(thumbs, np.arange(3), none).tolist() == [-1, -1, -1]
    assert nearest_likeness(thumbs, np.array([2]), np.array([0, 1])).tolist() == [0]


def test_500_slices_find_their_nearest_of_2500_in_seconds():
    thumbs = noise(3000, 4)
    start = process_time()
    nearest_likeness(thumbs, np.arange(500), np.arange(500, 3000))
    assert process_time() - start < 20
