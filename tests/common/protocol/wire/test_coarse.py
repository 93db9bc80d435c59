"""Fewer digits: how much is lost, that it is made up for, and what a decoder refuses."""

import numpy as np
import pytest

from common.protocol.wire.coarse import BFLOAT16, CODES, LEVELS, SCALES, coarse_names, decoded, encoded, lost_share
from common.protocol.wire.compression import compressed

CODINGS = (BFLOAT16, *LEVELS)
SIZES = [1, 511, 512, 513, 3, 1025]


def wanted(seed: int = 0, scale: float = 1e-3):
    return (scale * np.random.default_rng(seed).standard_normal(sum(SIZES))).astype(np.float32)


def packed(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(compressed(array.tobytes()), np.uint8)


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_read_is_what_was_coded_and_no_number_is_longer_than_its_blocks_longest(coding):
    way = wanted()
    found = encoded(coding, way, SIZES)
    np.testing.assert_array_equal(decoded(coding, found.sent, SIZES), found.value)
    start = 0
    for size in SIZES:
        part, read = way[start : start + size], found.value[start : start + size]
        longest = np.abs(part).max()
        assert np.abs(read).max() <= longest * (1 + 1e-2 * (coding == BFLOAT16) + 1e-6)
        assert np.abs(read - part).max() <= longest * lost_share(coding) * 1.01
        start += size


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_lost_is_made_up_for_later(coding):
    asked, arrived, lost = np.zeros(sum(SIZES)), np.zeros(sum(SIZES)), np.zeros(sum(SIZES), np.float32)
    for seed in range(12):
        way = wanted(seed) + lost
        value = encoded(coding, way, SIZES).value
        lost = way - value
        asked += wanted(seed)
        arrived += value
        assert np.abs(lost).max() <= 1.01 * lost_share(coding) * 5e-3, "it never grows"
    np.testing.assert_allclose(arrived + lost, asked, atol=1e-7)


@pytest.mark.parametrize("coding", CODINGS)
def test_nothing_and_what_is_hardly_anything_are_coded(coding):
    nothing = np.zeros(sum(SIZES), np.float32)
    np.testing.assert_array_equal(encoded(coding, nothing, SIZES).value, nothing)
    tiny = np.full(sum(SIZES), 1e-44, np.float32)
    assert np.isfinite(encoded(coding, tiny, SIZES).value).all()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_arrives_as_something_that_is_not(coding, value):
    way = wanted()
    way[700] = value
    found = decoded(coding, encoded(coding, way, SIZES).sent, SIZES)
    assert not np.isfinite(found).all()
    assert np.isfinite(found[:512]).all()


@pytest.mark.parametrize("coding", CODINGS)
def test_other_sizes_and_parts_are_refused(coding):
    sent = encoded(coding, wanted(), SIZES).sent
    for wrong in (SIZES[:-1], [*SIZES, 1]):
        with pytest.raises(ValueError, match="frame"):
            decoded(coding, sent, wrong)
    for name in sent:
        with pytest.raises(ValueError, match=name):
            decoded(coding, {other: part for other, part in sent.items() if other != name}, SIZES)
        with pytest.raises(ValueError, match="frame"):
            decoded(coding, sent | {name: np.zeros(9, np.uint8)}, SIZES)


@pytest.mark.parametrize("coding", LEVELS)
def test_a_scale_below_zero_and_a_level_above_the_highest_are_refused(coding):
    sent = encoded(coding, wanted(), SIZES).sent
    blocks = sum(-(-size // 512) for size in SIZES)
    with pytest.raises(ValueError, match="cannot be"):
        decoded(coding, sent | {SCALES: packed(np.full(blocks, -1, np.float32))}, SIZES)
    count = sum(SIZES) if coding == "int8" else (sum(SIZES) + 1) // 2
    with pytest.raises(ValueError, match="cannot be"):
        decoded(coding, sent | {CODES: packed(np.full(count, 0x80, np.uint8))}, SIZES)


def test_only_weights_of_float32_are_coded_so():
    arrays = {
        "a.weight": np.zeros(3, np.float32),
        "a.running_var": np.zeros(3, np.float32),
        "a.num_batches_tracked": np.zeros((), np.int64),
        "b.weight": np.zeros(3, np.float64),
        "c.weight": np.zeros(0, np.float32),
    }
    assert coarse_names(arrays) == ["a.weight"]
