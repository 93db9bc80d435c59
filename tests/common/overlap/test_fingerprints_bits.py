import numpy as np
import pytest

from common.data.thumbs import orient
from common.overlap.fingerprints import BITS, coefficients, has_shape, sign_bits

ROWS, COLUMNS = np.meshgrid(np.arange(16), np.arange(16), indexing="ij")
USED = (ROWS % 2 == 1) | (COLUMNS % 2 == 1)
ROW, COLUMN = ROWS[USED], COLUMNS[USED]  # the frequency behind each bit


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(3).integers(0, 200, (20, 32, 32)).astype(np.uint8)


def test_there_are_as_many_bits_as_frequencies_odd_along_an_axis(pictures):
    assert USED.sum() == BITS == 192
    assert coefficients(pictures).shape == (20, 192)


def test_a_picture_that_is_brighter_to_the_right_by_hand():
    picture = np.tile(np.arange(32, dtype=np.uint8) * 8, (1, 32, 1))
    found = coefficients(picture)[0]
    lowest = found[(ROW == 0) & (COLUMN == 1)].item()
    # the cosine falls from left to right while the picture rises
    cosines = [round(4096 * np.cos(np.pi * (2 * x + 1) / 64)) for x in range(32)]
    assert lowest == 32 * 4096 * sum(8 * x * cosines[x] for x in range(32)) < 0
    assert (found[ROW % 2 == 1] == 0).all(), "nothing changes from top to bottom"


def test_whole_numbers_whatever_the_order_of_the_sum(pictures):
    found = coefficients(pictures)
    assert (found == np.rint(found)).all()
    assert np.abs(found).max() < 2**53
    np.testing.assert_array_equal(found[:, ::-1], coefficients(pictures)[:, ::-1])
    basis = np.rint(4096 * np.cos(np.pi * np.outer(np.arange(16), 2 * np.arange(32) + 1) / 64)).astype(int)
    exact = sum(int(basis[5, y]) * int(pictures[0, y, x]) * int(basis[2, x]) for y in range(32) for x in range(32))
    assert found[0][(ROW == 5) & (COLUMN == 2)].item() == exact


def test_brightness_and_contrast_change_no_bit(pictures):
    np.testing.assert_array_equal(coefficients(pictures + 55), coefficients(pictures))
    half = (pictures // 2 * 2).astype(np.uint8)
    np.testing.assert_array_equal(sign_bits(half // 2), sign_bits(half))


def test_mirroring_turns_the_signs_that_are_odd_along_the_row_and_no_other(pictures):
    turned = np.where(COLUMN % 2 == 1, -1, 1)
    np.testing.assert_array_equal(coefficients(orient(pictures, 4)), coefficients(pictures) * turned)


def test_a_turned_picture_has_the_same_eight_rows_of_bits(pictures):
    def rows(bits):
        return {row.tobytes() for row in bits}

    for orientation in range(8):
        turned = sign_bits(orient(pictures, orientation))
        assert all(rows(a) == rows(b) for a, b in zip(turned, sign_bits(pictures), strict=True))


def test_blocks_do_not_show(pictures, monkeypatch):
    whole, shapes = sign_bits(pictures), has_shape(pictures)
    monkeypatch.setattr("common.overlap.fingerprints._BLOCK", 7)
    np.testing.assert_array_equal(sign_bits(pictures), whole)
    np.testing.assert_array_equal(has_shape(pictures), shapes)


def test_what_has_no_shape_has_no_say():
    disc = (np.hypot(*np.mgrid[-15.5:16, -15.5:16]) < 9).astype(np.uint8) * 200
    half = disc.copy()
    half[:12] = 0
    dull = np.zeros_like(disc)
    assert has_shape(np.stack([dull, dull + 200, disc, half])).tolist() == [False, False, False, True]
    assert has_shape(np.empty((0, 32, 32), np.uint8)).shape == (0,)
