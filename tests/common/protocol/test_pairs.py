"""A comparison of two models in a message: what was written is read, and what does not fit is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flwr.app import ConfigRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from common.metrics.confusion import count_confusion
from common.protocol.pairs import pairs_record, read_pairs
from common.protocol.postprocess import UnusableAnswer
from tests.common.metrics.test_paired import both
from tests.common.protocol.test_answers import NUMBERS, VALUES, read_or_refused, spoilt

AT = both(60, 3)
COUNTS = AT.sums.paired
CONFUSION, PATIENTS = count_confusion(AT.labels, AT.this.argmax(axis=1)), AT.sums.patient_confusion
RECORD = dict(pairs_record(COUNTS))


def test_what_is_written_is_read():
    assert pairs_record(read_pairs(dict(ConfigRecord(RECORD)), CONFUSION, PATIENTS)) == RECORD


def test_what_leaves_is_of_one_size_whatever_the_number_of_cases():
    sizes = {ConfigRecord(dict(pairs_record(both(cases, 1).sums.paired))).count_bytes() for cases in (0, 5, 2000)}
    assert len(sizes) == 1
    assert max(sizes) < 1000


SWAPPED = COUNTS.slices[:, ::-1]
WRONG = {
    "does not fit its counts by class": replace(COUNTS, slices=SWAPPED),
    "does not fit its counts": replace(COUNTS, slices=COUNTS.slices + 1),
    "not fit its counts by class": replace(COUNTS, patients=COUNTS.slices),
    "the other model's counts": replace(COUNTS, reference_confusion=CONFUSION.T),
    "other model's counts": replace(COUNTS, slices=COUNTS.slices[:, :, ::-1]),
    "the design effect": replace(COUNTS, effect=0.9),
    "design effect of its": replace(COUNTS, effect=61.0),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_does_not_fit_is_refused(said):
    with pytest.raises(UnusableAnswer, match=said):
        read_pairs(pairs_record(WRONG[said]), CONFUSION, PATIENTS)


@pytest.mark.parametrize(
    "change", [{"effect": float("nan")}, {"slices": [0] * 15}, {"patients": [-1] * 16}, {"slices": [10**9] * 16}]
)
def test_what_cannot_be_read_is_refused(change):
    with pytest.raises(UnusableAnswer, match="cannot be read"):
        read_pairs({**RECORD, **change}, CONFUSION, PATIENTS)


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(st.one_of(VALUES, spoilt(RECORD), spoilt(RECORD, NUMBERS)))
def test_any_record_is_refused_or_fits(record: Any):
    read = read_or_refused(read_pairs, record, CONFUSION, PATIENTS)
    assert read is None or np.array_equal(read.slices.sum(axis=(1, 2)), CONFUSION.sum(axis=1))
