import io
import json

import numpy as np
import pytest

from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol import codec
from common.protocol.codec import pack, unpack
from common.protocol.names import BLOCK, MANIFEST


def test_a_model_comes_back_to_the_bit():
    arrays = arrays_from_state(initial_weights("resnet18", 0))
    packed = pack(arrays)
    assert packed[BLOCK].dtype == packed[MANIFEST].dtype == np.uint8
    assert len(packed[BLOCK]) == sum(array.nbytes for array in arrays.values())
    back = unpack(packed)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert np.array_equal(back[name], array)


def test_nothing_packs_to_nothing():
    assert unpack(pack({})) == {}


GOOD = pack({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(7, np.int64)})


def manifest(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


@pytest.mark.parametrize(
    "changes",
    [
        {BLOCK: GOOD[BLOCK][:-1]},
        {BLOCK: np.append(GOOD[BLOCK], np.uint8(0))},
        {BLOCK: GOOD[BLOCK].astype(np.float32)},
        {BLOCK: GOOD[BLOCK].reshape(1, -1)},
        {"more": GOOD[BLOCK]},
        {MANIFEST: manifest("no json")},
        {MANIFEST: manifest("{}")},
        {MANIFEST: np.array([255, 254], np.uint8)},
        {MANIFEST: manifest(json.dumps([["a", "object", [2, 3]]]))},
        {MANIFEST: manifest(json.dumps([["a", "float32", [-2, 3]]]))},
        {MANIFEST: manifest(json.dumps([["a", "float32", [2**40, 2**40]]]))},
        {MANIFEST: manifest(json.dumps([["a", "float32", [1.5]]]))},
    ],
)
def test_what_does_not_belong_together_is_refused(changes):
    with pytest.raises(ValueError):
        unpack({**GOOD, **changes})


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array(3),
        np.zeros((0, 3), np.int8),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0)[::3],
        np.array([True]),
    ],
)
def test_a_file_is_numpys_own_and_read_in_place(array):
    expected = io.BytesIO()
    np.save(expected, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
    assert codec.as_npy(array) == expected.getvalue()
    back = codec.from_npy(codec.as_npy(array))
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)
    assert not back.flags.owndata
