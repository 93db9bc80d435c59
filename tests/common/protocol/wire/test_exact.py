"""What is coded without loss comes back to the bit, whatever the bits are."""

import numpy as np
import pytest

from common.protocol.wire.compression import compressed
from common.protocol.wire.exact import EXACT, difference, restored


def models():
    """Two models of every type, with bit patterns that no arithmetic would keep."""
    rng = np.random.default_rng(0)
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45, -3.4e38, 1.0], np.float32)
    quiet = np.array([0x7FC00001, 0xFFFFFFFF, 0x7F800001], np.uint32).view(np.float32)
    before = {
        "w": rng.standard_normal((4, 3, 5), np.float32),
        "special": special,
        "nan": quiet[::-1].copy(),
        "count": np.array(7, np.int64),
        "half": rng.standard_normal(5).astype(np.float16),
        "none": np.zeros((0, 4), np.float32),
        "double": rng.standard_normal(3),
        "flag": np.array([True, False]),
        "byte": np.array([-128, 127], np.int8),
    }
    after = {
        "w": before["w"] + np.float32(1e-3) * rng.standard_normal((4, 3, 5), np.float32),
        "special": special[::-1].copy(),
        "nan": quiet,
        "count": np.array(-(2**63), np.int64),
        "half": before["half"][::-1].copy(),
        "none": np.zeros((0, 4), np.float32),
        "double": -before["double"],
        "flag": np.array([False, False]),
        "byte": np.array([127, -128], np.int8),
    }
    return before, after


def test_every_bit_comes_back():
    before, after = models()
    upside_down = dict(reversed(list(after.items())))
    found = restored(difference(dict(reversed(list(before.items()))), upside_down), before)
    assert list(found) == list(before)
    for name, array in after.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes(), name


def test_of_no_tensors_there_is_nothing():
    assert difference({}, {}) == restored({}, {}) == {}


def test_a_difference_that_is_small_travels_in_fewer_bytes():
    rng = np.random.default_rng(0)
    before = {"w": rng.standard_normal(100_000, np.float32)}
    after = {"w": before["w"] * np.float32(1 + 1e-5)}
    assert difference(before, after)[EXACT].nbytes < 0.5 * before["w"].nbytes


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"other": np.zeros(3, np.uint8)},
        {EXACT: np.zeros(3, np.float32)},
        {EXACT: np.zeros((3, 1), np.uint8)},
        {EXACT: np.zeros(3, np.uint8)},
        {EXACT: np.frombuffer(compressed(bytes(10)), np.uint8)},
    ],
)
def test_what_makes_no_model_is_refused(sent):
    with pytest.raises(ValueError, match=r"exact|frame"):
        restored(sent, models()[0])
