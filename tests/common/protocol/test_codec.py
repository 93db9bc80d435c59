import json

import numpy as np
import pytest

from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.codec import pack, unpack


def test_a_model_comes_back_to_the_bit():
    arrays = arrays_from_state(initial_weights("resnet18", 0))
    block, manifest = pack(arrays)
    assert block.dtype == np.uint8
    assert len(block) == sum(array.nbytes for array in arrays.values())
    back = unpack(block, manifest)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert np.array_equal(back[name], array)


def test_nothing_packs_to_nothing():
    assert unpack(*pack({})) == {}


GOOD = pack({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(7, np.int64)})


@pytest.mark.parametrize(
    ("block", "manifest"),
    [
        (GOOD[0][:-1], GOOD[1]),
        (np.append(GOOD[0], np.uint8(0)), GOOD[1]),
        (GOOD[0].astype(np.float32), GOOD[1]),
        (GOOD[0], "no json"),
        (GOOD[0], "{}"),
        (GOOD[0], json.dumps([["a", "object", [2, 3]]])),
        (GOOD[0], json.dumps([["a", "float32", [-2, 3]]])),
        (GOOD[0], json.dumps([["a", "float32", [2**40, 2**40]]])),
        (GOOD[0], json.dumps([["a", "float32", [1.5]]])),
    ],
)
def test_what_does_not_belong_together_is_refused(block, manifest):
    with pytest.raises(ValueError):
        unpack(block, manifest)
