import io

import numpy as np
import pytest
from PIL import Image

from common.data.duplicates import GROUPING_LEVELS, components, exact_duplicates, find_near_duplicates
from common.data.thumbs import ORIENTATIONS, correlate, orient


def drawn(count: int, seed: int = 0) -> np.ndarray:
    """Smooth pictures that hardly resemble one another."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 6, 6), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(c).resize((32, 32), Image.Resampling.BILINEAR)) for c in coarse])


def found(thumbs: np.ndarray) -> list[tuple[int, int]]:
    pairs = find_near_duplicates(thumbs)
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def test_strangers_are_no_pair():
    assert found(drawn(60)) == []


@pytest.mark.parametrize("orientation", range(8))
def test_mirrored_and_turned_copies_are_found_and_named(orientation):
    thumbs = drawn(10)
    thumbs = np.concatenate([thumbs, orient(thumbs[3:4], orientation)])
    pairs = find_near_duplicates(thumbs)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([3], [10])
    back = orient(thumbs[10:], int(pairs.orientation[0]))
    assert np.array_equal(back[0], thumbs[3])
    assert (pairs.orientation[0] == 0) == (orientation == 0)
    assert len(ORIENTATIONS) == 8


def test_recompressed_darker_copy_is_found():
    thumbs = drawn(10)
    stream = io.BytesIO()
    Image.fromarray((thumbs[4] * 0.7).astype(np.uint8)).save(stream, "JPEG", quality=40)
    assert found(np.concatenate([thumbs, np.asarray(Image.open(stream))[None]])) == [(4, 10)]


def test_even_pictures_resemble_only_their_equals():
    even = np.stack([np.full((32, 32), shade, np.uint8) for shade in (0, 0, 128)])
    assert found(np.concatenate([drawn(5), even])) == [(5, 6)]


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_compare(count):
    assert len(find_near_duplicates(drawn(2)[:count])) == 0


def test_search_decides_exactly_as_comparing_all_pairs_would():
    rng = np.random.default_rng(3)
    base = drawn(30)
    noisy = np.clip(base.astype(int) + rng.integers(-25, 26, base.shape), 0, 255).astype(np.uint8)
    thumbs = np.concatenate([base, noisy])
    first, second = np.triu_indices(len(thumbs), 1)
    best = np.max([correlate(thumbs[first], orient(thumbs, k)[second]) for k in range(8)], axis=0)
    above = best > GROUPING_LEVELS[0]
    pairs = find_near_duplicates(thumbs)
    assert pairs.first.tolist() == first[above].tolist()
    assert pairs.second.tolist() == second[above].tolist()
    assert pairs.correlation.tolist() == best[above].tolist()


def test_more_pictures_than_a_block_are_compared_with_all():
    thumbs = drawn(600)
    assert found(np.concatenate([thumbs, thumbs[:1, :, ::-1]])) == [(0, 600)]


def test_a_crowd_of_look_alikes_stays_bounded_and_together():
    rng = np.random.default_rng(0)
    crowd = np.clip(drawn(1).astype(int) + rng.integers(-3, 4, (400, 32, 32)), 0, 255).astype(np.uint8)
    pairs = find_near_duplicates(crowd)
    assert len(pairs) <= 64 * len(crowd)
    assert set(components(pairs.first, pairs.second, len(crowd)).tolist()) == {0}


def test_equal_thumbnails_are_tied_without_all_their_pairs():
    thumbs = np.repeat(drawn(2), 300, axis=0)
    pairs = find_near_duplicates(thumbs)
    assert len(pairs) == 598
    assert np.bincount(components(pairs.first, pairs.second, 600)).tolist() == [300, 300]


def test_renumbered_keeps_the_rest():
    thumbs = drawn(4)
    pairs = find_near_duplicates(np.concatenate([thumbs, thumbs[:1]])).renumbered(np.array([2, 3, 5, 7, 11]))
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([2], [11])


def test_one_common_fingerprint_is_enough_and_carries_over():
    numbers = exact_duplicates(["a", "a", "b", "c", ""], ["1", "2", "2", "3", ""]).tolist()
    assert numbers[0] == numbers[1] == numbers[2]
    assert len(set(numbers)) == 3


def test_files_without_fingerprint_are_alone():
    assert len(set(exact_duplicates(["", "", ""], ["", "", ""]).tolist())) == 3


def test_no_files():
    assert exact_duplicates([], []).tolist() == []
