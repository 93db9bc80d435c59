"""What a hospital writes is what the server reads."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from common.metrics.intervals import Resampling
from common.protocol.messages import from_numbers, to_numbers
from common.training.evaluate import tally

LOGITS = torch.from_numpy(np.random.default_rng(0).normal(size=(30, 4)))
LABELS = torch.arange(30) % 4


@pytest.mark.parametrize("drawn", [True, False])
def test_there_and_back(drawn):
    result = tally(LOGITS, LABELS, 1.5, Resampling(np.arange(30) // 3, 7) if drawn else None)
    numbers = to_numbers(result)
    assert all(type(one) in (int, float) for value in numbers.values() for one in np.atleast_1d(value).tolist())
    read = from_numbers(numbers, 1000 if drawn else 0)
    for field in fields(result):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(result, field.name))


@pytest.mark.parametrize("key", ["nll", "replicates", "calibrated-bins", "groups"])
def test_what_is_missing_or_of_another_length_is_an_error(key):
    numbers = to_numbers(tally(LOGITS, LABELS, 1.0, Resampling(np.arange(30), 7)))
    with pytest.raises(KeyError):
        from_numbers({name: value for name, value in numbers.items() if name != key}, 1000)
    if key != "groups":
        with pytest.raises(ValueError):
            from_numbers(numbers | {key: numbers[key][:-1]}, 1000)
