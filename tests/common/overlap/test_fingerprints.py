import json

import numpy as np
import pytest

from common.errors import InputError
from common.overlap.fingerprints import BANDS, POSES, Fingerprints


def some(indices=(0, 2, 3)) -> Fingerprints:
    tokens = np.random.default_rng(1).integers(0, 2**64, (len(indices), POSES, BANDS), dtype=np.uint64)
    return Fingerprints("a", "Hospital A", 4, "f" * 64, "0" * 16, np.array(indices, np.int64), tokens)


@pytest.mark.parametrize("indices", [(0, 2, 3), ()])
def test_what_is_written_reads_the_same(indices):
    made = some(indices)
    again = Fingerprints.from_json(made.to_json(), "a.json")
    np.testing.assert_array_equal(again.tokens, made.tokens)
    np.testing.assert_array_equal(again.indices, made.indices)
    assert (again.tokens.dtype, again.indices.dtype, len(again)) == (np.uint64, np.int64, len(indices))
    facts = ("hospital", "name", "file_count", "files_sha256", "key_mark")
    assert [getattr(again, name) for name in facts] == [getattr(made, name) for name in facts]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "matches"},
        {"indices": [0, 2]},
        {"indices": [0, 3, 2]},
        {"indices": [0, 2, 2]},
        {"indices": [-1, 2, 3]},
        {"indices": [0, 2, 4]},
        {"indices": "no"},
        {"tokens": "AAAA"},
        {"tokens": "*"},
        {"tokens": None},
        {"file_count": "4"},
        {"name": 3},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(change):
    content = json.loads(some().to_json()) | change
    with pytest.raises(InputError, match=r"DUP001: a\.json"):
        Fingerprints.from_json(json.dumps(content), "a.json")


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", "\0"])
def test_other_files_are_refused(text):
    with pytest.raises(InputError, match="DUP001"):
        Fingerprints.from_json(text, "a.json")


def test_another_method_is_another_version():
    content = json.loads(some().to_json()) | {"method": "brain-slices-0"}
    with pytest.raises(InputError, match="DUP002"):
        Fingerprints.from_json(json.dumps(content), "a.json")
