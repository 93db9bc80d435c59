import hashlib
import hmac

import numpy as np
import pytest

from common.data.thumbs import orient
from common.overlap.fingerprints import BAND_BITS, BANDS, BITS, METHOD, POSES, bands, key_mark, sign_bits, tokens_of

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(5).integers(0, 256, (6, 32, 32)).astype(np.uint8)


def test_every_bit_is_in_eight_bands_and_in_none_twice():
    cut = bands()
    assert cut.shape == (BANDS, BAND_BITS)
    assert np.bincount(cut.reshape(-1), minlength=BITS).tolist() == [8] * BITS
    assert all(len(set(band)) == BAND_BITS for band in cut.tolist())


def test_a_token_by_hand(pictures):
    bits = sign_bits(pictures[:1])
    number, pose = 17, 3
    text = "".join("1" if bits[0, pose, bit] else "0" for bit in bands()[number])
    band = int(text, 2).to_bytes(4, "big")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in KEY.ljust(64, b"\0")) + b"brain-slices-1:17:" + band).digest()
    token = hashlib.sha256(bytes(b ^ 0x5C for b in KEY.ljust(64, b"\0")) + inner).digest()[:8]
    sets = [set(row.tolist()) for row in tokens_of(bits, KEY)[0]]
    assert sum(int.from_bytes(token, "big") in row for row in sets) == 1


def test_the_method_stays_what_its_name_says():
    """Hospitals of two versions must not compare what cannot be equal: whoever changes this raises `METHOD`."""
    ramp = (np.add.outer(3 * np.arange(32), 5 * np.arange(32) ** 2 // 32) % 256).astype(np.uint8)
    made = hashlib.sha256(tokens_of(sign_bits(ramp[None]), KEY).astype("<u8").tobytes()).hexdigest()
    assert (METHOD, made[:16]) == ("brain-slices-1", "47607cbb457b7c4e")


def test_one_bit_changes_the_eight_bands_it_is_in(pictures):
    bits = sign_bits(pictures[:1])
    other = bits.copy()
    other[:, :, 100] ^= True
    before, after = tokens_of(bits, KEY)[0], tokens_of(other, KEY)[0]
    common = [max(len(np.intersect1d(a, b)) for b in after) for a in before]
    assert common == [BANDS - 8] * POSES


def test_order_says_neither_band_nor_orientation(pictures):
    made = tokens_of(sign_bits(pictures), KEY)
    assert (np.diff(made.astype(object), axis=2) > 0).all()
    assert (np.diff(made[:, :, 0].astype(object), axis=1) > 0).all()
    for orientation in range(8):
        np.testing.assert_array_equal(tokens_of(sign_bits(orient(pictures, orientation)), KEY), made)


def test_another_key_shares_no_token(pictures):
    other = KEY[:-1] + b"\0"
    bits = sign_bits(pictures)
    assert not np.intersect1d(tokens_of(bits, KEY), tokens_of(bits, other)).size
    assert key_mark(KEY) != key_mark(other)
    assert key_mark(KEY) == hmac.new(KEY, b"brain-slices-1:mark", "sha256").hexdigest()[:16]


def test_no_slice_no_token():
    assert tokens_of(sign_bits(np.empty((0, 32, 32), np.uint8)), KEY).shape == (0, POSES, BANDS)
