from base64 import b64encode

import numpy as np
import pytest

from common.data.split import Split
from common.overlap.patients import PatientTokens, patient_tokens, shared_patients, token_of

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def split(train: list[int], val: list[int], test: list[int]) -> Split:
    return Split(*(np.array(each, dtype=np.int64) for each in (train, val, test)))


def test_the_same_id_is_found_and_a_test_patient_that_trains_elsewhere_is_a_leak():
    number = np.array([0, 0, 1, 2, -1])
    own = patient_tokens(["ab 1", "ab 2", "ab 3"], number, KEY, split([0, 1], [2], [3, 4]))
    other = patient_tokens(["ab 3", "xy 1", "ab 1"], np.array([0, 1, 2]), KEY, split([0, 1], [], [2]))
    assert sorted(shared_patients(own, other)) == sorted(
        [(token_of("ab 1", KEY), False), (token_of("ab 3", KEY), True)]
    )
    assert sorted(shared_patients(other, own)) == sorted(
        [(token_of("ab 1", KEY), True), (token_of("ab 3", KEY), False)]
    )


def test_another_key_gives_other_tokens_and_an_empty_id_none():
    number = np.array([0, 1])
    own = patient_tokens(["a", ""], number, KEY)
    assert len(own) == 1
    assert own.parts.tolist() == [0]
    assert shared_patients(own, patient_tokens(["a", ""], number, OTHER_KEY)) == []


def test_tokens_go_there_and_back():
    own = patient_tokens([f"p{n}" for n in range(50)], np.arange(50), KEY, split([*range(30)], [*range(30, 50)], []))
    texts = own.to_texts()
    assert "p1" not in texts["patients"]
    back = PatientTokens.from_texts(texts["patients"], texts["patient_parts"], 50)
    assert back.tokens.tolist() == own.tokens.tolist() == sorted(own.tokens.tolist())
    assert back.parts.tolist() == own.parts.tolist()


@pytest.mark.parametrize(
    ("tokens", "parts", "most"),
    [
        ([1, 2], [0], 9),
        ([1, 2], [0, 0], 1),
        ([2, 1], [0, 0], 9),
        ([1, 1], [0, 0], 9),
        ([1], [8], 9),
    ],
)
def test_what_a_stranger_says_must_fit(tokens, parts, most):
    written = b64encode(np.array(tokens, "<u8").tobytes()).decode()
    with pytest.raises(ValueError, match="patients"):
        PatientTokens.from_texts(written, b64encode(bytes(parts)).decode(), most)
