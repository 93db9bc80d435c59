"""Moments survive the message to the last bit, and those that cannot be are refused."""

from __future__ import annotations

import numpy as np
import pytest

from common.model.statistics import Moments
from common.protocol.postprocess import UnusableAnswer
from common.protocol.sums.statistics import moments_record, read_moments

CHANNELS = {"bn1": 3, "layer1.0.bn1": 2}


def moments(**changes) -> Moments:
    mean = {"bn1": np.array([0.1, -0.2, 3.0]), "layer1.0.bn1": np.array([1.0, 2.0])}
    square = {name: values**2 + 0.5 for name, values in mean.items()}
    return Moments(**{"slices": 40, "mean": mean, "square": square, **changes})


def test_they_arrive_as_they_were_sent():
    found = read_moments(dict(moments_record(moments())), 40, CHANNELS)
    for of in ("mean", "square"):
        for name, values in getattr(moments(), of).items():
            assert np.array_equal(getattr(found, of)[name], values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"slices": 41}, "cannot be read"),
        ({"square": {"bn1": np.array([0.0, 0.0, 8.0]), "layer1.0.bn1": np.array([2.0, 5.0])}}, "negative variances"),
        ({"mean": {"bn1": np.array([np.nan, 0, 0]), "layer1.0.bn1": np.zeros(2)}}, "not finite"),
        ({"mean": {"bn1": np.zeros(3), "layer1.0.bn1": np.zeros(3)}}, "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    with pytest.raises(UnusableAnswer, match=said):
        read_moments(dict(moments_record(moments(**change))), 40, CHANNELS)


@pytest.mark.parametrize("record", [None, {}, {"slices": 40}, {"slices": 40, "mean": "x", "square": b""}])
def test_what_is_no_answer_is_refused(record):
    with pytest.raises(UnusableAnswer):
        read_moments(record, 40, CHANNELS)
