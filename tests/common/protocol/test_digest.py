import hashlib

import numpy as np

from common.protocol.codec import pack
from common.protocol.digest import digest_of, from_stream, stream

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array(7, np.int64),
    "empty": np.zeros((0, 2), np.float32),
    "mask": np.array([True, False]),
}


def content(arrays):
    return b"".join(bytes(part) for part in stream(arrays))


def test_what_is_kept_is_what_was_hashed_and_reads_back():
    for arrays in (ARRAYS, pack(ARRAYS), {}):
        assert hashlib.sha256(content(arrays)).hexdigest() == digest_of(arrays)
        back = from_stream(content(arrays))
        assert back.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(back[name], array)
            assert back[name].dtype == array.dtype


def test_the_order_of_names_does_not_count_and_everything_else_does():
    assert digest_of(dict(reversed(ARRAYS.items()))) == digest_of(ARRAYS)
    others = [
        {**ARRAYS, "a": np.array(8, np.int64)},
        {**ARRAYS, "a": np.array(7, np.uint64)},
        {**ARRAYS, "a": np.array([7], np.int64)},
        {**ARRAYS, "b": ARRAYS["b"].reshape(3, 2)},
        {("c" if name == "a" else name): array for name, array in ARRAYS.items()},
    ]
    assert len({digest_of(each) for each in [ARRAYS, *others]}) == 6


def test_a_view_that_is_not_contiguous_counts_as_its_values():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert digest_of({"a": array.T}) == digest_of({"a": np.ascontiguousarray(array.T)})
